"""Incremental search: which records changed since a moment, without trusting the operators.

`POST .../search` is paged with a cursor made of sort value and id, so the sort order is part of
every request. Whether `>` takes in equality differs between Intercom's own pages, so one second
more is asked for and the records are filtered exactly here (OpenAPI 2.16, search operators).
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from tap_intercom.client import Request
from tap_intercom.errors import RequestRefusedError
from tap_intercom.normalize import to_epoch
from tap_intercom.pagination import Page, Record, records_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_intercom.client import IntercomClient

logger = logging.getLogger("tap-intercom")

SMALLEST_PAGE = 10
"""Searches that time out at full size are known to work with small pages (estuary 4528040da)."""

PAGES_BEFORE_GROWTH = 5
"""Good pages in a row before a reduced page size is doubled again."""

RESTARTS_WITHOUT_PROGRESS = 3
"""Restarts at one and the same moment before the search is given up."""


@dataclass(frozen=True)
class SearchEndpoint:
    """One of Intercom's searches.

    `margin_seconds` is how much earlier than wanted the search has to begin for its result to
    hold everything: one second where moments are compared exactly, days where they are not.
    """

    path: str
    envelope: str
    margin_seconds: int = 1


def moment_of(record: Record, name: str, otherwise: int) -> int:
    """Return a moment of a record (epoch seconds), or another one if the record does not tell."""
    try:
        return to_epoch(record.get(name))
    except (ValueError, TypeError, OverflowError):
        return otherwise


def updated_at(record: Record, otherwise: int) -> int:
    """Return when a record was updated (epoch seconds), or another moment if it does not tell."""
    return moment_of(record, "updated_at", otherwise)


def safe_moment(page: list[Record], otherwise: int) -> int:
    """Return the moment up to which nothing is outstanding once this page is being emitted.

    It is the page's earliest: the search sorts by its index, which may lag behind, so one record
    can carry a moment far younger than its place, and a bookmark must not follow it there.
    """
    return min((updated_at(record, otherwise) for record in page), default=otherwise)


class CursorRefusedError(Exception):
    """The present cursor leads no further; the search has to begin again."""


class Search:
    """One walk through a search endpoint's records, in the order of `updated_at`.

    After the walk `promised` is what Intercom counted at its start, and `arrived` what came.
    """

    def __init__(self, client: IntercomClient, endpoint: SearchEndpoint, page_size: int) -> None:
        """Prepare a walk; no request is made.

        Args:
            client: Sends the requests.
            endpoint: Where to search.
            page_size: Records per page, at most 150; less is asked for while pages fail.
        """
        self._client = client
        self._endpoint = endpoint
        self._page_size = page_size
        self._size = page_size
        self._good_pages = 0
        self.promised = 0
        self.arrived = 0

    def oldest_first(self, since: int) -> Iterator[list[Record]]:
        """Yield pages of the records updated at `since` (epoch seconds) or later, oldest first.

        A record that is updated meanwhile moves to the end and is seen again, never missed.

        Raises:
            IntercomError: Intercom refused the search or kept failing.
        """
        restarts = 0
        while True:
            start = since
            try:
                for records in self._records(start, "ascending"):
                    page = [record for record in records if updated_at(record, start) >= start]
                    yield page
                    since = max(since, safe_moment(page, since))
            except CursorRefusedError as error:
                restarts = restarts + 1 if since == start else 0
                if restarts > RESTARTS_WITHOUT_PROGRESS:
                    raise RequestRefusedError(str(error)) from error
                logger.warning("%s; searching again from the last page", error)
            else:
                return

    def newest_first(self, since: int) -> Iterator[Record]:
        """Yield the records updated at `since` (epoch seconds) or later, newest first.

        A record that is updated meanwhile jumps to the front and belongs to the next run.

        Raises:
            CursorRefusedError: The search can't go on.
            IntercomError: Intercom refused the search or kept failing.
        """
        for page in self._records(since, "descending"):
            for record in page:
                if updated_at(record, since) < since:
                    return
                yield record

    def _records(self, since: int, order: str) -> Iterator[list[Record]]:
        self.promised = self.arrived = 0
        for page in self._pages(since, order):
            records = records_of(page, self._endpoint.envelope, "data")
            self.promised = self.promised or page.get("total_count") or 0
            self.arrived += len(records)
            yield records

    def _pages(self, since: int, order: str) -> Iterator[Page]:
        cursors = set[str]()
        cursor: str | None = None
        while True:
            page = self._page(since, order, cursor)
            yield page
            cursor = self._cursor(page)
            if cursor is None:
                return
            if cursor in cursors:
                message = f"POST {self._endpoint.path} answered the same cursor twice"
                raise CursorRefusedError(message)
            cursors.add(cursor)

    def _cursor(self, page: Page) -> str | None:
        """Return the cursor of the page after this one, or None after the last."""
        told = (page.get("pages") or {}).get("next")
        if isinstance(told, str) and told:
            told = self._client.linked(Request(self._endpoint.path), told).params
        cursor = told.get("starting_after") if told else None
        return None if cursor is None else str(cursor)

    def _page(self, since: int, order: str, cursor: str | None) -> Page:
        try:
            page: Page = self._client.retrying(
                lambda: self._client.send(self._request(since, order, cursor)),
                self._shrink,
            )
        except RequestRefusedError as error:
            if cursor and error.status == HTTPStatus.BAD_REQUEST:
                raise CursorRefusedError(str(error)) from error
            raise
        self._grow()
        return page

    def _request(self, since: int, order: str, cursor: str | None) -> Request:
        pagination: dict[str, Any] = {"per_page": self._size}
        if cursor:
            pagination["starting_after"] = cursor
        return Request(
            self._endpoint.path,
            body={
                "query": {
                    "field": "updated_at",
                    "operator": ">",
                    "value": max(0, since - self._endpoint.margin_seconds),
                },
                "sort": {"field": "updated_at", "order": order},
                "pagination": pagination,
            },
        )

    def _shrink(self) -> None:
        self._size = max(min(SMALLEST_PAGE, self._size), self._size // 2)
        self._good_pages = 0

    def _grow(self) -> None:
        self._good_pages += 1
        if self._size < self._page_size and self._good_pages >= PAGES_BEFORE_GROWTH:
            self._size = min(self._page_size, self._size * 2)
            self._good_pages = 0
