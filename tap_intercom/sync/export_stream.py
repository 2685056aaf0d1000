"""Streams whose rows come out of export jobs, a window of time for each job."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from tap_intercom.api.export_files import tables
from tap_intercom.api.exports import ExportEndpoint, export
from tap_intercom.compat import override
from tap_intercom.errors import ExportFailedError
from tap_intercom.sync.spool import Spool
from tap_intercom.sync.top_level_stream import TopLevelStream
from tap_intercom.timestamps import DAY, TimestampedRecord, parse_timestamp

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO

    from singer_sdk.helpers.types import Context, Record


WINDOW_SECONDS = 90 * DAY
"""What one job is asked for at most; no limit is documented, but its file has to end some day."""

REREAD_SECONDS = 30 * DAY
"""How long before its bookmark a stream starts again: rows change, and stay where they were."""


class Window(NamedTuple):
    """What one job is asked for (epoch seconds), and from where on the next one has the rows."""

    start: int
    end: int
    rows_end: int


class ExportStream(TopLevelStream):
    """Rows by the timestamp in `time_column`, oldest first.

    Which rows a job exports depends on that timestamp alone, and what happens to a row later does not
    move it. So each run reads the last 30 days before its bookmark again. Without a key a target
    could not tell the rows that come again, so then none does; and the run stops short of now by
    `lookback_seconds`, as the youngest rows may not be there yet.

    `tail_seconds` is how much longer than the rows' window the window of a job has to be.
    """

    selected_by_default = False
    tail_seconds: ClassVar[int] = 0
    time_column: str

    @property
    def endpoint(self) -> ExportEndpoint:
        """Where the jobs are run."""
        raise NotImplementedError

    def job(self, window: Window) -> dict[str, Any]:
        """Return the body that enqueues the job for a window."""
        raise NotImplementedError

    def columns(self, header: list[str]) -> list[str]:
        """Return the properties that the columns of a file hold.

        Raises:
            ExportFailedError: One that can't be done without is not among them.
        """
        missing = {self.time_column, *self.primary_keys} - set(header)
        if missing:
            message = f"The file of an export lacks columns: {', '.join(sorted(missing))}"
            raise ExportFailedError(message)
        return header

    @property
    @override
    def start_timestamp(self) -> int:
        if self.bookmark is None:
            return super().start_timestamp
        lookback = max(REREAD_SECONDS, self.settings.lookback_seconds) if self.primary_keys else 0
        return max(0, self.bookmark - lookback)

    @property
    def until(self) -> int:
        """The timestamp (epoch seconds) before which this run reads."""
        return self.run.started_at + 1 if self.primary_keys else self.stable_before

    @override
    def get_records(self, context: Context | None) -> Iterator[Record]:
        yield from super().get_records(context)
        if self.name not in self.run.failures:
            self.advance_bookmark(self.until)

    @override
    def iterate(self, since: int) -> Iterator[TimestampedRecord]:
        start = since or parse_timestamp(self.client.workspace.get("created_at"), 0)
        if self.ABORT_AT_RECORD_COUNT is not None:
            start = max(start, self.until - DAY)  # --test: see that jobs can be run, and no more
        for window in self._windows(start):
            with Spool() as spool, tempfile.TemporaryFile() as file:
                if export(self.client, self.endpoint, self.job(window), file):
                    self._set_aside(window, file, spool)
                yield from spool.oldest_first()

    def _windows(self, start: int) -> Iterator[Window]:
        while start < self.until:
            end = min(start + WINDOW_SECONDS, self.until)
            rows_end = end if end == self.until else end - self.tail_seconds
            yield Window(start, end, rows_end)
            start = rows_end

    def _set_aside(self, window: Window, file: IO[bytes], spool: Spool) -> None:
        for header, rows in tables(file):
            columns = self.columns(header)
            for row in rows:
                record = dict(zip(columns, row, strict=True))
                timestamp = self.timestamp(record, window.start)
                if window.start <= timestamp < window.rows_end:
                    spool.add(TimestampedRecord(record, timestamp))

    def timestamp(self, record: Record, otherwise: int) -> int:
        """Return a row's timestamp (epoch seconds), or another one if the row does not tell."""
        return parse_timestamp(record.get(self.time_column), otherwise)
