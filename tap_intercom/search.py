"""Incremental search: which records changed since a moment, without trusting the operators.

`POST .../search` is paged with a cursor made of sort value and id, so the sort order is part of
every request. Whether `>` and `<` take in equality differs between Intercom's own pages, so a
margin more is asked for on both sides, and the records are filtered exactly here (OpenAPI 2.16,
search operators).
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from tap_intercom.audit import Audit
from tap_intercom.client import Request
from tap_intercom.errors import RequestRefusedError
from tap_intercom.search_page import SearchPage, outlines_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tap_intercom.client import IntercomClient
    from tap_intercom.page import Page
    from tap_intercom.search_page import Outline
    from tap_intercom.step import Step

logger = logging.getLogger("tap-intercom")

SMALLEST_PAGE = 10
"""Searches that time out at full size are known to work with small pages (estuary 4528040da)."""

PAGES_BEFORE_GROWTH = 5
"""Good pages in a row before a reduced page size is doubled again."""

PARAMS_FROM = (2, 16)
"""The API version from which searches have parameters (OpenAPI 2.16, `include_merge_history`)."""


@dataclass(frozen=True)
class SearchEndpoint:
    """One of Intercom's searches.

    `margin_seconds` is how much wider than wanted the search has to be on either side for its
    result to hold everything: one second where moments are compared exactly, more than a day
    where calendar days are. `narrowest_window` (seconds) is what pays to be searched by itself.
    `params` ask for more in each record; versions from 2.16 on know them.
    """

    path: str
    holds: tuple[str, ...]
    margin_seconds: int = 1
    narrowest_window: int = 60
    params: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Window:
    """A stretch of time to search: from `start` (included) to `end` (excluded; None is open).

    Moments are in epoch seconds. `cursor` is where the next page begins, `seen` counts the records
    before it, and `reached` is a moment up to which they hold everything. `known` are the ids that
    an earlier window has handed out.
    """

    start: int
    end: int | None = None
    cursor: str | None = None
    seen: int = 0
    reached: int = 0
    known: frozenset[str] = field(default_factory=frozenset)

    def takes(self, outline: Outline) -> bool:
        """Whether a record belongs to this window."""
        if outline.moment < self.start or (self.end is not None and outline.moment >= self.end):
            return False
        return outline.id not in self.known

    def ends_before(self, page: SearchPage) -> bool:
        """Whether a whole page lies behind the window's end, in the margin that was asked for.

        A page of records that are all too young to tell may lie anywhere.
        """
        moments = page.settled_moments
        return self.end is not None and bool(moments) and moments[0] >= self.end

    def after(self, page: SearchPage) -> Window:
        """Return the window as it is once a page of it has been read."""
        return replace(
            self,
            cursor=page.cursor,
            seen=self.seen + len(page.outlines),
            reached=max(self.reached, page.reached),
        )


class CursorRefusedError(Exception):
    """The present cursor leads no further; the search has to begin again."""


class Search:
    """Sends the requests of one walk through a search endpoint.

    It asks for smaller pages while Intercom fails to answer large ones. It may be used by several
    threads.
    """

    def __init__(
        self, client: IntercomClient, endpoint: SearchEndpoint, page_size: int, settled: int
    ) -> None:
        """Prepare a search; no request is made.

        Args:
            client: Sends the requests.
            endpoint: Where to search.
            page_size: Records per page, at most 150.
            settled: Records older than this moment (epoch seconds) stand at their places in the
                index.
        """
        self.endpoint = endpoint
        self._settled = settled
        self.page_size = page_size
        self._client = client
        self._params = endpoint.params if client.api_version >= PARAMS_FROM else {}
        self._size = page_size
        self._good_pages = 0
        self.audit = Audit()

    def received(self) -> int:
        """Return how many bytes this thread has received so far."""
        return self._client.received

    def page(self, window: Window, order: str = "ascending") -> SearchPage:
        """Read the page of a window that its cursor points to.

        Raises:
            CursorRefusedError: Intercom does not take the cursor, or gave out the same one again.
            IntercomError: Intercom refused the search or kept failing.
        """
        try:
            page = self._client.retrying(
                lambda: self._client.send(self._request(window, order)), self._shrink
            )
        except RequestRefusedError as error:
            if window.cursor and error.status == HTTPStatus.BAD_REQUEST:
                raise CursorRefusedError(str(error)) from error
            raise
        self._grow()
        outlines = outlines_of(page, window.start)
        cursor = self._cursor(self._request(window, order), page)
        found = SearchPage(page, outlines, _total(page), cursor, self._settled)
        self._check_cursor(window, found)
        return found

    def _check_cursor(self, window: Window, page: SearchPage) -> None:
        if page.cursor and page.cursor == window.cursor:
            message = f"POST {self.endpoint.path} answered the same cursor twice"
            raise CursorRefusedError(message)
        if page.cursor and window.seen > page.total + 2 * self.page_size:
            message = f"POST {self.endpoint.path} led in a circle: {window.seen} of {page.total}"
            raise CursorRefusedError(message)

    def newest_first(self, since: int) -> Iterator[Step]:
        """Yield the records updated at `since` (epoch seconds) or later, newest first.

        It ends behind a whole page of older records: a single one may stand in a wrong place. A
        record that is updated meanwhile jumps to the front and belongs to the next run.

        Raises:
            CursorRefusedError: The search can't go on, or ended before all that it promised came.
            IntercomError: Intercom refused the search or kept failing.
        """
        window = Window(since)
        while True:
            page = self.page(window, "descending")
            self.audit.promise(page.total)
            self.audit.count(page.outlines)
            yield from page.steps(lambda outline: outline.moment >= since)
            if page.outlines and all(outline.moment < since for outline in page.outlines):
                return
            if page.cursor is None:
                break
            window = window.after(page)
        if self.audit.missing:
            message = f"POST {self.endpoint.path} ended {self.audit.missing} records too early"
            raise CursorRefusedError(message)

    def _cursor(self, request: Request, page: Page) -> str | None:
        """Return the cursor of the page after this one, or None after the last."""
        pages = page.get("pages")
        told = pages.get("next") if isinstance(pages, dict) else None
        if isinstance(told, str) and told:
            told = self._client.linked(request, told).params
        cursor = told.get("starting_after") if isinstance(told, dict) else None
        return None if cursor is None else str(cursor)

    def _request(self, window: Window, order: str) -> Request:
        pagination: dict[str, Any] = {"per_page": self._size}
        if window.cursor:
            pagination["starting_after"] = window.cursor
        return Request(
            self.endpoint.path,
            self._params,
            body={
                "query": self._query(window),
                "sort": {"field": "updated_at", "order": order},
                "pagination": pagination,
            },
            holds=self.endpoint.holds,
        )

    def _query(self, window: Window) -> dict[str, Any]:
        margin = self.endpoint.margin_seconds
        from_start = _compare(">", max(0, window.start - margin))
        if window.end is None:
            return from_start
        return {"operator": "AND", "value": [from_start, _compare("<", window.end + margin)]}

    def _shrink(self) -> None:
        self._size = max(min(SMALLEST_PAGE, self._size), self._size // 2)
        self._good_pages = 0

    def _grow(self) -> None:
        self._good_pages += 1
        if self._size < self.page_size and self._good_pages >= PAGES_BEFORE_GROWTH:
            self._size = min(self.page_size, self._size * 2)
            self._good_pages = 0


def _compare(operator: str, moment: int) -> dict[str, Any]:
    return {"field": "updated_at", "operator": operator, "value": moment}


def _total(page: Page) -> int:
    total = page.get("total_count")
    return total if isinstance(total, int) else 0
