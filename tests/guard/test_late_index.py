"""The search shows a record minutes after younger ones."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from tests.guard.stage import Pipe
from tests.sandbox.faults import Fault
from tests.sandbox.options import SandboxOptions

if TYPE_CHECKING:
    from tap_intercom.client import Request
    from tests.guard.stage import Stage

KINDS = ("contacts", "conversations", "tickets")
MINUTE = 60


@pytest.mark.parametrize("late", [1, 5 * MINUTE, 50 * MINUTE])
def test_a_record_that_shows_up_late_arrives_with_the_next_run(stage: Stage, late: int) -> None:
    """It was changed before the youngest record of the run that could not see it."""
    stage.control.clock.advance(100 * MINUTE)
    now = int(stage.control.clock.now())
    for kind in KINDS:
        stage.control.change(kind, stage.control.records(kind)[-1]["id"], {}, updated_at=now)
    first = stage.run()
    for kind in KINDS:
        oldest = stage.control.records(kind)[0]["id"]
        stage.control.change(kind, oldest, {}, updated_at=now - late)
    assert stage.lost(first) != {}
    stage.control.clock.advance(late)
    assert stage.lost(first + stage.run(first.state)) == {}


def test_a_new_record_arrives_once_the_index_has_caught_up(stage: Stage) -> None:
    stage.control.set_options(index_delay=dict.fromkeys(KINDS, 7 * MINUTE))
    stage.control.clock.advance(10 * MINUTE)
    for kind in KINDS:
        stage.control.create(kind)
    written = stage.run()
    assert set(stage.lost(written)) >= set(KINDS)
    for _ in range(4):
        stage.control.clock.advance(2 * MINUTE)
        written = written + stage.run(written.state)
    assert stage.lost(written) == {}


def test_many_short_runs_in_a_row_lose_nothing_to_the_index(stage: Stage) -> None:
    """Each run would move a bookmark past what the index is still to show."""
    stage.control.set_options(index_delay=dict.fromkeys(KINDS, 11 * MINUTE))
    written = stage.run()
    for number in range(12):
        stage.control.clock.advance(MINUTE)
        for kind in KINDS:
            stage.control.touch_oldest(kind, 2 + number % 2)
        written = written + stage.run(written.state)
    stage.control.clock.advance(11 * MINUTE)
    assert stage.lost(written + stage.run(written.state)) == {}


def test_a_later_lookback_is_honoured_and_never_stored(stage: Stage) -> None:
    first = stage.run(lookback_seconds=0)
    again = stage.run(first.state, lookback_seconds=86_400)
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
    stage: Stage, touched: int, page_size: int, concurrency: int
) -> None:
    """A bulk job has just run: the search still has its records in their old places."""
    delay = 10 * MINUTE
    stage.control.set_options(index_delay=dict.fromkeys(KINDS, delay), fresh_answers=True)
    for kind in KINDS:
        stage.control.touch_oldest(kind, touched)
    stage.control.clock.advance(MINUTE)
    first = stage.run(select=KINDS, page_size=page_size, concurrency=concurrency)
    stage.control.clock.advance(delay)
    later = stage.run(first.state, select=KINDS, page_size=page_size, concurrency=concurrency)
    assert stage.lost(first + later, KINDS) == {}


@pytest.mark.parametrize(
    "options",
    [SandboxOptions(contacts=600, companies=0, conversations=600, tickets=600)],
    indirect=True,
)
@pytest.mark.parametrize("states", [1, 2, 3, 5])
def test_a_kill_amid_such_records_loses_none(stage: Stage, states: int) -> None:
    delay = 10 * MINUTE
    stage.control.set_options(index_delay=dict.fromkeys(KINDS, delay), fresh_answers=True)
    for kind in KINDS:
        stage.control.touch_oldest(kind, 200)
    stage.control.clock.advance(MINUTE)
    for kind in KINDS:
        cut = stage.attempt(select=[kind], pipe=Pipe(states=states))
        stage.control.clock.advance(delay)
        later = stage.run(cut.state, select=[kind])
        assert stage.lost(cut + later, [kind]) == {}


SEARCHED = ("conversations", "tickets")
MANY = SandboxOptions(contacts=0, companies=0, conversations=600, tickets=600)


def lag_by(stage: Stage, delay: int) -> None:
    stage.control.set_options(index_delay=dict.fromkeys(KINDS, delay), fresh_answers=True)


def touch(stage: Stage, kind: str, first: int, last: int, at: int | None = None) -> None:
    """Change the records between two places in the order of their moments, in one second."""
    ids = [record["id"] for record in stage.control.records(kind)[first:last]]
    stage.control.touch(kind, ids, at)


def lost_after_a_further_run(stage: Stage, delay: int, **settings: int) -> dict[str, Any]:
    first = stage.run(select=SEARCHED, **settings)
    stage.control.clock.advance(delay)
    return stage.lost(first + stage.run(first.state, select=SEARCHED, **settings), SEARCHED)


@pytest.mark.parametrize("options", [MANY], indirect=True)
@pytest.mark.parametrize("concurrency", [1, 32])
def test_whole_pages_of_young_records_of_many_moments_hide_none_behind_them(
    stage: Stage, concurrency: int
) -> None:
    lag_by(stage, 10 * MINUTE)
    now = int(stage.control.clock.now())
    for kind in SEARCHED:
        ids = [record["id"] for record in stage.control.records(kind)[:200]]
        for minute in range(8):
            stage.control.touch(kind, ids[minute * 25 : (minute + 1) * 25], now - minute * MINUTE)
    stage.control.clock.advance(30)
    assert lost_after_a_further_run(stage, 10 * MINUTE, concurrency=concurrency) == {}


@pytest.mark.parametrize("options", [MANY], indirect=True)
def test_a_page_of_young_records_is_not_taken_for_the_end_of_its_window(stage: Stage) -> None:
    lag_by(stage, 10 * MINUTE)
    for kind in SEARCHED:
        touch(stage, kind, 200, 400)
    stage.control.clock.advance(MINUTE)
    assert lost_after_a_further_run(stage, 10 * MINUTE, page_size=50) == {}


@pytest.mark.parametrize("options", [MANY], indirect=True)
def test_a_cursor_refused_behind_a_page_of_young_records_hides_none(stage: Stage) -> None:
    lag_by(stage, 10 * MINUTE)
    for kind in SEARCHED:
        touch(stage, kind, 0, 200)
        refusal = Fault(kind="status", status=400, path=f"/{kind}/search", after=1)
        stage.control.faults.add(refusal)
    stage.control.clock.advance(30)
    assert lost_after_a_further_run(stage, 10 * MINUTE, concurrency=1) == {}


@pytest.mark.parametrize("options", [MANY], indirect=True)
def test_the_index_may_lag_as_long_as_the_lookback(stage: Stage) -> None:
    delay = 20 * MINUTE
    lag_by(stage, delay)
    for kind in SEARCHED:
        touch(stage, kind, 0, 200)
    stage.control.clock.advance(16 * MINUTE)
    cut = stage.attempt(select=["conversations"], pipe=Pipe(states=1))
    assert lost_after_a_further_run(stage, delay) == {}
    later = stage.run(cut.state, select=["conversations"])
    assert stage.lost(cut + later, ["conversations"]) == {}


@pytest.mark.parametrize("options", [MANY], indirect=True)
def test_a_few_records_younger_than_the_run_allows_for_hide_none(stage: Stage) -> None:
    """The index lags more than the lookback, so that nobody can tell these from settled ones."""
    delay = 40 * MINUTE
    lag_by(stage, delay)
    for kind in SEARCHED:
        for place in range(0, 600, 50):
            touch(stage, kind, place, place + 5)
    stage.control.clock.advance(20 * MINUTE)
    run = stage.run(select=SEARCHED, page_size=50, lookback_seconds=0)
    young = dict.fromkeys(SEARCHED, 12 * 5)
    lost = {kind: len(rows) for kind, rows in stage.lost(run, SEARCHED).items()}
    assert all(lost.get(kind, 0) <= young[kind] for kind in SEARCHED), lost


@pytest.mark.parametrize("options", [MANY], indirect=True)
def test_a_state_within_a_walk_passes_no_record_that_is_still_to_come(stage: Stage) -> None:
    """Each page ends with a row that looks younger than those behind it, and is settled."""
    lag_by(stage, 60 * MINUTE)
    for kind in SEARCHED:
        for place in range(40, 600, 50):
            touch(stage, kind, place, place + 2)
    stage.control.clock.advance(50 * MINUTE)
    for states in (1, 2, 4, 6):
        # so short a lookback takes them for settled, which is wrong
        cut = stage.attempt(select=["conversations"], pipe=Pipe(states=states), lookback_seconds=0)
        later = stage.run(cut.state, select=["conversations"], lookback_seconds=0)
        lost = stage.lost(cut + later, ["conversations"]).get("conversations", {})
        assert len(lost) <= 24, states


@pytest.mark.parametrize("options", [MANY], indirect=True)
def test_a_search_begun_anew_goes_on_near_where_it_was(stage: Stage) -> None:
    refusal = Fault(kind="status", status=400, path="/conversations/search", after=9)
    stage.control.faults.add(refusal)
    stage.run(select=["conversations"], page_size=50, concurrency=1)
    # a page is read twice, or two; not all that came before
    assert len(stage.requests("/conversations/search")) <= 12 + 1 + 2


@pytest.mark.parametrize("options", [MANY], indirect=True)
def test_what_changes_during_a_run_in_windows_comes_with_it(stage: Stage) -> None:
    """The last window has no end."""

    def change() -> None:
        for record in stage.control.records("conversations")[-5:]:
            stage.control.change("conversations", record["id"], {"title": "Just now"})

    stage.before(1, "/conversations/search", change)
    run = stage.run(select=["conversations"], page_size=20)
    assert any(
        request.body["query"].get("operator") == "AND"
        for request in stage.requests("/conversations/search")
        if request.body
    ), "no window was cut"
    assert stage.lost(run, ["conversations"]) == {}


def test_a_bookmark_never_passes_the_moment_at_which_the_run_began(stage: Stage) -> None:
    began = stage.control.clock.now()

    def change(request: Request) -> None:
        if request.path.endswith("/search"):
            stage.control.clock.advance(300)
            for kind in SEARCHED:
                stage.control.touch_oldest(kind, 1)

    stage.before_request = change
    first = stage.run(page_size=20, concurrency=1)
    for name, bookmark in first.state["bookmarks"].items():
        if value := bookmark.get("replication_key_value"):
            assert datetime.fromisoformat(value).timestamp() <= began, name
