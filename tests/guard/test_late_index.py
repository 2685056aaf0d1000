"""The search shows a record minutes after younger ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.guard.stage import Pipe
from tests.sandbox.options import SandboxOptions

if TYPE_CHECKING:
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
