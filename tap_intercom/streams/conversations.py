"""Conversations and what belongs to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_intercom.attributes import AttributedStream, DeclaredIn
from tap_intercom.child_stream import (
    ChildStream,
    EmbeddedStream,
    FetchedStream,
    ListedStream,
    OwnListStream,
    attachments_of,
    dicts_in,
    value_at,
)
from tap_intercom.client import Request
from tap_intercom.compat import override
from tap_intercom.errors import AccessTokenRefusedError, IntercomError, PermissionDeniedError
from tap_intercom.family import RootStream
from tap_intercom.gathering import Gathering
from tap_intercom.pagination import pages
from tap_intercom.search import SearchEndpoint
from tap_intercom.search_stream import SearchStream
from tap_intercom.settings import version_number
from tap_intercom.spool import Spool
from tap_intercom.step import Step, moment_of
from tap_intercom.streams.data_attributes import (
    ATTRIBUTES_OF_CONVERSATIONS,
    OLD_ATTRIBUTES_OF_CONVERSATIONS,
    ConversationAttributes,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from singer_sdk.helpers.types import Record

    from tap_intercom.page import Page


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
    declared_in = DeclaredIn(ATTRIBUTES_OF_CONVERSATIONS)

    @override
    def definitions(self) -> list[Record]:
        if version_number(self.settings.api_version) >= ConversationAttributes.first_version:
            return super().definitions()
        return DeclaredIn(OLD_ATTRIBUTES_OF_CONVERSATIONS).definitions(self._tap.declarations)

    @override
    def walk(self, since: int) -> Iterator[Step]:
        if not self._tap.streams["tickets"].selected:
            self._warn_if_tickets_are_hidden()
        yield from super().walk(since)

    def _warn_if_tickets_are_hidden(self) -> None:
        """Ask once what the stream tickets, if it is selected, finds out by itself."""
        query = {"field": "updated_at", "operator": ">", "value": 0}
        body = {"query": query, "pagination": {"per_page": 1}}
        try:
            self.client.send(Request("/tickets/search", body=body, holds=("tickets", "data")))
        except PermissionDeniedError:
            self.logger.warning(HIDDEN_TICKETS)
        except AccessTokenRefusedError:
            raise
        except IntercomError as error:
            self.logger.warning("Nobody knows whether the token may read tickets: %s", error)


class DeletedConversations(RootStream):
    """Conversations that were deleted, by id: what is in the warehouse of them is history.

    Intercom lists them newest first and can't be asked for those since a moment, so the list is
    read until a whole page of it is older than the bookmark.
    """

    name = "deleted_conversations"
    primary_keys = ("id",)
    replication_key = "deleted_at"
    permission = "Read conversations"
    first_version = (2, 16)

    @override
    def walk(self, since: int) -> Iterator[Step]:
        gathering = Gathering(self.name, self.logger)
        with Spool() as spool:
            for step in self._newest_first(since):
                spool.add(step)
                gathering.add(1)
            yield from spool.oldest_first()

    def _newest_first(self, since: int) -> Iterator[Step]:
        request = Request(
            "/conversations/deleted",
            {"order": "desc", "per_page": 60},
            holds=("conversations", "data"),
        )
        for page in pages(self.client, request):
            steps = [
                Step(record, moment_of(record.get("deleted_at"), since))
                for record in page.records()
            ]
            young = [step for step in steps if step.moment >= since]
            yield from young
            if steps and not young:
                return


class _ConversationChild(ChildStream):
    """Rows that belong to a conversation."""

    parent_stream_type = Conversations
    replication_key = "conversation_updated_at"
    permission = "Read conversations"
    root_key = "conversation_id"


class _DetailStream(_ConversationChild, FetchedStream):
    """Rows out of a conversation's own page, which is fetched once for all that need it."""

    detail = Request("/conversations/{id}", holds=("conversation_parts",))
    field = ("conversation_parts", "conversation_parts")

    @override
    def request(self, record: Record) -> Request | None:
        request = super().request(record)
        if request and self.settings.plaintext_bodies:
            return request.with_params(display_as="plaintext")
        return request


class ConversationParts(_DetailStream):
    """Messages, notes and events of a conversation, all of them whenever it changed.

    A part can be redacted or be older than the conversation's last change, so parts are never
    filtered by their own moments (airbyte#39463). Intercom hands out the 500 youngest.
    """

    name = "conversation_parts"
    primary_keys = ("id",)
    most_items = 500


class ConversationPartAttachments(_DetailStream):
    """Files in the parts of a conversation."""

    name = "conversation_part_attachments"
    primary_keys = ("conversation_part_id", "url")

    @override
    def items(self, record: Record, pages: Sequence[Page]) -> Iterable[Record]:
        (conversation,) = pages
        parts = dicts_in(value_at(conversation, self.field))
        return attachments_of(parts, "conversation_part_id")


class ConversationContacts(_ConversationChild, EmbeddedStream):
    """Which contact takes part in which conversation."""

    name = "conversation_contacts"
    primary_keys = ("conversation_id", "contact_id")
    field = ("contacts", "contacts")
    item_key = "contact_id"


class ConversationTags(_ConversationChild, EmbeddedStream):
    """Which tag is on which conversation."""

    name = "conversation_tags"
    primary_keys = ("conversation_id", "tag_id")
    field = ("tags", "tags")
    item_key = "tag_id"


class ConversationTeammates(_ConversationChild, ListedStream):
    """Which teammate took part in which conversation."""

    name = "conversation_teammates"
    primary_keys = ("conversation_id", "admin_id")
    item_key = "admin_id"

    @override
    def items(self, record: Record, pages: Sequence[Page]) -> Iterable[Record]:
        """Return teammates, whose list has one name in the schema and another in its examples."""
        holder = record.get("teammates")
        lists = holder if isinstance(holder, dict) else {}
        return dicts_in(lists.get("teammates")) or dicts_in(lists.get("admins"))


class ConversationAttachments(_ConversationChild, EmbeddedStream):
    """Files in the first message of a conversation."""

    name = "conversation_attachments"
    primary_keys = ("conversation_id", "url")
    field = ("source", "attachments")


class ConversationHandlingEvents(_ConversationChild, OwnListStream):
    """Which teammate handled a conversation when; Intercom gives these events no id."""

    name = "conversation_handling_events"
    primary_keys = ("conversation_id", "timestamp", "type", "teammate_id")
    first_version = (2, 15)
    selected_by_default = False
    own_list = Request("/conversations/{id}/handling_events", holds=("handling_events",))

    @override
    def items(self, record: Record, pages: Sequence[Page]) -> Iterable[Record]:
        for event in super().items(record, pages):
            yield {**event, "teammate_id": value_at(event, ("teammate", "id"))}


class SideConversations(_ConversationChild, OwnListStream):
    """Conversations that teammates lead about a conversation, with their parts."""

    name = "side_conversations"
    primary_keys = ("id",)
    first_version = (2, 16)
    selected_by_default = False
    own_list = Request(
        "/conversations/{id}/side_conversations", {"per_page": 50}, holds=("side_conversations",)
    )

    @override
    def items(self, record: Record, pages: Sequence[Page]) -> Iterable[Record]:
        for conversation in super().items(record, pages):
            side_conversation_id = conversation.pop("side_conversation_id", None)
            yield {**conversation, "id": conversation.get("id") or side_conversation_id}
