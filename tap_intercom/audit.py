"""Whether all records came that a search promised."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tap_intercom.search_page import Outline

MOST_REMEMBERED = 50_000
"""Ids that are remembered, so that a record that comes twice does not hide one that is missing."""


class Audit:
    """Counts what comes of one search, against what Intercom counted at its start."""

    def __init__(self) -> None:
        """Begin without a promise."""
        self.promised = 0
        self.arrived = 0
        self._promised_at = 0.0
        self._remembered = set[str]()

    @property
    def missing(self) -> int:
        """How many records fewer came than were promised."""
        return max(0, self.promised - self.arrived)

    def promise(self, total: int) -> None:
        """Take the first page's count for the promise; later counts change nothing."""
        if not self._promised_at:
            self.promised = total
            self._promised_at = time.time()

    def count(self, outlines: Iterable[Outline]) -> None:
        """Count records once each; those created since the promise were no part of it."""
        for outline in outlines:
            if outline.created <= self._promised_at:
                self.arrived += self._is_new(outline.id)

    def _is_new(self, record_id: str) -> bool:
        """Whether a record has not been counted before, as far as memory allows to tell."""
        if record_id in self._remembered:
            return False
        if len(self._remembered) < MOST_REMEMBERED:
            self._remembered.add(record_id)
        return True
