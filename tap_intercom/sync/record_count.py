"""How many records of a search were expected, and how many were received."""

from __future__ import annotations

import time
from array import array
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tap_intercom.api.search_page import RecordMetadata

MAX_REMEMBERED_IDS = 50_000
"""Ids that are remembered, so that a record received twice does not hide one that is missing."""


class RecordCount:
    """Counts the records of one search, against what Intercom counted at its start."""

    def __init__(self) -> None:
        """Start without an expectation."""
        self.expected = 0
        self.received = 0
        self._expected_at = 0.0
        self._ids = set[str]()
        self._further_ids = array("q")  # hashes of those that are not remembered

    @property
    def is_answered(self) -> bool:
        """Whether a page has come, so that `expected` is known."""
        return self._expected_at > 0

    @property
    def missing(self) -> int:
        """How many records fewer were received than expected."""
        return max(0, self.expected - self.received)

    def expect(self, total: int) -> None:
        """Expect the first page's `total_count`; later ones change nothing."""
        if not self._expected_at:
            self.expected = total
            self._expected_at = time.time()

    def receive(self, records: Iterable[RecordMetadata]) -> None:
        """Count records once each, but for those created since the first page."""
        for record in records:
            if record.created_at <= self._expected_at:
                self.received += self._is_new(record.id)

    def started_again(self) -> RecordCount:
        """Return a count of records that were there at this count's first page, none so far."""
        count = RecordCount()
        count.expected, count._expected_at = self.expected, self._expected_at
        return count

    def add_repeated(self, other: RecordCount) -> None:
        """Count the records of another search that were not received in this one."""
        new = set(map(hash, other._ids - self._ids))
        new.difference_update(self._further_ids)
        self.received += len(new)

    def _is_new(self, record_id: str) -> bool:
        """Whether a record has not been counted before, as far as ids are remembered."""
        if record_id in self._ids:
            return False
        if len(self._ids) < MAX_REMEMBERED_IDS:
            self._ids.add(record_id)
        else:
            self._further_ids.append(hash(record_id))
        return True
