"""A search read newest first: quick where most of what it matches is older than the bookmark."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from tap_intercom.api.search import CursorRefusedError
from tap_intercom.api.search_page import Window
from tap_intercom.sync.read_position import PositionedRecord, ReadPosition

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from tap_intercom.api.search import Search
    from tap_intercom.api.search_page import SearchPage


class _ReadEnd(NamedTuple):
    """How a read has ended.

    Attributes:
        received: How many records were needed.
        total: How many records the search counts; None if the rest was left, as it is older.
        seen: How many different records have come, those of the read that it resumes included.
    """

    received: int
    total: int | None = None
    seen: int = 0

    @property
    def missing(self) -> int:
        return 0 if self.total is None else self.total - self.seen


def newest_first(
    search: Search,
    position: ReadPosition,
    started_at: int,
    count: Callable[[int, int], None],
) -> Iterator[PositionedRecord]:
    """Yield the records of a search from a position on, newest first.

    If an earlier run began the read, what changed since then is read after it.

    Args:
        search: Sends the requests.
        position: Where to begin.
        started_at: When this run was started (epoch seconds).
        count: Called with how many records the search counts and how many have come, if this run
            reads all of them.

    Raises:
        CursorRefusedError: The search can't go on, or ended before all expected records.
        IntercomError: Intercom refused the search or kept failing.
    """
    end = yield from _read(search, position)
    missing = end.missing
    if position.cursor is not None and position.since < started_at:
        changes = ReadPosition(position.began_at, started_at)
        end_of_changes = yield from _read(search, changes)
        # a record that moved to the front before its turn is missing in the first read
        missing = max(missing - end_of_changes.received, end_of_changes.missing)
    if missing > 0:
        message = f"POST {search.endpoint.path}: ended {missing} records too early"
        raise CursorRefusedError(message)
    if position.cursor is None and end.total is not None:
        count(end.total, end.seen)


def _read(search: Search, position: ReadPosition) -> Generator[PositionedRecord, None, _ReadEnd]:
    """Yield the records updated at `position.since` or later, from a position on.

    It ends after a whole page of older records: a single one may be at a wrong position. A record
    that is updated meanwhile moves to the front, and is not read again.
    """
    received = 0
    since, seen_before = position.since, position.seen
    window = Window(since, cursor=position.cursor)
    while True:
        page = search.page(window, "descending")
        if position.cursor is None:
            position = replace(position, newest=min(position.began_at, _latest(page)))
        for item in page.records(lambda record: record.updated_at >= since):
            received += 1
            yield PositionedRecord(item.record, item.timestamp, position=position)
        if page.metadata and _latest(page) < since:
            return _ReadEnd(received)
        window = window.after(page)
        seen = seen_before + window.seen.count
        if page.cursor is None:
            return _ReadEnd(received, page.total, seen)
        position = replace(position, cursor=page.cursor, seen=seen)


def _latest(page: SearchPage) -> int:
    return max((record.updated_at for record in page.metadata), default=0)
