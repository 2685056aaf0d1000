"""Hundreds of records updated in one second, at the ends of pages, windows and killed runs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.guarantees.harness import NOW, Pipe, SyncHarness
from tests.sandbox.options import SandboxOptions
from tests.singer import Output

WORKSPACE = SandboxOptions(contacts=260, companies=120, conversations=120, tickets=120)
MANY = SandboxOptions(contacts=700, companies=0, conversations=700, tickets=0)
MANY_CONVERSATIONS = SandboxOptions(contacts=0, companies=0, conversations=500, tickets=0)
EXACT = SandboxOptions(contacts=0, companies=0, conversations=400, tickets=300)
KINDS = ("contacts", "companies", "conversations", "tickets")
EXACT_KINDS = ("conversations", "tickets")
"""Kinds whose search compares seconds; that of contacts compares days."""

DAY = 86_400
MAX_SEARCHES = 80


@given(
    bulk=st.lists(st.tuples(st.sampled_from(KINDS), st.integers(30, 110)), min_size=1, max_size=5),
    age=st.sampled_from((0, 1, 200, 5_000, 40 * DAY)),
    page_size=st.integers(5, 150),
    kills=st.lists(st.integers(1, 2500), max_size=3),
)
def test_records_of_one_second_are_complete(
    bulk: list[tuple[str, int]], age: int, page_size: int, kills: list[int]
) -> None:
    with SyncHarness(WORKSPACE) as harness:
        for kind, count in bulk:
            harness.sandbox.touch_oldest(kind, count, NOW - age)
        written, state = Output([]), {}

        for messages in kills:
            killed = harness.try_sync(state, pipe=Pipe(messages=messages), page_size=page_size)
            written, state = written + killed, killed.state or state
        last = harness.sync(state, page_size=page_size)

        assert harness.missing_rows(written + last) == {}


@pytest.mark.parametrize("options", [WORKSPACE], indirect=True)
@pytest.mark.parametrize(("age", "page_size"), [(0, 5), (1, 40), (200, 150)])
def test_same_second_may_go_on(harness: SyncHarness, age: int, page_size: int) -> None:
    """Further records are updated in a second that a run has read."""
    for kind in KINDS:
        harness.sandbox.touch_oldest(kind, 100, NOW - age)
    first = harness.sync(page_size=page_size)
    for kind in KINDS:
        harness.sandbox.touch_oldest(kind, 50, NOW - age)
    harness.sandbox.clock.advance(DAY)  # companies without users come with the next scroll

    later = harness.sync(first.state, page_size=page_size)

    assert harness.missing_rows(first + later) == {}


@pytest.mark.parametrize("options", [MANY], indirect=True)
@pytest.mark.parametrize("concurrency", [1, 32])
def test_second_of_many_pages_is_complete(harness: SyncHarness, concurrency: int) -> None:
    kinds = ("contacts", "conversations")
    for kind in kinds:
        harness.sandbox.touch_oldest(kind, 500, NOW - 30 * DAY)

    result = harness.sync(select=kinds, page_size=40, concurrency=concurrency)

    assert harness.missing_rows(result, kinds) == {}


def test_second_of_bookmark_is_read_again(harness: SyncHarness) -> None:
    harness.sandbox.clock.advance(600)
    now = int(harness.sandbox.clock.now())
    for kind in KINDS:
        harness.sandbox.touch_oldest(kind, 3, now)
    first = harness.sync(lookback_seconds=0)
    for kind in KINDS:
        harness.sandbox.touch_oldest(kind, 3, now)

    later = harness.sync(first.state, lookback_seconds=0)

    assert harness.missing_rows(first + later) == {}


def touch_in_tens(harness: SyncHarness) -> None:
    """Update ten records in each of thirty seconds, a minute or more apart."""
    for kind in EXACT_KINDS:
        ids = [record["id"] for record in harness.sandbox.records(kind)]
        for number in range(0, 300, 10):
            harness.sandbox.touch(kind, ids[number : number + 10], NOW - DAY - 60 * number)


@pytest.mark.parametrize("options", [EXACT], indirect=True)
@pytest.mark.parametrize("is_inclusive", [True, False])
@pytest.mark.parametrize("concurrency", [1, 32])
def test_ends_of_windows_lose_nothing(
    harness: SyncHarness, concurrency: int, *, is_inclusive: bool
) -> None:
    """Whether Intercom's comparisons include their value is not documented."""
    harness.sandbox.set_options(inclusive_comparisons=is_inclusive)
    touch_in_tens(harness)

    result = harness.sync(
        select=EXACT_KINDS, page_size=20, concurrency=concurrency, lookback_seconds=0
    )

    assert harness.missing_rows(result, EXACT_KINDS) == {}


@pytest.mark.parametrize("options", [EXACT], indirect=True)
@pytest.mark.parametrize("is_inclusive", [True, False])
def test_comparisons_lose_no_tied_record(harness: SyncHarness, *, is_inclusive: bool) -> None:
    """A record is updated in the second of the bookmark after the run."""
    harness.sandbox.set_options(inclusive_comparisons=is_inclusive)
    first = harness.sync(select=EXACT_KINDS, lookback_seconds=0)
    harness.sandbox.clock.advance(1)
    for kind in EXACT_KINDS:
        newest = max(record["updated_at"] for record in harness.sandbox.records(kind))
        harness.sandbox.touch_oldest(kind, 2, newest)

    later = harness.sync(first.state, select=EXACT_KINDS, lookback_seconds=0)

    assert harness.missing_rows(first + later, EXACT_KINDS) == {}


@pytest.mark.parametrize("options", [MANY_CONVERSATIONS], indirect=True)
def test_tied_page_ends_the_splitting(harness: SyncHarness) -> None:
    """A window of one second can't be split."""
    harness.sandbox.touch_oldest("conversations", 400, NOW - 30 * DAY)

    harness.sync(select=["conversations"], page_size=20)

    assert len(harness.requests("/conversations/search")) < MAX_SEARCHES
