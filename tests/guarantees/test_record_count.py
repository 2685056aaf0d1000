"""Each search is counted: what Intercom expected against what was received."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.expected_rows import timestamp
from tests.sandbox.options import SandboxOptions

if TYPE_CHECKING:
    from tests.guarantees.harness import SyncHarness, SyncResult

SEARCHED = ("contacts", "conversations", "tickets")
SEARCH = "/conversations/search"
MORE_CONTACTS = SandboxOptions(contacts=300, companies=0, conversations=300)


def sync_conversations(harness: SyncHarness) -> SyncResult:
    """Search in many pages, one after the other."""
    return harness.sync(select=["conversations"], page_size=20, concurrency=1)


def delete_some(harness: SyncHarness) -> None:
    """Delete three conversations that the search has yet to return."""
    for record in harness.sandbox.records("conversations")[-4:-1]:
        harness.sandbox.delete("conversations", record["id"])


@pytest.mark.parametrize("page_size", [7, 150])
def test_complete_search_receives_expected_number(harness: SyncHarness, page_size: int) -> None:
    total = {kind: len(harness.sandbox.records(kind)) for kind in SEARCHED}

    result = harness.sync(select=SEARCHED, page_size=page_size)

    counts = {kind: result.record_count(kind) for kind in SEARCHED}
    assert counts == {kind: {"received": n, "expected": n} for kind, n in total.items()}


@pytest.mark.parametrize("options", [SandboxOptions(conversations=40)], indirect=True)
def test_full_last_page_ends_the_search(harness: SyncHarness) -> None:
    result = harness.sync(select=["conversations"], page_size=20, concurrency=1)

    assert len(harness.requests(SEARCH)) == 2
    assert result.warnings("conversations") == []


@pytest.mark.parametrize("page_size", [7, 150])
def test_complete_search_logs_no_warning(harness: SyncHarness, page_size: int) -> None:
    total = {kind: len(harness.sandbox.records(kind)) for kind in SEARCHED}

    result = harness.sync(select=SEARCHED, page_size=page_size)

    assert [result.warnings(kind, total[kind]) for kind in SEARCHED] == [[], [], []]


def test_missing_records_log_a_warning(harness: SyncHarness) -> None:
    harness.before_request(SEARCH, lambda: delete_some(harness), number=2)

    result = sync_conversations(harness)

    assert len(result.warnings("conversations", 57, 60, 3)) == 1


def test_missing_records_show_in_count(harness: SyncHarness) -> None:
    harness.before_request(SEARCH, lambda: delete_some(harness), number=2)

    result = sync_conversations(harness)

    assert result.record_count("conversations") == {"received": 57, "expected": 60}


@pytest.mark.parametrize("options", [MORE_CONTACTS], indirect=True)
def test_repeated_record_hides_no_missing_one(harness: SyncHarness) -> None:
    """One conversation changes after it was read and is returned again; another is deleted."""

    def change_and_delete() -> None:
        records = harness.sandbox.records("conversations")
        harness.sandbox.clock.advance(60)
        harness.sandbox.change("conversations", records[0]["id"], {"title": "Again"})
        harness.sandbox.delete("conversations", records[-2]["id"])

    harness.before_request(SEARCH, change_and_delete, number=3)

    result = sync_conversations(harness)

    assert result.record_count("conversations") == {"received": 299, "expected": 300}


def test_created_records_hide_no_missing_ones(harness: SyncHarness) -> None:
    def delete_and_create() -> None:
        delete_some(harness)
        harness.sandbox.clock.advance(60)
        for _ in range(3):
            harness.sandbox.create("conversations")

    harness.before_request(SEARCH, delete_and_create, number=2)

    result = sync_conversations(harness)

    assert result.record_count("conversations") == {"received": 57, "expected": 60}


def test_incremental_search_is_counted_too(harness: SyncHarness) -> None:
    state = harness.sync(select=SEARCHED).state
    harness.sandbox.clock.advance(600)
    for kind in SEARCHED:
        harness.sandbox.touch_oldest(kind, 12)

    result = harness.sync(state, select=SEARCHED)

    assert all(result.record_count(kind)["received"] >= 12 for kind in SEARCHED)


@pytest.mark.parametrize("kind", SEARCHED)
def test_margin_before_start_is_expected(harness: SyncHarness, kind: str) -> None:
    """A search returns and counts records from before its start: of a second, or of a day."""
    records = harness.sandbox.records(kind)
    start = records[len(records) // 2]["updated_at"] + 1

    result = harness.sync(select=[kind], start_date=timestamp(start), api_version="2.16")

    count = result.record_count(kind)
    assert count["received"] == count["expected"] > len(result.records(kind))
    assert result.warnings(kind) == []


def test_records_missed_for_changing_come_next(harness: SyncHarness) -> None:
    """They were in a window that ended before their new timestamp; the index had the old one."""
    kinds = ("conversations", "tickets")
    harness.sandbox.set_options(index_delay=dict.fromkeys(kinds, 600), fresh_answers=True)
    for kind in kinds:
        harness.sandbox.touch(
            kind, [record["id"] for record in harness.sandbox.records(kind)[15:30]]
        )
    harness.sandbox.clock.advance(60)
    first = harness.sync(select=kinds, page_size=5)
    assert first.warnings("conversations", 60)
    harness.sandbox.clock.advance(600)

    second = harness.sync(first.state, select=kinds)

    assert harness.missing_rows(first + second, kinds) == {}
