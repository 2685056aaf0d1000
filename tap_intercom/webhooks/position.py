"""How far a reader of the store has come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_GAPS = 900
"""Gaps that are kept, as many as SQLite allows in a condition; of more, the oldest are given up.

Several receivers that commit in turns briefly leave about a hundred; only refused inserts
leave lasting ones.
"""


@dataclass(frozen=True)
class Position:
    """The latest sequence that was read, and the gaps before it.

    In Postgres a transaction may take a sequence and commit after a later one. Until it does, its
    sequence is a gap, and is looked for again.

    Attributes:
        sequence: The latest sequence.
        gaps: First and last sequence of each gap, ascending.
        store_id: The id of the store whose sequences they are; empty if no store was read.
    """

    sequence: int = 0
    gaps: tuple[tuple[int, int], ...] = ()
    store_id: str = ""

    @classmethod
    def from_state(cls, value: Any) -> Position:
        """Return the position that `as_state` wrote; the beginning if there is none."""
        if not value:
            return cls()
        gaps = tuple((first, last) for first, last in value["gaps"])
        return cls(value["sequence"], gaps, value.get("store_id", ""))

    def as_state(self) -> dict[str, Any]:
        """Return the position as a JSON value."""
        gaps = [list(gap) for gap in self.gaps]
        return {"sequence": self.sequence, "gaps": gaps, "store_id": self.store_id}

    def after(self, sequences: Iterable[int]) -> Position:
        """Return the position once further sequences have been read."""
        latest, gaps = self.sequence, list(self.gaps)
        for sequence in sorted(sequences):
            if sequence > latest + 1:
                gaps.append((latest + 1, sequence - 1))
            elif sequence <= latest:
                gaps = [part for gap in gaps for part in _without(gap, sequence)]
            latest = max(latest, sequence)
        return Position(latest, tuple(gaps[-MAX_GAPS:]), self.store_id)


def _without(gap: tuple[int, int], sequence: int) -> list[tuple[int, int]]:
    """Return what is left of a gap without one of its sequences."""
    first, last = gap
    if not first <= sequence <= last:
        return [gap]
    parts = [(first, sequence - 1), (sequence + 1, last)]
    return [part for part in parts if part[0] <= part[1]]
