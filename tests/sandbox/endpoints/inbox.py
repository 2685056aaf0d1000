"""How teammates work: macros, reasons to be away, office hours; and attributes one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.sandbox.answers import json_answer
from tests.sandbox.call import Call, Route
from tests.sandbox.endpoints import lists
from tests.sandbox.errors import bad_request
from tests.sandbox.views import V2_16

if TYPE_CHECKING:
    from aiohttp import web

    from tests.sandbox.records import Body

MACROS_PER_PAGE: Final = 50
LARGEST_PAGE: Final = 150


def _macros(call: Call) -> web.Response:
    rows = _updated_since(call, call.state.workspace.lists["macros"])
    return json_answer(lists.after_cursor_page(call, rows, MACROS_PER_PAGE, LARGEST_PAGE))


def _updated_since(call: Call, rows: list[Body]) -> list[Body]:
    text = call.parameter("updated_since")
    if text is None:
        return rows
    if not text.isdecimal():
        raise bad_request("parameter_invalid", "Invalid updated_since timestamp")
    return [row for row in rows if lists.unix_seconds(row["updated_at"]) > int(text)]


ROUTES: Final = (
    Route("GET", "/macros", _macros, since=V2_16),
    Route("GET", "/macros/{id}", lists.single("macros", "Macro not found"), since=V2_16),
    Route("GET", "/away_status_reasons", lists.whole("away_status_reasons"), since=(2, 14)),
    Route(
        "GET",
        "/office_hours_schedules",
        lists.whole("office_hours_schedules", "office_hours_schedule.list"),
        since=V2_16,
    ),
    Route(
        "GET",
        "/office_hours_schedules/{id}",
        lists.single("office_hours_schedules"),
        since=V2_16,
    ),
    Route(
        "GET",
        "/conversations/attributes/{id}",
        lists.single(
            "conversation_attributes",
            "Conversation attribute not found",
            "conversation_attribute_not_found",
        ),
        since=V2_16,
    ),
    Route("GET", "/ticket_types/{id}", lists.single("ticket_types"), since=(2, 9)),
)
