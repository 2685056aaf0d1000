"""Tickets, what belongs to them, and their types and states."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from tap_intercom.api.request import Request
from tap_intercom.api.response import dicts_in, items_of
from tap_intercom.api.search import SearchEndpoint
from tap_intercom.api_version import ApiVersion
from tap_intercom.compat import override
from tap_intercom.schema.attributes import AttributeSource
from tap_intercom.sync.attributed_stream import AttributeDefinitionStream, AttributedStream
from tap_intercom.sync.child_stream import ChildStream, EmbeddedChildStream, attachments_of
from tap_intercom.sync.list_stream import ListStream
from tap_intercom.sync.search_stream import SearchStream

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from singer_sdk.helpers.types import Record

    from tap_intercom.api.response import Page


TYPES_MIN_VERSION = ApiVersion(2, 9)
"""The API version from which tickets have types (OpenAPI 2.9)."""

SEARCH_MIN_VERSION = ApiVersion(2, 10)
"""The API version from which tickets can be searched (OpenAPI 2.10); there is no list of them."""

TICKET_TYPES = Request("/ticket_types")


class Tickets(AttributedStream, SearchStream):
    """Tickets; `id` is the key, `ticket_id` the number that teammates see."""

    name = "tickets"
    singular = "ticket"
    primary_keys = ("id",)
    replication_key = "updated_at"
    permission = "Read tickets"
    min_api_version = SEARCH_MIN_VERSION
    endpoint = SearchEndpoint("/tickets/search", ("tickets", "data"))
    attributes = "ticket_attributes"
    attribute_source = AttributeSource(TICKET_TYPES, ("ticket_type_attributes",))
    exclude_fields = ("ticket_parts",)
    record_request = Request("/tickets/{id}", record_keys=())
    text_fields: ClassVar[Mapping[str, str]] = {"ticket_state": "category"}  # recorded, up to 2.11


class TicketChildStream(ChildStream):
    """Rows that belong to a ticket."""

    parent_stream_type = Tickets
    replication_key = "ticket_updated_at"
    permission = "Read tickets"
    min_api_version = SEARCH_MIN_VERSION
    parent_key = "ticket_id"


class TicketParts(TicketChildStream, EmbeddedChildStream):
    """Messages, notes and events of a ticket, all of them whenever it changed."""

    name = "ticket_parts"
    primary_keys = ("id",)
    records_path = ("ticket_parts", "ticket_parts")
    max_items = 500


class TicketContacts(TicketChildStream, EmbeddedChildStream):
    """Contacts on a ticket."""

    name = "ticket_contacts"
    primary_keys = ("ticket_id", "contact_id")
    records_path = ("contacts", "contacts")
    id_column = "contact_id"


class TicketLinks(TicketChildStream, EmbeddedChildStream):
    """Tickets and conversations that are linked to a ticket."""

    name = "ticket_links"
    primary_keys = ("ticket_id", "id")
    records_path = ("linked_objects", "data")


class TicketPartAttachments(TicketChildStream, EmbeddedChildStream):
    """Files in the parts of a ticket."""

    name = "ticket_part_attachments"
    primary_keys = ("ticket_part_id", "url")
    added_columns = ("signed_url",)
    records_path = ("ticket_parts", "ticket_parts")
    max_items = 500

    @override
    def items(self, record: Record, pages: Sequence[Page]) -> Iterable[Record]:
        return attachments_of(dicts_in(self.nested_list(record), self.name), "ticket_part_id")


class TicketTypes(AttributeDefinitionStream):
    """Ticket types, with their attributes."""

    name = "ticket_types"
    primary_keys = ("id",)
    permission = "Read tickets"
    min_api_version = TYPES_MIN_VERSION
    requests = (TICKET_TYPES,)


class TicketTypeAttributes(ChildStream):
    """Attributes of a ticket type."""

    name = "ticket_type_attributes"
    parent_stream_type = TicketTypes
    primary_keys = ("id",)
    permission = "Read tickets"
    min_api_version = TYPES_MIN_VERSION
    parent_key = "ticket_type_id"

    @override
    def items(self, record: Record, pages: Sequence[Page]) -> Iterable[Record]:
        return items_of(record.get("ticket_type_attributes"), "ticket_type_attributes")


class TicketStates(ListStream):
    """States that a ticket can be in."""

    name = "ticket_states"
    primary_keys = ("id",)
    permission = "Read tickets"
    min_api_version = ApiVersion(2, 12)
    requests = (Request("/ticket_states"),)
