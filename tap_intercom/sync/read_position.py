"""How far a read newest first is, in the state, so that a run that is killed can be resumed.

Such a read writes the latest changes first, so the bookmark has to stay until it has ended. The
state keeps the position beside it, in each of the selected streams.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from tap_intercom.timestamps import TimestampedRecord

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tap_intercom.sync.stream import IntercomStream

STATE_KEY = "newest_first"
"""The name of the position in the state of a stream."""


class ReadPosition(msgspec.Struct, frozen=True):
    """A page of a read newest first; timestamps are in epoch seconds.

    Attributes:
        since: The timestamp down to which is read.
        began_at: When the run that began the read was started.
        newest: The latest timestamp of the first page, at most `began_at`.
        cursor: Where the page begins; None for the first one.
        seen: Records on the pages before it.
    """

    since: int
    began_at: int
    newest: int = 0
    cursor: str | None = None
    seen: int = 0


class PositionedRecord(TimestampedRecord, frozen=True, kw_only=True):
    """A record of a read newest first, and the page that it is on."""

    position: ReadPosition


def common_position(streams: Iterable[IntercomStream]) -> ReadPosition | None:
    """Return the position that the state of every stream holds, if it is the same."""
    positions = {_position(stream) for stream in streams}
    return positions.pop() if len(positions) == 1 else None


def store_position(stream: IntercomStream, position: ReadPosition | None) -> None:
    """Keep a position in a stream's state, or remove what is there; a first page needs none."""
    if position is None:
        stream.stream_state.pop(STATE_KEY, None)
    elif position.cursor is not None:
        stream.stream_state[STATE_KEY] = msgspec.to_builtins(position)


def _position(stream: IntercomStream) -> ReadPosition | None:
    try:
        return msgspec.convert(stream.stream_state.get(STATE_KEY), ReadPosition)
    except msgspec.ValidationError:
        return None
