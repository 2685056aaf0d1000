"""Figure 4: memory does not grow with the number of records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.measure import own_peak_bytes
from benchmarks.programs import tap
from benchmarks.report import Row
from benchmarks.sandbox import UNLIMITED, run_sandbox

if TYPE_CHECKING:
    from benchmarks.sizes import Sizes

MEGABYTE = 1_000_000
TARGET_MEGABYTES = 150


class MemoryUnknownError(Exception):
    """The tap's memory can't be distinguished from the benchmark's own."""


def measure(sizes: Sizes) -> list[Row]:
    """Load a few contacts, and many.

    Raises:
        MemoryUnknownError: The benchmark itself has taken more.
    """
    return [_row(count) for count in (sizes.memory_few, sizes.memory_many)]


def _row(contacts: int) -> Row:
    with run_sandbox(contacts=contacts, rate_limit=UNLIMITED) as workspace:
        run = tap().sync(workspace.url, ["contacts"])
    if run.peak_bytes <= own_peak_bytes():
        raise MemoryUnknownError("the benchmark takes more memory than the tap; run it alone")
    peak = run.peak_bytes / MEGABYTE
    loaded = run.records["contacts"]
    return Row(
        f"peak memory over {contacts:,} contacts",
        f"under {TARGET_MEGABYTES} MB",
        f"{peak:.0f} MB ({loaded:,} records in {run.seconds:.0f} s)",
        peak < TARGET_MEGABYTES and loaded >= contacts,
    )
