"""Tickets, what belongs to them, and how they are set up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_intercom.client import Request
from tap_intercom.compat import override
from tap_intercom.family import EmbeddedStream
from tap_intercom.list_stream import ListStream
from tap_intercom.search import SearchEndpoint
from tap_intercom.search_stream import SearchStream
from tap_intercom.streams.conversations import HIDDEN_TICKETS

if TYPE_CHECKING:
    from tap_intercom.errors import PermissionDeniedError


class Tickets(SearchStream):
    """Tickets; `id` is the key, `ticket_id` the number that teammates see."""

    name = "tickets"
    primary_keys = ("id",)
    replication_key = "updated_at"
    permission = "Read tickets"
    endpoint = SearchEndpoint("/tickets/search", ("tickets", "data"))
    omitted = ("ticket_parts",)

    @override
    def refuse(self, error: PermissionDeniedError) -> None:
        super().refuse(error)
        if self._tap.streams["conversations"].selected:
            self.logger.warning(HIDDEN_TICKETS)


class TicketParts(EmbeddedStream):
    """Messages, notes and events of a ticket, all of them whenever it changed."""

    name = "ticket_parts"
    parent_stream_type = Tickets
    primary_keys = ("id",)
    replication_key = "ticket_updated_at"
    permission = "Read tickets"
    root_key = "ticket_id"
    field = ("ticket_parts", "ticket_parts")


class TicketTypes(ListStream):
    """Kinds of tickets, with their attributes."""

    name = "ticket_types"
    primary_keys = ("id",)
    permission = "Read tickets"
    lists = (Request("/ticket_types"),)


class TicketStates(ListStream):
    """States that a ticket can be in."""

    name = "ticket_states"
    primary_keys = ("id",)
    permission = "Read tickets"
    lists = (Request("/ticket_states"),)
