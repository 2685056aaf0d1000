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
WORDS = {True: "yes", False: "**no**", None: ""}
"""What the last column says."""

REPORT_START = "<!-- measured -->"
REPORT_END = "<!-- /measured -->"


@dataclass(frozen=True)
class Row:
    """One figure.

    Attributes:
        figure: What was measured.
        target: What it has to be.
        measured: What it is.
        reached: Whether the target is reached; None where there is none.
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
    return _line((row.figure, row.target, row.measured, WORDS[row.reached]))


def rows_in(text: str) -> list[Row]:
    """Return the figures of the Markdown table in a text."""
    _, _, table = text.partition(f"{header()}\n")
    reached = {word: value for value, word in WORDS.items()}
    rows = []
    for written in table.splitlines():
        cells = written.strip("|").split("|")
        if len(cells) != len(HEADER):
            break
        figure, target, measured, word = map(str.strip, cells)
        rows.append(Row(figure, target, measured, reached[word]))
    return rows


def with_report(text: str, report: str) -> str:
    """Return a text in which a report stands between the comments that enclose the last one.

    Raises:
        ValueError: The text has no such comments.
    """
    before, rest = text.split(f"{REPORT_START}\n", 1)
    after = rest.split(REPORT_END, 1)[1]
    return f"{before}{REPORT_START}\n{report.strip()}\n{REPORT_END}{after}"


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
