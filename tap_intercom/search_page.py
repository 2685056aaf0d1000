"""One page of a search: what a walk has to know at once, and the records for later."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import compress
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from tap_intercom.step import Step, moment_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tap_intercom.page import Page


class _Fields(msgspec.Struct):
    id: Any = None
    updated_at: Any = None
    created_at: Any = None


class Outline(NamedTuple):
    """What a walk has to know of a record; moments are in epoch seconds.

    `moment` is when it was updated; `created` is 0 if the record does not tell.
    """

    id: str
    moment: int
    created: int


@dataclass(frozen=True)
class SearchPage:
    """What one request of a search brought: all records, how many match, and how to go on.

    The search sorts by its index, which may lag behind, so that a record can be far younger than
    its place. Those from before `settled` (epoch seconds) are taken to stand where they belong.
    """

    page: Page
    outlines: list[Outline]
    total: int
    cursor: str | None
    settled: int

    @property
    def settled_moments(self) -> list[int]:
        """The moments of the records that stand where they belong, in order."""
        return sorted(outline.moment for outline in self.outlines if outline.moment < self.settled)

    @property
    def reached(self) -> int:
        """A moment (epoch seconds) that no record behind this page is older than; 0 if unknown.

        That holds while the index lags less than the run allows for. In case it lags more, the
        moment lies a little before the page's end: a few young records can't push it beyond.
        """
        moments = self.settled_moments
        return moments[len(moments) * 4 // 5] if moments else 0

    def steps(self, takes: Callable[[Outline], bool]) -> Iterator[Step]:
        """Yield the records whose outlines are taken; if none is, nothing is decoded.

        Raises:
            TemporaryError: The records are no JSON.
        """
        taken = [takes(outline) for outline in self.outlines]
        if any(taken):
            pairs = zip(self.outlines, self.page.records(), strict=True)
            for outline, record in compress(pairs, taken):
                yield Step(record, outline.moment)


def outlines_of(page: Page, otherwise: int) -> list[Outline]:
    """Return the outlines of a page's records; one that does not tell its moment gets another.

    Raises:
        TemporaryError: The page holds no list of records, or no JSON.
    """
    return [
        Outline(
            str(fields.id),
            moment_of(fields.updated_at, otherwise),
            moment_of(fields.created_at, 0),
        )
        for fields in page.outlines(_Fields)
    ]
