"""Activity logs: their range of time, and their pages."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest

from tests.sandbox.tests.client import (
    DAY,
    INVALID_PARAMETER,
    NOON,
    by_id,
    error_of,
    ids_of,
    rows_of,
)

if TYPE_CHECKING:
    from tests.sandbox.tests.client import Client

PATH = "/admins/activity_logs"
KEY = "activity_logs"


def test_activity_logs_need_a_start(shared: Client) -> None:
    assert error_of(shared.get(PATH)) == (400, "parameter_not_found")


@pytest.mark.parametrize("start", ["2026-01-01", "-1", "1.5"])
def test_wrong_start_is_refused(shared: Client, start: str) -> None:
    assert error_of(shared.get(PATH, created_at_after=start)) == INVALID_PARAMETER


@pytest.mark.parametrize("form", ["cursor", "url", "absent"])
def test_pages_lead_to_all_activities(shared: Client, form: str) -> None:
    with shared.rules(cursor_pages_next=form):
        first = shared.get(PATH, created_at_after=0).json()
        pages = [
            shared.get(PATH, created_at_after=0, page=number).json()
            for number in range(1, first["pages"]["total_pages"] + 1)
        ]

    assert set(first) == {"type", "pages", "activity_logs"}
    assert [page["type"] for page in pages] == ["activity_log.list"] * 3
    assert by_id(rows_of(pages, KEY)) == by_id(shared.records(KEY))


@pytest.mark.parametrize("form", ["cursor", "url"])
def test_next_leads_to_all_activities(shared: Client, form: str) -> None:
    with shared.rules(cursor_pages_next=form):
        pages = shared.pages(PATH, created_at_after=0)

    assert by_id(rows_of(pages, KEY)) == by_id(shared.records(KEY))
    assert pages[-1]["pages"]["next"] is None


def test_next_may_be_null_everywhere(shared: Client) -> None:
    with shared.rules(cursor_pages_next="absent"):
        page = shared.get(PATH, created_at_after=0).json()

    assert page["pages"]["next"] is None
    assert page["pages"]["total_pages"] == 3


@pytest.mark.parametrize("inclusive", [True, False])
def test_ends_of_a_range_may_count(shared: Client, *, inclusive: bool) -> None:
    rows = shared.records(KEY)
    low, high = rows[10]["created_at"], rows[40]["created_at"]

    with shared.rules(inclusive_comparisons=inclusive):
        shown = shared.rows(PATH, KEY, created_at_after=low, created_at_before=high)

    ends = {low, high} if inclusive else set()
    expected = [r for r in rows if low < r["created_at"] < high or r["created_at"] in ends]
    assert by_id(shown) == by_id(expected)


def test_long_range_can_fail(shared: Client) -> None:
    with shared.rules(activity_log_range=5 * DAY):
        response = shared.get(PATH, created_at_after=NOON - 25 * DAY)

    assert error_of(response) == (500, "server_error")


def test_short_ranges_hold_all_activities(shared: Client) -> None:
    found: set[str] = set()

    with shared.rules(activity_log_range=5 * DAY):
        for low, high in itertools.pairwise(range(NOON - 25 * DAY, NOON + 1, 5 * DAY)):
            rows = shared.rows(PATH, KEY, created_at_after=low, created_at_before=high)
            found.update(ids_of(rows))

    assert found == set(ids_of(shared.records(KEY)))


def test_event_types_are_listed(shared: Client) -> None:
    types = shared.get("/admins/activity_log_event_types").json()["event_types"]

    assert {row["activity_type"] for row in shared.records(KEY)} <= set(types)
