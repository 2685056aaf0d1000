"""A long search in many windows of time, read side by side and handed out in order.

A search can only be paged one page after the other. But every page tells how many records its
window holds (`total_count`), so a window that holds more than a few pages is cut into smaller
ones, which are read side by side; where most records lie, windows are cut again. Each request
brings records, none only counts.
"""

from __future__ import annotations

import logging
from collections import deque
from concurrent.futures import FIRST_COMPLETED, wait
from dataclasses import dataclass, replace
from itertools import filterfalse, islice
from typing import TYPE_CHECKING

from tap_intercom.errors import IntercomError, RequestRefusedError
from tap_intercom.look_ahead import LookAhead
from tap_intercom.search import CursorRefusedError, Window

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tap_intercom.look_ahead import Work
    from tap_intercom.search import Search
    from tap_intercom.search_page import SearchPage
    from tap_intercom.step import Step

logger = logging.getLogger("tap-intercom")

PAGES_AHEAD = 24
"""Pages that are read at the same time."""

PAGES_KEPT = 40
"""Pages that may wait for their turn, if they are not too large: enough to hide latency."""

MOST_CUTS = 256
"""Windows that one window is cut into at most."""

RESTARTS = 3
"""Times that one window is begun anew, because its cursor was refused, before the run fails."""


@dataclass
class _Piece:
    """One page of a window: to be asked for, under way, or read and waiting for its turn."""

    window: Window
    restarts: int = 0
    page: Work[SearchPage] | None = None
    is_followed: bool = False

    @property
    def is_read(self) -> bool:
        return self.page is not None and self.page.done()


class WindowedSearch:
    """One walk through a search, oldest first; the search's audit counts what comes."""

    def __init__(self, search: Search, now: int, workers: int) -> None:
        """Prepare a walk; no request is made.

        Args:
            search: Sends the requests.
            now: When the run began (epoch seconds); later records are in the last window.
            workers: Requests in flight at most; with one the search is paged from end to end.
        """
        self._search = search
        self._now = now
        self._ahead = LookAhead(min(workers, PAGES_AHEAD), search.received)
        self._cuts = workers > 1
        self._pieces = deque[_Piece]()

    def oldest_first(self, since: int) -> Iterator[Step]:
        """Yield the records updated at `since` (epoch seconds) or later, oldest first.

        A record that is updated during the walk moves to the end. If the end has been read by
        then, the record belongs to the next run, which begins no later than this one did.

        Raises:
            IntercomError: Intercom refused the search or kept failing.
        """
        self._pieces.append(_Piece(Window(since)))
        try:
            while self._pieces:
                self._follow_up()
                self._submit()
                if self._pieces[0].is_followed:
                    yield from self._steps(self._pieces.popleft(), since)
                else:
                    wait(self._under_way(), return_when=FIRST_COMPLETED)
        finally:
            self._ahead.stop()

    def _steps(self, piece: _Piece, since: int) -> Iterator[Step]:
        assert piece.page is not None  # noqa: S101  # only what was submitted is followed
        page = self._ahead.take(piece.page)
        self._count(piece.window, page, since)
        return page.steps(piece.window.takes)

    def _submit(self) -> None:
        """See to it that the next pages are under way, as long as not too many wait."""
        room = PAGES_KEPT - sum(piece.is_read for piece in self._pieces)
        for piece in islice(filterfalse(_is_submitted, self._pieces), self._free_places()):
            if piece is not self._pieces[0] and (room <= 0 or not self._ahead.has_room):
                return
            room -= 1
            piece.page = self._ahead.submit(self._reader(piece.window))

    def _free_places(self) -> int:
        return max(0, PAGES_AHEAD - len(self._under_way()))

    def _under_way(self) -> list[Work[SearchPage]]:
        return [piece.page for piece in self._pieces if piece.page and not piece.page.done()]

    def _reader(self, window: Window) -> Callable[[], SearchPage]:
        return lambda: self._search.page(window)

    def _follow_up(self) -> None:
        """Put what follows each page that has been read behind it."""
        pieces, self._pieces = self._pieces, deque()
        for piece in pieces:
            if piece.is_followed or not piece.is_read:
                self._pieces.append(piece)
            else:
                self._pieces.extend(self._followed(piece))

    def _followed(self, piece: _Piece) -> list[_Piece]:
        """Return a piece that has been read, and the pieces that are left of its window."""
        try:
            page = _page(piece)
        except CursorRefusedError as error:
            return [self._again(piece, error)]
        except IntercomError:
            piece.is_followed = True  # nothing follows: it is raised at its own turn
            return [piece]
        piece.is_followed = True
        if page.cursor is None or piece.window.ends_before(page):
            return [piece]
        rest = self._cut(piece.window, page) or [piece.window.after(page)]
        return [piece, *(_Piece(window, piece.restarts) for window in rest)]

    def _count(self, window: Window, page: SearchPage, since: int) -> None:
        """Count what came; the margin before the first window is part of the promise too."""
        audit = self._search.audit
        audit.promise(page.total)
        is_first = window.start == since
        audit.count(
            outline
            for outline in page.outlines
            if window.takes(outline) or (is_first and outline.moment < since)
        )

    def _cut(self, window: Window, page: SearchPage) -> list[Window]:
        """Cut what is left of a window into several; return none if that does not pay."""
        size = self._search.page_size
        left = page.total - window.seen - len(page.outlines)
        start = max(window.start, page.reached)
        end = window.end or self._now
        count = min(MOST_CUTS, -(-left // size), (end - start) // self._narrowest)
        whole_page_is_one_second = all(outline.moment >= start for outline in page.outlines)
        if not self._cuts or left <= size or count < 2 or whole_page_is_one_second:  # noqa: PLR2004  # two pages, two windows
            return []
        known = frozenset(outline.id for outline in page.outlines if outline.moment >= start)
        cuts = [start + (end - start) * number // count for number in range(count)]
        ends = [*cuts[1:], window.end]
        return [Window(*stretch, known=known) for stretch in zip(cuts, ends, strict=True)]

    @property
    def _narrowest(self) -> int:
        return self._search.endpoint.narrowest_window

    def _again(self, piece: _Piece, error: CursorRefusedError) -> _Piece:
        """Search the rest of a window anew, from the last moment that is sure to be complete."""
        window = piece.window
        start = max(window.start, window.reached)
        restarts = piece.restarts + 1 if start == window.start else 0
        if restarts > RESTARTS:
            raise RequestRefusedError(str(error)) from error
        logger.warning("%s; the rest is searched anew", error)
        return _Piece(replace(window, start=start, cursor=None, seen=0), restarts)


def _is_submitted(piece: _Piece) -> bool:
    return piece.page is not None


def _page(piece: _Piece) -> SearchPage:
    assert piece.page is not None  # noqa: S101  # only what was submitted can have been read
    return piece.page.result()
