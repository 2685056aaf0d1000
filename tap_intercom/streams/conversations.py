"""Conversations and what belongs to them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tap_intercom.api.request import Request
from tap_intercom.api.response import dicts_in, items_of, value_at
from tap_intercom.api.search import Search, SearchEndpoint
from tap_intercom.api_version import ApiVersion
from tap_intercom.compat import override
from tap_intercom.errors import RUN_ENDING_ERRORS, IntercomError, PermissionDeniedError
from tap_intercom.schema.attributes import AttributeSource
from tap_intercom.streams.data_attributes import (
    ATTRIBUTES_OF_CONVERSATIONS,
    OLD_ATTRIBUTES_OF_CONVERSATIONS,
    ConversationAttributes,
)
from tap_intercom.streams.long_conversations import (
    MAX_PARTS,
    all_pages,
    is_type_cut_off,
    unique_parts,
)
from tap_intercom.sync.attributed_stream import AttributedStream
from tap_intercom.sync.child_stream import (
    ChildStream,
    DetailChildStream,
    EmbeddedChildStream,
    ListChildStream,
    NestedChildStream,
    attachments_of,
    with_stable_url,
)
from tap_intercom.sync.progress import SpoolProgress
from tap_intercom.sync.search_stream import SearchStream
from tap_intercom.sync.spool import Spool
from tap_intercom.sync.top_level_stream import TopLevelStream
from tap_intercom.timestamps import TimestampedRecord, parse_timestamp

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from singer_sdk.helpers.types import Record

    from tap_intercom.api.response import Page
    from tap_intercom.settings import Settings


HIDDEN_TICKETS = (
    '%s: the token lacks the permission "Read tickets", so Intercom does not return conversations '
    "that are tickets, and the bookmark passes them. Add the permission, then load conversations "
    "from its start"
)
"""Source: Intercom's unversioned change of July 2024."""

ANY_TICKET = Request(
    "/tickets/search",
    body={
        "query": {"field": "updated_at", "operator": ">", "value": 0},
        "pagination": {"per_page": 1},
    },
    record_keys=("tickets", "data"),
)
"""Succeeds if the token may read tickets."""


EVALUATIONS = (
    ("monitors", "monitor_evaluations", "conversation_monitor_evaluations"),
    ("scorecards", "scorecards", "conversation_scorecards"),
)
"""What a search has to be asked for: parameter, column and child stream (OpenAPI 2.16)."""

CONVERSATION = Request("/conversations/{id}", record_keys=("conversation_parts",), paging="none")


class Conversations(AttributedStream, SearchStream):
    """Conversations, and tickets that are conversations if the token may read tickets."""

    name = "conversations"
    singular = "conversation"
    primary_keys = ("id",)
    replication_key = "updated_at"
    permission = "Read conversations"
    endpoint = SearchEndpoint("/conversations/search", ("conversations", "data"))
    attribute_source = AttributeSource(ATTRIBUTES_OF_CONVERSATIONS)
    record_request = CONVERSATION
    exclude_fields = ("conversation_parts",)

    _has_reported_tickets = False

    @override
    def request_record(self, record_id: str) -> Request:
        return conversation_request(record_id, self.settings)

    @override
    def read(self, request: Request) -> list[Page]:
        pages = super().read(request)
        is_detail = request.record_keys == CONVERSATION.record_keys
        if is_detail and self.settings.long_conversations:
            return all_pages(self.client, request, pages[0])
        return pages

    @override
    def custom_definitions(self) -> list[Record]:
        if self.client.api_version >= ConversationAttributes.min_api_version:
            return super().custom_definitions()
        return AttributeSource(OLD_ATTRIBUTES_OF_CONVERSATIONS).custom_definitions(
            self.run.attribute_definitions
        )

    @override
    def search(self, endpoint: SearchEndpoint) -> Search:
        """Prepare a search, which is asked for evaluations only if they are selected."""
        streams = self._tap.streams
        params = {
            f"include_{parameter}": "true"
            for parameter, column, child in EVALUATIONS
            if (child in streams and streams[child].selected)
            or (self.selected and self.mask.get(("properties", column), True))
        }
        return super().search(replace(endpoint, params=params))

    @override
    def iterate(self, since: int) -> Iterator[TimestampedRecord]:
        tickets = self._tap.streams.get("tickets")  # older API versions have none
        if tickets and (self.has_version or not tickets.selected):
            self._check_ticket_permission()
        yield from super().iterate(since)

    @override
    def log_sync_costs(self) -> None:
        """Log the stream's summary, and whether the sync of tickets was denied meanwhile."""
        is_synced = any(stream.selected for stream in (self, *self.child_streams))
        is_denied = isinstance(self.run.failures.get("tickets"), PermissionDeniedError)
        if is_synced and is_denied and not self._has_reported_tickets:
            self.logger.warning(HIDDEN_TICKETS, self.name)
        super().log_sync_costs()

    def _check_ticket_permission(self) -> None:
        try:
            self.client.send(ANY_TICKET)
        except PermissionDeniedError:
            self.logger.warning(HIDDEN_TICKETS, self.name)
            self._has_reported_tickets = True
            self.note_missing("the token may not read those that are tickets")
        except RUN_ENDING_ERRORS:
            raise
        except IntercomError as error:
            self.logger.warning(
                "%s: could not check the permission Read tickets: %s", self.name, error
            )
            self.note_missing("those that are tickets may be hidden")


DELETED_CONVERSATIONS = Request(
    "/conversations/deleted",
    {"order": "desc", "per_page": 60},
    record_keys=("conversations", "data"),
)


class DeletedConversations(TopLevelStream):
    """Ids of deleted conversations; their rows in the warehouse are history.

    Intercom lists them newest first and has no filter by time, so the list is read until a whole
    page of it is older than the bookmark.
    """

    name = "deleted_conversations"
    primary_keys = ("id",)
    replication_key = "deleted_at"
    permission = "Read conversations"
    min_api_version = ApiVersion(2, 16)

    @classmethod
    @override
    def describe_endpoint(cls) -> str:
        return f"`{DELETED_CONVERSATIONS}`"

    @override
    def iterate(self, since: int) -> Iterator[TimestampedRecord]:
        progress = SpoolProgress(self.name, self.logger)
        with Spool(self.run.temporary_file()) as spool:
            for item in self._newest_first(since):
                spool.add(item)
                progress.add(1)
            yield from spool.oldest_first()

    def _newest_first(self, since: int) -> Iterator[TimestampedRecord]:
        for page in self.pages(DELETED_CONVERSATIONS):
            items = [
                TimestampedRecord(record, parse_timestamp(record.get("deleted_at"), since))
                for record in page.records()
            ]
            new = [item for item in items if item.timestamp >= since]
            yield from new
            if items and not new:
                return


class ConversationChildStream(ChildStream):
    """Rows that belong to a conversation."""

    parent_stream_type = Conversations
    replication_key = "conversation_updated_at"
    permission = "Read conversations"
    parent_key = "conversation_id"


class ConversationDetailStream(ConversationChildStream, DetailChildStream):
    """Rows from a conversation's detail, which is fetched once for all streams that need it."""

    detail_request = CONVERSATION
    records_path = ("conversation_parts", "conversation_parts")

    @override
    def request(self, record: Record) -> Request | None:
        return conversation_request(record["id"], self.settings)

    @override
    def items(self, record: Record, pages: Sequence[Page]) -> Iterable[Record]:
        """Return the parts, each once, and warn if some may be missing.

        Intercom's `total_count` counts those of the response alone.
        """
        parts = unique_parts(pages)
        total = value_at(pages[0], ("statistics", "count_conversation_parts"))
        is_counted = isinstance(total, int) and total > len(parts)
        is_whole = isinstance(total, int) and not is_counted and not is_type_cut_off(pages)
        if len(parts) >= MAX_PARTS and not is_whole:
            self.note_missing("parts of a conversation are missing")
            self.logger.warning(
                "%s: Intercom returned %d of the %s parts of conversation %s; %s are missing, and "
                "rows loaded earlier are kept",
                self.name,
                len(parts),
                total if is_counted else "unknown number of",
                record["id"],
                total - len(parts) if is_counted else "others",
            )
        return parts


class ConversationParts(ConversationDetailStream):
    """Messages, notes and events of a conversation, all of them whenever it changed.

    A part can be redacted or be older than the conversation's last change, so parts are never
    filtered by their own timestamps (airbyte#39463). Intercom returns the newest 500, and others
    by their type.
    """

    name = "conversation_parts"
    primary_keys = ("id",)


class ConversationContacts(ConversationChildStream, EmbeddedChildStream):
    """Contacts that take part in a conversation."""

    name = "conversation_contacts"
    primary_keys = ("conversation_id", "contact_id")
    records_path = ("contacts", "contacts")
    id_column = "contact_id"


class ConversationTags(ConversationChildStream, EmbeddedChildStream):
    """Tags on a conversation; one that was applied several times is there once, at its latest."""

    name = "conversation_tags"
    primary_keys = ("conversation_id", "tag_id")
    records_path = ("tags", "tags")
    id_column = "tag_id"
    latest_by = "applied_at"


class ConversationTeammates(ConversationChildStream, NestedChildStream):
    """Teammates who took part in a conversation."""

    name = "conversation_teammates"
    primary_keys = ("conversation_id", "admin_id")
    id_column = "admin_id"

    @override
    def items(self, record: Record, pages: Sequence[Page]) -> Iterable[Record]:
        """Return teammates, whose list has one name in the schema and another in its examples."""
        return items_of(record.get("teammates"), "teammates") or dicts_in(
            value_at(record, ("teammates", "admins")), "teammates"
        )


class ConversationAttachments(ConversationChildStream, EmbeddedChildStream):
    """Files in the first message of a conversation."""

    name = "conversation_attachments"
    primary_keys = ("conversation_id", "url")
    added_columns = ("signed_url",)
    records_path = ("source", "attachments")

    @override
    def items(self, record: Record, pages: Sequence[Page]) -> Iterable[Record]:
        return map(with_stable_url, super().items(record, pages))


class ConversationPartAttachments(ConversationDetailStream):
    """Files in the parts of a conversation."""

    name = "conversation_part_attachments"
    primary_keys = ("conversation_part_id", "url")
    added_columns = ("signed_url",)

    @override
    def items(self, record: Record, pages: Sequence[Page]) -> Iterable[Record]:
        return attachments_of(super().items(record, pages), "conversation_part_id")


class ConversationHandlingEvents(ConversationChildStream, ListChildStream):
    """When a teammate handled a conversation; these events have no id."""

    name = "conversation_handling_events"
    primary_keys = ("conversation_id", "timestamp", "type", "teammate_id")
    min_api_version = ApiVersion(2, 15)
    selected_by_default = False
    list_request = Request("/conversations/{id}/handling_events", record_keys=("handling_events",))

    @override
    def items(self, record: Record, pages: Sequence[Page]) -> Iterable[Record]:
        for event in super().items(record, pages):
            yield {**event, "teammate_id": value_at(event, ("teammate", "id"))}


class SideConversations(ConversationChildStream, ListChildStream):
    """Side conversations that teammates have about a conversation, with their parts."""

    name = "side_conversations"
    primary_keys = ("id",)
    min_api_version = ApiVersion(2, 16)
    selected_by_default = False
    list_request = Request(
        "/conversations/{id}/side_conversations",
        {"per_page": 50},
        record_keys=("side_conversations",),
    )

    @override
    def items(self, record: Record, pages: Sequence[Page]) -> Iterable[Record]:
        for conversation in super().items(record, pages):
            side_conversation_id = conversation.pop("side_conversation_id", None)
            yield {**conversation, "id": conversation.get("id") or side_conversation_id}


def conversation_request(conversation_id: object, settings: Settings) -> Request:
    """Return the request for a conversation with its parts, as HTML or as text."""
    request = CONVERSATION.for_id(conversation_id)
    return request.with_params(display_as="plaintext") if settings.plaintext_bodies else request
