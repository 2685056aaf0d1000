"""Incremental search, one request for one page: which records changed since a timestamp.

`POST .../search` is paged with a cursor made of sort value and id, so the sort order is part of
every request. Whether `>` and `<` include equality differs between Intercom's own pages, so a
margin is added on both sides, and callers filter the records exactly (OpenAPI 2.16, search
operators).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from http import HTTPStatus
from itertools import compress
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from tap_intercom.api.oversize import without_record
from tap_intercom.api.request import Request
from tap_intercom.api.seen_records import MAX_IDLE_PAGES, SeenRecords
from tap_intercom.api_version import ApiVersion
from tap_intercom.errors import InvalidRequestError, ResponseTooLargeError
from tap_intercom.timestamps import TimestampedRecord, parse_timestamp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Literal

    from tap_intercom.api.client import IntercomClient
    from tap_intercom.api.response import Page

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


class RecordMetadata(NamedTuple):
    """The id and timestamps (epoch seconds) of a search result, decoded without the rest of it.

    `created_at` is 0 where the record has none.
    """

    id: str
    updated_at: int
    created_at: int


class _MetadataFields(msgspec.Struct):
    id: Any = None
    updated_at: Any = None
    created_at: Any = None


@dataclass(frozen=True)
class SearchPage:
    """One page of a search.

    The search sorts by its index, which may lag behind, so a record can be far younger than its
    position suggests.

    Attributes:
        page: The page itself; its records are decoded when they are first used.
        metadata: Ids and timestamps of all records.
        total: How many records match the search (`total_count`).
        cursor: Where the next page begins; None after the last.
        stable_before: Records updated before this timestamp (epoch seconds) have reached their
            final position in the search index.
        left_out: Whether its only record was too large to be read.
    """

    page: Page
    metadata: list[RecordMetadata]
    total: int
    cursor: str | None
    stable_before: int
    left_out: bool = False

    @property
    def stable_timestamps(self) -> list[int]:
        """The timestamps of the records whose position is final, in order."""
        timestamps = (record.updated_at for record in self.metadata)
        return sorted(timestamp for timestamp in timestamps if timestamp < self.stable_before)

    @property
    def complete_through(self) -> int:
        """A timestamp (epoch seconds) that no later page's record precedes; 0 if unknown.

        That holds while the index lags less than the run allows for. In case it lags more, the
        timestamp lies a little before the page's end: a few recent records can't push it further.
        """
        timestamps = self.stable_timestamps
        return timestamps[len(timestamps) * 4 // 5] if timestamps else 0

    def records(self, contains: Callable[[RecordMetadata], bool]) -> Iterator[TimestampedRecord]:
        """Yield the records whose metadata is accepted; if none is, nothing is decoded.

        Raises:
            RetriableError: The records are not JSON.
        """
        accepted = [contains(record) for record in self.metadata]
        if any(accepted) and not self.left_out:
            pairs = zip(self.metadata, self.page.records(), strict=True)
            for metadata, record in compress(pairs, accepted):
                yield TimestampedRecord(record, metadata.updated_at)


@dataclass(frozen=True)
class Window:
    """A period to search, and how far it has been read.

    Attributes:
        start: First timestamp (epoch seconds).
        end: First timestamp after the period; None for an open end.
        cursor: Where the next page begins.
        seen: The records on the pages before the cursor; the margins' are among them.
        complete_through: A timestamp up to which those pages hold everything.
        repeats: How often the page that the cursor points to has been asked for already.
        exclude_ids: Ids that an earlier window has returned.
    """

    start: int
    end: int | None = None
    cursor: str | None = None
    seen: SeenRecords = field(default_factory=SeenRecords)
    complete_through: int = 0
    repeats: int = 0
    exclude_ids: frozenset[str] = field(default_factory=frozenset)

    def contains(self, record: RecordMetadata) -> bool:
        """Whether a record belongs to this window."""
        is_early = record.updated_at < self.start
        is_late = self.end is not None and record.updated_at >= self.end
        return not is_early and not is_late and record.id not in self.exclude_ids

    def ends_before(self, page: SearchPage) -> bool:
        """Whether a whole page lies after the window's end, in the margin that was added.

        A page whose records have no final position yet may lie anywhere.
        """
        timestamps = page.stable_timestamps
        return self.end is not None and bool(timestamps) and timestamps[0] >= self.end

    def after(self, page: SearchPage) -> Window:
        """Return the window as it is once a page of it has been read; call it once per page."""
        self.seen.add_page((record.id, record.updated_at) for record in page.metadata)
        return replace(
            self,
            cursor=page.cursor,
            complete_through=max(self.complete_through, page.complete_through),
            repeats=0,
        )

    def restarted(self) -> Window:
        """Return what is left of the window from its last completed timestamp, without a cursor."""
        start = max(self.start, self.complete_through)
        return replace(self, start=start, cursor=None, seen=SeenRecords(), repeats=0)

    def repeated(self) -> Window:
        """Return the window with the same page to be read once more."""
        return replace(self, repeats=self.repeats + 1)


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


def record_metadata(page: Page, default: int) -> list[RecordMetadata]:
    """Return the metadata of a page's records.

    Args:
        page: A page of a search.
        default: Stands for an `updated_at` that can't be read (epoch seconds).

    Raises:
        RetriableError: The page has no list of records, or is not JSON.
    """
    return [
        RecordMetadata(
            str(fields.id),
            parse_timestamp(fields.updated_at, default),
            parse_timestamp(fields.created_at, 0),
        )
        for fields in page.record_fields(_MetadataFields)
    ]


def _compare(operator: str, timestamp: int) -> dict[str, Any]:
    return {"field": "updated_at", "operator": operator, "value": timestamp}


def _total(page: Page) -> int:
    total = page.get("total_count")
    return total if isinstance(total, int) else 0
