"""What teammates did in the workspace's settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tests.sandbox.answers import json_answer
from tests.sandbox.call import Call, Route
from tests.sandbox.endpoints import lists
from tests.sandbox.errors import ApiError, bad_request
from tests.sandbox.generate.activity_logs import EVENT_TYPES
from tests.sandbox.views import V2_16

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiohttp import web

    from tests.sandbox.records import Body

PER_PAGE: Final = 20
LARGEST_SEARCH_PAGE: Final = 250


def _list(call: Call) -> web.Response:
    rows = _within(call, call.request.query)
    shown, pages = lists.cursor_page(call, rows, PER_PAGE, lists.LARGEST_PAGE, "created_at")
    return _answer(shown, pages)


def _search(call: Call) -> web.Response:
    """Answer a search: the answer has a cursor, but the body documents `page` alone."""
    if not isinstance(call.sent, dict):
        raise bad_request("bad_request", "body must be a JSON object")
    rows = lists.newest_first(_within(call, call.sent), "created_at")
    event_types = call.sent.get("event_types")
    if event_types is not None:
        rows = [row for row in rows if row["activity_type"] in event_types]
    page, size = lists.read_page(call.sent, PER_PAGE, LARGEST_SEARCH_PAGE)
    shown = rows[(page - 1) * size : page * size]
    pages = lists.page_figures(page, size, len(rows))
    if page < pages["total_pages"] and call.state.options.cursor_pages_next == "cursor":
        cursor = lists.cursor_behind(shown[-1], "created_at", page + 1)
        pages["next"] = {"per_page": size, "starting_after": cursor}
    return _answer(shown, pages)


def _answer(rows: list[Body], pages: Body) -> web.Response:
    return json_answer(
        {"type": "activity_log.list", "pages": {"next": None} | pages, "activity_logs": rows},
    )


def _within(call: Call, parameters: Mapping[str, Any]) -> list[Body]:
    """The activities between two moments; whether these are included is not documented."""
    after = _moment(parameters, "created_at_after")
    if after is None:
        raise bad_request("parameter_not_found", "created_at_after is a required parameter.")
    before = _moment(parameters, "created_at_before")
    options = call.state.options
    end = call.state.clock.now() if before is None else before
    if options.activity_log_range is not None and end - after > options.activity_log_range:
        raise ApiError(500, "server_error", "Server Error")
    margin = 0 if options.inclusive_comparisons else 1
    low, high = after + margin, end - margin
    rows = call.state.workspace.lists["activity_logs"]
    return [row for row in rows if low <= row["created_at"] <= high]


def _moment(parameters: Mapping[str, Any], name: str) -> int | None:
    value = parameters.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not str(value).isdecimal():
        raise bad_request("parameter_invalid", f"{name} must be a UNIX timestamp")
    return int(value)


def _event_types(_: Call) -> web.Response:
    return json_answer({"type": "activity_log_event_type.list", "event_types": EVENT_TYPES})


ROUTES: Final = (
    Route("GET", "/admins/activity_logs", _list),
    Route("POST", "/admins/activity_logs/search", _search, since=V2_16),
    Route("GET", "/admins/activity_log_event_types", _event_types, since=V2_16),
)
