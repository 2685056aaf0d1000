"""Figure 3: records per second of processor time."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.intercom import UNLIMITED, Intercom, intercom
from benchmarks.programs import peer, plain_sdk, tap
from benchmarks.report import Row

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.measure import Run
    from benchmarks.sizes import Sizes

TARGET_RATIO = 4


@dataclass(frozen=True)
class Task:
    """Something that all programs can do.

    Attributes:
        name: what it is.
        streams: the streams to load, of the same names in both taps.
        ours: streams that this tap has to load besides, to have as much as the peer.
        left_out: columns that the peer leaves out, to make no more requests than this tap.
    """

    name: str
    streams: tuple[str, ...]
    ours: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


TASKS = (
    Task("conversations with parts", ("conversations", "conversation_parts")),
    # the peer reads more than ten tags or companies of a contact only if their columns are selected
    Task("contacts", ("contacts",), left_out=("tags", "companies")),
    Task("contacts with all tags, companies", ("contacts",), ("contact_tags", "contact_companies")),
    Task("companies", ("companies",)),
)


def measure(sizes: Sizes) -> list[Row]:
    """Compare the programs' records per CPU-second, their start left out."""
    workspace = {
        "contacts": sizes.cpu_contacts,
        "companies": sizes.cpu_companies,
        "conversations": sizes.cpu_conversations,
    }
    with (
        intercom(rate_limit=UNLIMITED) as empty,
        intercom(**workspace, rate_limit=UNLIMITED) as full,
    ):
        # the peer would open the scroll over no companies again and again
        empty.control.set_options(empty_scroll_is_404=True)
        return [row for task in TASKS for row in _rows(task, empty, full, sizes.cpu_rounds)]


def _rows(task: Task, empty: Intercom, full: Intercom, rounds: int) -> list[Row]:
    ours = (*task.streams, *task.ours)
    programs = {
        "this tap": partial(tap().sync, streams=ours),
        "plain streams on the SDK": partial(plain_sdk().sync, streams=ours),
        "the peer": partial(peer().sync, streams=task.streams, without=task.left_out),
    }
    speeds = defaultdict(list)
    for _ in range(rounds):
        for name, sync in programs.items():
            speeds[name].append(_speed(sync, task, empty, full))
    fast = median(speeds.pop("this tap"))
    return [
        Row(
            f"{task.name}: records per CPU-second against {name}",
            f"at least {TARGET_RATIO} times",
            f"{fast / median(speed):.1f} times ({fast:,.0f}; {median(speed):,.0f})",
            fast / median(speed) >= TARGET_RATIO,
        )
        for name, speed in speeds.items()
    ]


def _speed(sync: Callable[[str], Run], task: Task, empty: Intercom, full: Intercom) -> float:
    """Return records per CPU-second beyond what a run over an empty workspace takes."""
    start = sync(empty.url)
    run = sync(full.url)
    records = sum(run.records[stream] for stream in task.streams)
    return records / (run.cpu_seconds - start.cpu_seconds)
