"""Conversations and what belongs to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_intercom.api.pagination import pages
from tap_intercom.api.request import Request
from tap_intercom.api.response import dicts_in, value_at
from tap_intercom.api.search import SearchEndpoint
from tap_intercom.compat import override
from tap_intercom.errors import AuthenticationError, IntercomError, PermissionDeniedError
from tap_intercom.schema.attributes import AttributeSource
from tap_intercom.settings import ApiVersion
from tap_intercom.streams.data_attributes import (
    ATTRIBUTES_OF_CONVERSATIONS,
    OLD_ATTRIBUTES_OF_CONVERSATIONS,
    ConversationAttributes,
)
from tap_intercom.sync.attributed_stream import AttributedStream
from tap_intercom.sync.child_stream import (
    ChildStream,
    DetailChildStream,
    EmbeddedChildStream,
    ListChildStream,
    NestedChildStream,
    attachments_of,
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


HIDDEN_TICKETS = (
    'The access token lacks the permission "Read tickets": Intercom leaves conversations that are '
    "tickets out of the stream conversations. The bookmark passes them, so once the token has the "
    "permission, load conversations anew"
)
"""Source: Intercom's unversioned change of July 2024."""


class Conversations(AttributedStream, SearchStream):
    """Conversations, and tickets that are conversations if the token may read tickets."""

    name = "conversations"
    primary_keys = ("id",)
    replication_key = "updated_at"
    permission = "Read conversations"
    endpoint = SearchEndpoint("/conversations/search", ("conversations", "data"))
    attribute_source = AttributeSource(ATTRIBUTES_OF_CONVERSATIONS)

    @override
    def custom_definitions(self) -> list[Record]:
        if self.client.api_version >= ConversationAttributes.min_api_version:
            return super().custom_definitions()
        return AttributeSource(OLD_ATTRIBUTES_OF_CONVERSATIONS).custom_definitions(
            self.run.attribute_definitions
        )

    @override
    def iterate(self, since: int) -> Iterator[TimestampedRecord]:
        if not self._tap.streams["tickets"].selected:
            self._warn_if_tickets_are_hidden()
        yield from super().iterate(since)

    def _warn_if_tickets_are_hidden(self) -> None:
        """Ask once what the stream tickets, if it is selected, finds out by itself."""
        query = {"field": "updated_at", "operator": ">", "value": 0}
        body = {"query": query, "pagination": {"per_page": 1}}
        try:
            self.client.send(Request("/tickets/search", body=body, record_keys=("tickets", "data")))
        except PermissionDeniedError:
            self.logger.warning(HIDDEN_TICKETS)
        except AuthenticationError:
            raise
        except IntercomError as error:
            self.logger.warning("Nobody knows whether the token may read tickets: %s", error)


class DeletedConversations(TopLevelStream):
    """Conversations that were deleted, by id: what is in the warehouse of them is history.

    Intercom lists them newest first and can't be asked for those since a timestamp, so the list is
    read until a whole page of it is older than the bookmark.
    """

    name = "deleted_conversations"
    primary_keys = ("id",)
    replication_key = "deleted_at"
    permission = "Read conversations"
    min_api_version = ApiVersion(2, 16)

    @override
    def iterate(self, since: int) -> Iterator[TimestampedRecord]:
        spool_progress = SpoolProgress(self.name, self.logger)
        with Spool() as spool:
            for step in self._newest_first(since):
                spool.add(step)
                spool_progress.add(1)
            yield from spool.oldest_first()

    def _newest_first(self, since: int) -> Iterator[TimestampedRecord]:
        request = Request(
            "/conversations/deleted",
            {"order": "desc", "per_page": 60},
            record_keys=("conversations", "data"),
        )
        for page in pages(self.client, request):
            timestamped_records = [
                TimestampedRecord(record, parse_timestamp(record.get("deleted_at"), since))
                for record in page.records()
            ]
            young = [step for step in timestamped_records if step.timestamp >= since]
            yield from young
            if timestamped_records and not young:
                return


class _ConversationChild(ChildStream):
    """Rows that belong to a conversation."""

    parent_stream_type = Conversations
    replication_key = "conversation_updated_at"
    permission = "Read conversations"
    parent_key = "conversation_id"


class _DetailStream(_ConversationChild, DetailChildStream):
    """Rows out of a conversation's own page, which is fetched once for all that need it."""

    detail_request = Request("/conversations/{id}", record_keys=("conversation_parts",))
    records_path = ("conversation_parts", "conversation_parts")

    @override
    def request(self, record: Record) -> Request | None:
        request = super().request(record)
        if request and self.settings.plaintext_bodies:
            return request.with_params(display_as="plaintext")
        return request


class ConversationParts(_DetailStream):
    """Messages, notes and events of a conversation, all of them whenever it changed.

    A part can be redacted or be older than the conversation's last change, so parts are never
    filtered by their own timestamps (airbyte#39463). Intercom hands out the 500 youngest.
    """

    name = "conversation_parts"
    primary_keys = ("id",)
    max_items = 500


class ConversationPartAttachments(_DetailStream):
    """Files in the parts of a conversation."""

    name = "conversation_part_attachments"
    primary_keys = ("conversation_part_id", "url")

    @override
    def items(self, record: Record, pages: Sequence[Page]) -> Iterable[Record]:
        (conversation,) = pages
        parts = dicts_in(value_at(conversation, self.records_path))
        return attachments_of(parts, "conversation_part_id")


class ConversationContacts(_ConversationChild, EmbeddedChildStream):
    """Which contact takes part in which conversation."""

    name = "conversation_contacts"
    primary_keys = ("conversation_id", "contact_id")
    records_path = ("contacts", "contacts")
    id_column = "contact_id"


class ConversationTags(_ConversationChild, EmbeddedChildStream):
    """Which tag is on which conversation."""

    name = "conversation_tags"
    primary_keys = ("conversation_id", "tag_id")
    records_path = ("tags", "tags")
    id_column = "tag_id"


class ConversationTeammates(_ConversationChild, NestedChildStream):
    """Which teammate took part in which conversation."""

    name = "conversation_teammates"
    primary_keys = ("conversation_id", "admin_id")
    id_column = "admin_id"

    @override
    def items(self, record: Record, pages: Sequence[Page]) -> Iterable[Record]:
        """Return teammates, whose list has one name in the schema and another in its examples."""
        holder = record.get("teammates")
        lists = holder if isinstance(holder, dict) else {}
        return dicts_in(lists.get("teammates")) or dicts_in(lists.get("admins"))


class ConversationAttachments(_ConversationChild, EmbeddedChildStream):
    """Files in the first message of a conversation."""

    name = "conversation_attachments"
    primary_keys = ("conversation_id", "url")
    records_path = ("source", "attachments")


class ConversationHandlingEvents(_ConversationChild, ListChildStream):
    """Which teammate handled a conversation when; Intercom gives these events no id."""

    name = "conversation_handling_events"
    primary_keys = ("conversation_id", "timestamp", "type", "teammate_id")
    min_api_version = ApiVersion(2, 15)
    selected_by_default = False
    list_request = Request("/conversations/{id}/handling_events", record_keys=("handling_events",))

    @override
    def items(self, record: Record, pages: Sequence[Page]) -> Iterable[Record]:
        for event in super().items(record, pages):
            yield {**event, "teammate_id": value_at(event, ("teammate", "id"))}


class SideConversations(_ConversationChild, ListChildStream):
    """Conversations that teammates lead about a conversation, with their parts."""

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
