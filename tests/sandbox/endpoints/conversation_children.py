"""What belongs to a conversation: handling events and side conversations."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from tests.sandbox.answers import json_answer
from tests.sandbox.call import Call, Route
from tests.sandbox.endpoints.paging import page_number
from tests.sandbox.errors import not_found
from tests.sandbox.search import check_per_page
from tests.sandbox.views import V2_16

if TYPE_CHECKING:
    from aiohttp import web

    from tests.sandbox.records import Record

SIDE_PER_PAGE: Final = 25
SIDE_MAX_PER_PAGE: Final = 50


def _handling_events(call: Call) -> web.Response:
    children = call.state.workspace.children
    return json_answer(
        {"handling_events": children.of("conversation_handling_events", _found(call))},
    )


def _side_conversations(call: Call) -> web.Response:
    rows = call.state.workspace.children.of("side_conversations", _found(call))
    per_page = check_per_page(call.parameter("per_page") or SIDE_PER_PAGE, SIDE_MAX_PER_PAGE)
    page = page_number(call)
    pages = {
        "type": "pages",
        "page": page,
        "per_page": per_page,
        "total_pages": math.ceil(len(rows) / per_page),
    }
    return json_answer(
        {
            "type": "side_conversation.list",
            "side_conversations": rows[(page - 1) * per_page : page * per_page],
            "total_count": len(rows),
            "pages": pages,
        },
    )


def _found(call: Call) -> Record:
    record = call.state.workspace.collections["conversations"].truth.get(call.argument("id"))
    if record is None:
        raise not_found("Resource Not Found")
    return record


ROUTES: Final = (
    Route("GET", "/conversations/{id}/handling_events", _handling_events, since=(2, 15)),
    Route("GET", "/conversations/{id}/side_conversations", _side_conversations, since=V2_16),
)
