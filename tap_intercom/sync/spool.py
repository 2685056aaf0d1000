"""Records kept in a file until all of them are read, and returned oldest first."""

from __future__ import annotations

import heapq
from array import array
from itertools import chain
from typing import TYPE_CHECKING

import msgspec

from tap_intercom.timestamps import TimestampedRecord

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType
    from typing import IO, Self

BLOCK_SIZE = 20_000
"""Entries that are sorted at a time, and then packed: as objects they take four times as much."""

Entry = tuple[int, int, int]
"""The timestamp of a record, its offset in the file, and its length."""


class Spool:
    """A file of records, sorted by their timestamps.

    It holds what has to be fetched without a break, or is returned newest first, so that it can be
    written in the order in which bookmarks advance, at the pace of the target.
    """

    def __init__(self, file: IO[bytes]) -> None:
        """Take an empty file, which the end of the `with` block closes."""
        self._file = file
        self._entries: list[Entry] = []
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
        """Close the file."""
        self._file.close()

    def __len__(self) -> int:
        """Count the records."""
        return len(self._entries) + sum(len(block) // 3 for block in self._blocks)

    def add(self, item: TimestampedRecord) -> None:
        """Add a record."""
        encoded = msgspec.json.encode(item.record)
        self._entries.append((item.timestamp, self._file.tell(), len(encoded)))
        self._file.write(encoded)
        if len(self._entries) == BLOCK_SIZE:
            self._pack()

    def clear(self) -> None:
        """Remove all records."""
        self._entries.clear()
        self._blocks.clear()
        self._file.seek(0)
        self._file.truncate()

    def oldest_first(self) -> Iterator[TimestampedRecord]:
        """Yield the records in the order of their timestamps; nothing can be added afterwards."""
        self._pack()
        for timestamp, start, length in heapq.merge(*map(_unpacked, self._blocks)):
            self._file.seek(start)
            yield TimestampedRecord(msgspec.json.decode(self._file.read(length)), timestamp)

    def _pack(self) -> None:
        self._entries.sort()
        self._blocks.append(array("q", chain.from_iterable(self._entries)))
        self._entries.clear()


def _unpacked(block: array[int]) -> Iterator[Entry]:
    numbers = iter(block)
    return zip(numbers, numbers, numbers, strict=True)
