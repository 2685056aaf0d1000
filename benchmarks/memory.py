"""Figure 4: memory does not grow with what passes through."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.intercom import UNLIMITED, intercom
from benchmarks.measure import own_peak_bytes
from benchmarks.programs import tap
from benchmarks.report import Row

if TYPE_CHECKING:
    from benchmarks.sizes import Sizes

MEGABYTE = 1_000_000
TARGET = 150


class MemoryUnknownError(Exception):
    """The tap's memory can't be told from the benchmark's own."""


def measure(sizes: Sizes) -> list[Row]:
    """Load few contacts and many.

    Raises:
        MemoryUnknownError: The benchmark itself has taken more.
    """
    return [_row(count) for count in (sizes.memory_few, sizes.memory_many)]


def _row(contacts: int) -> Row:
    with intercom(contacts=contacts, rate_limit=UNLIMITED) as workspace:
        run = tap().sync(workspace.url, ["contacts"])
    if run.peak_bytes <= own_peak_bytes():
        raise MemoryUnknownError("the benchmark takes more memory than the tap; run it alone")
    peak = run.peak_bytes / MEGABYTE
    loaded = run.records["contacts"]
    return Row(
        f"peak memory over {contacts:,} contacts",
        f"under {TARGET} MB",
        f"{peak:.0f} MB ({loaded:,} records in {run.seconds:.0f} s)",
        peak < TARGET and loaded >= contacts,
    )
