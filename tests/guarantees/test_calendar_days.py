"""Contacts before API version 2.17: the search knows days of the workspace, not seconds."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from tests.guarantees.harness import SyncHarness
from tests.guarantees.log_lines import warning_lines
from tests.sandbox.options import SandboxOptions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_intercom.api.request import Request

DAYS = {
    "UTC": datetime(2025, 6, 15, tzinfo=ZoneInfo("UTC")),
    "Los Angeles": datetime(2025, 6, 15, tzinfo=ZoneInfo("America/Los_Angeles")),
    "Los Angeles, 23 hours": datetime(2025, 3, 9, tzinfo=ZoneInfo("America/Los_Angeles")),
    "Los Angeles, 25 hours": datetime(2025, 11, 2, tzinfo=ZoneInfo("America/Los_Angeles")),
    "Auckland": datetime(2025, 6, 15, tzinfo=ZoneInfo("Pacific/Auckland")),
    "Auckland, 23 hours": datetime(2025, 9, 28, tzinfo=ZoneInfo("Pacific/Auckland")),
    "Auckland, 25 hours": datetime(2025, 4, 6, tzinfo=ZoneInfo("Pacific/Auckland")),
}
"""Local midnights, with which a day begins."""

STREAMS = ("contacts", "contact_tags", "contact_companies")
MINUTE = 60
HOUR = 3600
DAY = 86_400


@pytest.fixture(params=DAYS.values(), ids=DAYS.keys())
def midnight(request: pytest.FixtureRequest) -> datetime:
    return request.param


@pytest.fixture
def harness(midnight: datetime) -> Iterator[SyncHarness]:
    """Open a workspace a day and a half before this midnight."""
    options = SandboxOptions(
        contacts=60,
        companies=20,
        conversations=0,
        tickets=0,
        timezone=str(midnight.tzinfo),
        clock_start=midnight.timestamp() - 36 * HOUR,
    )
    with SyncHarness(options) as ready:
        yield ready


def test_updates_around_local_midnight_all_arrive(harness: SyncHarness, midnight: datetime) -> None:
    """Run after each of many timestamps around midnight, without any lookback."""
    tomorrow = (midnight + timedelta(days=1)).timestamp()
    timestamps = [
        base + offset
        for base in (midnight.timestamp(), tomorrow)
        for offset in (-12 * HOUR, -HOUR, -MINUTE, -1, 0, 1, MINUTE, 11 * HOUR)
    ]
    written = harness.sync(select=STREAMS, lookback_seconds=0)
    state = written.state
    for number, timestamp in enumerate(sorted(timestamps)):
        harness.sandbox.clock.set(timestamp)
        contacts = harness.sandbox.records("contacts")
        harness.sandbox.change("contacts", contacts[0]["id"], {"name": f"Number {number}"})
        run = harness.sync(state, select=STREAMS, lookback_seconds=0)
        written, state = written + run, run.state
        assert harness.missing_rows(written, STREAMS) == {}, timestamp


def test_updates_later_on_the_bookmarks_own_day_arrive_whenever_the_next_run_is(
    harness: SyncHarness, midnight: datetime
) -> None:
    for days, hour in ((0, 1), (1, 12), (2, 23), (6, 0)):
        start = (midnight + timedelta(days=10 * days + 1)).timestamp()
        harness.sandbox.clock.set(start + hour * HOUR)
        first = harness.sync(select=STREAMS, lookback_seconds=0)
        for seconds in (0, 1, MINUTE, 10 * MINUTE):
            harness.sandbox.clock.advance(seconds)
            oldest = harness.sandbox.records("contacts")[0]["id"]
            harness.sandbox.change("contacts", oldest, {"name": f"{days} days, {seconds} s"})
        harness.sandbox.clock.advance(days * DAY)
        later = harness.sync(first.state, select=STREAMS, lookback_seconds=0)
        assert harness.missing_rows(first + later, STREAMS) == {}, days


def test_an_update_in_this_minute_arrives_in_this_run(harness: SyncHarness) -> None:
    for _ in range(24):
        harness.sandbox.clock.advance(HOUR + 17)
        oldest = harness.sandbox.records("contacts")[0]["id"]
        harness.sandbox.change("contacts", oldest, {"name": "Just now"})
        run = harness.sync(select=["contacts"])
        assert harness.missing_rows(run, ["contacts"]) == {}


@pytest.mark.parametrize("concurrency", [1, 32])
def test_a_first_run_in_windows_of_days_leaves_no_gap(midnight: datetime, concurrency: int) -> None:
    options = SandboxOptions(
        contacts=1500,
        companies=0,
        conversations=0,
        tickets=0,
        timezone=str(midnight.tzinfo),
        clock_start=midnight.timestamp() + 5 * HOUR,
    )
    with SyncHarness(options) as harness:
        run = harness.sync(select=["contacts"], page_size=25, concurrency=concurrency)
        assert harness.missing_rows(run, ["contacts"]) == {}


@pytest.mark.parametrize("version", ["2.7", "2.16"])
def test_an_hourly_run_reads_no_more_than_it_needs(midnight: datetime, version: str) -> None:
    options = SandboxOptions(
        contacts=900, companies=0, conversations=0, tickets=0, timezone=str(midnight.tzinfo)
    )
    with SyncHarness(options) as harness:
        harness.sandbox.touch_oldest("contacts", 700, int(harness.sandbox.clock.now()) - 2 * HOUR)
        state = harness.sync(select=["contacts"], api_version=version).state
        harness.sandbox.clock.advance(HOUR)
        harness.sandbox.touch_oldest("contacts", 3)
        harness.sandbox.clear_requests()
        run = harness.sync(state, select=["contacts"], api_version=version)
        # the second page is the first that holds nothing new
        assert len(harness.requests()) == 2
        assert len(run.records("contacts")) < 20


def test_from_2_17_on_the_search_is_asked_for_exact_seconds(
    harness: SyncHarness, midnight: datetime
) -> None:
    first = harness.sync(select=STREAMS, api_version="2.17", lookback_seconds=0)
    harness.sandbox.clock.set(midnight.timestamp() - 1)
    for _ in range(3):
        oldest = harness.sandbox.records("contacts")[0]["id"]
        harness.sandbox.change("contacts", oldest, {"name": "Renamed"})
        harness.sandbox.clock.advance(1)
    harness.sandbox.clear_requests()
    run = harness.sync(first.state, select=STREAMS, api_version="2.17", lookback_seconds=0)
    assert harness.missing_rows(first + run, STREAMS) == {}
    bookmark = first.state["bookmarks"]["contacts"]["replication_key_value"]
    (asked,) = {
        request.body["query"]["value"] for request in harness.requests("/contacts/search", "POST")
    }
    assert datetime.fromisoformat(bookmark).timestamp() - asked == 1
    assert len(run.records("contacts")) == 4


def test_one_answer_older_than_its_place_does_not_end_an_hourly_run(harness: SyncHarness) -> None:
    first = harness.sync(select=["contacts"])
    harness.sandbox.clock.advance(2 * HOUR)
    harness.sandbox.touch_oldest("contacts", 40)
    changed: list[str] = []

    def with_one_stale_row(_: Request, page: dict[str, Any]) -> None:
        if not changed:
            changed.append(page["data"][5]["id"])
            page["data"][5]["updated_at"] = 1_600_000_000

    harness.change_responses(with_one_stale_row)
    second = harness.sync(first.state, select=["contacts"], page_size=20)
    missing_rows = harness.missing_rows(first + second, ["contacts"]).get("contacts", {})
    assert {key[0] for key in missing_rows} == set(changed)


def test_a_search_newest_first_that_ends_too_early_is_begun_anew(
    harness: SyncHarness, caplog: pytest.LogCaptureFixture
) -> None:
    """The first page's link to the next one leads nowhere, though there are more records."""
    first = harness.sync(select=["contacts"])
    harness.sandbox.clock.advance(2 * HOUR)
    harness.sandbox.touch_oldest("contacts", 40)
    cut: list[Request] = []

    def without_the_link(request: Request, page: dict[str, Any]) -> None:
        if not cut:
            cut.append(request)
            page["pages"]["next"] = {"page": 2}

    harness.change_responses(without_the_link)
    second = harness.sync(first.state, select=["contacts"], page_size=20)
    assert harness.missing_rows(first + second, ["contacts"]) == {}
    assert any("too early; contacts are searched anew" in line for line in warning_lines(caplog))
