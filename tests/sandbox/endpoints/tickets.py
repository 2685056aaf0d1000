"""Tickets; there is no list of them, only the search."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.sandbox.answers import raw_json
from tests.sandbox.call import Call, Route
from tests.sandbox.endpoints.searches import Search
from tests.sandbox.errors import not_found
from tests.sandbox.views import ticket

if TYPE_CHECKING:
    from aiohttp import web

SEARCH: Final = Search("tickets", "tickets", "ticket.list", ticket, 20)


def _search(call: Call) -> web.Response:
    return SEARCH.answer(call)


def _ticket(call: Call) -> web.Response:
    record = call.state.workspace.collections["tickets"].truth.get(call.argument("id"))
    if record is None:
        raise not_found("Ticket not found", "ticket_not_found")
    return raw_json(call.encoded([record], ticket)[0])


ROUTES: Final = (
    Route("POST", "/tickets/search", _search, since=(2, 10)),
    Route("GET", "/tickets/{id}", _ticket, since=(2, 9)),
)
