"""Who received which outbound message, and what they did with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_intercom.api.exports import ExportEndpoint
from tap_intercom.api.request import Request
from tap_intercom.compat import override
from tap_intercom.sync.export_stream import REREAD_SECONDS, WINDOW_SECONDS, ExportStream
from tap_intercom.timestamps import DAY

if TYPE_CHECKING:
    from tap_intercom.sync.export_stream import JobWindow

CONTENT_DATA = ExportEndpoint(
    enqueue=Request("/export/content/data", record_keys=()),
    status=Request("/export/content/data/{id}", record_keys=()),
    download=Request("/download/content/data/{id}"),
)


class MessageEngagement(ExportStream):
    """Receipts of messages, by the content data export.

    A job exports the messages that were sent within its period, and those opens, clicks and replies
    that happened within it (OpenAPI 2.16, createDataExport). So a job's period ends 30 days after
    the last message that is used from it, and each run reads the 30 days before its bookmark
    again: what happens up to 30 days after sending is loaded.
    """

    name = "message_engagement"
    primary_keys = ("receipt_id",)
    replication_key = "received_at"
    permission = "Export content data"
    time_column = "received_at"
    tail_seconds = REREAD_SECONDS

    @classmethod
    @override
    def describe_endpoint(cls) -> str:
        return f"`POST {CONTENT_DATA.enqueue.path}`, {WINDOW_SECONDS[0] // DAY} days per job"

    @property
    @override
    def endpoint(self) -> ExportEndpoint:
        return CONTENT_DATA

    @override
    def job(self, window: JobWindow) -> dict[str, Any]:
        return {"created_at_after": window.start, "created_at_before": window.end}
