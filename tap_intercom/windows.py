"""A long search in many windows of time, read side by side and handed out in order.

A search can only be paged one page after the other. But every page tells how many records its
window holds (`total_count`), so a window that holds more than a few pages is cut into smaller
ones, which are read side by side; where most records lie, windows are cut again. Each request
brings records, none only counts.
"""

from __future__ import annotations

import logging
from collections import deque
from dataclasses import dataclass, replace
from itertools import islice, pairwise
from typing import TYPE_CHECKING

from tap_intercom.errors import RequestRefusedError
from tap_intercom.look_ahead import LookAhead
from tap_intercom.search import CursorRefusedError, Window, updated_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future

    from tap_intercom.pagination import Record
    from tap_intercom.search import Search, SearchPage

logger = logging.getLogger("tap-intercom")

WINDOWS_AHEAD = 12
"""Windows that are read at the same time: enough to hide latency, few enough for memory."""

MOST_CUTS = 64
"""Windows that one window is cut into at most."""

RESTARTS = 3
"""Times that one window is begun anew, because its cursor was refused, before the run fails."""


@dataclass
class _Piece:
    """A window whose next page is under way."""

    window: Window
    page: Future[SearchPage] | None = None
    restarts: int = 0


class WindowedSearch:
    """One walk through a search, oldest first.

    After it `promised` is what Intercom counted at its start, and `arrived` what came.
    """

    def __init__(self, search: Search, now: int, workers: int) -> None:
        """Prepare a walk; no request is made.

        Args:
            search: Sends the requests.
            now: When the run began (epoch seconds); later records are in the last window.
            workers: Requests in flight at most; with one the search is paged from end to end.
        """
        self._search = search
        self._now = now
        self._ahead = LookAhead(min(workers, WINDOWS_AHEAD))
        self._cuts = workers > 1
        self._pieces = deque[_Piece]()
        self.promised = 0
        self.arrived = 0

    def oldest_first(self, since: int) -> Iterator[Record]:
        """Yield the records updated at `since` (epoch seconds) or later, oldest first.

        A record that is updated during the walk moves to the end. If the end has been read by
        then, the record belongs to the next run, which begins no later than this one did.

        Raises:
            IntercomError: Intercom refused the search or kept failing.
        """
        self._pieces.append(_Piece(Window(since)))
        try:
            while self._pieces:
                self._submit()
                piece = self._pieces.popleft()
                try:
                    page = self._result(piece)
                except CursorRefusedError as error:
                    self._begin_again(piece, error)
                    continue
                self._count(piece.window, page, since)
                self._go_on(piece, page)
                self._submit()
                yield from filter(piece.window.takes, page.records)
        finally:
            self._ahead.stop()

    def _submit(self) -> None:
        """See to it that the next windows are under way."""
        for piece in islice(self._pieces, WINDOWS_AHEAD):
            if piece.page is None:
                piece.page = self._ahead.submit(self._reader(piece.window))

    def _reader(self, window: Window) -> Callable[[], SearchPage]:
        return lambda: self._search.page(window)

    def _result(self, piece: _Piece) -> SearchPage:
        assert piece.page is not None  # noqa: S101  # _submit has seen to the first piece
        return piece.page.result()

    def _count(self, window: Window, page: SearchPage, since: int) -> None:
        """Count each row once; the margin before the first window is part of the promise too."""
        self.promised = self.promised or page.total
        self.arrived += sum(
            window.takes(record) or (window.start == since and updated_at(record, since) < since)
            for record in page.records
        )

    def _go_on(self, piece: _Piece, page: SearchPage) -> None:
        """Put what is left of a window in front of the windows that follow it."""
        if page.cursor is None:
            return
        rest = self._cut(piece.window, page) or [piece.window.after(page)]
        self._pieces.extendleft(
            _Piece(window, restarts=piece.restarts) for window in reversed(rest)
        )

    def _cut(self, window: Window, page: SearchPage) -> list[Window]:
        """Cut what is left of a window into several; return none if that does not pay."""
        size = self._search.page_size
        left = page.total - window.seen - len(page.records)
        start, end = page.reached(window.start), window.end or self._now
        count = min(MOST_CUTS, -(-left // size), (end - start) // self._narrowest)
        whole_page_is_one_second = all(
            updated_at(record, start) >= start for record in page.records
        )
        if not self._cuts or left <= 2 * size or count < 2 or whole_page_is_one_second:  # noqa: PLR2004  # two pages, two windows
            return []
        known = frozenset(
            str(record.get("id")) for record in page.records if updated_at(record, start) >= start
        )
        cuts = [start + (end - start) * number // count for number in range(count)]
        windows = [Window(*pair) for pair in pairwise(cuts)]
        return [
            replace(windows[0], known=known),
            *windows[1:],
            Window(cuts[-1], window.end),
        ]

    @property
    def _narrowest(self) -> int:
        return self._search.endpoint.narrowest_window

    def _begin_again(self, piece: _Piece, error: CursorRefusedError) -> None:
        """Search the rest of a window anew, from the last moment that is sure to be complete."""
        window = piece.window
        start = max(window.start, window.reached)
        restarts = piece.restarts + 1 if start == window.start else 0
        if restarts > RESTARTS:
            raise RequestRefusedError(str(error)) from error
        logger.warning("%s; the rest is searched anew", error)
        again = replace(window, start=start, cursor=None, seen=0)
        self._pieces.appendleft(_Piece(again, restarts=restarts))
