"""A long search in many windows of time, read side by side and returned in order.

A search can only be paged one page after the other. But every page says how many records its
window holds (`total_count`), so a window that holds more than a few pages is split into smaller
ones, which are read side by side; where most records are, windows are split again. Each request
returns records, none only counts.

A window whose search ends before all records that it counts came is searched again from its last
completed timestamp; where there is none, its last page is read again. If as many are missing then,
Intercom's count is off, unless the last page is full again.
"""

from __future__ import annotations

import logging
from collections import deque
from concurrent.futures import FIRST_COMPLETED, wait
from dataclasses import dataclass
from itertools import filterfalse, islice
from typing import TYPE_CHECKING

from tap_intercom.api.search import CursorRefusedError
from tap_intercom.api.search_page import Window
from tap_intercom.errors import IntercomError, InvalidRequestError
from tap_intercom.sync.prefetch import Prefetcher

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tap_intercom.api.search import Search
    from tap_intercom.api.search_page import SearchPage
    from tap_intercom.sync.prefetch import Work
    from tap_intercom.sync.record_count import RecordCount
    from tap_intercom.timestamps import TimestampedRecord

logger = logging.getLogger("tap-intercom")

PAGES_AHEAD = 24
"""Pages that are read at the same time."""

PAGES_KEPT = 40
"""Pages that may wait for their turn, if they are not too large: enough to hide latency."""

MAX_SPLITS = 256
"""Windows that one window is split into at most."""

MAX_RESTARTS = 3
"""Times that one window is searched again without progress before the run fails."""


@dataclass
class _PageRead:
    """One page of a window: to be requested, in flight, or read and waiting for its turn.

    Attributes:
        restarts: How often the window was searched again without progress.
        missing: How many records had not come when the search last ended early.
    """

    window: Window
    restarts: int = 0
    missing: int = 0
    page: Work[SearchPage] | None = None
    has_successors: bool = False

    @property
    def is_read(self) -> bool:
        return self.page is not None and self.page.done()


class WindowedSearch:
    """One search, oldest first."""

    def __init__(
        self, search: Search, count: RecordCount, started_at: int, concurrency: int
    ) -> None:
        """Prepare; no request is made.

        Args:
            search: Sends the requests.
            count: Counts what is received.
            started_at: When the run started (epoch seconds); later records are in the last window.
            concurrency: Requests in flight at most; with one the search is not split.
        """
        self._search = search
        self._record_count = count
        self._started_at = started_at
        self._prefetcher = Prefetcher(min(concurrency, PAGES_AHEAD), search.received)
        self._can_split = concurrency > 1
        self._reads = deque[_PageRead]()

    def oldest_first(self, since: int) -> Iterator[TimestampedRecord]:
        """Yield the records updated at `since` (epoch seconds) or later, oldest first.

        A record that is updated meanwhile moves to the end. If the end has been read by then, the
        record belongs to the next run, which starts no later than this one did.

        Raises:
            IntercomError: Intercom refused the search or kept failing.
        """
        self._reads.append(_PageRead(Window(since)))
        try:
            while self._reads:
                self._add_successors()
                self._submit()
                if self._reads[0].has_successors:
                    yield from self._records(self._reads.popleft(), since)
                else:
                    wait(self._in_flight(), return_when=FIRST_COMPLETED)
        finally:
            self._prefetcher.stop()

    def _records(self, read: _PageRead, since: int) -> Iterator[TimestampedRecord]:
        assert read.page is not None  # noqa: S101  # only what was submitted has successors
        page = self._prefetcher.take(read.page)
        self._count(read.window, page, since)
        return page.records(read.window.contains)

    def _count(self, window: Window, page: SearchPage, since: int) -> None:
        """Count what was received; the margin before the first window is expected too."""
        self._record_count.expect(page.total)
        is_first = window.start == since
        self._record_count.receive(
            record
            for record in page.metadata
            if window.contains(record) or (is_first and record.updated_at < since)
        )

    def _submit(self) -> None:
        """Request the next pages, as long as not too many wait."""
        room = PAGES_KEPT - sum(read.is_read for read in self._reads)
        for read in islice(filterfalse(_is_submitted, self._reads), self._free_slots()):
            if read is not self._reads[0] and (room <= 0 or not self._prefetcher.has_room):
                return
            room -= 1
            read.page = self._prefetcher.submit(self._page_task(read.window))

    def _free_slots(self) -> int:
        return max(0, PAGES_AHEAD - len(self._in_flight()))

    def _in_flight(self) -> list[Work[SearchPage]]:
        return [read.page for read in self._reads if read.page and not read.page.done()]

    def _page_task(self, window: Window) -> Callable[[], SearchPage]:
        return lambda: self._search.page(window)

    def _add_successors(self) -> None:
        """Insert after each page that has been read what is left of its window."""
        reads, self._reads = self._reads, deque()
        for read in reads:
            if read.has_successors or not read.is_read:
                self._reads.append(read)
            else:
                self._reads.extend(self._with_successors(read))

    def _with_successors(self, read: _PageRead) -> list[_PageRead]:
        """Return a page that has been read, and what is left of its window."""
        try:
            page = _page(read)
        except CursorRefusedError as error:
            return [self._restart(read, error)]
        except IntercomError:
            read.has_successors = True  # it has none: the error is raised at its own turn
            return [read]
        read.has_successors = True
        return [read, *self._rest(read, page)]

    def _rest(self, read: _PageRead, page: SearchPage) -> list[_PageRead]:
        """Return what is left of a page's window."""
        if read.window.ends_before(page):
            return []
        window = read.window.after(page)
        if page.cursor is None:
            return self._rest_after_last_page(read, window, page)
        rest = self._split(window, page) or [window]
        return [_PageRead(part, read.restarts, read.missing) for part in rest]

    def _rest_after_last_page(
        self, read: _PageRead, window: Window, page: SearchPage
    ) -> list[_PageRead]:
        """Return nothing, or the rest of the window if its search ended early."""
        received, total = window.seen.count, page.total
        is_complete = window.end is not None and window.complete_through >= window.end
        is_full = len(page.metadata) >= self._search.page_size_of(read.window) > 1
        is_count_off = total - received == read.missing and not is_full
        if received >= total or is_complete or is_count_off:
            return []
        message = f"POST {self._search.endpoint.path}: ended after {received} of {total} records"
        if read.window.repeats >= MAX_RESTARTS:
            raise InvalidRequestError(message)
        logger.warning("%s; searching the rest again", message)
        has_progress = window.complete_through > window.start
        rest = window.restarted() if has_progress else read.window.repeated()
        return [_PageRead(rest, missing=total - received)]

    def _split(self, window: Window, page: SearchPage) -> list[Window]:
        """Split what is left of a window into several; return none if that does not pay."""
        left = page.total - window.seen.count
        start = max(window.start, page.complete_through)
        end = window.end or self._started_at
        count = self._split_count(left, end - start)
        is_page_of_one_second = all(record.updated_at >= start for record in page.metadata)
        if count < 2 or is_page_of_one_second:  # noqa: PLR2004  # two pages, two windows
            return []
        exclude_ids = frozenset(record.id for record in page.metadata if record.updated_at >= start)
        starts = [start + (end - start) * number // count for number in range(count)]
        ends = [*starts[1:], window.end]
        return [
            Window(*period, exclude_ids=exclude_ids) for period in zip(starts, ends, strict=True)
        ]

    def _split_count(self, records: int, seconds: int) -> int:
        """Return how many windows a number of records within a period (seconds) is split into."""
        page_size = self._search.page_size
        if not self._can_split or records <= page_size:
            return 1
        pages = -(-records // page_size)
        return min(MAX_SPLITS, pages, seconds // self._search.endpoint.min_window_seconds)

    def _restart(self, read: _PageRead, error: CursorRefusedError) -> _PageRead:
        """Search the rest of a window again, from the last timestamp that is complete."""
        window = read.window.restarted()
        restarts = read.restarts + 1 if window.start == read.window.start else 0
        if restarts > MAX_RESTARTS:
            raise InvalidRequestError(str(error)) from error
        logger.warning("%s; searching the rest again", error)
        return _PageRead(window, restarts, read.missing)


def _is_submitted(read: _PageRead) -> bool:
    return read.page is not None


def _page(read: _PageRead) -> SearchPage:
    assert read.page is not None  # noqa: S101  # only what was submitted can have been read
    return read.page.result()
