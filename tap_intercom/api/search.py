"""Incremental search, one request for one page: which records changed since a timestamp.

`POST .../search` is paged with a cursor made of sort value and id, so the sort order is part of
every request. Whether `>` and `<` include equality differs between Intercom's own pages, so a
margin is added on both sides, and callers filter the records exactly (OpenAPI 2.16, search
operators).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from tap_intercom.api.oversize import without_record
from tap_intercom.api.request import Request
from tap_intercom.api.search_page import RecordMetadata, SearchPage, record_metadata
from tap_intercom.api.seen_records import MAX_IDLE_PAGES
from tap_intercom.api_version import ApiVersion
from tap_intercom.errors import InvalidRequestError, ResponseTooLargeError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Literal

    from tap_intercom.api.client import IntercomClient
    from tap_intercom.api.response import Page
    from tap_intercom.api.search_page import Window

    Order = Literal["ascending", "descending"]

PAGES_BEFORE_GROWTH = 5
"""Successful pages in a row before a reduced page size is doubled again."""

PARAMS_MIN_VERSION = ApiVersion(2, 16)
"""The API version from which searches have parameters (OpenAPI 2.16, `include_merge_history`)."""


@dataclass(frozen=True)
class SearchEndpoint:
    """One of Intercom's searches.

    Attributes:
        path: Where the search is posted.
        record_keys: Names under one of which the response lists the records.
        margin_seconds: How much wider than needed the search has to be on either side to find
            everything: one second where seconds are compared, more than a day where days are.
        min_window_seconds: The shortest window that is worth a search of its own.
        params: Ask for more in each record; sent from API version 2.16 on.
    """

    path: str
    record_keys: tuple[str, ...]
    margin_seconds: int = 1
    min_window_seconds: int = 60
    params: Mapping[str, str] = field(default_factory=dict)


class CursorRefusedError(Exception):
    """The current cursor can't be continued; the search has to start again."""


class Search:
    """Sends the requests of one search; threads may share it.

    It asks for smaller pages while Intercom fails to answer large ones, down to one record.
    """

    def __init__(
        self,
        client: IntercomClient,
        endpoint: SearchEndpoint,
        page_size: int,
        stable_before: int,
        on_left_out: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Prepare a search; no request is made.

        Args:
            client: Sends the requests.
            endpoint: Where to search.
            page_size: Records per page, at most 150.
            stable_before: See `SearchPage`.
            on_left_out: Called with the id of each record that is too large to be read.
        """
        self.endpoint = endpoint
        self.page_size = page_size
        self._stable_before = stable_before
        self._on_left_out = on_left_out
        self._client = client
        self._params = endpoint.params if client.api_version >= PARAMS_MIN_VERSION else {}
        self._current_page_size = page_size
        self._pages_since_failure = 0

    def received(self) -> int:
        """Return how many bytes this thread has received so far."""
        return self._client.received

    def page_size_of(self, window: Window) -> int:
        """Return how many records are asked for in the next page of a window.

        One less each time that the same page is asked for: if it is full again, and the last one,
        that is no coincidence.
        """
        return max(1, self._current_page_size - window.repeats)

    def page(self, window: Window, order: Order = "ascending") -> SearchPage:
        """Read the page of a window that its cursor points to.

        Raises:
            CursorRefusedError: Intercom refused the cursor, or its pages only repeat each other.
            IntercomError: Intercom refused the search or kept failing.
        """
        size = self.page_size_of(window)

        def attempt(deadline: float) -> tuple[Page, str]:
            nonlocal size
            size = self.page_size_of(window)
            return self._send(window, order, size, deadline)

        try:
            page, left_out = self._client.retry(attempt, lambda: self._shrink(size))
        except InvalidRequestError as error:
            if window.cursor and error.status == HTTPStatus.BAD_REQUEST:
                raise CursorRefusedError(str(error)) from error
            raise
        self._grow()
        metadata = record_metadata(page, window.start)
        if left_out:
            self._on_left_out(left_out)
            metadata.append(RecordMetadata(left_out, window.start, 0))
        found = SearchPage(
            page,
            metadata,
            _total(page),
            self._cursor(self._request(window, order, size), page),
            self._stable_before,
            left_out=bool(left_out),
        )
        self._check_cursor(window, found)
        return found

    def _send(self, window: Window, order: Order, size: int, deadline: float) -> tuple[Page, str]:
        """Return a page of at most `size` records, and the id of a record that is too large.

        A page with such a record has no other, and doesn't hold it.
        """
        request = self._request(window, order, size)
        try:
            return self._client.send(request, deadline), ""
        except ResponseTooLargeError as error:
            if size == 1:
                return without_record(request, error)
            self._shrink(size)
            return self._send(window, order, size // 2, deadline)

    def _check_cursor(self, window: Window, page: SearchPage) -> None:
        if page.cursor and page.cursor == window.cursor:
            message = f"POST {self.endpoint.path}: returned the same cursor twice"
            raise CursorRefusedError(message)
        if page.cursor and window.seen.is_endless:
            message = f"POST {self.endpoint.path}: {MAX_IDLE_PAGES} pages without a new record"
            raise CursorRefusedError(message)

    def _cursor(self, request: Request, page: Page) -> str | None:
        """Return the cursor of the page after this one, or None after the last."""
        pages = page.get("pages")
        following: Any = pages.get("next") if isinstance(pages, dict) else None
        if isinstance(following, str) and following:
            following = self._client.follow_link(request, following).params
        cursor = following.get("starting_after") if isinstance(following, dict) else None
        return None if cursor is None else str(cursor)

    def _request(self, window: Window, order: Order, size: int) -> Request:
        pagination: dict[str, Any] = {"per_page": size}
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
            record_keys=self.endpoint.record_keys,
        )

    def _query(self, window: Window) -> dict[str, Any]:
        margin = self.endpoint.margin_seconds
        from_start = _compare(">", max(0, window.start - margin))
        if window.end is None:
            return from_start
        return {"operator": "AND", "value": [from_start, _compare("<", window.end + margin)]}

    def _shrink(self, failed_size: int) -> None:
        """Halve the page size that failed; other threads may have done so already."""
        self._current_page_size = min(self._current_page_size, max(1, failed_size // 2))
        self._pages_since_failure = 0

    def _grow(self) -> None:
        self._pages_since_failure += 1
        is_reduced = self._current_page_size < self.page_size
        if is_reduced and self._pages_since_failure >= PAGES_BEFORE_GROWTH:
            self._current_page_size = min(self.page_size, self._current_page_size * 2)
            self._pages_since_failure = 0


def _compare(operator: str, timestamp: int) -> dict[str, Any]:
    return {"field": "updated_at", "operator": operator, "value": timestamp}


def _total(page: Page) -> int:
    total = page.get("total_count")
    return total if isinstance(total, int) else 0
