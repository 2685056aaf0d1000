"""What `sync_audit` and `--test` say of a stream beyond its summary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tap_intercom.errors import IntercomError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tap_intercom.api.response import Page


@dataclass
class Audit:
    """One stream during a run.

    Attributes:
        bookmark_before: Its bookmark at the start of the run.
        records: RECORD messages so far.
        expected: The sum of the records that Intercom counts in lists and searches (`total_count`);
            None if it counts none.
        received: How many different records of those have come.
        is_tried: Whether there was a record that shows if it can be read.
        is_done: Whether it was read to its end, or failed alone.
    """

    bookmark_before: str | None
    records: int = 0
    expected: int | None = None
    received: int | None = None
    is_tried: bool = False
    is_done: bool = False

    def count(self, expected: int, received: int) -> None:
        """Add the records of one list or search."""
        self.expected = (self.expected or 0) + expected
        self.received = (self.received or 0) + received

    def counting(self, pages: Iterable[Page]) -> Iterator[Page]:
        """Yield the pages of a list, and count its records, also if it ends with an error.

        A list that is not read to its end because the rest is not needed is not counted.
        """
        last: Page | None = None
        try:
            for page in pages:
                last = page
                yield page
        except IntercomError:
            self.count_list(last)
            raise
        self.count_list(last)

    def count_list(self, last: Page | None) -> None:
        """Count the records of a list, if its last page has a `total_count`."""
        total = last.get("total_count") if last else None
        if last and isinstance(total, int) and last.received is not None:
            self.count(total, last.received)
