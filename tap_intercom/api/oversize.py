"""Pages that are too large for memory: smaller ones, and a page without its only record."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tap_intercom.api.response import UNREADABLE, VALUES, Page, value_at

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_intercom.api.request import Request
    from tap_intercom.errors import ResponseTooLargeError

FIRST_SMALLER_SIZE = 32
"""Records per page to try first where neither the request nor the list says how many it has."""

FIRST_ID = re.compile(rb'"id"\s*:\s*"?([^",}\s]+)')
"""The first id in a record: Intercom's records begin with their type and id."""


def with_smaller_pages(request: Request, usual_size: int = 0) -> Request | None:
    """Return the request for the first part of a page of a list; None if it can't be divided.

    The new size divides the old one, so that pages with numbers begin where the old ones did. Some
    lists accept a size although none is documented (`GET /articles` had it in 2.11).

    Args:
        request: The page that is too large.
        usual_size: How many records the pages of the list have if the request doesn't say.
    """
    pagination = _pagination(request)
    size = _page_size(request) or usual_size
    smaller = next((one for one in range(size // 2, 0, -1) if size % one == 0), None)
    if smaller is None:
        is_list = request.record_keys and request.paging != "none"
        is_first_page = is_list and not size and "page" not in pagination
        return request.with_params(per_page=FIRST_SMALLER_SIZE) if is_first_page else None
    changed: dict[str, Any] = {**pagination, "per_page": smaller}
    if "page" in pagination:
        changed["page"] = (int(pagination["page"]) - 1) * (size // smaller) + 1
    if request.body is None:
        return replace(request, params=changed)
    return replace(request, body={**request.body, "pagination": changed})


def without_record(request: Request, error: ResponseTooLargeError) -> tuple[Page, str]:
    """Return the page of a single record without it, and the record's id.

    Both are in the ends of the response. It has to say that its pages have one record: of a list
    that ignores the size, all records would be lost. What follows the list is found by trying: only
    the rest behind its own bracket makes JSON with what precedes the list.

    Raises:
        ResponseTooLargeError: It is no page of a single record.
    """
    if _page_size(request) != 1:
        raise error
    names = b"|".join(re.escape(name.encode()) for name in request.record_keys if name)
    start = re.search(rb'"(?:%s)"\s*:\s*\[' % names, error.head)
    identifier = FIRST_ID.search(error.head, start.end()) if start else None
    if start and identifier:
        for bracket in re.finditer(rb"]", error.tail):
            body = error.head[: start.end()] + error.tail[bracket.start() :]
            try:
                page = Page(request, VALUES.decode(body))
            except UNREADABLE:
                continue
            if stated_size(page) == 1:
                return page, identifier[1].decode(errors="replace")
    raise error


def stated_size(page: Page) -> int:
    """Return how many records the pages of a list have, as one of them says; 0 if it doesn't."""
    size = value_at(page, ("pages", "per_page")) or page.get("per_page")
    return int(size) if str(size).isdecimal() else 0


def _page_size(request: Request) -> int:
    """Return how many records a request asks for; 0 if it doesn't say."""
    return int(_pagination(request).get("per_page", 0))


def _pagination(request: Request) -> Mapping[str, Any]:
    """Return what says which page is requested; a POST has it in the body."""
    return request.params if request.body is None else request.body.get("pagination") or {}
