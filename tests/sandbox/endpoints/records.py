"""Contacts, companies, conversations and tickets: searched, listed, scrolled and one by one."""

from __future__ import annotations

import dataclasses
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from tests.sandbox import views
from tests.sandbox.call import Call, Route
from tests.sandbox.endpoints.searches import EVERYTHING, Search
from tests.sandbox.errors import ApiError, bad_request, not_found
from tests.sandbox.fields import KnownFields
from tests.sandbox.paging import LinkedPages
from tests.sandbox.permissions import sees_tickets
from tests.sandbox.query import NoTicket, ValueFilter
from tests.sandbox.responses import json_response, list_response, raw_json
from tests.sandbox.versions import PREVIEW, V2_9, V2_10, V2_14, V2_16, V2_17

if TYPE_CHECKING:
    from aiohttp import web

    from tests.sandbox.query import Condition
    from tests.sandbox.records import Record

CONTACTS: Final = Search("contacts", "data", "list", views.contact, 50)
CONTACTS_WITH_MERGES: Final = dataclasses.replace(CONTACTS, view=views.contact_with_merges)
COMPANIES: Final = Search("companies", "data", "list", views.company, 15, "last_request_at")
CONVERSATIONS: Final = Search(
    "conversations", "conversations", "conversation.list", views.conversation_list_item, 20
)
TICKETS: Final = Search("tickets", "tickets", "ticket.list", views.ticket, 20)
WITH_USERS: Final = ValueFilter(KnownFields("companies", ()).find("user_count"), ">", (0,))
MERGES: Final = {"include_merge_history": V2_16}
EVALUATIONS: Final = ("include_monitors", "include_scorecards")
MAX_PART_TYPES: Final = 50
PART_TYPES: Final = ("include_part_types", "exclude_part_types")
NOT_FOUND: Final = {
    "contacts": ("User Not Found", "not_found"),
    "companies": ("Company Not Found", "company_not_found"),
    "conversations": ("Resource Not Found", "not_found"),
    "tickets": ("Ticket not found", "ticket_not_found"),
}


def found(call: Call, kind: str) -> Record:
    """The record of a kind with the id in the path."""
    record = call.state.workspace.collections[kind].records.get(call.argument("id"))
    if record is None:
        raise not_found(*NOT_FOUND[kind])
    return record


def _respond(call: Call, record: Record, view: views.View) -> web.Response:
    return raw_json(call.encoded([record], view)[0])


def _search_contacts(call: Call) -> web.Response:
    return _contacts_as_asked(call).respond(call)


def _list_contacts(call: Call) -> web.Response:
    return _contacts_as_asked(call).list_newest_first(call, EVERYTHING)


def _contacts_as_asked(call: Call) -> Search:
    """With or without merge histories, which 2.16 has introduced."""
    return CONTACTS_WITH_MERGES if _asks_for_merges(call) else CONTACTS


def _asks_for_merges(call: Call) -> bool:
    return call.parameter("include_merge_history") == "true"


def _contact(call: Call) -> web.Response:
    """A contact; one that was merged is 410 from 2.16 on, with a link to the one that is left."""
    merged = call.state.workspace.merged
    into = merged.get(call.argument("id"))
    if into is not None and call.version >= V2_16:
        while into in merged:
            into = merged[into]
        message = "This contact has been merged. See the 'Link' header for the canonical contact."
        link = {"Link": f'</contacts/{into}>; rel="canonical"'}
        raise ApiError(HTTPStatus.GONE, "contact_merged", message, link)
    view = views.contact_with_merges if _asks_for_merges(call) else views.contact
    return _respond(call, found(call, "contacts"), view)


def _companies_of_contact(call: Call) -> web.Response:
    companies = call.state.workspace.collections["companies"].records
    ids = found(call, "contacts").body()["company_ids"]
    attached = [record for record in map(companies.get, ids) if record is not None]
    shown, envelope = LinkedPages(50).page(call, attached)
    return list_response({"type": "list"} | envelope, "data", call.encoded(shown, views.company))


def _scroll_companies(call: Call) -> web.Response:
    companies = call.state.workspace.collections["companies"].records
    parameter = call.parameter("scroll_param")
    if parameter is None:
        if not len(companies) and call.state.options.empty_scroll_is_404:
            raise not_found(*NOT_FOUND["companies"])
        parameter, rows = call.state.scroll.open(companies)
    else:
        parameter, rows = call.state.scroll.proceed(parameter)
    envelope = {"type": "list", "pages": None, "total_count": None, "scroll_param": parameter}
    return list_response(envelope, "data", call.encoded(rows, views.company))


def _search_companies(call: Call) -> web.Response:
    """Search companies; those without users are left out."""
    return COMPANIES.respond(call, WITH_USERS)


def _company(call: Call) -> web.Response:
    return _respond(call, found(call, "companies"), views.company)


def _search_conversations(call: Call) -> web.Response:
    asked = [
        call.version >= V2_16 and call.parameter(f"include_{name}") == "true"
        for name in ("monitors", "scorecards")
    ]
    view = views.EVALUATED_VIEWS[asked[0], asked[1]]
    search = dataclasses.replace(CONVERSATIONS, view=view) if any(asked) else CONVERSATIONS
    return search.respond(call, _visible(call))


def _list_conversations(call: Call) -> web.Response:
    return CONVERSATIONS.list_newest_first(call, _visible(call))


def _visible(call: Call) -> Condition:
    return EVERYTHING if sees_tickets(call.state.options) else NoTicket()


def _conversation(call: Call) -> web.Response:
    plaintext = call.parameter("display_as") == "plaintext"
    given = [name for name in PART_TYPES if call.parameter(name) is not None]
    if len(given) > 1:
        raise bad_request("parameter_invalid", "include and exclude types of parts, not both")
    view: views.View = views.plaintext_conversation if plaintext else views.conversation
    for name in given:
        types = frozenset((call.parameter(name) or "").split(","))
        if views.UNKNOWN_TYPE in types or len(types) > MAX_PART_TYPES:
            raise bad_request("parameter_invalid", f"{name} has invalid types")
        included = name == "include_part_types"
        view = views.conversation_of_types(types, included=included, plaintext=plaintext)
    return _respond(call, found(call, "conversations"), view)


def _deleted_conversations(call: Call) -> web.Response:
    order = call.parameter("order") or "desc"
    if order not in {"asc", "desc"}:
        raise bad_request("parameter_invalid", "order must be asc or desc")
    oldest_first = call.state.workspace.deleted_conversations
    rows = oldest_first if order == "asc" else oldest_first[::-1]
    shown, envelope = LinkedPages(20).page(call, rows)
    return json_response({"type": "conversations.list"} | envelope | {"conversations": shown})


def _search_tickets(call: Call) -> web.Response:
    return TICKETS.respond(call)


def _ticket(call: Call) -> web.Response:
    return _respond(call, found(call, "tickets"), views.ticket)


ROUTES: Final = (
    Route("GET", "/contacts", _list_contacts, newer_parameters=MERGES),
    Route("POST", "/contacts/search", _search_contacts, newer_parameters=MERGES),
    Route("GET", "/contacts/{id}", _contact, newer_parameters=MERGES),
    Route("GET", "/contacts/{id}/companies", _companies_of_contact),
    Route("GET", "/companies/scroll", _scroll_companies),
    Route("POST", "/companies/search", _search_companies, V2_17),
    Route("GET", "/companies/{id}", _company),
    Route(
        "GET",
        "/conversations",
        _list_conversations,
        newer_parameters=dict.fromkeys(EVALUATIONS, PREVIEW),
    ),
    Route(
        "POST",
        "/conversations/search",
        _search_conversations,
        newer_parameters=dict.fromkeys(EVALUATIONS, V2_16),
    ),
    Route("GET", "/conversations/deleted", _deleted_conversations, V2_16),
    Route(
        "GET",
        "/conversations/{id}",
        _conversation,
        newer_parameters={"include_translations": V2_14}
        | dict.fromkeys((*EVALUATIONS, *PART_TYPES, "include_email_history"), PREVIEW),
    ),
    Route("POST", "/tickets/search", _search_tickets, V2_10),
    Route("GET", "/tickets/{id}", _ticket, V2_9),
)
