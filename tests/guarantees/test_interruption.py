"""A run that is killed, at any message and any number of times, resumes from its last STATE."""

from __future__ import annotations

import dataclasses
import re
import signal
from itertools import pairwise
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from tests.expected_rows import CHECKED, missing_rows
from tests.guarantees.harness import Pipe, SyncHarness
from tests.guarantees.process import TapProcess, wait_until
from tests.sandbox.faults import Fault
from tests.sandbox.options import SandboxOptions
from tests.singer import Output

if TYPE_CHECKING:
    from pathlib import Path

    from tests.sandbox.server import Sandbox

TINY = SandboxOptions(contacts=90, companies=120, conversations=60, tickets=20)
MEDIUM = SandboxOptions(contacts=300, companies=120, conversations=250, tickets=100)
LARGE = SandboxOptions(contacts=900, companies=200, conversations=750, tickets=200)
MANY_CONVERSATIONS = SandboxOptions(contacts=150, companies=120, conversations=800, tickets=60)

MESSAGES_BEFORE_KILL = (4500, 7000)
"""More than one second has: no bookmark can lie inside a second that changed 400 records."""

MAX_KILLED_RUNS = 30
MAX_COST = 2.5
"""Requests of a run with interruptions, in those of a run without."""

SCROLL_TIMEOUT_SECONDS = 61
MAX_STOP_SECONDS = 5

SIGNALS = (signal.SIGTERM, signal.SIGKILL, signal.SIGINT, signal.SIGKILL)
HANGING_DETAIL = Fault(kind="hang", seconds=30, path="/conversations/[0-9]+")
HANGING_SEARCH = Fault(kind="hang", seconds=30, path="/contacts/search")


@dataclasses.dataclass
class KilledRuns:
    """What killed runs and a last, complete one wrote, and the state that each ended with."""

    written: Output
    states: list[dict[str, Any]]


def sync_with_kills(harness: SyncHarness, seed: int) -> KilledRuns:
    """Sync until a run is long enough to end before it is killed."""
    random = Random(seed)
    runs = KilledRuns(Output([]), [{}])
    for _ in range(MAX_KILLED_RUNS):
        pipe = Pipe(messages=random.randint(*MESSAGES_BEFORE_KILL))
        result = harness.try_sync(runs.states[-1], pipe=pipe)
        runs.written += result
        runs.states.append(result.state or runs.states[-1])
        if not result.is_killed:
            return runs
    raise AssertionError(f"still not complete after {MAX_KILLED_RUNS} runs")


def progress_of(state: dict[str, Any]) -> tuple[int, list[str]]:
    """Return how many bookmarks a state has, and their values in order."""
    values = [
        bookmark["replication_key_value"]
        for bookmark in state.get("bookmarks", {}).values()
        if "replication_key_value" in bookmark
    ]
    return len(values), sorted(values)


@pytest.mark.parametrize("options", [LARGE], indirect=True)
def test_each_killed_run_makes_progress(harness: SyncHarness) -> None:
    runs = sync_with_kills(harness, seed=1)

    killed = [progress_of(state) for state in runs.states[1:-1]]
    assert len(killed) > 1
    assert all(before < after for before, after in pairwise(killed))
    assert harness.missing_rows(runs.written) == {}


@pytest.mark.parametrize("options", [LARGE], indirect=True)
def test_killed_runs_repeat_few_requests(harness: SyncHarness) -> None:
    runs = sync_with_kills(harness, seed=2)
    cost = len(harness.requests())
    harness.sandbox.clear_requests()

    uninterrupted = harness.sync()

    assert cost < MAX_COST * len(harness.requests())
    assert runs.written.streams() == uninterrupted.streams()
    assert harness.missing_rows(runs.written) == {}


@pytest.mark.parametrize("options", [MEDIUM], indirect=True)
def test_every_state_is_resumable(harness: SyncHarness) -> None:
    complete = harness.sync()
    states = sum(message["type"] == "STATE" for message in complete.messages)
    assert states > 15

    for number in range(1, states, 5):
        cut = complete.until_state(number)
        resumed = harness.sync(cut.state)

        assert harness.missing_rows(cut + resumed) == {}, number


def missing_streams(sandbox: Sandbox, output: Output) -> set[str]:
    """Return the streams that lack expected rows."""
    return {name for name in CHECKED if missing_rows(output, sandbox.control, name)}


@pytest.mark.parametrize("options", [MANY_CONVERSATIONS], indirect=True)
def test_signalled_processes_complete_at_bounded_cost(
    sandbox: Sandbox, config: dict[str, Any], tmp_path: Path
) -> None:
    random = Random(3)
    control = sandbox.control
    control.set_options(latency_by_path={"/conversations/[0-9]+": 0.02})
    written, state = Output([]), {}

    for number in SIGNALS:
        process = TapProcess(tmp_path, config, state)
        process.read(random.randint(2000, 5000))
        process.stop(number)
        written, state = written + process.output, process.output.state or state
        control.clock.advance(SCROLL_TIMEOUT_SECONDS)
    last = TapProcess(tmp_path, config, state)
    assert last.wait() == 0
    cost = len(control.requests())

    assert missing_streams(sandbox, written + last.output) == set()
    control.clear_requests()
    assert TapProcess(tmp_path, config).wait() == 0
    assert cost < MAX_COST * len(control.requests())


def signal_during_request(
    sandbox: Sandbox, process: TapProcess, fault: Fault, number: signal.Signals
) -> float:
    """Send a signal while the request of a fault is pending; return the seconds until the end."""
    process.read_in_background()
    try:
        wait_until(
            lambda: any(re.fullmatch(fault.path, one.path) for one in sandbox.control.requests())
        )
        return process.stop(number)
    finally:
        process.kill()


@pytest.mark.parametrize("options", [TINY], indirect=True)
@pytest.mark.parametrize(
    ("number", "fault"),
    [
        (signal.SIGTERM, Fault(kind="hang", seconds=30, path="/companies/scroll")),
        (signal.SIGTERM, HANGING_DETAIL),
        (signal.SIGINT, HANGING_SEARCH),
        (signal.SIGINT, Fault(kind="status", status=500, path="/admins")),
        (signal.SIGTERM, Fault(kind="status", status=429, path="/conversations/[0-9]+")),
    ],
    ids=lambda value: f"{value.kind} {value.path}" if isinstance(value, Fault) else value.name,
)
def test_signal_ends_process_at_once(
    sandbox: Sandbox, config: dict[str, Any], tmp_path: Path, number: signal.Signals, fault: Fault
) -> None:
    sandbox.control.faults.add(replace(fault, times=None))
    process = TapProcess(tmp_path, config)

    seconds = signal_during_request(sandbox, process, fault, number)

    assert seconds < MAX_STOP_SECONDS
    assert process.wait() == 1


@pytest.mark.parametrize("options", [TINY], indirect=True)
@pytest.mark.parametrize(
    ("number", "fault"),
    [(signal.SIGTERM, HANGING_DETAIL), (signal.SIGINT, HANGING_SEARCH)],
    ids=["SIGTERM", "SIGINT"],
)
def test_signalled_run_is_resumable(
    sandbox: Sandbox, config: dict[str, Any], tmp_path: Path, number: signal.Signals, fault: Fault
) -> None:
    sandbox.control.faults.add(replace(fault, times=None))
    process = TapProcess(tmp_path, config)
    signal_during_request(sandbox, process, fault, number)
    sandbox.control.faults.clear()
    sandbox.control.clock.advance(SCROLL_TIMEOUT_SECONDS)

    last = TapProcess(tmp_path, config, process.output.state)

    assert last.wait() == 0
    assert missing_streams(sandbox, process.output + last.output) == set()
