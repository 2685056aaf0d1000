"""The search shows a record minutes after younger ones."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from tests.guarantees.harness import Pipe
from tests.sandbox.faults import Fault
from tests.sandbox.options import SandboxOptions

if TYPE_CHECKING:
    from tap_intercom.api.request import Request
    from tests.guarantees.harness import SyncHarness

KINDS = ("contacts", "conversations", "tickets")
MINUTE = 60


@pytest.mark.parametrize("late", [1, 5 * MINUTE, 50 * MINUTE])
def test_a_record_that_shows_up_late_arrives_with_the_next_run(
    harness: SyncHarness, late: int
) -> None:
    """It was changed before the youngest record of the run that could not see it."""
    harness.control.clock.advance(100 * MINUTE)
    now = int(harness.control.clock.now())
    for kind in KINDS:
        harness.control.change(kind, harness.control.records(kind)[-1]["id"], {}, updated_at=now)
    first = harness.run()
    for kind in KINDS:
        oldest = harness.control.records(kind)[0]["id"]
        harness.control.change(kind, oldest, {}, updated_at=now - late)
    assert harness.missing_rows(first) != {}
    harness.control.clock.advance(late)
    assert harness.missing_rows(first + harness.run(first.state)) == {}


def test_a_new_record_arrives_once_the_index_has_caught_up(harness: SyncHarness) -> None:
    harness.control.set_options(index_delay=dict.fromkeys(KINDS, 7 * MINUTE))
    harness.control.clock.advance(10 * MINUTE)
    for kind in KINDS:
        harness.control.create(kind)
    written = harness.run()
    assert set(harness.missing_rows(written)) >= set(KINDS)
    for _ in range(4):
        harness.control.clock.advance(2 * MINUTE)
        written = written + harness.run(written.state)
    assert harness.missing_rows(written) == {}


def test_many_short_runs_in_a_row_lose_nothing_to_the_index(harness: SyncHarness) -> None:
    """Each run would move a bookmark past what the index is still to show."""
    harness.control.set_options(index_delay=dict.fromkeys(KINDS, 11 * MINUTE))
    written = harness.run()
    for number in range(12):
        harness.control.clock.advance(MINUTE)
        for kind in KINDS:
            harness.control.touch_oldest(kind, 2 + number % 2)
        written = written + harness.run(written.state)
    harness.control.clock.advance(11 * MINUTE)
    assert harness.missing_rows(written + harness.run(written.state)) == {}


def test_a_later_lookback_is_honoured_and_never_stored(harness: SyncHarness) -> None:
    first = harness.run(lookback_seconds=0)
    again = harness.run(first.state, lookback_seconds=86_400)
    assert again.state == first.state
    bookmark = first.state["bookmarks"]["conversations"]
    assert len(again.records("conversations")) > 1
    assert bookmark["replication_key_value"] == "2025-06-15T15:03:40+00:00"


@pytest.mark.parametrize(
    "options",
    [SandboxOptions(contacts=600, companies=0, conversations=600, tickets=600)],
    indirect=True,
)
@pytest.mark.parametrize("concurrency", [1, 32])
@pytest.mark.parametrize("page_size", [20, 150])
@pytest.mark.parametrize("touched", [30, 200, 450])
def test_records_far_younger_than_their_place_in_the_index_hide_none_behind_them(
    harness: SyncHarness, touched: int, page_size: int, concurrency: int
) -> None:
    """A bulk job has just run: the search still has its records in their old places."""
    delay = 10 * MINUTE
    harness.control.set_options(index_delay=dict.fromkeys(KINDS, delay), fresh_answers=True)
    for kind in KINDS:
        harness.control.touch_oldest(kind, touched)
    harness.control.clock.advance(MINUTE)
    first = harness.run(select=KINDS, page_size=page_size, concurrency=concurrency)
    harness.control.clock.advance(delay)
    later = harness.run(first.state, select=KINDS, page_size=page_size, concurrency=concurrency)
    assert harness.missing_rows(first + later, KINDS) == {}


@pytest.mark.parametrize(
    "options",
    [SandboxOptions(contacts=600, companies=0, conversations=600, tickets=600)],
    indirect=True,
)
@pytest.mark.parametrize("states", [1, 2, 3, 5])
def test_a_kill_amid_such_records_loses_none(harness: SyncHarness, states: int) -> None:
    delay = 10 * MINUTE
    harness.control.set_options(index_delay=dict.fromkeys(KINDS, delay), fresh_answers=True)
    for kind in KINDS:
        harness.control.touch_oldest(kind, 200)
    harness.control.clock.advance(MINUTE)
    for kind in KINDS:
        cut = harness.attempt(select=[kind], pipe=Pipe(states=states))
        harness.control.clock.advance(delay)
        later = harness.run(cut.state, select=[kind])
        assert harness.missing_rows(cut + later, [kind]) == {}


SEARCHED = ("conversations", "tickets")
MANY = SandboxOptions(contacts=0, companies=0, conversations=600, tickets=600)


def lag_by(harness: SyncHarness, delay: int) -> None:
    harness.control.set_options(index_delay=dict.fromkeys(KINDS, delay), fresh_answers=True)


def touch(harness: SyncHarness, kind: str, first: int, last: int, at: int | None = None) -> None:
    """Change the records between two places in the order of their timestamps, in one second."""
    ids = [record["id"] for record in harness.control.records(kind)[first:last]]
    harness.control.touch(kind, ids, at)


def lost_after_a_further_run(harness: SyncHarness, delay: int, **settings: int) -> dict[str, Any]:
    first = harness.run(select=SEARCHED, **settings)
    harness.control.clock.advance(delay)
    return harness.missing_rows(
        first + harness.run(first.state, select=SEARCHED, **settings), SEARCHED
    )


@pytest.mark.parametrize("options", [MANY], indirect=True)
@pytest.mark.parametrize("concurrency", [1, 32])
def test_whole_pages_of_young_records_of_many_moments_hide_none_behind_them(
    harness: SyncHarness, concurrency: int
) -> None:
    lag_by(harness, 10 * MINUTE)
    now = int(harness.control.clock.now())
    for kind in SEARCHED:
        ids = [record["id"] for record in harness.control.records(kind)[:200]]
        for minute in range(8):
            harness.control.touch(kind, ids[minute * 25 : (minute + 1) * 25], now - minute * MINUTE)
    harness.control.clock.advance(30)
    assert lost_after_a_further_run(harness, 10 * MINUTE, concurrency=concurrency) == {}


@pytest.mark.parametrize("options", [MANY], indirect=True)
def test_a_page_of_young_records_is_not_taken_for_the_end_of_its_window(
    harness: SyncHarness,
) -> None:
    lag_by(harness, 10 * MINUTE)
    for kind in SEARCHED:
        touch(harness, kind, 200, 400)
    harness.control.clock.advance(MINUTE)
    assert lost_after_a_further_run(harness, 10 * MINUTE, page_size=50) == {}


@pytest.mark.parametrize("options", [MANY], indirect=True)
def test_a_cursor_refused_behind_a_page_of_young_records_hides_none(harness: SyncHarness) -> None:
    lag_by(harness, 10 * MINUTE)
    for kind in SEARCHED:
        touch(harness, kind, 0, 200)
        refusal = Fault(kind="status", status=400, path=f"/{kind}/search", after=1)
        harness.control.faults.add(refusal)
    harness.control.clock.advance(30)
    assert lost_after_a_further_run(harness, 10 * MINUTE, concurrency=1) == {}


@pytest.mark.parametrize("options", [MANY], indirect=True)
def test_the_index_may_lag_as_long_as_the_lookback(harness: SyncHarness) -> None:
    delay = 20 * MINUTE
    lag_by(harness, delay)
    for kind in SEARCHED:
        touch(harness, kind, 0, 200)
    harness.control.clock.advance(16 * MINUTE)
    cut = harness.attempt(select=["conversations"], pipe=Pipe(states=1))
    assert lost_after_a_further_run(harness, delay) == {}
    later = harness.run(cut.state, select=["conversations"])
    assert harness.missing_rows(cut + later, ["conversations"]) == {}


@pytest.mark.parametrize("options", [MANY], indirect=True)
def test_a_few_records_younger_than_the_run_allows_for_hide_none(harness: SyncHarness) -> None:
    """The index lags more than the lookback, so that nobody can tell these from stable_before ones."""
    delay = 40 * MINUTE
    lag_by(harness, delay)
    for kind in SEARCHED:
        for place in range(0, 600, 50):
            touch(harness, kind, place, place + 5)
    harness.control.clock.advance(20 * MINUTE)
    run = harness.run(select=SEARCHED, page_size=50, lookback_seconds=0)
    young = dict.fromkeys(SEARCHED, 12 * 5)
    missing_rows = {kind: len(rows) for kind, rows in harness.missing_rows(run, SEARCHED).items()}
    assert all(missing_rows.get(kind, 0) <= young[kind] for kind in SEARCHED), missing_rows


@pytest.mark.parametrize("options", [MANY], indirect=True)
def test_a_state_within_a_walk_passes_no_record_that_is_still_to_come(harness: SyncHarness) -> None:
    """Each page ends with a row that looks younger than those behind it, and is stable_before."""
    lag_by(harness, 60 * MINUTE)
    for kind in SEARCHED:
        for place in range(40, 600, 50):
            touch(harness, kind, place, place + 2)
    harness.control.clock.advance(50 * MINUTE)
    for states in (1, 2, 4, 6):
        # so short a lookback takes them for stable_before, which is wrong
        cut = harness.attempt(
            select=["conversations"], pipe=Pipe(states=states), lookback_seconds=0
        )
        later = harness.run(cut.state, select=["conversations"], lookback_seconds=0)
        missing_rows = harness.missing_rows(cut + later, ["conversations"]).get("conversations", {})
        assert len(missing_rows) <= 24, states


@pytest.mark.parametrize("options", [MANY], indirect=True)
def test_a_search_begun_anew_goes_on_near_where_it_was(harness: SyncHarness) -> None:
    refusal = Fault(kind="status", status=400, path="/conversations/search", after=9)
    harness.control.faults.add(refusal)
    harness.run(select=["conversations"], page_size=50, concurrency=1)
    # a page is read twice, or two; not all that came before
    assert len(harness.requests("/conversations/search")) <= 12 + 1 + 2


@pytest.mark.parametrize("options", [MANY], indirect=True)
def test_what_changes_during_a_run_in_windows_comes_with_it(harness: SyncHarness) -> None:
    """The last window has no end."""

    def change() -> None:
        for record in harness.control.records("conversations")[-5:]:
            harness.control.change("conversations", record["id"], {"title": "Just now"})

    harness.before(1, "/conversations/search", change)
    run = harness.run(select=["conversations"], page_size=20)
    assert any(
        request.body["query"].get("operator") == "AND"
        for request in harness.requests("/conversations/search")
        if request.body
    ), "no window was cut"
    assert harness.missing_rows(run, ["conversations"]) == {}


def test_a_bookmark_never_passes_the_moment_at_which_the_run_began(harness: SyncHarness) -> None:
    began = harness.control.clock.now()

    def change(request: Request) -> None:
        if request.path.endswith("/search"):
            harness.control.clock.advance(300)
            for kind in SEARCHED:
                harness.control.touch_oldest(kind, 1)

    harness.before_request = change
    first = harness.run(page_size=20, concurrency=1)
    for name, bookmark in first.state["bookmarks"].items():
        if value := bookmark.get("replication_key_value"):
            assert datetime.fromisoformat(value).timestamp() <= began, name
