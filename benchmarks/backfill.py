"""Figure 2: the first load by search, in concurrent windows instead of page after page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.programs import tap
from benchmarks.report import Row
from benchmarks.sandbox import run_sandbox

if TYPE_CHECKING:
    from benchmarks.sizes import Sizes

LATENCY = 0.5
TARGET_RATIO = 6
STREAMS = ("contacts", "conversations", "tickets")


def measure(sizes: Sizes) -> list[Row]:
    """Load each stream that is read by search, with many requests in flight and with one."""
    return [_row(stream, sizes.backfill_records) for stream in STREAMS]


def _row(stream: str, count: int) -> Row:
    with run_sandbox(**{stream: count}, latency=LATENCY) as workspace:
        fast = tap().sync(workspace.url, [stream])
        searches = len(workspace.searches())
        one_by_one = tap().sync(workspace.url, [stream], concurrency=1)
    ratio = one_by_one.seconds / fast.seconds
    return Row(
        f"backfill of {count:,} {stream}, {LATENCY:g} s a page, against `concurrency: 1`",
        f"at least {TARGET_RATIO} times as fast",
        f"{ratio:.1f} times ({fast.seconds:.1f} s with {searches} searches, "
        f"{one_by_one.seconds:.1f} s; {fast.records[stream]:,} records, "
        f"{one_by_one.records[stream]:,})",
        ratio >= TARGET_RATIO,
    )
