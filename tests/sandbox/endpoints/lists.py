"""Plain lists: one endpoint for every way of paging them (intercom-api section 1.1)."""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

import msgspec

from tests.sandbox.answers import json_answer
from tests.sandbox.endpoints.paging import numbered_page
from tests.sandbox.errors import ApiError, bad_request, not_found
from tests.sandbox.records import Body
from tests.sandbox.search import check_per_page
from tests.sandbox.versions import Version

if TYPE_CHECKING:
    from aiohttp import web

    from tests.sandbox.call import Call, Endpoint

LARGEST_PAGE: Final = 150
MILLISECONDS: Final = 1000

Shape = Callable[[Body, Version], Body]
"""Makes of a row what a version shows of it."""
Place = tuple[float, str]
"""Where a row stands in its list: unix seconds and id."""


def as_it_is(row: Body, _version: Version) -> Body:
    """A row that every version shows in the same way."""
    return row


def hidden_before(version: Version, *names: str) -> Shape:
    """A row whose newer fields only newer versions show.

    Args:
        version: that brought the fields.
        names: the fields.
    """

    def shape(row: Body, asked: Version) -> Body:
        if asked >= version:
            return row
        return {name: value for name, value in row.items() if name not in names}

    return shape


def single(
    kind: str,
    message: str = "Resource Not Found",
    code: str = "not_found",
    shape: Shape = as_it_is,
) -> Endpoint:
    """GET of one row by its id, the last part of the path.

    Args:
        kind: the list that it is in.
        message: of the 404, if there is no such row.
        code: of the 404.
        shape: makes of a row what a version shows of it.
    """

    def endpoint(call: Call) -> web.Response:
        return json_answer(shape(find(call, kind, message, code), call.version))

    return endpoint


def find(call: Call, kind: str, message: str, code: str = "not_found") -> Body:
    """The row with the id that the path ends with.

    Args:
        call: with the id.
        kind: the list that it is in.
        message: of the error.
        code: of the error.

    Raises:
        ApiError: 404.
    """
    for row in call.state.workspace.lists[kind]:
        if str(row["id"]) == call.argument("id"):
            return row
    raise not_found(message, code)


def whole(kind: str, list_type: str = "list", shape: Shape = as_it_is) -> Endpoint:
    """A list that is not paged.

    Args:
        kind: of the rows.
        list_type: the `type` of the answer.
        shape: makes of a row what a version shows of it.
    """

    def endpoint(call: Call) -> web.Response:
        rows = [shape(row, call.version) for row in call.state.workspace.lists[kind]]
        return json_answer({"type": list_type, "data": rows})

    return endpoint


def after_cursor(kind: str, per_page: int, maximum: int) -> Endpoint:
    """Style B: newest first; `pages.next.starting_after` goes into the URL, null at the end.

    Args:
        kind: of the rows.
        per_page: the size of a page, if none is asked for.
        maximum: the largest page.
    """

    def endpoint(call: Call) -> web.Response:
        return json_answer(
            after_cursor_page(call, call.state.workspace.lists[kind], per_page, maximum)
        )

    return endpoint


def after_cursor_page(call: Call, rows: Sequence[Body], per_page: int, maximum: int) -> Body:
    """One page of style B; the cursor is base64 of [updated_at, id] (OpenAPI 2.16, /macros).

    Raises:
        ApiError: 400 `parameter_invalid` or `client_error`.
    """
    size = check_per_page(call.parameter("per_page") or per_page, maximum)
    ordered = newest_first(rows, "updated_at")
    text = call.parameter("starting_after")
    if text is not None:
        place = _decoded(text, tuple[float, str])
        ordered = [row for row in ordered if _place(row, "updated_at") < place]
    shown = ordered[:size]
    more = len(ordered) > size
    following = {"starting_after": _encoded(_place(shown[-1], "updated_at"))} if more else None
    return {
        "type": "list",
        "data": shown,
        "pages": {"type": "pages", "per_page": size, "next": following},
    }


def linked(kind: str, per_page: int) -> Endpoint:
    """Style C: `pages.next` is a URL.

    Args:
        kind: of the rows.
        per_page: the size of a page, if none is asked for.
    """

    def endpoint(call: Call) -> web.Response:
        rows, envelope = numbered_page(call, call.state.workspace.lists[kind], per_page)
        return json_answer({"type": "list", "data": rows} | envelope)

    return endpoint


def counted_pages(kind: str, per_page: int, maximum: int) -> Endpoint:
    """Style E: `page`, `per_page` and `total_pages` stand at the top, there is no `pages`.

    Args:
        kind: of the rows.
        per_page: the size of a page, if none is asked for.
        maximum: the largest page.
    """

    def endpoint(call: Call) -> web.Response:
        rows = call.state.workspace.lists[kind]
        page, size = read_page(call.request.query, per_page, maximum)
        return json_answer(
            {
                "type": "list",
                "data": rows[(page - 1) * size : page * size],
                "total_count": len(rows),
                "page": page,
                "per_page": size,
                "total_pages": math.ceil(len(rows) / size),
            },
        )

    return endpoint


def cursor_pages(
    kind: str,
    per_page: int,
    maximum: int = LARGEST_PAGE,
    shape: Shape = as_it_is,
) -> Endpoint:
    """Style D: the schema is `cursor_pages`, newest first.

    Args:
        kind: of the rows.
        per_page: the size of a page, if none is asked for.
        maximum: the largest page; where none is documented, that of the API's guide.
        shape: makes of a row what a version shows of it.
    """

    def endpoint(call: Call) -> web.Response:
        rows = call.state.workspace.lists[kind]
        shown, pages = cursor_page(call, rows, per_page, maximum)
        data = [shape(row, call.version) for row in shown]
        return json_answer(
            {"type": "list", "data": data, "total_count": len(rows), "pages": pages},
        )

    return endpoint


def cursor_page(
    call: Call,
    rows: Sequence[Body],
    per_page: int,
    maximum: int,
    sorted_by: str = "updated_at",
) -> tuple[list[Body], Body]:
    """One page of style D, found by `starting_after` or by `page`.

    What stands in `pages.next` is not documented for sure: the option `cursor_pages_next` decides.

    Args:
        call: with the parameters `page`, `per_page` and `starting_after`.
        rows: the whole list.
        per_page: the size of a page, if none is asked for.
        maximum: the largest page.
        sorted_by: the timestamp that orders the rows.

    Returns:
        The rows of the page, and its `pages`.

    Raises:
        ApiError: 400 `parameter_invalid` or `client_error`.
    """
    page, size = read_page(call.request.query, per_page, maximum)
    ordered = newest_first(rows, sorted_by)
    rest = ordered[(page - 1) * size :]
    text = call.parameter("starting_after")
    if text is not None:
        milliseconds, row_id, page = _decoded(text, tuple[int, str, int])
        place = (milliseconds / MILLISECONDS, row_id)
        rest = [row for row in ordered if _place(row, sorted_by) < place]
    pages = page_figures(page, size, len(rows))
    shown = rest[:size]
    if len(rest) > size:
        pages |= _next(call, page, size, cursor_behind(shown[-1], sorted_by, page + 1))
    return shown, pages


def page_figures(page: int, per_page: int, total: int) -> Body:
    """A `pages` object without `next`, as it is on a last page."""
    total_pages = math.ceil(total / per_page)
    return {"type": "pages", "page": page, "per_page": per_page, "total_pages": total_pages}


def cursor_behind(row: Body, sorted_by: str, page: int) -> str:
    """The `starting_after` text of style D: base64 of [milliseconds, id, page].

    Args:
        row: the last of a page.
        sorted_by: the timestamp that orders the rows.
        page: number of the page that follows.
    """
    at, row_id = _place(row, sorted_by)
    return _encoded((int(at * MILLISECONDS), row_id, page))


def read_page(parameters: Mapping[str, Any], per_page: int, maximum: int) -> tuple[int, int]:
    """Number and size of the page that is asked for.

    Args:
        parameters: may hold `page` and `per_page`.
        per_page: the size of a page, if none is asked for.
        maximum: the largest page.

    Raises:
        ApiError: 400 `parameter_invalid`.
    """
    page = str(parameters.get("page", 1))
    if not page.isdecimal() or int(page) < 1:
        raise bad_request("parameter_invalid", "page must be a positive number")
    return int(page), check_per_page(parameters.get("per_page", per_page), maximum)


def newest_first(rows: Sequence[Body], sorted_by: str) -> list[Body]:
    """Rows in descending order of a timestamp.

    Args:
        rows: in any order.
        sorted_by: the timestamp's name.
    """
    return sorted(rows, key=lambda row: _place(row, sorted_by), reverse=True)


def unix_seconds(timestamp: float | str) -> float:
    """A timestamp of either notation (OpenAPI 2.16, schema `datetime`)."""
    if isinstance(timestamp, str):
        return datetime.fromisoformat(timestamp).timestamp()
    return timestamp


def _place(row: Body, sorted_by: str) -> Place:
    return unix_seconds(row[sorted_by]), str(row["id"])


def _next(call: Call, page: int, per_page: int, cursor: str) -> Body:
    kind = call.state.options.cursor_pages_next
    if kind == "absent":
        return {}
    if kind == "cursor":
        return {"next": {"per_page": per_page, "starting_after": cursor}}
    following = {**call.request.query, "per_page": str(per_page), "page": str(page + 1)}
    return {"next": f"{call.origin}{call.request.path}?{urlencode(following)}"}


def _encoded(row: Sequence[float | str]) -> str:
    return base64.b64encode(msgspec.json.encode(row)).decode()


def _decoded(text: str, row: Any) -> Any:
    try:
        return msgspec.json.decode(base64.b64decode(text, validate=True), type=row)
    except (ValueError, msgspec.DecodeError):
        raise _not_a_cursor() from None


def _not_a_cursor() -> ApiError:
    return bad_request(
        "client_error",
        "Invalid starting_after param. Please try again using a starting_after value from a "
        "paginated response",
    )
