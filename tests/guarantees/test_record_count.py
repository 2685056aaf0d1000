"""The record_count: what Intercom expected, and what received."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.guarantees.log_lines import info_lines, warning_lines
from tests.sandbox.options import SandboxOptions

if TYPE_CHECKING:
    from tests.guarantees.harness import SyncHarness

SEARCHED = ("contacts", "conversations", "tickets")
SEARCH = "/conversations/search"


@pytest.mark.parametrize("page_size", [7, 150])
def test_each_searched_stream_says_how_many_were_promised_and_how_many_came(
    harness: SyncHarness, caplog: pytest.LogCaptureFixture, page_size: int
) -> None:
    caplog.set_level("INFO")
    harness.sync(page_size=page_size)
    for kind in SEARCHED:
        count = len(harness.sandbox.records(kind))
        assert f"Intercom expected {count} {kind}, and {count} came" in info_lines(caplog)
    assert not any("fewer" in line for line in warning_lines(caplog))


def test_records_that_do_not_come_are_missed_with_both_numbers(
    harness: SyncHarness, caplog: pytest.LogCaptureFixture
) -> None:
    """Three of the conversations vanish between the first page and the last."""

    def vanish() -> None:
        for record in harness.sandbox.records("conversations")[-4:-1]:
            harness.sandbox.delete("conversations", record["id"])

    harness.before_request(SEARCH, vanish, number=2)
    harness.sync(select=["conversations"], page_size=20, concurrency=1)
    assert any("3 conversations fewer came" in line for line in warning_lines(caplog))
    assert any("(57 of 60)" in line for line in warning_lines(caplog))


@pytest.mark.parametrize(
    "options", [SandboxOptions(contacts=300, companies=0, conversations=300)], indirect=True
)
def test_a_record_that_comes_twice_does_not_hide_one_that_does_not_come(
    harness: SyncHarness, caplog: pytest.LogCaptureFixture
) -> None:
    """One conversation is changed after it was read and comes again, another one vanishes."""

    def drift() -> None:
        records = harness.sandbox.records("conversations")
        harness.sandbox.clock.advance(60)
        harness.sandbox.change("conversations", records[0]["id"], {"title": "Again"})
        harness.sandbox.delete("conversations", records[-2]["id"])

    harness.before_request(SEARCH, drift, number=3)
    harness.sync(select=["conversations"], page_size=20, concurrency=1)
    assert any("1 conversations fewer came" in line for line in warning_lines(caplog))


def test_an_incremental_run_is_audited_too(
    harness: SyncHarness, caplog: pytest.LogCaptureFixture
) -> None:
    state = harness.sync().state
    harness.sandbox.clock.advance(600)
    for kind in SEARCHED:
        harness.sandbox.touch_oldest(kind, 12)
    caplog.set_level("INFO")
    harness.sync(state)
    for kind in SEARCHED:
        lines = [line for line in info_lines(caplog) if f" {kind}" in line and "expected" in line]
        assert len(lines) == 1, kind


def test_records_created_meanwhile_do_not_hide_others_that_do_not_come(
    harness: SyncHarness, caplog: pytest.LogCaptureFixture
) -> None:
    def drift() -> None:
        for record in harness.sandbox.records("conversations")[-4:-1]:
            harness.sandbox.delete("conversations", record["id"])
        harness.sandbox.clock.advance(60)
        for _ in range(3):
            harness.sandbox.create("conversations")

    harness.before_request(SEARCH, drift, number=2)
    harness.sync(select=["conversations"], page_size=20, concurrency=1)
    assert any("3 conversations fewer came" in line for line in warning_lines(caplog))


def test_what_the_audit_misses_for_being_changed_comes_with_the_next_run(
    harness: SyncHarness, caplog: pytest.LogCaptureFixture
) -> None:
    """They were in a window that ended before their new timestamp; the index had the old one."""
    kinds = ("conversations", "tickets")
    harness.sandbox.set_options(index_delay=dict.fromkeys(kinds, 600), fresh_answers=True)
    for kind in kinds:
        ids = [record["id"] for record in harness.sandbox.records(kind)[15:30]]
        harness.sandbox.touch(kind, ids)
    harness.sandbox.clock.advance(60)
    first = harness.sync(select=kinds, page_size=5)
    assert any("and the next one loads them" in line for line in warning_lines(caplog))
    harness.sandbox.clock.advance(600)
    assert harness.missing_rows(first + harness.sync(first.state, select=kinds), kinds) == {}
