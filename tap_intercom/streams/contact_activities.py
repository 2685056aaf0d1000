"""What happened to contacts: created, merged, deleted for good."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from tap_intercom.api.request import PREVIEW, Request
from tap_intercom.compat import override
from tap_intercom.errors import InvalidRequestError
from tap_intercom.streams.contacts import READ_CONTACTS
from tap_intercom.sync.top_level_stream import TopLevelStream
from tap_intercom.timestamps import TimestampedRecord, parse_timestamp

if TYPE_CHECKING:
    from collections.abc import Iterator

ACTIVITIES = Request("/contacts/activities", {"per_page": 150}, api_version=PREVIEW)


class ContactActivities(TopLevelStream):
    """What happened to contacts: created, role changed, merged, permanently deleted. Preview.

    Intercom lists them oldest first, without a filter by time; the cursor of a page is the id of
    its last row. So the bookmark is the id of the last row that was written.
    """

    name = "contact_activities"
    primary_keys = ("id",)
    replication_key = "created_at"
    permission = READ_CONTACTS
    is_preview = True
    selected_by_default = False

    _cursor: str | None = None

    @classmethod
    @override
    def describe_endpoint(cls) -> str:
        return f"`{ACTIVITIES}`"

    @property
    @override
    def start_timestamp(self) -> int:
        return self.settings.start_date or 0

    @override
    def iterate(self, since: int) -> Iterator[TimestampedRecord]:
        self._cursor = None if self.is_read_whole else self.stream_state.get("cursor")
        try:
            yield from self._after(self._cursor)
        except InvalidRequestError as error:
            if self._cursor is None or error.status != HTTPStatus.BAD_REQUEST:
                raise
            self.logger.warning("%s; reading the stream from its start", error)
            yield from self._after(None)

    @override
    def advance_bookmark(self, timestamp: int) -> None:
        """Keep the cursor of the last row, also where no further page follows it."""
        if self._cursor is not None:
            self.stream_state["replication_key"] = self.replication_key
            self.stream_state["cursor"] = self._cursor

    def _after(self, cursor: str | None) -> Iterator[TimestampedRecord]:
        request = ACTIVITIES if cursor is None else ACTIVITIES.after_cursor(cursor)
        for page in self.pages(request):
            for record in page.records():
                yield TimestampedRecord(record, parse_timestamp(record.get("created_at"), 0))
                self._cursor = str(record["id"]) if record.get("id") else self._cursor
