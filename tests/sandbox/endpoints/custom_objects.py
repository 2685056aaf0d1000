"""Instances of custom objects: all of a type from 2.16 on, a single one in every version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.sandbox.answers import json_answer
from tests.sandbox.call import Call, Route
from tests.sandbox.endpoints.paging import numbered_page
from tests.sandbox.errors import bad_request, not_found
from tests.sandbox.views import V2_16

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiohttp import web

    from tests.sandbox.records import Body

PER_PAGE: Final = 20
MAX_PER_PAGE: Final = 150
LINKS: Final = ("contact_id", "conversation_id")
PATH: Final = "/custom_object_instances/{type}"
V2_13: Final = (2, 13)


def _instances(call: Call) -> web.Response:
    rows = _of_type(call)
    external_id = call.parameter("external_id")
    if external_id is not None:
        return _single(rows, lambda row: row["external_id"] == external_id)
    if call.version < V2_16:
        raise bad_request("parameter_not_found", "external_id is a required parameter.")
    for link in LINKS:
        wanted = call.parameter(f"references_{link}")
        if wanted is not None:
            rows = [row for row in rows if row.get(link) == wanted]
    chosen, envelope = numbered_page(call, rows, PER_PAGE, MAX_PER_PAGE)
    return json_answer({"type": "list"} | envelope | {"data": [_shown(row) for row in chosen]})


def _instance(call: Call) -> web.Response:
    return _single(_of_type(call), lambda row: row["id"] == call.argument("id"))


def _of_type(call: Call) -> list[Body]:
    name = call.argument("type")
    rows = call.state.workspace.lists.get(f"custom_object_{name}")
    if rows is None:
        raise not_found(f"Custom object type `{name}` not found")
    return rows


def _single(rows: list[Body], is_wanted: Callable[[Body], bool]) -> web.Response:
    found = next((row for row in rows if is_wanted(row)), None)
    if found is None:
        raise not_found("Custom object instance not found")
    return json_answer(_shown(found))


def _shown(row: Body) -> Body:
    return {key: value for key, value in row.items() if key not in LINKS}


ROUTES: Final = (
    Route("GET", PATH, _instances, since=V2_13),
    Route("GET", f"{PATH}/{{id}}", _instance, since=V2_13),
)
