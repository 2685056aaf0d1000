"""Contacts before API version 2.17: the search compares days of the workspace, not seconds."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from tests.guarantees.harness import SyncHarness
from tests.sandbox.options import SandboxOptions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_intercom.api.request import Request
    from tests.guarantees.harness import SyncResult

DAYS = {
    "UTC": datetime(2025, 6, 15, tzinfo=ZoneInfo("UTC")),
    "Los Angeles": datetime(2025, 6, 15, tzinfo=ZoneInfo("America/Los_Angeles")),
    "Los Angeles, 23 hours": datetime(2025, 3, 9, tzinfo=ZoneInfo("America/Los_Angeles")),
    "Los Angeles, 25 hours": datetime(2025, 11, 2, tzinfo=ZoneInfo("America/Los_Angeles")),
    "Auckland": datetime(2025, 6, 15, tzinfo=ZoneInfo("Pacific/Auckland")),
    "Auckland, 23 hours": datetime(2025, 9, 28, tzinfo=ZoneInfo("Pacific/Auckland")),
    "Auckland, 25 hours": datetime(2025, 4, 6, tzinfo=ZoneInfo("Pacific/Auckland")),
}
"""Midnights at which a day of the workspace starts."""

STREAMS = ("contacts", "contact_tags", "contact_companies")
MINUTE = 60
HOUR = 3600
DAY = 86_400


@pytest.fixture(params=DAYS.values(), ids=DAYS.keys())
def midnight(request: pytest.FixtureRequest) -> datetime:
    return request.param


@pytest.fixture
def harness(midnight: datetime) -> Iterator[SyncHarness]:
    """Start a workspace a day and a half before this midnight."""
    options = SandboxOptions(
        contacts=60,
        companies=20,
        conversations=0,
        tickets=0,
        timezone=str(midnight.tzinfo),
        clock_start=midnight.timestamp() - 36 * HOUR,
    )
    with SyncHarness(options, api_version="2.16") as harness:
        yield harness


def rename_oldest(harness: SyncHarness, name: str) -> None:
    """Change the contact that was updated longest ago."""
    oldest = harness.sandbox.records("contacts")[0]["id"]
    harness.sandbox.change("contacts", oldest, {"name": name})


def test_updates_around_midnight_are_loaded(harness: SyncHarness, midnight: datetime) -> None:
    """Sync after each of many timestamps around two midnights, without any lookback."""
    tomorrow = (midnight + timedelta(days=1)).timestamp()
    timestamps = [
        base + offset
        for base in (midnight.timestamp(), tomorrow)
        for offset in (-12 * HOUR, -HOUR, -MINUTE, -1, 0, 1, MINUTE, 11 * HOUR)
    ]
    written = harness.sync(select=STREAMS, lookback_seconds=0)
    state = written.state
    for timestamp in sorted(timestamps):
        harness.sandbox.clock.set(timestamp)
        rename_oldest(harness, f"At {timestamp}")

        result = harness.sync(state, select=STREAMS, lookback_seconds=0)

        written, state = written + result, result.state
        assert harness.missing_rows(written, STREAMS) == {}, timestamp


@pytest.mark.parametrize(("days", "hour"), [(0, 1), (1, 12), (2, 23), (6, 0)])
def test_updates_on_bookmark_day_are_loaded(
    harness: SyncHarness, midnight: datetime, days: int, hour: int
) -> None:
    """The next run is on the same day, or some days later."""
    harness.sandbox.clock.set((midnight + timedelta(days=1)).timestamp() + hour * HOUR)
    first = harness.sync(select=STREAMS, lookback_seconds=0)
    for seconds in (0, 1, MINUTE, 10 * MINUTE):
        harness.sandbox.clock.advance(seconds)
        rename_oldest(harness, f"After {seconds} s")
    harness.sandbox.clock.advance(days * DAY)

    second = harness.sync(first.state, select=STREAMS, lookback_seconds=0)

    assert harness.missing_rows(first + second, STREAMS) == {}


def test_updates_of_this_minute_are_loaded(harness: SyncHarness) -> None:
    for hour in range(0, 24, 2):
        harness.sandbox.clock.advance(2 * HOUR + 17)
        rename_oldest(harness, "Just now")

        result = harness.sync(select=["contacts"])

        assert harness.missing_rows(result, ["contacts"]) == {}, hour


@pytest.mark.parametrize("concurrency", [1, 32])
def test_windows_of_days_leave_no_gap(midnight: datetime, concurrency: int) -> None:
    options = SandboxOptions(
        contacts=1500,
        companies=0,
        conversations=0,
        tickets=0,
        timezone=str(midnight.tzinfo),
        clock_start=midnight.timestamp() + 5 * HOUR,
    )
    with SyncHarness(options, api_version="2.16") as harness:
        result = harness.sync(select=["contacts"], page_size=25, concurrency=concurrency)

        assert harness.missing_rows(result, ["contacts"]) == {}


@pytest.mark.parametrize("version", ["2.7", "2.16"])
def test_hourly_sync_reads_two_pages(midnight: datetime, version: str) -> None:
    options = SandboxOptions(
        contacts=900, companies=0, conversations=0, tickets=0, timezone=str(midnight.tzinfo)
    )
    with SyncHarness(options, api_version="2.16") as harness:
        harness.sandbox.touch_oldest("contacts", 700, int(harness.sandbox.clock.now()) - 2 * HOUR)
        state = harness.sync(select=["contacts"], api_version=version).state
        harness.sandbox.clock.advance(HOUR)
        harness.sandbox.touch_oldest("contacts", 3)
        harness.sandbox.clear_requests()

        result = harness.sync(state, select=["contacts"], api_version=version)

        # the second page is the first that holds nothing new
        assert len(harness.requests()) == 2
        assert len(result.records("contacts")) < 20


def sync_twice_around_midnight(
    harness: SyncHarness, midnight: datetime
) -> tuple[SyncResult, SyncResult]:
    """Sync with 2.17, change three contacts within three seconds, and sync again."""
    first = harness.sync(select=STREAMS, api_version="2.17", lookback_seconds=0)
    harness.sandbox.clock.set(midnight.timestamp() - 1)
    for _ in range(3):
        rename_oldest(harness, "Renamed")
        harness.sandbox.clock.advance(1)
    harness.sandbox.clear_requests()
    return first, harness.sync(first.state, select=STREAMS, api_version="2.17", lookback_seconds=0)


def test_version_2_17_searches_exact_seconds(harness: SyncHarness, midnight: datetime) -> None:
    first, _ = sync_twice_around_midnight(harness, midnight)

    searches = harness.requests("/contacts/search", "POST")
    bookmark = datetime.fromisoformat(first.bookmark("contacts") or "").timestamp()
    assert {request.body["query"]["value"] for request in searches} == {bookmark - 1}


def test_version_2_17_loads_changed_contacts_only(harness: SyncHarness, midnight: datetime) -> None:
    first, second = sync_twice_around_midnight(harness, midnight)

    # the fourth is the one at the bookmark
    assert len(second.records("contacts")) == 4
    assert harness.missing_rows(first + second, STREAMS) == {}


def test_stale_timestamp_ends_no_search(harness: SyncHarness) -> None:
    first = harness.sync(select=["contacts"])
    harness.sandbox.clock.advance(2 * HOUR)
    harness.sandbox.touch_oldest("contacts", 40)
    stale: set[str] = set()

    def make_one_stale(_: Request, page: dict[str, Any]) -> None:
        if not stale:
            stale.add(page["data"][5]["id"])
            page["data"][5]["updated_at"] = 1_600_000_000

    harness.change_responses(make_one_stale)

    second = harness.sync(first.state, select=["contacts"], page_size=20)

    missing = harness.missing_rows(first + second, ["contacts"])["contacts"]
    assert {contact_id for (contact_id,) in missing} == stale


def sync_with_lost_link(harness: SyncHarness) -> tuple[SyncResult, SyncResult]:
    """Sync, and sync again while the first page does not lead to the second."""
    first = harness.sync(select=["contacts"])
    harness.sandbox.clock.advance(2 * HOUR)
    harness.sandbox.touch_oldest("contacts", 40)
    requests: list[Request] = []

    def lose_first_link(request: Request, page: dict[str, Any]) -> None:
        if not requests:
            page["pages"]["next"] = {"page": 2}
        requests.append(request)

    harness.change_responses(lose_first_link)
    return first, harness.sync(first.state, select=["contacts"], page_size=20)


def test_search_that_ends_early_loses_nothing(harness: SyncHarness) -> None:
    first, second = sync_with_lost_link(harness)

    assert harness.missing_rows(first + second, ["contacts"]) == {}


def test_search_that_ends_early_logs_a_warning(harness: SyncHarness) -> None:
    _, second = sync_with_lost_link(harness)

    assert len(second.warnings("/contacts/search")) == 1
