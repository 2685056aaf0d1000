"""Hundreds of records in one second, across the borders of pages, windows and kills."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.guarantees.harness import NOW, Pipe, SyncHarness
from tests.sandbox.options import SandboxOptions
from tests.singer import Output

WORKSPACE = SandboxOptions(contacts=260, companies=120, conversations=120, tickets=120)
KINDS = ("contacts", "companies", "conversations", "tickets")


@given(
    bulk=st.lists(st.tuples(st.sampled_from(KINDS), st.integers(30, 110)), min_size=1, max_size=5),
    age=st.sampled_from((0, 1, 200, 5_000, 40 * 86_400)),
    page_size=st.integers(5, 150),
    kills=st.lists(st.integers(1, 2500), max_size=3),
)
def test_records_of_one_second_all_arrive(
    bulk: list[tuple[str, int]], age: int, page_size: int, kills: list[int]
) -> None:
    with SyncHarness(WORKSPACE) as harness:
        for kind, count in bulk:
            harness.sandbox.touch_oldest(kind, count, NOW - age)
        written, state = Output([]), {}
        for messages in kills:
            run = harness.try_sync(state, pipe=Pipe(messages=messages), page_size=page_size)
            written, state = written + run, run.state or state
        last = harness.sync(state, page_size=page_size)
        assert harness.missing_rows(written + last) == {}
        # the same second goes on after the run that read it
        for kind, count in bulk:
            harness.sandbox.touch_oldest(kind, count // 2, NOW - age)
        again = harness.sync(last.state, page_size=page_size)
        if age < 3600:
            assert harness.missing_rows(written + last + again) == {}


@pytest.mark.parametrize(
    "options",
    [SandboxOptions(contacts=700, companies=0, conversations=700, tickets=0)],
    indirect=True,
)
@pytest.mark.parametrize("concurrency", [1, 32])
def test_a_second_that_fills_many_pages_is_read_whole(
    harness: SyncHarness, concurrency: int
) -> None:
    for kind in ("contacts", "conversations"):
        harness.sandbox.touch_oldest(kind, 500, NOW - 30 * 86_400)
    run = harness.sync(select=["contacts", "conversations"], page_size=40, concurrency=concurrency)
    assert harness.missing_rows(run, ["contacts", "conversations"]) == {}


def test_a_record_changed_in_the_second_of_the_bookmark_is_seen(harness: SyncHarness) -> None:
    harness.sandbox.clock.advance(600)
    now = int(harness.sandbox.clock.now())
    for kind in KINDS:
        harness.sandbox.touch_oldest(kind, 3, now)
    first = harness.sync(lookback_seconds=0)
    for kind in KINDS:
        harness.sandbox.touch_oldest(kind, 3, now)
    assert harness.missing_rows(first + harness.sync(first.state, lookback_seconds=0)) == {}


@pytest.mark.parametrize("inclusive", [True, False])
@pytest.mark.parametrize("concurrency", [1, 32])
@pytest.mark.parametrize(
    "options",
    [SandboxOptions(contacts=0, companies=0, conversations=400, tickets=300)],
    indirect=True,
)
def test_records_at_the_borders_of_windows_arrive_whether_comparisons_are_inclusive_or_not(
    harness: SyncHarness, concurrency: int, *, inclusive: bool
) -> None:
    harness.sandbox.set_options(inclusive_comparisons=inclusive)
    kinds = ("conversations", "tickets")
    for kind in kinds:
        ids = [record["id"] for record in harness.sandbox.records(kind)]
        for number in range(0, 300, 10):
            harness.sandbox.touch(kind, ids[number : number + 10], NOW - 86_400 - 60 * number)
    first = harness.sync(select=kinds, page_size=20, concurrency=concurrency, lookback_seconds=0)
    assert harness.missing_rows(first, kinds) == {}
    # the bookmark's own second is searched again
    harness.sandbox.clock.advance(1)
    for kind in kinds:
        timestamp = max(record["updated_at"] for record in harness.sandbox.records(kind))
        harness.sandbox.touch_oldest(kind, 2, timestamp)
    later = harness.sync(first.state, select=kinds, lookback_seconds=0)
    assert harness.missing_rows(first + later, kinds) == {}


@pytest.mark.parametrize(
    "options",
    [SandboxOptions(contacts=0, companies=0, conversations=500, tickets=0)],
    indirect=True,
)
def test_a_page_of_one_second_is_not_cut_for_ever(harness: SyncHarness) -> None:
    harness.sandbox.touch_oldest("conversations", 400, NOW - 30 * 86_400)
    harness.sync(select=["conversations"], page_size=20)
    assert len(harness.requests("/conversations/search")) < 80
