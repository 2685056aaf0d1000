"""Records set aside on disk and handed back oldest first."""

from __future__ import annotations

import heapq
import tempfile
from array import array
from itertools import chain
from typing import TYPE_CHECKING

import msgspec

from tap_intercom.timestamps import TimestampedRecord

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType
    from typing import Self

MEMORY_BYTES = 16 * 1024 * 1024
"""What a spool keeps in memory before it moves to a file."""

BLOCK = 20_000
"""Places that are sorted at a time, and then packed: as objects they take four times as much."""

Place = tuple[int, int, int]
"""The timestamp of a record, where it begins in the file, and its length."""


class Spool:
    """An anonymous temporary file of records; it is gone with the process.

    It takes what has to be fetched without a break, or comes newest first, so that it can be
    emitted in the order in which bookmarks move, at the pace of the target.
    """

    def __init__(self) -> None:
        """Open an empty spool."""
        self._file = tempfile.SpooledTemporaryFile(MEMORY_BYTES)  # noqa: SIM115  # see __exit__
        self._places: list[Place] = []
        self._blocks: list[array[int]] = []

    def __enter__(self) -> Self:
        """Return the spool."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Delete the file."""
        self._file.close()

    def __len__(self) -> int:
        """Count the records."""
        return len(self._places) + sum(len(block) // 3 for block in self._blocks)

    def add(self, step: TimestampedRecord) -> None:
        """Set a record aside under its timestamp."""
        encoded = msgspec.json.encode(step.record)
        self._places.append((step.timestamp, self._file.tell(), len(encoded)))
        self._file.write(encoded)
        if len(self._places) == BLOCK:
            self._pack()

    def clear(self) -> None:
        """Forget all records."""
        self._places.clear()
        self._blocks.clear()
        self._file.seek(0)
        self._file.truncate()

    def oldest_first(self) -> Iterator[TimestampedRecord]:
        """Yield each record with its timestamp; nothing can be added afterwards."""
        self._pack()
        for timestamp, start, length in heapq.merge(*map(_unpacked, self._blocks)):
            self._file.seek(start)
            yield TimestampedRecord(msgspec.json.decode(self._file.read(length)), timestamp)

    def _pack(self) -> None:
        self._places.sort()
        self._blocks.append(array("q", chain.from_iterable(self._places)))
        self._places.clear()


def _unpacked(block: array[int]) -> Iterator[Place]:
    numbers = iter(block)
    return zip(numbers, numbers, numbers, strict=True)
