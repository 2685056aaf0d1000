"""A chart of the measured factors as SVG: `docs/performance.svg`.

`python -m benchmarks.chart` draws it from the table in `docs/performance.md`. It has a bar
for each figure that has to be a number of times another one, and a line at its target. The scale is
logarithmic, since factors of 4 and of 20 are in one chart.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.report import rows_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from benchmarks.report import Row

DOCS = Path(__file__).resolve().parent.parent / "docs"
REPORT = DOCS / "performance.md"
CHART = DOCS / "performance.svg"

FACTOR = re.compile(r"([\d.]+) times")
TARGET = re.compile(r"at least ([\d.]+) times")

WIDTH = 1000
LABELS = 600
"""Where the bars start (pixels); what is left of it are the labels."""

ROW = 26
MARGIN = 40
BLUE, RED, GREY = "#3b6fb6", "#c0392b", "#666666"
FONT = 'font-family="sans-serif" font-size="12"'
CAPTION = "times as fast (logarithmic); | is the target"
TICKS = (1, 2, 4, 6, 10, 15, 20)


@dataclass(frozen=True)
class Bar:
    """One figure: how many times another one it is, and has to be."""

    label: str
    factor: float
    target: float

    @property
    def color(self) -> str:
        """Blue if the target is reached, else red."""
        return BLUE if self.factor >= self.target else RED


def main() -> None:
    """Draw the chart of the figures in `docs/performance.md`."""
    CHART.write_text(chart(rows_in(REPORT.read_text(encoding="utf-8"))), encoding="utf-8")


def chart(rows: Iterable[Row]) -> str:
    """Return the chart of the figures that are factors with a target, as SVG."""
    bars = list(_bars(rows))
    height = MARGIN + ROW * len(bars) + MARGIN
    scale = _Scale(max(max(bar.factor, bar.target) for bar in bars))
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" {FONT}>',
        "<title>Measured factors against their targets</title>",
        f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
        f'<text x="{LABELS}" y="20" fill="{GREY}">{CAPTION}</text>',
        *_grid(scale, height),
        *(line for number, bar in enumerate(bars) for line in _drawn(bar, number, scale)),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


class _Scale:
    """Where a factor is on the logarithmic axis (pixels)."""

    def __init__(self, largest: float) -> None:
        self.largest = largest
        self._per_e = (WIDTH - LABELS - MARGIN - 20) / math.log(largest)

    def __call__(self, factor: float) -> int:
        return round(LABELS + math.log(max(factor, 1)) * self._per_e)


def _bars(rows: Iterable[Row]) -> Iterator[Bar]:
    for row in rows:
        factor, target = FACTOR.match(row.measured), TARGET.match(row.target)
        if factor and target:
            label = row.figure.replace("`", "")
            yield Bar(label, float(factor[1]), float(target[1]))


def _grid(scale: _Scale, height: int) -> Iterator[str]:
    for tick in TICKS:
        if tick <= scale.largest:
            x, bottom = scale(tick), height - MARGIN
            yield f'<line x1="{x}" y1="{MARGIN - 8}" x2="{x}" y2="{bottom}" stroke="#e5e5e5"/>'
            yield (
                f'<text x="{x}" y="{bottom + 16}" text-anchor="middle" fill="{GREY}">{tick}</text>'
            )


def _drawn(bar: Bar, number: int, scale: _Scale) -> Iterator[str]:
    top = MARGIN + ROW * number
    text = top + 14
    end, target = scale(bar.factor), scale(bar.target)
    yield f'<text x="{LABELS - 10}" y="{text}" text-anchor="end">{escape(bar.label)}</text>'
    yield f'<rect x="{LABELS}" y="{top}" width="{end - LABELS}" height="18" fill="{bar.color}"/>'
    yield (
        f'<line x1="{target}" y1="{top - 2}" x2="{target}" y2="{top + 20}" '
        'stroke="black" stroke-width="2"/>'
    )
    yield f'<text x="{end + 6}" y="{text}" fill="{GREY}">{bar.factor:.1f}</text>'


if __name__ == "__main__":
    main()
