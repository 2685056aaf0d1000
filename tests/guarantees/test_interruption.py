"""The run is killed at any timestamp, any number of times, and resumed from its last STATE."""

from __future__ import annotations

import re
import signal
import threading
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.expected_rows import CHECKED, missing_rows
from tests.guarantees.harness import Pipe, SyncHarness
from tests.guarantees.process import TapProcess
from tests.guarantees.schedules import Event, Schedule, events, faults
from tests.sandbox.faults import Fault
from tests.sandbox.options import SandboxOptions
from tests.singer import Output

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.sandbox.server import Sandbox

WORKSPACE = SandboxOptions(contacts=90, companies=120, conversations=40, tickets=40)
LARGE = SandboxOptions(contacts=900, companies=200, conversations=750, tickets=200)
MIDDLE = SandboxOptions(contacts=300, companies=120, conversations=250, tickets=100)
REQUESTS = 250

MORE_THAN_ONE_SECOND_HOLDS = (4500, 7000)
"""Messages: a bookmark can't stand within the second in which a bulk job changed 400 records."""


@given(
    kills=st.lists(st.integers(1, 1500), max_size=4),
    drift=events(REQUESTS),
    broken=faults(REQUESTS),
    page_size=st.sampled_from((7, 20, 150)),
)
def test_whatever_happens_the_union_of_all_runs_is_the_truth(
    kills: list[int], drift: list[Event], broken: list[Fault], page_size: int
) -> None:
    with SyncHarness(WORKSPACE) as harness:
        schedule = Schedule(harness.sandbox, drift)
        harness.before_each_request(schedule.before_request)
        for fault in broken:
            harness.sandbox.faults.add(fault)
        written, state = Output([]), {}
        for messages in kills:
            run = harness.try_sync(state, pipe=Pipe(messages=messages), page_size=page_size)
            written, state = written + run, run.state or state
        amid_changes = harness.try_sync(state, page_size=page_size)
        written, state = written + amid_changes, amid_changes.state or state
        schedule.apply_rest()
        harness.sandbox.faults.clear()
        assert harness.missing_rows(written + harness.sync(state, page_size=page_size)) == {}


@pytest.mark.parametrize("options", [LARGE], indirect=True)
@pytest.mark.parametrize("seed", [1, 2])
def test_killed_runs_make_progress_and_cost_less_than_two_and_a_half_clean_ones(
    harness: SyncHarness, seed: int
) -> None:
    whole = harness.sync()
    clean = len(harness.requests())
    harness.sandbox.clear_requests()
    random = Random(seed)
    written, state, runs = Output([]), {}, 0
    while True:
        runs += 1
        pipe = Pipe(messages=random.randint(*MORE_THAN_ONE_SECOND_HOLDS))
        run = harness.try_sync(state, pipe=pipe)
        written = written + run
        if not run.is_killed:
            break
        assert reached(run.state or state) > reached(state) or not state
        state = run.state or state
        assert runs < 30
    assert runs > 2
    assert harness.missing_rows(written) == {}
    assert len(harness.requests()) < 2.5 * clean
    assert whole.streams() == written.streams()


def reached(state: dict[str, Any]) -> tuple[int, list[str]]:
    """Return how far a state is: how many bookmarks it has, and where they stand."""
    values = [
        bookmark["replication_key_value"]
        for bookmark in state.get("bookmarks", {}).values()
        if "replication_key_value" in bookmark
    ]
    return len(values), sorted(values)


@pytest.mark.parametrize("options", [MIDDLE], indirect=True)
def test_every_state_of_a_run_is_safe_to_resume_from(harness: SyncHarness) -> None:
    whole = harness.sync()
    states = sum(message["type"] == "STATE" for message in whole.messages)
    assert states > 15
    for number in range(1, states, 5):
        cut = whole.until_state(number)
        assert harness.missing_rows(cut + harness.sync(cut.state)) == {}


@pytest.fixture
def config(sandbox: Sandbox) -> dict[str, Any]:
    return {"access_token": sandbox.options.token, "api_url": sandbox.url}


REAL = SandboxOptions(contacts=150, companies=120, conversations=800, tickets=60)
TINY = SandboxOptions(contacts=90, companies=120, conversations=60, tickets=20)
SIGNALS = (signal.SIGTERM, signal.SIGKILL, signal.SIGINT, signal.SIGKILL)


@pytest.mark.parametrize("options", [REAL], indirect=True)
def test_real_processes_may_be_sent_any_signal_at_any_moment(
    sandbox: Sandbox, config: dict[str, Any], tmp_path: Path
) -> None:
    random = Random(3)
    control = sandbox.control
    control.set_options(latency_by_path={"/conversations/[0-9]+": 0.02})
    written, state, killed = Output([]), {}, 0
    for number in SIGNALS:
        process = TapProcess(tmp_path, config, state)
        process.read(random.randint(2000, 5000))
        process.stop(number)
        written, state = written + process.output, process.output.state or state
        killed = len(control.requests())
        # a scroll that was left open expires
        control.clock.advance(61)
    last = TapProcess(tmp_path, config, state)
    assert last.wait() == 0
    written = written + last.output
    assert {name for name in CHECKED if missing_rows(written, control, name)} == set()
    total = len(control.requests())
    control.clear_requests()
    assert TapProcess(tmp_path, config).wait() == 0
    assert killed > 0
    assert total < 2.5 * len(control.requests())


@pytest.mark.parametrize("options", [TINY], indirect=True)
@pytest.mark.parametrize(
    ("number", "fault"),
    [
        (signal.SIGTERM, Fault(kind="hang", seconds=30, path="/companies/scroll")),
        (signal.SIGTERM, Fault(kind="hang", seconds=30, path="/conversations/[0-9]+")),
        (signal.SIGINT, Fault(kind="hang", seconds=30, path="/contacts/search")),
        (signal.SIGINT, Fault(kind="status", status=500, path="/admins")),
        (signal.SIGTERM, Fault(kind="status", status=429, path="/conversations/[0-9]+")),
    ],
    ids=lambda value: f"{value.kind} {value.path}" if isinstance(value, Fault) else value.name,
)
def test_a_signal_ends_the_process_at_once_though_a_request_hangs_or_waits(
    sandbox: Sandbox, config: dict[str, Any], tmp_path: Path, number: signal.Signals, fault: Fault
) -> None:
    sandbox.control.faults.add(replace(fault, times=None))
    path = fault.path
    process = TapProcess(tmp_path, config)
    process.read_in_background()
    try:
        _wait_until(lambda: any(re.fullmatch(path, one.path) for one in sandbox.control.requests()))
        assert process.stop(number) < 5
        assert process.wait() == 1
    finally:
        process.kill()
    sandbox.control.faults.clear()
    sandbox.control.clock.advance(61)
    last = TapProcess(tmp_path, config, process.output.state)
    assert last.wait() == 0
    written = process.output + last.output
    assert {name for name in CHECKED if missing_rows(written, sandbox.control, name)} == set()


def _wait_until(met: Callable[[], bool]) -> None:
    """Wait for another process; a timestamp at a time, ten seconds at most."""
    for _ in range(200):
        if met():
            return
        threading.Event().wait(0.05)
    message = "it never happened"
    raise TimeoutError(message)
