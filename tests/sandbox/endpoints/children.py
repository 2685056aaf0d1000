"""The lists that belong to single records, from the table of `tests.sandbox.children`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.sandbox.call import Call, Endpoint, Route
from tests.sandbox.children import CHILD_LISTS, ChildList
from tests.sandbox.endpoints.records import found
from tests.sandbox.responses import json_response

if TYPE_CHECKING:
    from aiohttp import web

    from tests.sandbox.records import Body


def _endpoint(child: ChildList) -> Endpoint:
    def respond(call: Call) -> web.Response:
        rows = child.rows(call.state.workspace, found(call, child.parent))
        shown, envelope = child.paging.page(call, rows)
        body: Body = {} if child.type is None else {"type": child.type}
        return json_response(body | {child.key: shown} | envelope)

    return respond


ROUTES: Final = tuple(
    Route("GET", child.path, _endpoint(child), child.since)
    for child in CHILD_LISTS.values()
    if child.path
)
