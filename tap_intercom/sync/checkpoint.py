"""What the bookmarks of a STATE may say after the records that have been written."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from tap_intercom.sync.read_position import PositionedRecord

if TYPE_CHECKING:
    from tap_intercom.sync.read_position import ReadPosition
    from tap_intercom.timestamps import TimestampedRecord


class Checkpoint:
    """How far the sync of a parent stream is.

    Oldest first, the bookmark within a sync is the earliest timestamp of the records since the last
    STATE, not the latest: a search may return a record that is far younger than its position in the
    index. If all of them are that young, they don't tell how far the sync is, and the bookmark
    stays.

    Newest first, it stays until the read has ended, and the state holds the position instead. What
    changed since a read that was resumed is read after it: that has no lookback, so it leaves the
    bookmark at the end of the first read.

    Attributes:
        final_bookmark: The bookmark once the sync has ended (epoch seconds); 0 leaves it.
        position: The page of the last record, newest first.
    """

    def __init__(self, start_timestamp: int, stable_before: int) -> None:
        """Start without a record.

        Args:
            start_timestamp: Where the sync starts (epoch seconds).
            stable_before: Records updated before this timestamp (epoch seconds) are read in order.
        """
        self.final_bookmark = 0
        self.position: ReadPosition | None = None
        self._start_timestamp = start_timestamp
        self._stable_before = stable_before
        self._earliest_since_state = math.inf

    def pass_record(self, item: TimestampedRecord) -> None:
        """Note a record whose rows have been written."""
        if not isinstance(item, PositionedRecord):
            self.position = None
            self.final_bookmark = max(self.final_bookmark, item.timestamp)
            self._earliest_since_state = min(self._earliest_since_state, item.timestamp)
            return
        self.position = item.position
        if self._is_first_read(item.position):
            self.final_bookmark = item.position.newest

    def take_bookmark(self) -> int:
        """Return the bookmark of a STATE that is written now (epoch seconds); 0 leaves it."""
        earliest, self._earliest_since_state = self._earliest_since_state, math.inf
        if self.position is None:
            return int(earliest) if earliest < self._stable_before else 0
        return 0 if self._is_first_read(self.position) else self.final_bookmark

    def _is_first_read(self, position: ReadPosition) -> bool:
        return position.since <= self._start_timestamp
