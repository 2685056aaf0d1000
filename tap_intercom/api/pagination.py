"""Pagination: which request follows a page, by what its response holds.

Some lists return `pages.next` as an object with a cursor, some as a URL, some as null; some only
count pages, and some do that at the top level of the response (OpenAPI 2.16; airbyte#5474, #6874).
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from tap_intercom.api.oversize import with_smaller_pages, without_record
from tap_intercom.errors import InvalidRequestError, ResponseTooLargeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tap_intercom.api.client import IntercomClient
    from tap_intercom.api.request import Request
    from tap_intercom.api.response import Page


logger = logging.getLogger("tap-intercom")


def pages(client: IntercomClient, request: Request) -> Iterator[Page]:
    """Yield the pages of a list, first to last; a page that is too large is read in parts.

    Raises:
        ResponseTooLargeError: A page is too large, and its size can't be chosen.
        InvalidRequestError: A page points back to itself or to an earlier one.
    """
    requested = set[str]()
    following: Request | None = request
    while following is not None:
        if following.cache_key in requested:
            message = f"{following}: the next page was read before, so this list would never end"
            raise InvalidRequestError(message)
        requested.add(following.cache_key)
        try:
            page = client.fetch(following)
        except ResponseTooLargeError as error:
            if smaller := with_smaller_pages(following):
                following = smaller
                continue
            page = _page_without_record(following, error)
        yield page
        following = next_request(client, following, page)


def _page_without_record(request: Request, error: ResponseTooLargeError) -> Page:
    page, identifier = without_record(request, error)
    logger.warning("%s; left out its only record, %s", error, identifier)
    return page


def next_request(client: IntercomClient, request: Request, page: Page) -> Request | None:
    """Return the request for the page after this one, or None after the last."""
    for style in STYLES[request.paging]:
        if following := style(client, request, page):
            return following
    return None


def _next_by_link(client: IntercomClient, request: Request, page: Page) -> Request | None:
    following = _pages_of(page).get("next")
    return (
        client.follow_link(request, following) if following and isinstance(following, str) else None
    )


def _next_by_cursor(_: IntercomClient, request: Request, page: Page) -> Request | None:
    following = _pages_of(page).get("next")
    cursor = following.get("starting_after") if isinstance(following, dict) else None
    return request.after_cursor(cursor) if cursor else None


def _next_by_number(_: IntercomClient, request: Request, page: Page) -> Request | None:
    counts = _pages_of(page) or page
    number, total = counts.get("page"), counts.get("total_pages")
    if isinstance(number, int) and isinstance(total, int) and number < total:
        return request.with_params(page=number + 1)
    return None


def _pages_of(page: Page) -> dict[str, Any]:
    reported = page.get("pages")
    return reported if isinstance(reported, dict) else {}


STYLES: dict[str, tuple[Callable[..., Request | None], ...]] = {
    "auto": (_next_by_link, _next_by_cursor, _next_by_number),
    "cursor": (_next_by_cursor,),
    "link": (_next_by_link,),
    "page": (_next_by_number,),
    "none": (),
}
"""By name, the ways to find the next page, in the order in which they are tried."""
