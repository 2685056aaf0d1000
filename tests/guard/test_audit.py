"""The audit: what Intercom promised, and what arrived."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.guard.log import told, warned
from tests.sandbox.options import SandboxOptions

if TYPE_CHECKING:
    from tests.guard.stage import Stage

SEARCHED = ("contacts", "conversations", "tickets")
SEARCH = "/conversations/search"


@pytest.mark.parametrize("page_size", [7, 150])
def test_each_searched_stream_says_how_many_were_promised_and_how_many_came(
    stage: Stage, caplog: pytest.LogCaptureFixture, page_size: int
) -> None:
    caplog.set_level("INFO")
    stage.run(page_size=page_size)
    for kind in SEARCHED:
        count = len(stage.control.records(kind))
        assert f"Intercom promised {count} {kind}, and {count} came" in told(caplog)
    assert not any("fewer" in line for line in warned(caplog))


def test_records_that_do_not_come_are_missed_with_both_numbers(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    """Three of the conversations vanish between the first page and the last."""

    def vanish() -> None:
        for record in stage.control.records("conversations")[-4:-1]:
            stage.control.delete("conversations", record["id"])

    stage.before(2, SEARCH, vanish)
    stage.run(select=["conversations"], page_size=20, concurrency=1)
    assert any("3 conversations fewer came" in line for line in warned(caplog))
    assert any("(57 of 60)" in line for line in warned(caplog))


@pytest.mark.parametrize(
    "options", [SandboxOptions(contacts=300, companies=0, conversations=300)], indirect=True
)
def test_a_record_that_comes_twice_does_not_hide_one_that_does_not_come(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    """One conversation is changed after it was read and comes again, another one vanishes."""

    def drift() -> None:
        records = stage.control.records("conversations")
        stage.control.clock.advance(60)
        stage.control.change("conversations", records[0]["id"], {"title": "Again"})
        stage.control.delete("conversations", records[-2]["id"])

    stage.before(3, SEARCH, drift)
    stage.run(select=["conversations"], page_size=20, concurrency=1)
    assert any("1 conversations fewer came" in line for line in warned(caplog))


def test_an_incremental_run_is_audited_too(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    state = stage.run().state
    stage.control.clock.advance(600)
    for kind in SEARCHED:
        stage.control.touch_oldest(kind, 12)
    caplog.set_level("INFO")
    stage.run(state)
    for kind in SEARCHED:
        lines = [line for line in told(caplog) if f" {kind}" in line and "promised" in line]
        assert len(lines) == 1, kind


def test_records_created_meanwhile_do_not_hide_others_that_do_not_come(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    def drift() -> None:
        for record in stage.control.records("conversations")[-4:-1]:
            stage.control.delete("conversations", record["id"])
        stage.control.clock.advance(60)
        for _ in range(3):
            stage.control.create("conversations")

    stage.before(2, SEARCH, drift)
    stage.run(select=["conversations"], page_size=20, concurrency=1)
    assert any("3 conversations fewer came" in line for line in warned(caplog))


def test_what_the_audit_misses_for_being_changed_comes_with_the_next_run(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    """Records in a window that ended before their new moment, while the index still had the old."""
    kinds = ("conversations", "tickets")
    stage.control.set_options(index_delay=dict.fromkeys(kinds, 600), fresh_answers=True)
    for kind in kinds:
        ids = [record["id"] for record in stage.control.records(kind)[15:30]]
        stage.control.touch(kind, ids)
    stage.control.clock.advance(60)
    first = stage.run(select=kinds, page_size=5)
    assert any("and the next one loads them" in line for line in warned(caplog))
    stage.control.clock.advance(600)
    assert stage.lost(first + stage.run(first.state, select=kinds), kinds) == {}
