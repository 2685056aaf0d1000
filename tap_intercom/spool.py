"""Records set aside on disk and handed back oldest first."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING

import msgspec

from tap_intercom.step import Step

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType
    from typing import Self

MEMORY_BYTES = 16 * 1024 * 1024
"""What a spool keeps in memory before it moves to a file."""


class Spool:
    """An anonymous temporary file of records; it is gone with the process.

    It takes what has to be fetched without a break, or comes newest first, so that it can be
    emitted in the order in which bookmarks move, at the pace of the target.
    """

    def __init__(self) -> None:
        """Open an empty spool."""
        self._file = tempfile.SpooledTemporaryFile(MEMORY_BYTES)  # noqa: SIM115  # see __exit__
        self._places: list[tuple[int, int, int]] = []

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
        return len(self._places)

    def add(self, step: Step) -> None:
        """Set a record aside under its moment."""
        encoded = msgspec.json.encode(step.record)
        self._places.append((step.moment, self._file.tell(), len(encoded)))
        self._file.write(encoded)

    def clear(self) -> None:
        """Forget all records."""
        self._places.clear()
        self._file.seek(0)
        self._file.truncate()

    def oldest_first(self) -> Iterator[Step]:
        """Yield each record with its moment; nothing can be added afterwards."""
        self._places.sort()
        for moment, start, length in self._places:
            self._file.seek(start)
            yield Step(msgspec.json.decode(self._file.read(length)), moment)
