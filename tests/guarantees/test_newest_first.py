"""Contacts before API version 2.17, read newest first: a run that is killed is resumed.

Each run is killed after a number of requests, as one that is killed every few seconds.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest

from tests.guarantees.harness import Killed, Pipe
from tests.sandbox.faults import Fault
from tests.sandbox.options import SandboxOptions
from tests.singer import Output

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_intercom.api.request import Request
    from tests.guarantees.harness import SyncHarness, SyncResult

STREAMS = ("contacts", "contact_tags", "contact_companies")
SETTINGS: dict[str, Any] = {"page_size": 20, "concurrency": 4, "api_version": "2.16"}
SEARCH = "/contacts/search"
CHANGED = 500
REQUESTS_PER_RUN = 20
MAX_RUNS = 40
MAX_COST = 2.5
"""Requests of killed runs, in those of a run that is not killed."""

MINUTE = 60
HOUR = 3600


@pytest.fixture
def options() -> SandboxOptions:
    return SandboxOptions(contacts=600, companies=20, conversations=0, tickets=0)


@pytest.fixture
def first(harness: SyncHarness) -> SyncResult:
    """Sync for the first time, and change most contacts afterwards."""
    result = sync(harness, None)
    harness.sandbox.clock.advance(2 * HOUR)
    harness.sandbox.touch_oldest("contacts", CHANGED)
    harness.sandbox.clock.advance(HOUR)
    harness.sandbox.clear_requests()
    return result


@pytest.fixture
def state(first: SyncResult) -> dict[str, Any]:
    """Return the state that the runs of a test start from."""
    return first.state


def sync(harness: SyncHarness, state: dict[str, Any] | None, **settings: Any) -> SyncResult:
    return harness.sync(state, select=STREAMS, **{**SETTINGS, **settings})


def sync_killed(
    harness: SyncHarness, state: dict[str, Any], requests: int = REQUESTS_PER_RUN, **settings: Any
) -> SyncResult:
    """Sync, and kill the run after a number of requests."""
    pipe = Pipe()
    numbers = itertools.count()

    def kill(_: Request) -> None:
        if next(numbers) == requests:
            pipe.close_reader()
            raise Killed

    harness.before_each_request(kill)
    chosen = {"select": STREAMS, **SETTINGS, **settings}
    result = harness.try_sync(state, pipe=pipe, **chosen)
    harness.clear_actions()
    return result


def sync_until_complete(
    harness: SyncHarness, state: dict[str, Any], between_runs: Callable[[], Any]
) -> list[SyncResult]:
    """Sync with kills until a run ends before it is killed."""
    results: list[SyncResult] = []
    for _ in range(MAX_RUNS):
        results.append(sync_killed(harness, state))
        if not results[-1].is_killed:
            return results
        state = results[-1].state or state
        between_runs()
    raise AssertionError(f"not complete after {MAX_RUNS} runs")


def union(results: list[SyncResult]) -> Output:
    return sum(results, start=Output([]))


def test_killed_runs_reach_the_end(harness: SyncHarness, first: SyncResult) -> None:
    results = sync_until_complete(
        harness, first.state, lambda: harness.sandbox.clock.advance(MINUTE)
    )

    assert len(results) > 2
    assert harness.missing_rows(union([first, *results]), STREAMS) == {}


def test_killed_runs_repeat_few_requests(harness: SyncHarness, state: dict[str, Any]) -> None:
    sync(harness, state)
    cost_of_one_run = len(harness.requests())
    harness.sandbox.clear_requests()

    sync_until_complete(harness, state, lambda: harness.sandbox.clock.advance(MINUTE))

    assert len(harness.requests()) < MAX_COST * cost_of_one_run


def test_runs_within_one_second_reach_the_end(harness: SyncHarness, first: SyncResult) -> None:
    """Contacts change in the second in which the runs start."""
    harness.sandbox.touch_oldest("contacts", CHANGED)

    results = sync_until_complete(harness, first.state, lambda: None)

    assert harness.missing_rows(union([first, *results]), STREAMS) == {}


def test_changes_between_killed_runs_are_loaded(harness: SyncHarness, first: SyncResult) -> None:
    def change() -> None:
        harness.sandbox.clock.advance(MINUTE)
        harness.sandbox.touch_oldest("contacts", 15)

    results = sync_until_complete(harness, first.state, change)

    assert harness.missing_rows(union([first, *results]), STREAMS) == {}


def test_mass_change_between_killed_runs_is_loaded(harness: SyncHarness, first: SyncResult) -> None:
    """The read of what changed since the first run was killed is resumed as well."""
    killed = sync_killed(harness, first.state)
    harness.sandbox.clock.advance(MINUTE)
    harness.sandbox.touch_oldest("contacts", CHANGED)
    harness.sandbox.clock.advance(MINUTE)

    results = sync_until_complete(
        harness, killed.state, lambda: harness.sandbox.clock.advance(MINUTE)
    )

    assert harness.missing_rows(union([first, killed, *results]), STREAMS) == {}


def test_bookmark_stays_until_the_read_has_ended(
    harness: SyncHarness, state: dict[str, Any]
) -> None:
    *killed, last = sync_until_complete(
        harness, state, lambda: harness.sandbox.clock.advance(MINUTE)
    )

    before = state["bookmarks"]["contacts"]["replication_key_value"]
    # the last ones may have been killed after it, while they read what changed meanwhile
    assert {result.bookmark("contacts") for result in killed[:2]} == {before}
    assert (last.bookmark("contacts") or "") > before


def test_complete_run_leaves_no_position(harness: SyncHarness, state: dict[str, Any]) -> None:
    killed = sync_killed(harness, state)
    assert "newest_first" in killed.state["bookmarks"]["contacts"]

    last = sync(harness, killed.state)

    assert all("newest_first" not in last.state["bookmarks"][stream] for stream in STREAMS)


def test_refused_cursor_of_killed_run_loses_nothing(
    harness: SyncHarness, first: SyncResult
) -> None:
    killed = sync_killed(harness, first.state)
    for stream in STREAMS:
        killed.state["bookmarks"][stream]["newest_first"]["cursor"] = "expired"

    last = sync(harness, killed.state)

    assert harness.missing_rows(first + killed + last, STREAMS) == {}
    assert len(last.warnings(SEARCH)) == 1


@pytest.mark.parametrize("position", [None, [], "cursor", {"cursor": 5}, {"since": "yesterday"}])
def test_unreadable_position_starts_again(
    harness: SyncHarness, state: dict[str, Any], position: Any
) -> None:
    for stream in STREAMS:
        state["bookmarks"][stream]["newest_first"] = position

    result = sync(harness, state)

    assert len(set(result.values("contacts", "id"))) >= CHANGED


def test_stream_added_after_a_kill_gets_its_changes(
    harness: SyncHarness, state: dict[str, Any]
) -> None:
    """A killed run without the tags wrote the newest contacts; those have tags as well."""
    for tag in harness.sandbox.records("tags")[:1]:
        for contact in harness.sandbox.records("contacts")[-100:]:
            harness.sandbox.tag("contacts", contact["id"], tag["id"])
    first = state["bookmarks"]
    killed = sync_killed(harness, {"bookmarks": first}, select=["contacts"])

    last = sync(harness, killed.state)

    tagged = {contact["id"] for contact in harness.sandbox.records("contacts")[-100:]}
    assert tagged <= set(last.values("contact_tags", "contact_id"))


def test_failed_child_rows_come_with_the_next_run(
    harness: SyncHarness, state: dict[str, Any]
) -> None:
    """The child's position stays before the failure, so the next run starts from the top."""
    contact = harness.sandbox.records("contacts")[-1]
    path = f"/contacts/{contact['id']}/tags"
    for tag in harness.sandbox.records("tags")[:12]:
        harness.sandbox.tag("contacts", contact["id"], tag["id"])
    harness.sandbox.faults.add(Fault(kind="status", status=400, code="bad", path=path))
    killed = sync_killed(harness, state)
    harness.sandbox.clock.advance(MINUTE)

    last = sync(harness, killed.state)

    rows = [row for row in last.records("contact_tags") if row["contact_id"] == contact["id"]]
    assert len(rows) >= 12
