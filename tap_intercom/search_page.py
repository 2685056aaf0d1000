"""One page of a search: what a walk has to know at once, and the records for later."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from tap_intercom.step import Step, moment_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tap_intercom.page import Page


class _Outline(msgspec.Struct):
    id: Any = None
    updated_at: Any = None
    created_at: Any = None


class Row(NamedTuple):
    """What a walk has to know of a record; moments are in epoch seconds.

    `moment` is when it was updated; `created` is 0 if the record does not tell.
    """

    id: str
    moment: int
    created: int


@dataclass(frozen=True)
class SearchPage:
    """What one request of a search brought: all rows, how many match, and how to go on.

    The search sorts by its index, which may lag behind, so that a record can be far younger than
    its place. Rows from before `settled` (epoch seconds) are taken to stand where they belong.
    """

    page: Page
    rows: list[Row]
    total: int
    cursor: str | None
    settled: int

    @property
    def settled_moments(self) -> list[int]:
        """The moments of the rows that stand where they belong, in order."""
        return sorted(row.moment for row in self.rows if row.moment < self.settled)

    @property
    def reached(self) -> int:
        """A moment (epoch seconds) that no record behind this page is older than; 0 if unknown.

        That holds while the index lags less than the run allows for. In case it lags more, the
        moment lies a little before the page's end: a few young rows can't push it beyond.
        """
        moments = self.settled_moments
        return moments[len(moments) * 4 // 5] if moments else 0

    def steps(self, takes: Callable[[Row], bool]) -> Iterator[Step]:
        """Yield the records whose rows are taken.

        Raises:
            TemporaryError: The records are no JSON.
        """
        for row, record in zip(self.rows, self.page.records(), strict=True):
            if takes(row):
                yield Step(record, row.moment)


def rows_of(page: Page, otherwise: int) -> list[Row]:
    """Return the rows of a page; a record that does not tell its moment gets another one.

    Raises:
        TemporaryError: The page holds no list of records.
    """
    return [
        Row(
            str(outline.id),
            moment_of(outline.updated_at, otherwise),
            moment_of(outline.created_at, 0),
        )
        for outline in page.outlines(_Outline)
    ]
