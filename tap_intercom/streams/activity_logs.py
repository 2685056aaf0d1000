"""What teammates did to the workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_intercom.api.request import Request
from tap_intercom.compat import override
from tap_intercom.errors import ResponseTooLargeError, RetriableError
from tap_intercom.sync.top_level_stream import TopLevelStream
from tap_intercom.timestamps import DAY, TimestampedRecord, parse_timestamp

if TYPE_CHECKING:
    from collections.abc import Iterator

WINDOW_SECONDS = 5 * DAY
"""Longer windows failed with status 500 (airbyte#38626)."""

MIN_WINDOW_SECONDS = 3600

LOG = Request("/admins/activity_logs", record_keys=("activity_logs",))


class ActivityLogs(TopLevelStream):
    """Activities by `created_at`, oldest first, five days per request."""

    name = "activity_logs"
    primary_keys = ("id",)
    replication_key = "created_at"
    permission = "Read admin activity logs"
    selected_by_default = False

    @classmethod
    @override
    def describe_endpoint(cls) -> str:
        return f"`{LOG}`, {WINDOW_SECONDS // DAY} days per request"

    @override
    def iterate(self, since: int) -> Iterator[TimestampedRecord]:
        start = since or parse_timestamp(self.client.workspace.get("created_at"), 0)
        while start <= self.run.started_at:
            end = min(start + WINDOW_SECONDS, self.run.started_at + 1)
            yield from self._between(start, end)
            start = end

    def _between(self, start: int, end: int) -> Iterator[TimestampedRecord]:
        """Yield what happened from `start` to before `end`, in halves if Intercom fails."""
        try:
            items = self._read(start, end)
        except (ResponseTooLargeError, RetriableError) as error:
            if end - start <= MIN_WINDOW_SECONDS:
                raise
            self.logger.warning("%s; reading the period in two halves", error)
            middle = (start + end) // 2
            yield from self._between(start, middle)
            yield from self._between(middle, end)
        else:
            yield from items

    def _read(self, start: int, end: int) -> list[TimestampedRecord]:
        """Read a period with a second of margin: whether its ends count is not documented."""
        request = LOG.with_params(created_at_after=start - 1, created_at_before=end)
        items = [
            TimestampedRecord(record, parse_timestamp(record.get("created_at"), start))
            for page in self.pages(request)
            for record in page.records()
        ]
        return sorted((item for item in items if start <= item.timestamp < end), key=_timestamp)


def _timestamp(item: TimestampedRecord) -> int:
    return item.timestamp
