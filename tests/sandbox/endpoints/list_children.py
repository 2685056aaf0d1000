"""Lists that belong to rows of a list: versions of an article, redirects of a help center."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final

from tests.sandbox.call import Call, Endpoint, Route
from tests.sandbox.endpoints.rows import all_rows, executed_since
from tests.sandbox.errors import not_found
from tests.sandbox.generate.list_children import PARENTS, rows_of
from tests.sandbox.paging import WHOLE, CursorPages, Paging, UpdatedAtCursor
from tests.sandbox.responses import json_response
from tests.sandbox.versions import V2_16

if TYPE_CHECKING:
    from aiohttp import web

    from tests.sandbox.endpoints.rows import Select


@dataclasses.dataclass(frozen=True)
class ListChild:
    """A list per row of a list.

    Attributes:
        type: the `type` of the response.
        select: chooses rows by the parameters of the request.
    """

    path: str
    paging: Paging = WHOLE
    type: str = "list"
    select: Select = all_rows


LIST_CHILDREN: Final = {
    "article_versions": ListChild("/articles/{id}/versions", CursorPages(25, 150, "created_at")),
    "help_center_redirects": ListChild(
        "/help_center/help_centers/{id}/redirects", CursorPages(50, 250)
    ),
    "office_hours_exceptions": ListChild(
        "/office_hours_schedules/{id}/office_hours_exceptions", type="office_hours_exception.list"
    ),
    "data_connector_executions": ListChild(
        "/data_connectors/{id}/execution_results",
        UpdatedAtCursor(10, 30, "created_at"),
        select=executed_since,
    ),
}


def _endpoint(name: str, child: ListChild) -> Endpoint:
    def respond(call: Call) -> web.Response:
        workspace = call.state.workspace
        ids = [str(row["id"]) for row in workspace.lists[PARENTS[name].list]]
        if call.argument("id") not in ids:
            raise not_found("Resource Not Found")
        position = ids.index(call.argument("id"))
        rows = list(rows_of(name, workspace.lists, position, workspace.blueprint.now))
        shown, envelope = child.paging.page(call, child.select(call, rows))
        return json_response({"type": child.type, "data": shown} | envelope)

    return respond


ROUTES: Final = tuple(
    Route("GET", child.path, _endpoint(name, child), V2_16) for name, child in LIST_CHILDREN.items()
)
