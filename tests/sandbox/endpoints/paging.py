"""The ways in which lists are paged (intercom-api section 1.1)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import urlencode

from tests.sandbox.errors import bad_request
from tests.sandbox.search import check_per_page

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.sandbox.call import Call

MAX_PER_LIST: Final = 60
Row = TypeVar("Row")


def page_number(call: Call) -> int:
    """The `page` parameter; 1 if it was not given.

    Raises:
        ApiError: 400 `parameter_invalid`.
    """
    text = call.parameter("page") or "1"
    if not text.isdecimal() or int(text) < 1:
        raise bad_request("parameter_invalid", "page must be a positive number")
    return int(text)


def numbered_page(
    call: Call,
    rows: Sequence[Row],
    default_per_page: int,
    maximum: int = MAX_PER_LIST,
) -> tuple[Sequence[Row], dict[str, Any]]:
    """One page of a list with page numbers, whose `pages.next` is a URL.

    Args:
        call: with the parameters `page` and `per_page`.
        rows: the whole list.
        default_per_page: the size of a page, if none is asked for.
        maximum: the largest page.

    Returns:
        The rows of the page, and its `pages` and `total_count`.

    Raises:
        ApiError: 400 `parameter_invalid`.
    """
    per_page = check_per_page(call.parameter("per_page") or default_per_page, maximum)
    page = page_number(call)
    total_pages = math.ceil(len(rows) / per_page)
    following = {**call.request.query, "per_page": str(per_page), "page": str(page + 1)}
    next_url = f"{call.origin}{call.request.path}?{urlencode(following)}"
    envelope = {
        "total_count": len(rows),
        "pages": {
            "type": "pages",
            "next": next_url if page < total_pages else None,
            "page": page,
            "per_page": per_page,
            "total_pages": total_pages,
        },
    }
    return rows[(page - 1) * per_page : page * per_page], envelope


def cursor_pages(per_page: int, total: int, number: int, following: str | None) -> dict[str, Any]:
    """The `pages` object of a list with cursors; without `next` on the last page.

    Args:
        per_page: rows of a page.
        total: rows of all pages.
        number: of this page.
        following: cursor of the next page, None if this is the last.
    """
    pages: dict[str, Any] = {"type": "pages"}
    if following is not None:
        pages["next"] = {"page": number + 1, "starting_after": following}
    total_pages = math.ceil(total / per_page)
    return pages | {"page": number, "per_page": per_page, "total_pages": total_pages}
