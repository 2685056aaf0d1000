"""Conversations and what belongs to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_intercom.client import Request
from tap_intercom.compat import override
from tap_intercom.family import EmbeddedStream, FetchedStream, value_at
from tap_intercom.search import SearchEndpoint
from tap_intercom.search_stream import SearchStream

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from singer_sdk.helpers.types import Record


class Conversations(SearchStream):
    """Conversations, and tickets that are conversations if the token may read tickets."""

    name = "conversations"
    primary_keys = ("id",)
    replication_key = "updated_at"
    permission = "Read conversations"
    endpoint = SearchEndpoint("/conversations/search", "conversations")


class ConversationParts(FetchedStream):
    """Messages, notes and events of a conversation, all of them whenever it changed.

    A part can be redacted or be older than the conversation's last change, so parts are never
    filtered by their own moments (airbyte#39463). Intercom hands out the 500 youngest.
    """

    name = "conversation_parts"
    parent_stream_type = Conversations
    primary_keys = ("id",)
    replication_key = "conversation_updated_at"
    permission = "Read conversations"
    root_key = "conversation_id"
    detail = Request("/conversations/{id}")
    field = ("conversation_parts", "conversation_parts")

    @override
    def requests(self, record: Record) -> Sequence[Request]:
        (request,) = super().requests(record)
        if self.settings.plaintext_bodies:
            request = request.with_params(display_as="plaintext")
        return (request,)

    @override
    def items(self, record: Record, answers: dict[str, list[Any]]) -> Iterable[Record]:
        parts = list(super().items(record, answers))
        ((detail,),) = answers.values()
        total = value_at(detail, ("conversation_parts", "total_count")) or 0
        if total > len(parts):
            self.logger.warning(
                "Conversation %s has %d parts, of which Intercom hands out the youngest %d; "
                "older ones stay as they were loaded before",
                record["id"],
                total,
                len(parts),
            )
        return parts


class ConversationContacts(EmbeddedStream):
    """Which contact takes part in which conversation."""

    name = "conversation_contacts"
    parent_stream_type = Conversations
    primary_keys = ("conversation_id", "contact_id")
    replication_key = "conversation_updated_at"
    permission = "Read conversations"
    root_key = "conversation_id"
    field = ("contacts", "contacts")
    item_key = "contact_id"


class ConversationTags(EmbeddedStream):
    """Which tag is on which conversation."""

    name = "conversation_tags"
    parent_stream_type = Conversations
    primary_keys = ("conversation_id", "tag_id")
    replication_key = "conversation_updated_at"
    permission = "Read conversations"
    root_key = "conversation_id"
    field = ("tags", "tags")
    item_key = "tag_id"
