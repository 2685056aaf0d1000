"""Between two scrolls companies are searched by change, and none is passed by for good."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.guarantees.harness import Pipe, SyncHarness, discover
from tests.sandbox.faults import Fault
from tests.sandbox.options import SandboxOptions

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.guarantees.harness import SyncResult

STREAMS = ("companies", "company_tags", "company_segments")
SCROLL = "/companies/scroll"
SEARCH = "/companies/search"
SETTINGS: dict[str, Any] = {"api_version": "2.17"}
HOUR = 3600
DAY = 24 * HOUR
DAY_GRAINED = {"company_search_days": True}

CHILD = {
    "custom_streams": [
        {
            "name": "notes",
            "path": "/companies/{id}/notes",
            "parent": "companies",
            "primary_keys": ["id"],
        },
    ],
}


@pytest.fixture
def options() -> SandboxOptions:
    return SandboxOptions(contacts=20, companies=230, conversations=0, tickets=0)


@pytest.fixture(params=[False, True], ids=["seconds", "days"])
def precision(request: pytest.FixtureRequest, harness: SyncHarness) -> None:
    """Let the search compare seconds, or calendar days."""
    harness.sandbox.set_options(company_search_days=request.param)


def sync(
    harness: SyncHarness,
    state: dict[str, Any] | None,
    select: Iterable[str] = STREAMS,
    **settings: Any,
) -> SyncResult:
    """Sync with a fresh log of requests."""
    harness.sandbox.clear_requests()
    return harness.sync(state, select=select, **SETTINGS, **settings)


def first_sync(harness: SyncHarness, hours: int = 1, select: Iterable[str] = STREAMS) -> SyncResult:
    """Sync all companies, some hours before the next run."""
    result = sync(harness, None, select)
    harness.sandbox.clock.advance(hours * HOUR)
    return result


def company(harness: SyncHarness, *, has_users: bool = True) -> str:
    """Return the id of the company that changed longest ago."""
    companies = harness.sandbox.records("companies")
    return next(str(one["id"]) for one in companies if (one["user_count"] > 0) is has_users)


def requests_of(harness: SyncHarness) -> dict[str, int]:
    """Return how many requests each of the two ways to read companies took."""
    return {path: len(harness.requests(path)) for path in (SCROLL, SEARCH)}


@pytest.mark.usefixtures("precision")
def test_hourly_run_searches_and_scrolls_not(harness: SyncHarness) -> None:
    first = first_sync(harness)
    changed = company(harness)
    harness.sandbox.tag("companies", changed, harness.sandbox.records("tags")[0]["id"])

    hourly = sync(harness, first.state)

    assert requests_of(harness) == {SCROLL: 0, SEARCH: 1}
    assert changed in hourly.values("companies", "id")
    assert harness.missing_rows(first + hourly, STREAMS) == {}


@pytest.mark.usefixtures("precision")
@pytest.mark.parametrize("after", [0, 1, 3])
def test_search_that_ends_early_loses_nothing(harness: SyncHarness, after: int) -> None:
    first = first_sync(harness)
    companies = [one for one in harness.sandbox.records("companies") if one["user_count"] > 0]
    changed = [str(one["id"]) for one in companies[:90]]
    for one in changed:
        harness.sandbox.change("companies", one, {"name": "Renamed"})
    harness.sandbox.faults.add(Fault("early_end", path=SEARCH, after=after))

    hourly = sync(harness, first.state, page_size=20)

    assert requests_of(harness)[SCROLL] == 0
    assert set(changed) <= set(hourly.values("companies", "id"))


@pytest.mark.usefixtures("precision")
def test_many_changes_of_the_day_are_not_read(harness: SyncHarness) -> None:
    now = int(harness.sandbox.clock.now())
    harness.sandbox.touch_oldest("companies", 200, now - 5 * HOUR)
    harness.sandbox.touch_oldest("companies", 1, now)
    first = first_sync(harness)
    changed = company(harness)
    harness.sandbox.change("companies", changed, {"name": "Renamed"})

    hourly = sync(harness, first.state, page_size=20)

    assert requests_of(harness) == {SCROLL: 0, SEARCH: 2}
    assert hourly.values("companies", "id")[0] == changed
    assert len(hourly.records("companies")) < 20


@pytest.mark.usefixtures("precision")
def test_company_without_users_comes_with_a_scroll(harness: SyncHarness) -> None:
    first = first_sync(harness)
    harness.sandbox.change("companies", company(harness, has_users=False), {"name": "Renamed"})
    harness.sandbox.clock.advance(5 * HOUR)
    harness.sandbox.change("companies", company(harness), {"name": "Renamed"})
    hourly = sync(harness, first.state)
    assert harness.missing_rows(first + hourly, ["companies"]) != {}
    harness.sandbox.clock.advance(DAY)

    daily = sync(harness, hourly.state)

    assert requests_of(harness) == {SCROLL: 4, SEARCH: 0}
    assert harness.missing_rows(first + hourly + daily, STREAMS) == {}


@pytest.mark.parametrize(("hours", "scrolls"), [(23, 0), (24, 4)])
def test_scroll_runs_when_the_last_is_old(harness: SyncHarness, hours: int, scrolls: int) -> None:
    first = first_sync(harness, hours)

    sync(harness, first.state)

    assert len(harness.requests(SCROLL)) == scrolls


def test_scroll_hours_can_be_set(harness: SyncHarness) -> None:
    first = first_sync(harness, hours=25)

    weekly = sync(harness, first.state, company_scroll_hours=168)

    assert harness.requests(SCROLL) == []
    (line,) = weekly.lines(logging.INFO, "companies", "scroll")
    assert "2025-06-22" in line


def test_searches_in_between_delay_no_scroll(harness: SyncHarness) -> None:
    result = first_sync(harness, hours=20)

    result = sync(harness, result.state)
    harness.sandbox.clock.advance(4 * HOUR)
    sync(harness, result.state)

    assert requests_of(harness) == {SCROLL: 4, SEARCH: 0}


def test_changes_are_searched_once(harness: SyncHarness) -> None:
    first = first_sync(harness)
    changed = company(harness)
    harness.sandbox.change("companies", changed, {"name": "Renamed"})
    hourly = sync(harness, first.state)
    harness.sandbox.clock.advance(3 * HOUR)
    later = company(harness)
    harness.sandbox.change("companies", later, {"name": "Renamed"})

    second = sync(harness, hourly.state)
    harness.sandbox.clock.advance(3 * HOUR)
    third = sync(harness, second.state, lookback_seconds=0)

    assert hourly.values("companies", "id")[0] == changed
    assert second.values("companies", "id") == [later, changed]
    assert third.values("companies", "id") == [later]


def test_older_version_scrolls(harness: SyncHarness) -> None:
    first = first_sync(harness)

    harness.sync(first.state, select=STREAMS, api_version="2.16")

    assert len(harness.requests(SCROLL)) > 4
    assert harness.requests(SEARCH) == []


def test_state_without_a_scroll_scrolls(harness: SyncHarness) -> None:
    """As an older release of the tap wrote it."""
    state = first_sync(harness).state
    bookmarks = {
        name: {key: one[key] for key in ("replication_key", "replication_key_value")}
        for name, one in state["bookmarks"].items()
    }

    sync(harness, {"bookmarks": bookmarks})

    assert requests_of(harness) == {SCROLL: 4, SEARCH: 0}


@pytest.mark.parametrize("scrolled_at", ["2035-01-01T00:00:00+00:00", "soon", 17, None])
def test_doubtful_time_of_a_scroll_scrolls(harness: SyncHarness, scrolled_at: object) -> None:
    state = first_sync(harness).state
    state["bookmarks"]["companies"]["scrolled_at"] = scrolled_at

    result = sync(harness, state)

    assert requests_of(harness) == {SCROLL: 4, SEARCH: 0}
    assert "2025" in result.state["bookmarks"]["companies"]["scrolled_at"]


def test_child_selected_later_scrolls(harness: SyncHarness) -> None:
    first = first_sync(harness, select=["companies"])

    second = sync(harness, first.state)

    assert requests_of(harness) == {SCROLL: 4, SEARCH: 0}
    assert harness.missing_rows(second, ["company_tags", "company_segments"]) == {}


def test_child_alone_is_searched(harness: SyncHarness) -> None:
    first = first_sync(harness, select=["company_tags"])
    harness.sandbox.tag("companies", company(harness), harness.sandbox.records("tags")[0]["id"])

    second = sync(harness, first.state, ["company_tags"])

    assert requests_of(harness) == {SCROLL: 0, SEARCH: 1}
    assert harness.missing_rows(first + second, ["company_tags"]) == {}


def test_full_table_reads_by_scroll(harness: SyncHarness) -> None:
    state = first_sync(harness).state
    config = {**harness.config, **SETTINGS}
    catalog = discover(config, {*STREAMS})
    for entry in catalog["streams"]:
        if entry["tap_stream_id"] == "company_tags":
            entry["replication_method"] = "FULL_TABLE"
    harness.sandbox.clear_requests()

    result = harness.try_sync_catalog(config, catalog, state)

    assert requests_of(harness) == {SCROLL: 4, SEARCH: 0}
    assert harness.missing_rows(result, ["company_tags"]) == {}


def test_failed_scroll_is_repeated(harness: SyncHarness) -> None:
    first = first_sync(harness, hours=24)
    harness.sandbox.faults.add(Fault(kind="status", status=500, path=SCROLL, after=2, times=None))

    failed = harness.try_sync(first.state, select=STREAMS, **SETTINGS)
    harness.sandbox.faults.clear()
    sync(harness, failed.state)

    assert failed.error is not None
    assert requests_of(harness) == {SCROLL: 4, SEARCH: 0}


def test_failed_child_is_scrolled_again(harness: SyncHarness) -> None:
    harness.sandbox.faults.add(Fault(kind="status", status=422, path="/companies/[^/]+/notes"))
    selected = ["companies", "company_notes"]
    failed = harness.try_sync(None, select=selected, **SETTINGS)
    harness.sandbox.clock.advance(HOUR)

    second = sync(harness, failed.state, selected)

    assert failed.error is not None
    assert requests_of(harness) == {SCROLL: 4, SEARCH: 0}
    assert harness.missing_rows(failed + second, selected) == {}


def test_refused_cursor_searches_oldest_first(harness: SyncHarness) -> None:
    first = first_sync(harness, hours=2)
    harness.sandbox.touch_oldest("companies", 60)
    harness.sandbox.faults.add(Fault(kind="status", status=400, path=SEARCH, after=1))

    second = sync(harness, first.state, page_size=20)

    assert second.warnings("searching companies again") != []
    assert harness.requests(SCROLL) == []
    with_users = {one["id"] for one in harness.sandbox.records("companies") if one["user_count"]}
    missing = harness.missing_rows(first + second, ["companies"]).get("companies", {})
    assert {key[0] for key in missing}.isdisjoint(with_users)


def test_custom_child_keeps_its_own_position(harness: SyncHarness) -> None:
    selected = ["companies", "notes"]
    first = harness.sync(None, select=selected, **SETTINGS, **CHILD)
    harness.sandbox.clock.advance(HOUR)
    changed = company(harness)
    harness.sandbox.change("companies", changed, {"name": "Renamed"})
    harness.sandbox.clear_requests()

    second = harness.sync(first.state, select=selected, **SETTINGS, **CHILD)

    assert requests_of(harness) == {SCROLL: 0, SEARCH: 1}
    found = harness.requests(f"/companies/{changed}/notes")
    assert len(found) == 1
    assert "searched_until" in second.state["bookmarks"]["notes"]


@given(
    kills=st.lists(st.integers(1, 250), max_size=6),
    hours=st.lists(st.sampled_from([0, 1, 5, 25]), min_size=7, max_size=7),
    days=st.booleans(),
)
def test_killed_runs_lose_no_company(kills: list[int], hours: list[int], *, days: bool) -> None:
    """Companies with and without users change before each run; the last run scrolls."""
    workspace = SandboxOptions(contacts=5, companies=120, conversations=0, tickets=0)
    with SyncHarness(workspace) as harness:
        harness.sandbox.set_options(company_search_days=days)
        written = harness.try_sync(None, select=STREAMS, pipe=Pipe(kills[0]) if kills else None)
        for kill, pause in zip(kills, hours, strict=False):
            harness.sandbox.clock.advance(pause * HOUR)
            harness.sandbox.touch_oldest("companies", 30)
            written += harness.try_sync(
                written.state, select=STREAMS, pipe=Pipe(kill), page_size=7, **SETTINGS
            )
        harness.sandbox.clock.advance(DAY)

        last = harness.sync(written.state, select=STREAMS, **SETTINGS)

        assert harness.missing_rows(written + last, STREAMS) == {}
