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
    harness.sandbox.clock.advance(100 * MINUTE)
    now = int(harness.sandbox.clock.now())
    for kind in KINDS:
        harness.sandbox.change(kind, harness.sandbox.records(kind)[-1]["id"], {}, updated_at=now)
    first = harness.sync()
    for kind in KINDS:
        oldest = harness.sandbox.records(kind)[0]["id"]
        harness.sandbox.change(kind, oldest, {}, updated_at=now - late)
    assert harness.missing_rows(first) != {}
    harness.sandbox.clock.advance(late)
    assert harness.missing_rows(first + harness.sync(first.state)) == {}


def test_a_new_record_arrives_once_the_index_has_caught_up(harness: SyncHarness) -> None:
    harness.sandbox.set_options(index_delay=dict.fromkeys(KINDS, 7 * MINUTE))
    harness.sandbox.clock.advance(10 * MINUTE)
    for kind in KINDS:
        harness.sandbox.create(kind)
    written = harness.sync()
    assert set(harness.missing_rows(written)) >= set(KINDS)
    for _ in range(4):
        harness.sandbox.clock.advance(2 * MINUTE)
        written = written + harness.sync(written.state)
    assert harness.missing_rows(written) == {}


def test_many_short_runs_in_a_row_lose_nothing_to_the_index(harness: SyncHarness) -> None:
    """Each run would move a bookmark past what the index is still to show."""
    harness.sandbox.set_options(index_delay=dict.fromkeys(KINDS, 11 * MINUTE))
    written = harness.sync()
    for number in range(12):
        harness.sandbox.clock.advance(MINUTE)
        for kind in KINDS:
            harness.sandbox.touch_oldest(kind, 2 + number % 2)
        written = written + harness.sync(written.state)
    harness.sandbox.clock.advance(11 * MINUTE)
    assert harness.missing_rows(written + harness.sync(written.state)) == {}


def test_a_later_lookback_is_honoured_and_never_stored(harness: SyncHarness) -> None:
    first = harness.sync(lookback_seconds=0)
    again = harness.sync(first.state, lookback_seconds=86_400)
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
    harness.sandbox.set_options(index_delay=dict.fromkeys(KINDS, delay), fresh_answers=True)
    for kind in KINDS:
        harness.sandbox.touch_oldest(kind, touched)
    harness.sandbox.clock.advance(MINUTE)
    first = harness.sync(select=KINDS, page_size=page_size, concurrency=concurrency)
    harness.sandbox.clock.advance(delay)
    later = harness.sync(first.state, select=KINDS, page_size=page_size, concurrency=concurrency)
    assert harness.missing_rows(first + later, KINDS) == {}


@pytest.mark.parametrize(
    "options",
    [SandboxOptions(contacts=600, companies=0, conversations=600, tickets=600)],
    indirect=True,
)
@pytest.mark.parametrize("states", [1, 2, 3, 5])
def test_a_kill_amid_such_records_loses_none(harness: SyncHarness, states: int) -> None:
    delay = 10 * MINUTE
    harness.sandbox.set_options(index_delay=dict.fromkeys(KINDS, delay), fresh_answers=True)
    for kind in KINDS:
        harness.sandbox.touch_oldest(kind, 200)
    harness.sandbox.clock.advance(MINUTE)
    for kind in KINDS:
        cut = harness.try_sync(select=[kind], pipe=Pipe(states=states))
        harness.sandbox.clock.advance(delay)
        later = harness.sync(cut.state, select=[kind])
        assert harness.missing_rows(cut + later, [kind]) == {}


SEARCHED = ("conversations", "tickets")
MANY = SandboxOptions(contacts=0, companies=0, conversations=600, tickets=600)


def lag_by(harness: SyncHarness, delay: int) -> None:
    harness.sandbox.set_options(index_delay=dict.fromkeys(KINDS, delay), fresh_answers=True)


def touch(harness: SyncHarness, kind: str, first: int, last: int, at: int | None = None) -> None:
    """Change the records between two places in the order of their timestamps, in one second."""
    ids = [record["id"] for record in harness.sandbox.records(kind)[first:last]]
    harness.sandbox.touch(kind, ids, at)


def lost_after_a_further_run(harness: SyncHarness, delay: int, **settings: int) -> dict[str, Any]:
    first = harness.sync(select=SEARCHED, **settings)
    harness.sandbox.clock.advance(delay)
    return harness.missing_rows(
        first + harness.sync(first.state, select=SEARCHED, **settings), SEARCHED
    )


@pytest.mark.parametrize("options", [MANY], indirect=True)
@pytest.mark.parametrize("concurrency", [1, 32])
def test_whole_pages_of_young_records_of_many_moments_hide_none_behind_them(
    harness: SyncHarness, concurrency: int
) -> None:
    lag_by(harness, 10 * MINUTE)
    now = int(harness.sandbox.clock.now())
    for kind in SEARCHED:
        ids = [record["id"] for record in harness.sandbox.records(kind)[:200]]
        for minute in range(8):
            harness.sandbox.touch(kind, ids[minute * 25 : (minute + 1) * 25], now - minute * MINUTE)
    harness.sandbox.clock.advance(30)
    assert lost_after_a_further_run(harness, 10 * MINUTE, concurrency=concurrency) == {}


@pytest.mark.parametrize("options", [MANY], indirect=True)
def test_a_page_of_young_records_is_not_taken_for_the_end_of_its_window(
    harness: SyncHarness,
) -> None:
    lag_by(harness, 10 * MINUTE)
    for kind in SEARCHED:
        touch(harness, kind, 200, 400)
    harness.sandbox.clock.advance(MINUTE)
    assert lost_after_a_further_run(harness, 10 * MINUTE, page_size=50) == {}


@pytest.mark.parametrize("options", [MANY], indirect=True)
def test_a_cursor_refused_behind_a_page_of_young_records_hides_none(harness: SyncHarness) -> None:
    lag_by(harness, 10 * MINUTE)
    for kind in SEARCHED:
        touch(harness, kind, 0, 200)
        refusal = Fault(kind="status", status=400, path=f"/{kind}/search", after=1)
        harness.sandbox.faults.add(refusal)
    harness.sandbox.clock.advance(30)
    assert lost_after_a_further_run(harness, 10 * MINUTE, concurrency=1) == {}


@pytest.mark.parametrize("options", [MANY], indirect=True)
def test_the_index_may_lag_as_long_as_the_lookback(harness: SyncHarness) -> None:
    delay = 20 * MINUTE
    lag_by(harness, delay)
    for kind in SEARCHED:
        touch(harness, kind, 0, 200)
    harness.sandbox.clock.advance(16 * MINUTE)
    cut = harness.try_sync(select=["conversations"], pipe=Pipe(states=1))
    assert lost_after_a_further_run(harness, delay) == {}
    later = harness.sync(cut.state, select=["conversations"])
    assert harness.missing_rows(cut + later, ["conversations"]) == {}


@pytest.mark.parametrize("options", [MANY], indirect=True)
def test_a_few_records_younger_than_the_run_allows_for_hide_none(harness: SyncHarness) -> None:
    """The index lags by more than the lookback, so these look like records in their final place."""
    delay = 40 * MINUTE
    lag_by(harness, delay)
    for kind in SEARCHED:
        for place in range(0, 600, 50):
            touch(harness, kind, place, place + 5)
    harness.sandbox.clock.advance(20 * MINUTE)
    run = harness.sync(select=SEARCHED, page_size=50, lookback_seconds=0)
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
    harness.sandbox.clock.advance(50 * MINUTE)
    for states in (1, 2, 4, 6):
        # so short a lookback takes them for stable_before, which is wrong
        cut = harness.try_sync(
            select=["conversations"], pipe=Pipe(states=states), lookback_seconds=0
        )
        later = harness.sync(cut.state, select=["conversations"], lookback_seconds=0)
        missing_rows = harness.missing_rows(cut + later, ["conversations"]).get("conversations", {})
        assert len(missing_rows) <= 24, states


@pytest.mark.parametrize("options", [MANY], indirect=True)
def test_a_search_begun_anew_goes_on_near_where_it_was(harness: SyncHarness) -> None:
    refusal = Fault(kind="status", status=400, path="/conversations/search", after=9)
    harness.sandbox.faults.add(refusal)
    harness.sync(select=["conversations"], page_size=50, concurrency=1)
    # a page is read twice, or two; not all that came before
    assert len(harness.requests("/conversations/search")) <= 12 + 1 + 2


@pytest.mark.parametrize("options", [MANY], indirect=True)
def test_what_changes_during_a_run_in_windows_comes_with_it(harness: SyncHarness) -> None:
    """The last window has no end."""

    def change() -> None:
        for record in harness.sandbox.records("conversations")[-5:]:
            harness.sandbox.change("conversations", record["id"], {"title": "Just now"})

    harness.before_request("/conversations/search", change)
    run = harness.sync(select=["conversations"], page_size=20)
    assert any(
        request.body["query"].get("operator") == "AND"
        for request in harness.requests("/conversations/search")
        if request.body
    ), "no window was cut"
    assert harness.missing_rows(run, ["conversations"]) == {}


def test_a_bookmark_never_passes_the_moment_at_which_the_run_began(harness: SyncHarness) -> None:
    began = harness.sandbox.clock.now()

    def change(request: Request) -> None:
        if request.path.endswith("/search"):
            harness.sandbox.clock.advance(300)
            for kind in SEARCHED:
                harness.sandbox.touch_oldest(kind, 1)

    harness.before_each_request(change)
    first = harness.sync(page_size=20, concurrency=1)
    for name, bookmark in first.state["bookmarks"].items():
        if value := bookmark.get("replication_key_value"):
            assert datetime.fromisoformat(value).timestamp() <= began, name
