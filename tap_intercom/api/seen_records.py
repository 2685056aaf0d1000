"""The records of a list or a search so far: which are new, and whether any still are."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_REMEMBERED = 50_000
"""The first records that are remembered, and as many of the latest: a loop of pages leads back to
the start, or stays near the end."""

MAX_IDLE_PAGES = 5
"""Pages in a row without a new record, after which a list counts as endless."""


class SeenRecords:
    """Counts the records of consecutive pages once each, as far as they are remembered.

    Attributes:
        count: Different records.
        idle_pages: Pages in a row that brought no new record, nor another version of one.
    """

    def __init__(self) -> None:
        """Start without a record."""
        self.count = 0
        self.idle_pages = 0
        self._first: dict[int | str, int] = {}
        self._latest: dict[int | str, int] = {}

    @property
    def is_endless(self) -> bool:
        """Whether the pages only repeat each other."""
        return self.idle_pages >= MAX_IDLE_PAGES

    def add_page(self, records: Iterable[tuple[int | str, int]]) -> None:
        """Count the records of one page.

        Args:
            records: What identifies each record, and a number that changes with its version.
        """
        self.idle_pages += 1
        for key, version in records:
            known = self._latest.get(key, self._first.get(key))
            if known == version:
                continue
            self.idle_pages = 0
            self.count += known is None
            self._remember(key, version)

    def _remember(self, key: int | str, version: int) -> None:
        if key in self._first or len(self._first) < MAX_REMEMBERED:
            self._first[key] = version
            return
        if len(self._latest) >= MAX_REMEMBERED:
            self._latest.clear()
        self._latest[key] = version
