"""A search read newest first: quick where most of what it matches is older than the bookmark."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from tap_intercom.api.search import CursorRefusedError, Window
from tap_intercom.sync.read_position import PositionedRecord, ReadPosition

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from tap_intercom.api.search import Search, SearchPage


def newest_first(
    search: Search, position: ReadPosition, started_at: int
) -> Iterator[PositionedRecord]:
    """Yield the records of a search from a position on, newest first.

    If an earlier run began the read, what changed since then is read after it.

    Args:
        search: Sends the requests.
        position: Where to begin.
        started_at: When this run was started (epoch seconds).

    Raises:
        CursorRefusedError: The search can't go on, or ended before all expected records.
        IntercomError: Intercom refused the search or kept failing.
    """
    missing, _ = yield from _read(search, position)
    if position.cursor is not None and position.since < started_at:
        changes = ReadPosition(position.began_at, started_at)
        missing_changes, received = yield from _read(search, changes)
        # a record that moved to the front before its turn is missing in the first read
        missing = max(missing - received, missing_changes)
    if missing > 0:
        message = f"POST {search.endpoint.path}: ended {missing} records too early"
        raise CursorRefusedError(message)


def _read(
    search: Search, position: ReadPosition
) -> Generator[PositionedRecord, None, tuple[int, int]]:
    """Yield the records updated at `position.since` or later, from a position on.

    It ends after a whole page of older records: a single one may be at a wrong position. A record
    that is updated meanwhile moves to the front, and is not read again.

    Returns:
        How many records were missing when the search ended, and how many were received.
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
            return 0, received
        window = window.after(page)
        seen = seen_before + window.seen.count
        if page.cursor is None:
            return page.total - seen, received
        position = replace(position, cursor=page.cursor, seen=seen)


def _latest(page: SearchPage) -> int:
    return max((record.updated_at for record in page.metadata), default=0)
