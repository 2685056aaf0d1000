"""Streams whose rows come from export jobs, one job per period."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from tap_intercom.api.export_files import tables
from tap_intercom.api.exports import ExportEndpoint, export
from tap_intercom.compat import override
from tap_intercom.errors import ExportFailedError, ExportTooLargeError
from tap_intercom.sync.spool import Spool
from tap_intercom.sync.top_level_stream import TopLevelStream
from tap_intercom.timestamps import DAY, TimestampedRecord, parse_timestamp

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO

    from singer_sdk.helpers.types import Context, Record

    from tap_intercom.api.export_files import Table

WINDOW_SECONDS = (90 * DAY, 10 * DAY, DAY)
"""Periods of one job, each tried once the one before was too long.

No limit is documented, but a job fails after twelve hours (docs 2.5, "Checking the status of the
job"). The steps are wide because each of them may cost that much.
"""

MAX_ROWS = 10_000_000
"""Rows of a file at which it may have been cut off, as an old page of Intercom's docs says."""

REREAD_SECONDS = 30 * DAY
"""How far before its bookmark a stream starts again: rows change, but their time does not."""


class JobWindow(NamedTuple):
    """The period of one job (epoch seconds); rows from `rows_end` on are left to the next job."""

    start: int
    end: int
    rows_end: int


class ExportStream(TopLevelStream):
    """Rows by the timestamp in `time_column`, oldest first.

    Which rows a job exports depends on that timestamp alone, and later changes to a row don't move
    it. So each run reads the last 30 days before its bookmark again. Without a key a target could
    not recognise rows that are written twice, so then none is; and the run stops `lookback_seconds`
    before now, as the newest rows may not be available yet.

    Attributes:
        tail_seconds: How much longer a job's period is than the period of its rows; in shorter
            jobs it is a third of the period.
        time_column: The column of the timestamp.
    """

    selected_by_default = False
    tail_seconds: ClassVar[int] = 0
    time_column: str

    @property
    def endpoint(self) -> ExportEndpoint:
        """The requests of the jobs."""
        raise NotImplementedError

    def job(self, window: JobWindow) -> dict[str, Any]:
        """Return the body that enqueues the job for a window."""
        raise NotImplementedError

    @property
    def required_columns(self) -> set[str]:
        """The columns, by their property names, by which a file of this stream is recognised."""
        return {self.time_column, *self.own_keys}

    def columns(self, header: list[str]) -> list[str]:
        """Return the property names of a file's columns."""
        return header

    @property
    @override
    def lookback_seconds(self) -> int:
        return max(REREAD_SECONDS, super().lookback_seconds) if self.primary_keys else 0

    @property
    def until(self) -> int:
        """The timestamp (epoch seconds) before which this run reads."""
        return self.run.started_at + 1 if self.primary_keys else self.stable_before

    @override
    def get_records(self, context: Context | None) -> Iterator[Record]:
        yield from super().get_records(context)
        if self.is_read and self.name not in self.run.failures:
            self.advance_bookmark(self.until)

    @override
    def iterate(self, since: int) -> Iterator[TimestampedRecord]:
        start = since or parse_timestamp(self.client.workspace.get("created_at"), 0)
        if self.ABORT_AT_RECORD_COUNT is not None:
            start = max(start, self.until - DAY)  # --test: one short job is enough
        length = WINDOW_SECONDS[0]
        while start < self.until:
            window = self._window(start, length)
            with Spool(self.run.temporary_file()) as spool:
                try:
                    self._run_job(window, spool)
                except ExportTooLargeError as error:
                    length = self._shorter_length(window, error)
                    continue
                yield from spool.oldest_first()
            start = window.rows_end

    def _window(self, start: int, length: int) -> JobWindow:
        end = min(start + length, self.until)
        rows_end = end if end == self.until else end - self._tail(length)
        return JobWindow(start, end, rows_end)

    def _tail(self, length: int) -> int:
        return min(self.tail_seconds, length // 3)

    def _shorter_length(self, window: JobWindow, error: ExportTooLargeError) -> int:
        """Return the next shorter period (seconds) after a job was too large.

        Raises:
            ExportTooLargeError: There is none.
        """
        period = window.end - window.start
        length = next((shorter for shorter in WINDOW_SECONDS if shorter < period), None)
        if length is None:
            raise error
        self.logger.warning(
            "%s: %s; continuing with jobs of %d days", self.name, error, length // DAY
        )
        if self._tail(length) < self.tail_seconds:
            self.logger.warning(
                "%s: what happens later than %.1f days after a row's %s is not in jobs this short",
                self.name,
                self._tail(length) / DAY,
                self.time_column,
            )
        return length

    def _run_job(self, window: JobWindow, spool: Spool) -> None:
        """Export a window, and keep its rows.

        Raises:
            ExportTooLargeError: The job failed, or its file may have been cut off.
            ExportFailedError: The job brought no file of this stream's rows.
            IntercomError: Intercom refused a request or kept failing.
        """
        with self.run.temporary_file() as file:
            if export(self.client, self.endpoint, self.job(window), file):
                self._spool_rows(window, file, spool)

    def _spool_rows(self, window: JobWindow, file: IO[bytes], spool: Spool) -> None:
        count = 0
        for columns, rows in self._usable_tables(file):
            for row in rows:
                count += 1
                record = dict(zip(columns, row, strict=True))
                timestamp = self.timestamp(record, window.start)
                if window.start <= timestamp < window.rows_end:
                    spool.add(TimestampedRecord(record, timestamp))
        if count >= MAX_ROWS:
            message = f"{self.name}: export of {count} rows, the most that Intercom returns"
            raise ExportTooLargeError(message)

    def _usable_tables(self, file: IO[bytes]) -> Iterator[Table]:
        """Yield the tables that have the required columns; archives hold others too.

        Raises:
            ExportFailedError: There is none.
        """
        missing = [self.required_columns]
        for header, rows in tables(file):
            columns = self.columns(header)
            missing.append(self.required_columns - set(columns))
            if not missing[-1]:
                yield columns, rows
        if all(missing):
            nearest = min(missing, key=len)
            names = ", ".join(sorted(nearest))
            message = f"{self.name}: no file of the export has the columns {names}"
            raise ExportFailedError(message)

    def timestamp(self, record: Record, default: int) -> int:
        """Return a row's timestamp (epoch seconds), or a default if it has none."""
        return parse_timestamp(record.get(self.time_column), default)
