"""The table of figures, and the machine that they were measured on."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

HEADER = ("figure", "target", "measured", "reached")


@dataclass(frozen=True)
class Row:
    """One figure.

    Attributes:
        figure: what was measured.
        target: what it has to be.
        measured: what it is.
        reached: whether the target is reached; None where there is none.
    """

    figure: str
    target: str
    measured: str
    reached: bool | None = None

    def cells(self) -> tuple[str, ...]:
        """Return the row's cells."""
        words = {True: "yes", False: "**no**", None: ""}
        return (self.figure, self.target, self.measured, words[self.reached])


def table(rows: Iterable[Row]) -> str:
    """Return the figures as a Markdown table."""
    lines = [HEADER, tuple("---" for _ in HEADER), *(row.cells() for row in rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def machine() -> str:
    """Name cores, processor, Python and operating system."""
    return (
        f"{os.cpu_count()} cores of {_processor()}, Python {platform.python_version()}, "
        f"{platform.system()} {platform.machine()}"
    )


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "an unknown processor"
