"""Pagination: which request follows a page, by what its response holds.

Some lists return `pages.next` as an object with a cursor, some as a URL, some as null; some only
count pages, and some do that at the top level of the response (OpenAPI 2.16; airbyte#5474, #6874).
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any

from msgspec.json import encode

from tap_intercom.api.oversize import stated_size, with_smaller_pages, without_record
from tap_intercom.api.records_path import find_records
from tap_intercom.api.seen_records import SeenRecords
from tap_intercom.errors import InvalidRequestError, ResponseTooLargeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tap_intercom.api.client import IntercomClient
    from tap_intercom.api.request import Request
    from tap_intercom.api.response import Page

logger = logging.getLogger("tap-intercom")

SECONDS_BETWEEN_LINES = 60
"""How often a long list logs how far it is."""


def pages(
    client: IntercomClient, request: Request, clock: Callable[[], float] = time.monotonic
) -> Iterator[Page]:
    """Yield the pages of a list, first to last; a page that is too large is read in parts.

    A page that leads to no other, although the list counts more records than came, is requested
    again: a link may be missing once. If it leads nowhere then, Intercom's count is off. A page
    says if the list is known to lack records, and how many have come so far.

    Args:
        client: Sends the requests.
        request: The first page.
        clock: Seconds that only grow.

    Raises:
        ResponseTooLargeError: A page is too large, and its size can't be chosen.
        InvalidRequestError: The pages lead back to earlier ones, or bring no new record.
    """
    seen = SeenRecords()
    requested, totals = set[str](), set[int]()
    size = 0
    logged = clock()
    following: Request | None = request
    while following is not None:
        _check_progress(following, requested, seen)
        try:
            page, after = _read_page(client, following, seen)
        except ResponseTooLargeError as error:
            if smaller := with_smaller_pages(following, size):
                following = smaller
                continue
            page, after = _page_without_record(client, following, seen, error)
        _note_change(page, totals)
        size = stated_size(page) or size
        page.received = None if _total(request, page) is None else seen.count
        yield page
        following = after
        if following and (now := clock()) - logged >= SECONDS_BETWEEN_LINES:
            logger.info("%s: read %d records so far", request, seen.count)
            logged = now


def next_request(client: IntercomClient, request: Request, page: Page) -> Request | None:
    """Return the request for the page after this one, or None after the last."""
    for style in STYLES[request.paging]:
        if following := style(client, request, page):
            return following
    return None


def _check_progress(request: Request, requested: set[str], seen: SeenRecords) -> None:
    """Note a request; fail if it was made before, or if the pages before it only repeat others."""
    if request.cache_key in requested:
        message = f"{request}: the next page was read before, so this list would never end"
        raise InvalidRequestError(message)
    if seen.is_endless:
        message = f"{request}: {seen.idle_pages} pages without a new record, so this list would "
        raise InvalidRequestError(message + "never end")
    requested.add(request.cache_key)


def _read_page(
    client: IntercomClient, request: Request, seen: SeenRecords
) -> tuple[Page, Request | None]:
    """Return a page and the request for the one after it."""
    page, following = _fetch_page(client, request, seen)
    if following is None and _missing(request, page, seen):
        page, following = _fetch_page(client, request, seen)
        if following is None and (missing := _missing(request, page, seen)):
            logger.warning(
                "%s: received %d of %d records, also when the last page was requested again. "
                "Intercom's count may be off",
                request,
                seen.count,
                seen.count + missing,
            )
            page.missing = f"{missing} of {seen.count + missing} records were not received"
    return page, following


def _fetch_page(
    client: IntercomClient, request: Request, seen: SeenRecords
) -> tuple[Page, Request | None]:
    page = client.fetch(request)
    seen.add_page((record, 0) for record in _record_hashes(request, page))
    return page, next_request(client, request, page)


def _record_hashes(request: Request, page: Page) -> list[int]:
    """Return what identifies each record of a list; nothing for a response that has no pages."""
    if not STYLES[request.paging]:
        return []
    records = _described_list(request, page)
    return page.record_hashes() if records is None else list(map(hash, map(encode, records)))


def _described_list(request: Request, page: Page) -> list[Any] | None:
    """Return the records of a request that says by a path where they are; None of any other."""
    found = None if request.record_keys else find_records(request.records_path, page.as_dict())
    return found if isinstance(found, list) else None


def _page_without_record(
    client: IntercomClient, request: Request, seen: SeenRecords, error: ResponseTooLargeError
) -> tuple[Page, Request | None]:
    page, identifier = without_record(request, error)
    logger.warning("%s; left out its only record, %s", error, identifier)
    page.missing, page.left_out = f"the record {identifier} is too large", 1
    seen.add_page([(identifier, 0)])
    return page, next_request(client, request, page)


def _note_change(page: Page, totals: set[int]) -> None:
    """Note in a page if the list counts other records than before, kept in `totals`.

    Records that are created or deleted meanwhile move others to pages that were read before.
    """
    total = page.get("total_count")
    if isinstance(total, int):
        totals.add(total)
    if len(totals) > 1:
        page.missing = page.missing or "the list changed while it was read"


def _missing(request: Request, page: Page, seen: SeenRecords) -> int:
    """Return how many records fewer came than the list counts; 0 if it does not count them."""
    total = _total(request, page)
    return 0 if total is None else max(0, total - seen.count)


def _total(request: Request, page: Page) -> int | None:
    """Return how many records a list counts that is read to its end; None if it counts none."""
    is_list = request.record_keys or _described_list(request, page) is not None
    total = page.get("total_count") if is_list and STYLES[request.paging] else None
    return total if isinstance(total, int) else None


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
