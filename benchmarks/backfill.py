"""Figure 2: the first load by search, in concurrent windows instead of page after page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.programs import tap
from benchmarks.report import Row
from benchmarks.sandbox import run_sandbox

if TYPE_CHECKING:
    from benchmarks.sizes import Sizes

LATENCY = 0.5
PAGE_SIZE = 150
TARGET_RATIO = 6
LONG_TARGET_RATIO = 15
STREAMS = ("contacts", "conversations", "tickets")


def measure(sizes: Sizes) -> list[Row]:
    """Load each stream that is read by search, with many requests in flight and with one."""
    rows = [_row(stream, sizes.backfill_records) for stream in STREAMS]
    return [*rows, _long_row(sizes.long_backfill_contacts, sizes.backfill_records // 5)]


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


def _long_row(count: int, one_by_one: int) -> Row:
    """Compare a long load with page after page, of which some pages are enough: all take alike."""
    with run_sandbox(contacts=one_by_one, latency=LATENCY) as workspace:
        seconds = tap().sync(workspace.url, ["contacts"], concurrency=1).seconds
        page_seconds = seconds / len(workspace.searches())
    with run_sandbox(contacts=count, latency=LATENCY) as workspace:
        fast = tap().sync(workspace.url, ["contacts"])
        searches = len(workspace.searches())
    ratio = page_seconds * count / PAGE_SIZE / fast.seconds
    return Row(
        f"backfill of {count:,} contacts, {LATENCY:g} s a page, against page after page",
        f"at least {LONG_TARGET_RATIO} times as fast",
        f"{ratio:.1f} times ({fast.seconds:.0f} s with {searches:,} searches; "
        f"{page_seconds:.2f} s a page, one by one; {fast.records['contacts']:,} records)",
        ratio >= LONG_TARGET_RATIO,
    )
