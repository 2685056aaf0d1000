"""How far a stream has been read, as its state says and as one sync moves it.

The bookmark says up to when every record was written. A search that leaves records out can't move
it: it has a timestamp of its own beyond the bookmark, until all records are read again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_intercom.compat import override
from tap_intercom.timestamps import parse_timestamp

if TYPE_CHECKING:
    from tap_intercom.sync.stream import IntercomStream

SCROLLED_AT = "scrolled_at"
"""In a stream's state: when the run started that last read all of its records by scroll."""

SEARCHED_UNTIL = "searched_until"
"""In a stream's state: up to when searches have found changes since then."""


class Bookmark:
    """The bookmark of a stream whose sync finds every change."""

    def __init__(self, stream: IntercomStream) -> None:
        """Take the bookmark of a stream."""
        self._stream = stream

    @property
    def start_timestamp(self) -> int:
        """The timestamp (epoch seconds) from which records are needed."""
        return self._stream.start_timestamp

    def advance(self, timestamp: int) -> None:
        """Move to a timestamp (epoch seconds) up to which everything found was written."""
        self._stream.advance_bookmark(timestamp)

    def finish(self) -> None:
        """Note that everything was written."""


class ScrollBookmark(Bookmark):
    """The bookmark of a stream that is read by scroll; the time of the last one is kept, too."""

    @override
    def finish(self) -> None:
        state = self._stream.stream_state
        for key in (SCROLLED_AT, SEARCHED_UNTIL):
            state.pop(key, None)
        self._stream.advance_in_state(SCROLLED_AT, self._stream.run.started_at)


class SearchBookmark(Bookmark):
    """How far searches have read a stream; its bookmark stays."""

    @property
    @override
    def start_timestamp(self) -> int:
        searched_until = parse_timestamp(self._stream.stream_state.get(SEARCHED_UNTIL), 0)
        start = searched_until - self._stream.lookback_seconds
        return max(self._stream.start_timestamp, start)

    @override
    def advance(self, timestamp: int) -> None:
        self._stream.advance_in_state(SEARCHED_UNTIL, timestamp)


def scrolled_at(stream: IntercomStream) -> int:
    """Return when (epoch seconds) the last complete scroll of a stream began; 0 if unknown.

    A time in the future, which a wrong clock may have written, counts as unknown.
    """
    found = parse_timestamp(stream.stream_state.get(SCROLLED_AT), 0)
    return found if found <= stream.run.started_at else 0
