"""Intercom's ways of paging through a list, read off whatever an answer holds.

Some lists answer `pages.next` as an object with a cursor, some as a URL, some as null; some only
count pages, and some do that at the top of the answer (OpenAPI 2.16; airbyte#5474, #6874).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_intercom.errors import RequestRefusedError, TemporaryError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_intercom.client import IntercomClient, Request

Page = dict[str, Any]
Record = dict[str, Any]


def pages(client: IntercomClient, request: Request) -> Iterator[Page]:
    """Yield the pages of a list, first to last.

    Raises:
        RequestRefusedError: A page points back to itself or to an earlier one.
    """
    asked = set[str]()
    following: Request | None = request
    while following is not None:
        place = repr(sorted(following.params.items()))
        if place in asked:
            message = f"{following} points to a page that was read before; it would never end"
            raise RequestRefusedError(message)
        asked.add(place)
        page = client.fetch(following)
        yield page
        following = next_request(client, following, page)


def next_request(client: IntercomClient, request: Request, page: Page) -> Request | None:
    """Return the request for the page after this one, or None after the last."""
    told = page.get("pages")
    counts = told if isinstance(told, dict) else page
    following = told.get("next") if isinstance(told, dict) else None
    if isinstance(following, str) and following:
        return client.linked(request, following)
    if isinstance(following, dict) and following.get("starting_after"):
        return request.with_params(starting_after=following["starting_after"])
    return _next_numbered(request, counts)


def records_of(request: Request, page: Page) -> list[Record]:
    """Return the records of a page, which lie under one of the names that the answer has to hold.

    Raises:
        TemporaryError: They are no list.
    """
    for name in request.holds:
        records = page.get(name)
        if isinstance(records, list):
            return [record for record in records if isinstance(record, dict)]
    message = f"{request} was answered with no list of records"
    raise TemporaryError(message)


def _next_numbered(request: Request, counts: dict[str, Any]) -> Request | None:
    number, total = counts.get("page"), counts.get("total_pages")
    if isinstance(number, int) and isinstance(total, int) and number < total:
        return request.with_params(page=number + 1)
    return None
