"""Intercom's search index lags: a record becomes visible minutes after newer ones."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from tap_intercom.timestamps import to_epoch
from tests.guarantees.harness import Pipe
from tests.sandbox.faults import Fault
from tests.sandbox.options import SandboxOptions

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tap_intercom.api.request import Request
    from tests.guarantees.harness import SyncHarness

KINDS = ("contacts", "conversations", "tickets")
EXACT_KINDS = ("conversations", "tickets")
"""Kinds whose search compares seconds; that of contacts compares days."""

MINUTE = 60
DAY = 86_400
LARGE = SandboxOptions(contacts=600, companies=0, conversations=600, tickets=600)
MANY = SandboxOptions(contacts=0, companies=0, conversations=600, tickets=600)
PAGES_OF_MANY = 12

with_many = pytest.mark.parametrize("options", [MANY], indirect=True)


def delay_index(harness: SyncHarness, seconds: int) -> None:
    """Let the search find records by their old timestamps for a while, with their new values."""
    harness.sandbox.set_options(index_delay=dict.fromkeys(KINDS, seconds), fresh_answers=True)


def touch(harness: SyncHarness, kind: str, first: int, last: int) -> None:
    """Update the records between two positions in the order of their timestamps, in one second."""
    ids = [record["id"] for record in harness.sandbox.records(kind)[first:last]]
    harness.sandbox.touch(kind, ids)


def missing_after_two_runs(
    harness: SyncHarness, seconds: int, select: Iterable[str] = EXACT_KINDS, **settings: int
) -> dict[str, Any]:
    """Sync now and again some seconds later, and return what is still missing."""
    first = harness.sync(select=select, **settings)
    harness.sandbox.clock.advance(seconds)
    later = harness.sync(first.state, select=select, **settings)
    return harness.missing_rows(first + later, select)


@pytest.mark.parametrize("seconds", [1, 5 * MINUTE, 50 * MINUTE])
def test_late_record_comes_next_run(harness: SyncHarness, seconds: int) -> None:
    """It was updated before the newest record of the run that could not see it."""
    harness.sandbox.clock.advance(100 * MINUTE)
    now = int(harness.sandbox.clock.now())
    for kind in KINDS:
        newest = harness.sandbox.records(kind)[-1]["id"]
        harness.sandbox.change(kind, newest, {}, updated_at=now)
    first = harness.sync()
    for kind in KINDS:
        oldest = harness.sandbox.records(kind)[0]["id"]
        harness.sandbox.change(kind, oldest, {}, updated_at=now - seconds)
    assert harness.missing_rows(first) != {}
    harness.sandbox.clock.advance(seconds)

    later = harness.sync(first.state)

    assert harness.missing_rows(first + later) == {}


def test_new_record_comes_once_indexed(harness: SyncHarness) -> None:
    harness.sandbox.set_options(index_delay=dict.fromkeys(KINDS, 7 * MINUTE))
    harness.sandbox.clock.advance(10 * MINUTE)
    for kind in KINDS:
        harness.sandbox.create(kind)
    written = harness.sync()
    assert set(harness.missing_rows(written)) >= set(KINDS)

    for _ in range(4):
        harness.sandbox.clock.advance(2 * MINUTE)
        written += harness.sync(written.state)

    assert harness.missing_rows(written) == {}


def test_short_runs_lose_nothing(harness: SyncHarness) -> None:
    """Each run could advance a bookmark past a record that the index has yet to show."""
    harness.sandbox.set_options(index_delay=dict.fromkeys(KINDS, 11 * MINUTE))
    written = harness.sync()

    for number in range(12):
        harness.sandbox.clock.advance(MINUTE)
        for kind in KINDS:
            harness.sandbox.touch_oldest(kind, 2 + number % 2)
        written += harness.sync(written.state)
    harness.sandbox.clock.advance(11 * MINUTE)
    written += harness.sync(written.state)

    assert harness.missing_rows(written) == {}


def test_changed_lookback_takes_effect(harness: SyncHarness) -> None:
    first = harness.sync(select=EXACT_KINDS, lookback_seconds=0)

    later = harness.sync(first.state, select=EXACT_KINDS, lookback_seconds=86_400)

    assert len(later.records("conversations")) > 1


def test_lookback_is_not_stored(harness: SyncHarness) -> None:
    first = harness.sync(lookback_seconds=0)

    later = harness.sync(first.state, lookback_seconds=86_400)

    streams = first.state["bookmarks"]
    assert [later.bookmark(one) for one in streams] == [first.bookmark(one) for one in streams]
    assert first.bookmark("conversations") == "2025-06-15T15:03:40+00:00"


def test_no_state_moves_a_bookmark_back(harness: SyncHarness) -> None:
    """What the lookback reads again is older than the bookmark, and has STATE messages in it."""
    kinds = ("contacts", "conversations")
    first = harness.sync(select=kinds)
    for kind in kinds:
        bookmark = to_epoch(first.bookmark(kind))
        harness.sandbox.touch_oldest(kind, 50, bookmark - 30 * MINUTE)
    harness.sandbox.clock.advance(DAY)

    later = harness.sync(first.state, select=kinds)

    states = [one["value"]["bookmarks"] for one in later.messages if one["type"] == "STATE"]
    moved_back = {
        kind
        for bookmarks in states
        for kind in kinds
        if bookmarks[kind]["replication_key_value"] < (first.bookmark(kind) or "")
    }
    assert all(len(later.records(kind)) >= 50 for kind in kinds)
    assert moved_back == set()


@pytest.mark.parametrize("options", [LARGE], indirect=True)
@pytest.mark.parametrize("concurrency", [1, 32])
@pytest.mark.parametrize("page_size", [20, 150])
@pytest.mark.parametrize("touched", [30, 200, 450])
def test_bulk_update_hides_no_records(
    harness: SyncHarness, touched: int, page_size: int, concurrency: int
) -> None:
    """The search still finds the updated records in their old positions."""
    delay_index(harness, 10 * MINUTE)
    for kind in KINDS:
        harness.sandbox.touch_oldest(kind, touched)
    harness.sandbox.clock.advance(MINUTE)

    missing = missing_after_two_runs(
        harness, 10 * MINUTE, KINDS, page_size=page_size, concurrency=concurrency
    )

    assert missing == {}


@pytest.mark.parametrize("options", [LARGE], indirect=True)
@pytest.mark.parametrize("states", [1, 2, 3, 5])
def test_kill_after_bulk_update_loses_nothing(harness: SyncHarness, states: int) -> None:
    delay_index(harness, 10 * MINUTE)
    for kind in KINDS:
        harness.sandbox.touch_oldest(kind, 200)
    harness.sandbox.clock.advance(MINUTE)

    for kind in KINDS:
        cut = harness.try_sync(select=[kind], pipe=Pipe(states=states))
        harness.sandbox.clock.advance(10 * MINUTE)
        resumed = harness.sync(cut.state, select=[kind])

        assert harness.missing_rows(cut + resumed, [kind]) == {}


@with_many
@pytest.mark.parametrize("concurrency", [1, 32])
def test_pages_of_new_timestamps_hide_nothing(harness: SyncHarness, concurrency: int) -> None:
    """Pages full of records that were updated in the last minutes, in many seconds."""
    delay_index(harness, 10 * MINUTE)
    now = int(harness.sandbox.clock.now())
    for kind in EXACT_KINDS:
        ids = [record["id"] for record in harness.sandbox.records(kind)[:200]]
        for minute in range(8):
            batch = ids[minute * 25 : (minute + 1) * 25]
            harness.sandbox.touch(kind, batch, now - minute * MINUTE)
    harness.sandbox.clock.advance(30)

    missing = missing_after_two_runs(harness, 10 * MINUTE, concurrency=concurrency)

    assert missing == {}


@with_many
def test_new_timestamps_end_no_window(harness: SyncHarness) -> None:
    """A page of them looks as if the search had passed the end of its window."""
    delay_index(harness, 10 * MINUTE)
    for kind in EXACT_KINDS:
        touch(harness, kind, 200, 400)
    harness.sandbox.clock.advance(MINUTE)

    missing = missing_after_two_runs(harness, 10 * MINUTE, page_size=50)

    assert missing == {}


@with_many
def test_cursor_refused_after_new_timestamps(harness: SyncHarness) -> None:
    """The search that replaces the refused one starts before all that is still to come."""
    delay_index(harness, 10 * MINUTE)
    for kind in EXACT_KINDS:
        touch(harness, kind, 0, 200)
        fault = Fault(kind="status", status=400, path=f"/{kind}/search", after=1)
        harness.sandbox.faults.add(fault)
    harness.sandbox.clock.advance(30)

    missing = missing_after_two_runs(harness, 10 * MINUTE, concurrency=1)

    assert missing == {}


@with_many
def test_index_may_lag_twenty_minutes(harness: SyncHarness) -> None:
    delay_index(harness, 20 * MINUTE)
    for kind in EXACT_KINDS:
        touch(harness, kind, 0, 200)
    harness.sandbox.clock.advance(16 * MINUTE)

    missing = missing_after_two_runs(harness, 20 * MINUTE)

    assert missing == {}


@with_many
def test_kill_during_long_lag_loses_nothing(harness: SyncHarness) -> None:
    delay_index(harness, 20 * MINUTE)
    touch(harness, "conversations", 0, 200)
    harness.sandbox.clock.advance(16 * MINUTE)
    cut = harness.try_sync(select=["conversations"], pipe=Pipe(states=1))
    harness.sandbox.clock.advance(20 * MINUTE)

    resumed = harness.sync(cut.state, select=["conversations"])

    assert harness.missing_rows(cut + resumed, ["conversations"]) == {}


def touch_per_page(harness: SyncHarness, kind: str, first: int, count: int) -> set[str]:
    """Update some records of every fifty, in one second; return their ids."""
    ids = [record["id"] for record in harness.sandbox.records(kind)]
    touched = [one for start in range(first, len(ids), 50) for one in ids[start : start + count]]
    harness.sandbox.touch(kind, touched)
    return set(touched)


@with_many
def test_lag_beyond_lookback_hides_nothing_else(harness: SyncHarness) -> None:
    """The touched records themselves may be missing, as their timestamps look final."""
    delay_index(harness, 40 * MINUTE)
    touched = {kind: touch_per_page(harness, kind, 0, 5) for kind in EXACT_KINDS}
    harness.sandbox.clock.advance(20 * MINUTE)

    result = harness.sync(select=EXACT_KINDS, page_size=50, lookback_seconds=0)

    missing = harness.missing_rows(result, EXACT_KINDS)
    for kind in EXACT_KINDS:
        assert {record_id for (record_id,) in missing.get(kind, ())} <= touched[kind]


@with_many
@pytest.mark.parametrize("states", [1, 2, 4, 6])
def test_state_stays_before_later_pages(harness: SyncHarness, states: int) -> None:
    """Each page ends with records whose timestamps look final, and later than those behind them.

    The lookback is too short for such a lag, so that these few records may be missing.
    """
    delay_index(harness, 60 * MINUTE)
    touched = touch_per_page(harness, "conversations", 48, 2)
    harness.sandbox.clock.advance(50 * MINUTE)
    settings = {"select": ["conversations"], "lookback_seconds": 0}
    cut = harness.try_sync(pipe=Pipe(states=states), **settings)

    resumed = harness.sync(cut.state, **settings)

    missing = harness.missing_rows(cut + resumed, ["conversations"])
    assert {record_id for (record_id,) in missing.get("conversations", ())} <= touched


@with_many
def test_repeated_search_resumes_nearby(harness: SyncHarness) -> None:
    """At most two pages are read twice, and not all that came before."""
    fault = Fault(kind="status", status=400, path="/conversations/search", after=9)
    harness.sandbox.faults.add(fault)

    result = harness.sync(select=["conversations"], page_size=50, concurrency=1)

    refused = len(result.warnings("/conversations/search", 400))
    assert refused == 1
    assert len(harness.requests("/conversations/search")) <= PAGES_OF_MANY + refused + 2


@with_many
def test_last_window_has_no_end(harness: SyncHarness) -> None:
    """What changes while windows are read comes with the same run."""

    def change_newest() -> None:
        for record in harness.sandbox.records("conversations")[-5:]:
            harness.sandbox.change("conversations", record["id"], {"title": "Just now"})

    harness.before_request("/conversations/search", change_newest)

    result = harness.sync(select=["conversations"], page_size=20)

    queries = [one.body["query"] for one in harness.requests("/conversations/search") if one.body]
    assert any(query.get("operator") == "AND" for query in queries), "no window was split"
    assert harness.missing_rows(result, ["conversations"]) == {}


def test_bookmark_never_passes_run_start(harness: SyncHarness) -> None:
    started_at = harness.sandbox.clock.now()

    def change_oldest(request: Request) -> None:
        if request.path.endswith("/search"):
            harness.sandbox.clock.advance(300)
            for kind in EXACT_KINDS:
                harness.sandbox.touch_oldest(kind, 1)

    harness.before_each_request(change_oldest)

    result = harness.sync(page_size=20, concurrency=1)

    bookmarks = {name: result.bookmark(name) for name in result.state["bookmarks"]}
    late = {
        name: value
        for name, value in bookmarks.items()
        if value and datetime.fromisoformat(value).timestamp() > started_at
    }
    assert any(bookmarks.values())
    assert late == {}
