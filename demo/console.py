"""Prints the steps and tables of the demo."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Cell = str | int


class Console:
    """Prints without buffering, with the seconds since the start."""

    def __init__(self) -> None:
        """Start the clock."""
        self._start = time.monotonic()

    def step(self, text: str) -> None:
        """Print what happens next."""
        self.say(f"[{time.monotonic() - self._start:4.0f} s] {text}")

    def table(self, header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
        """Print rows in columns, aligned to the right from the second on."""
        lines = [header, *rows]
        widths = [max(len(_text(line[column])) for line in lines) for column in range(len(header))]
        for line in lines:
            cells = [
                _text(cell).rjust(width) if column else _text(cell).ljust(width)
                for column, (cell, width) in enumerate(zip(line, widths, strict=True))
            ]
            self.say("         " + "  ".join(cells).rstrip())

    def say(self, text: str = "") -> None:
        """Print a line, or several."""
        print(text, flush=True)  # noqa: T201


def _text(cell: Cell) -> str:
    return f"{cell:,}" if isinstance(cell, int) else cell
