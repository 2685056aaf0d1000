"""Contacts from API version 2.17 on: the search compares seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.guarantees.harness import SyncHarness
from tests.sandbox.options import SandboxOptions

if TYPE_CHECKING:
    from collections.abc import Iterator

VERSIONS = ("2.17", "2.18", "Preview")
HOUR = 3600


@pytest.fixture(params=VERSIONS)
def harness(request: pytest.FixtureRequest) -> Iterator[SyncHarness]:
    """Start a workspace in which many contacts changed two hours ago."""
    options = SandboxOptions(contacts=900, companies=0, conversations=0, tickets=0)
    with SyncHarness(options, api_version=request.param) as harness:
        harness.sandbox.touch_oldest("contacts", 700, int(harness.sandbox.clock.now()) - 2 * HOUR)
        yield harness


def test_hourly_sync_asks_for_changed_contacts(harness: SyncHarness) -> None:
    state = harness.sync(select=["contacts"]).state
    harness.sandbox.clock.advance(HOUR)
    harness.sandbox.touch_oldest("contacts", 12)
    first = harness.sync(state, select=["contacts"])
    harness.sandbox.clock.advance(2 * HOUR)
    harness.sandbox.touch_oldest("contacts", 12)
    harness.sandbox.clear_requests()

    second = harness.sync(first.state, select=["contacts"])

    assert len(harness.requests()) == 1
    assert second.record_count("contacts") == {"received": 24, "expected": 24}


def test_backfill_reads_windows_side_by_side(harness: SyncHarness) -> None:
    result = harness.sync(select=["contacts"], page_size=25)

    searches = harness.requests("/contacts/search")
    starts = {str(request.body["query"]) for request in searches}
    assert len(starts) > 10
    assert harness.missing_rows(result, ["contacts"]) == {}


@pytest.mark.parametrize("change", [("2.16", "2.17"), ("2.17", "2.16")], ids="->".join)
def test_change_of_version_loses_nothing(change: tuple[str, str]) -> None:
    options = SandboxOptions(contacts=300, companies=0, conversations=40, tickets=0)
    streams = ("contacts", "contact_tags", "conversations", "conversation_parts")
    before, after = change
    with SyncHarness(options) as harness:
        first = harness.sync(select=streams, api_version=before)
        harness.sandbox.clock.advance(HOUR)
        harness.sandbox.touch_oldest("contacts", 5)
        harness.sandbox.touch_oldest("conversations", 5)

        second = harness.sync(first.state, select=streams, api_version=after)

        assert harness.missing_rows(first + second, streams) == {}
        assert len(second.records("contacts")) < 60
