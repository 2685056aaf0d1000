"""Figure 3: records per second of processor time."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.programs import peer, plain_sdk, tap
from benchmarks.report import Row
from benchmarks.sandbox import UNLIMITED, RunningSandbox, run_sandbox

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.measure import Run
    from benchmarks.sizes import Sizes

TARGET_RATIO = 4


@dataclass(frozen=True)
class Task:
    """Streams that all programs can load.

    Attributes:
        name: How the figure is called.
        streams: The streams to load, of the same names in both taps.
        ours: Streams that this tap has to load besides, to have as much as the peer.
        without: Columns that the peer leaves out, to make no more requests than this tap.
    """

    name: str
    streams: tuple[str, ...]
    ours: tuple[str, ...] = ()
    without: tuple[str, ...] = ()


TASKS = (
    Task("conversations with parts", ("conversations", "conversation_parts")),
    # the peer reads more than ten tags or companies of a contact only if their columns are selected
    Task("contacts", ("contacts",), without=("tags", "companies")),
    Task("contacts with all tags, companies", ("contacts",), ("contact_tags", "contact_companies")),
    Task("companies", ("companies",)),
)


def measure(sizes: Sizes) -> list[Row]:
    """Compare the programs' records per CPU-second, without the time to start."""
    workspace = {
        "contacts": sizes.cpu_contacts,
        "companies": sizes.cpu_companies,
        "conversations": sizes.cpu_conversations,
    }
    with (
        run_sandbox(rate_limit=UNLIMITED) as empty,
        run_sandbox(**workspace, rate_limit=UNLIMITED) as full,
    ):
        # the peer would open an empty scroll again and again
        empty.control.set_options(empty_scroll_is_404=True)
        return [row for task in TASKS for row in _rows(task, empty, full, sizes.cpu_rounds)]


def _rows(task: Task, empty: RunningSandbox, full: RunningSandbox, rounds: int) -> list[Row]:
    ours = (*task.streams, *task.ours)
    programs = {
        "this tap": partial(tap().sync, streams=ours),
        "plain streams on the SDK": partial(plain_sdk().sync, streams=ours),
        "the peer": partial(peer().sync, streams=task.streams, without=task.without),
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


def _speed(
    sync: Callable[[str], Run], task: Task, empty: RunningSandbox, full: RunningSandbox
) -> float:
    """Return records per CPU-second, less the time of a run over an empty workspace."""
    start = sync(empty.url)
    run = sync(full.url)
    records = sum(run.records[stream] for stream in task.streams)
    return records / (run.cpu_seconds - start.cpu_seconds)
