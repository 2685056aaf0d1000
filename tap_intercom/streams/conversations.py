"""Conversations and what belongs to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_intercom.client import Request
from tap_intercom.compat import override
from tap_intercom.errors import PermissionDeniedError
from tap_intercom.family import EmbeddedStream, FetchedStream, RootStream
from tap_intercom.pagination import pages, records_of
from tap_intercom.search import SearchEndpoint
from tap_intercom.search_stream import SearchStream
from tap_intercom.spool import Spool
from tap_intercom.step import Step, moment_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from singer_sdk.helpers.types import Record


HIDDEN_TICKETS = (
    'The access token lacks the permission "Read tickets": Intercom leaves conversations that are '
    "tickets out of the stream conversations. The bookmark passes them, so once the token has the "
    "permission, load conversations anew"
)
"""Source: Intercom's unversioned change of July 2024."""


class Conversations(SearchStream):
    """Conversations, and tickets that are conversations if the token may read tickets."""

    name = "conversations"
    primary_keys = ("id",)
    replication_key = "updated_at"
    permission = "Read conversations"
    endpoint = SearchEndpoint("/conversations/search", ("conversations", "data"))

    @override
    def walk(self, since: int) -> Iterator[Step]:
        if not self._tap.streams["tickets"].selected:
            self._warn_if_tickets_are_hidden()
        yield from super().walk(since)

    def _warn_if_tickets_are_hidden(self) -> None:
        """Ask what the stream tickets, if it is selected, finds out by itself."""
        query = {"field": "updated_at", "operator": ">", "value": 0}
        body = {"query": query, "pagination": {"per_page": 1}}
        try:
            self.client.fetch(Request("/tickets/search", body=body, holds=("tickets", "data")))
        except PermissionDeniedError:
            self.logger.warning(HIDDEN_TICKETS)


class DeletedConversations(RootStream):
    """Conversations that were deleted, by id: what is in the warehouse of them is history.

    Intercom lists them newest first and can't be asked for those since a moment, so the list is
    read until its entries are older than the bookmark.
    """

    name = "deleted_conversations"
    primary_keys = ("id",)
    replication_key = "deleted_at"
    permission = "Read conversations"
    first_version = (2, 16)

    @override
    def walk(self, since: int) -> Iterator[Step]:
        with Spool() as spool:
            for step in self._newest_first(since):
                if step.moment < since:
                    break
                spool.add(step)
            yield from spool.oldest_first()

    def _newest_first(self, since: int) -> Iterator[Step]:
        request = Request(
            "/conversations/deleted",
            {"order": "desc", "per_page": 60},
            holds=("conversations", "data"),
        )
        for page in pages(self.client, request):
            for record in records_of(request, page):
                yield Step(record, moment_of(record, "deleted_at", since))


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
    detail = Request("/conversations/{id}", holds=("conversation_parts",))
    field = ("conversation_parts", "conversation_parts")

    @override
    def requests(self, record: Record) -> Sequence[Request]:
        (request,) = super().requests(record)
        if self.settings.plaintext_bodies:
            request = request.with_params(display_as="plaintext")
        return (request,)


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
