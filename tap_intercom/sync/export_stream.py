"""Streams whose rows come from export jobs, one job per period."""

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
"""The longest period of one job; no limit is documented, but its file has to be finite."""

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
        tail_seconds: How much longer a job's period is than the period of its rows.
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

    def columns(self, header: list[str]) -> list[str]:
        """Return the property names of a file's columns.

        Raises:
            ExportFailedError: A required column is missing.
        """
        missing = {self.time_column, *self.primary_keys} - set(header)
        if missing:
            message = f"{self.name}: export file without columns {', '.join(sorted(missing))}"
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
            start = max(start, self.until - DAY)  # --test: one short job is enough
        for window in self._windows(start):
            with Spool() as spool, tempfile.TemporaryFile() as file:
                if export(self.client, self.endpoint, self.job(window), file):
                    self._spool_rows(window, file, spool)
                yield from spool.oldest_first()

    def _windows(self, start: int) -> Iterator[JobWindow]:
        while start < self.until:
            end = min(start + WINDOW_SECONDS, self.until)
            rows_end = end if end == self.until else end - self.tail_seconds
            yield JobWindow(start, end, rows_end)
            start = rows_end

    def _spool_rows(self, window: JobWindow, file: IO[bytes], spool: Spool) -> None:
        for header, rows in tables(file):
            columns = self.columns(header)
            for row in rows:
                record = dict(zip(columns, row, strict=True))
                timestamp = self.timestamp(record, window.start)
                if window.start <= timestamp < window.rows_end:
                    spool.add(TimestampedRecord(record, timestamp))

    def timestamp(self, record: Record, default: int) -> int:
        """Return a row's timestamp (epoch seconds), or a default if it has none."""
        return parse_timestamp(record.get(self.time_column), default)
