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


def header() -> str:
    """Return the head of the figures' Markdown table."""
    return f"{_line(HEADER)}\n{_line('---' for _ in HEADER)}"


def line(row: Row) -> str:
    """Return a figure as a line of the Markdown table."""
    words = {True: "yes", False: "**no**", None: ""}
    return _line((row.figure, row.target, row.measured, words[row.reached]))


def machine() -> str:
    """Name cores, processor, Python and operating system."""
    return (
        f"{os.cpu_count()} cores of {_processor()}, Python {platform.python_version()}, "
        f"{platform.system()} {platform.machine()}"
    )


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "an unknown processor"
