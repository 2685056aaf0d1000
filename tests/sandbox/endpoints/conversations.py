"""Conversations, and the tombstones of deleted ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.sandbox.answers import json_answer, raw_json
from tests.sandbox.call import Call, Route
from tests.sandbox.endpoints.paging import numbered_page
from tests.sandbox.endpoints.searches import Search
from tests.sandbox.errors import bad_request, not_found
from tests.sandbox.permissions import sees_tickets
from tests.sandbox.query import Everything, NoTicket
from tests.sandbox.views import (
    V2_16,
    conversation,
    conversation_list_item,
    plaintext_conversation,
)

if TYPE_CHECKING:
    from aiohttp import web

PER_PAGE: Final = 20
SEARCH: Final = Search(
    "conversations",
    "conversations",
    "conversation.list",
    conversation_list_item,
    PER_PAGE,
)


def _search(call: Call) -> web.Response:
    return SEARCH.answer(call, only=None if sees_tickets(call.state.options) else NoTicket())


def _list(call: Call) -> web.Response:
    only = Everything() if sees_tickets(call.state.options) else NoTicket()
    return SEARCH.newest_first(call, only)


def _conversation(call: Call) -> web.Response:
    record = call.state.workspace.collections["conversations"].truth.get(call.argument("id"))
    if record is None:
        raise not_found("Resource Not Found")
    plaintext = call.parameter("display_as") == "plaintext"
    view = plaintext_conversation if plaintext else conversation
    return raw_json(call.encoded([record], view)[0])


def _deleted(call: Call) -> web.Response:
    order = call.parameter("order") or "desc"
    if order not in {"asc", "desc"}:
        raise bad_request("parameter_invalid", "order must be asc or desc")
    oldest_first = call.state.workspace.deleted_conversations
    tombstones = oldest_first if order == "asc" else oldest_first[::-1]
    rows, envelope = numbered_page(call, tombstones, PER_PAGE)
    return json_answer({"type": "conversations.list"} | envelope | {"conversations": rows})


ROUTES: Final = (
    Route("GET", "/conversations", _list),
    Route("POST", "/conversations/search", _search),
    Route("GET", "/conversations/deleted", _deleted, since=V2_16),
    Route("GET", "/conversations/{id}", _conversation),
)
