"""What a run has done, as rows: for monitoring in the warehouse."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from tap_intercom.compat import override
from tap_intercom.errors import IntercomError, PermissionDeniedError
from tap_intercom.sync.stream import IntercomStream
from tap_intercom.sync.top_level_stream import TopLevelStream
from tap_intercom.timestamps import TimestampedRecord

if TYPE_CHECKING:
    from collections.abc import Iterator

    from singer_sdk.helpers.types import Record


class SyncAudit(TopLevelStream):
    """One row per stream of each run: whether it is complete, its figures and its bookmarks.

    It is written last, also when streams failed; rows of earlier runs stay.
    """

    name = "sync_audit"
    primary_keys = ("run_started_at", "stream")
    replication_key = "run_started_at"
    permission = "none"
    retention = "a run has no rows of earlier ones"
    selected_by_default = False

    @classmethod
    @override
    def describe_endpoint(cls) -> str:
        return "the run itself"

    @property
    @override
    def reads_changes(self) -> bool:
        return True

    @property
    @override
    def start_timestamp(self) -> int:
        return 0

    @override
    def iterate(self, since: int) -> Iterator[TimestampedRecord]:
        for stream in self._tap.streams.values():
            if isinstance(stream, IntercomStream) and self._is_of_run(stream):
                yield TimestampedRecord(self._row(stream), self.run.started_at)

    def _is_of_run(self, stream: IntercomStream) -> bool:
        """Whether the run reads a stream, other than this one."""
        return stream.selected and stream.is_read and stream is not self

    def _row(self, stream: IntercomStream) -> Record:
        audit, summary = stream.audit, stream.summary
        error = self.run.failures.get(stream.name) or (None if audit.is_done else self.run.ended_by)
        return {
            "run_started_at": self.run.started_at,
            "stream": stream.name,
            "status": _status(error),
            "records": audit.records,
            "expected": audit.expected,
            "received": audit.received,
            "requests": summary.requests,
            "retries": summary.retries,
            "warnings": summary.warnings,
            "skipped": summary.skipped,
            "bookmark_before": audit.bookmark_before,
            "bookmark_after": stream.stream_state.get("replication_key_value"),
            "seconds": summary.seconds,
            "error_code": _error_code(error) if error else None,
        }


def _status(error: Exception | None) -> str:
    if error is None:
        return "complete"
    return "denied" if isinstance(error, PermissionDeniedError) else "failed"


def _error_code(error: Exception) -> str:
    """Return Intercom's code, else the HTTP status, else the kind of error."""
    if isinstance(error, IntercomError):
        if error.code:
            return error.code
        if error.status >= HTTPStatus.BAD_REQUEST:
            return str(error.status)
    return type(error).__name__
