"""Run the benchmark: `python3 dev.py bench [figure ...]`."""

from __future__ import annotations

import argparse
import dataclasses
import sys
from typing import TYPE_CHECKING

from benchmarks import (
    backfill,
    changes,
    chart,
    cpu,
    details,
    increments,
    memory,
    pipeline,
    shared_limit,
    start,
    webhooks,
)
from benchmarks.report import header, line, machine, with_report
from benchmarks.sizes import QUICK, Sizes
from demo.processes import end_cleanly_on_signals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.report import Row

FIGURES: dict[str, Callable[[Sizes], list[Row]]] = {
    "memory": memory.measure,  # first: the others' own memory would hide the tap's
    "details": details.measure,
    "backfill": backfill.measure,
    "cpu": cpu.measure,
    "shared-limit": shared_limit.measure,
    "start": start.measure,
    "increments": increments.measure,
    "webhooks": webhooks.measure,
    "pipeline": pipeline.measure,
    "changes": changes.measure,
}


def main() -> None:
    """Measure the figures that were named, or all, and print them as a table."""
    parser = _parser()
    arguments = parser.parse_args()
    if arguments.write and arguments.figures:
        parser.error("--write takes all figures")
    end_cleanly_on_signals()
    sizes = _sizes(arguments)
    report = ""
    for part in _report(arguments.figures or list(FIGURES), sizes):
        # at once: a later figure may fail or take long
        sys.stdout.write(part)
        sys.stdout.flush()
        report += part
    if arguments.write:
        text = with_report(chart.REPORT.read_text(encoding="utf-8"), report)
        chart.REPORT.write_text(text, encoding="utf-8")
        chart.main()


def _report(figures: list[str], sizes: Sizes) -> Iterator[str]:
    """Measure figures and yield the report line by line."""
    yield header()
    for name in figures:
        sys.stderr.write(f"Measuring {name} ...\n")
        for row in FIGURES[name](sizes):
            yield f"\n{line(row)}"
    yield f"\n\n{machine()}\n"


def _sizes(arguments: argparse.Namespace) -> Sizes:
    given = {
        name: value
        for field in dataclasses.fields(Sizes)
        if (value := getattr(arguments, name := field.name)) is not None
    }
    return dataclasses.replace(QUICK if arguments.quick else Sizes(), **given)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python3 dev.py bench", description=__doc__)
    names = ", ".join(FIGURES)
    parser.add_argument(
        "figures", nargs="*", type=_figure, metavar="figure", help=f"{names}; all if none"
    )
    parser.add_argument("--quick", action="store_true", help="small sizes, for development")
    parser.add_argument(
        "--write", action="store_true", help="write table and chart of all figures into docs/"
    )
    for field in dataclasses.fields(Sizes):
        parser.add_argument(f"--{field.name.replace('_', '-')}", type=int, metavar="NUMBER")
    return parser


def _figure(name: str) -> str:
    if name in FIGURES:
        return name
    message = f"there is no figure {name!r}; the figures are {', '.join(FIGURES)}"
    raise argparse.ArgumentTypeError(message)


if __name__ == "__main__":
    main()
