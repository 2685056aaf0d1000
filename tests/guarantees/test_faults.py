"""Anything may go wrong with any request; a run that ends well holds everything all the same."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from tests.guarantees.log_lines import warning_lines
from tests.guarantees.schedules import fault_id
from tests.sandbox.faults import Fault
from tests.sandbox.options import SandboxOptions

if TYPE_CHECKING:
    from tap_intercom.api.request import Request
    from tests.guarantees.harness import SyncHarness

ENDPOINTS = (
    "/me",
    "/admins",
    "/teams",
    "/tags",
    "/segments",
    "/subscription_types",
    "/data_attributes",
    "/ticket_types",
    "/ticket_states",
    "/contacts/search",
    "/contacts/[^/]+/tags",
    "/contacts/[^/]+/companies",
    "/companies/scroll",
    "/conversations/search",
    "/conversations/[0-9]+",
    "/conversations/deleted",
    "/tickets/search",
)
SEARCHES = {
    "/contacts/search": ("contacts", "contact_tags", "contact_companies"),
    "/conversations/search": ("conversations", "conversation_parts", "conversation_tags"),
    "/tickets/search": ("tickets", "ticket_parts"),
}
FAULTS = (
    Fault(kind="status", status=500),
    Fault(kind="html_status", status=502),
    Fault(kind="status", status=503),
    Fault(kind="html_status", status=504),
    Fault(kind="status", status=408),
    Fault(kind="status", status=429, code="rate_limit_exceeded"),
    Fault(
        kind="status",
        status=429,
        code="rate_limit_exceeded",
        headers={"Retry-After": "7"},
    ),
    Fault(
        kind="status",
        status=429,
        code="rate_limit_exceeded",
        headers={
            "X-RateLimit-Limit": "1666",
            "X-RateLimit-Remaining": "0",
            "X-RateLimit-Reset": "1750000010",
        },
    ),
    Fault(kind="reset"),
    Fault(kind="cut_body"),
    Fault(kind="empty"),
    Fault(kind="not_json"),
    Fault(kind="raw_body", body=b'{"type":"lis'),
    Fault(kind="raw_body", body=b"null"),
    Fault(kind="raw_body", body=b"{}"),
    Fault(kind="raw_body", body=b'{"type":"error.list","errors":[{"code":"server_error"}]}'),
)
MANY_PAGES = SandboxOptions(contacts=260, companies=20, conversations=220, tickets=130)
MOST_REQUESTS = 1000


@pytest.fixture
def patient(harness: SyncHarness) -> SyncHarness:
    """Break off a run that would never end."""
    requests = 0

    def count(_: Request) -> None:
        nonlocal requests
        requests += 1
        assert requests < MOST_REQUESTS, "the run would never end"

    harness.before_each_request(count)
    return harness


def ids() -> list[str]:
    return [f"{fault_id(fault)} {' '.join(fault.headers)}".strip() for fault in FAULTS]


@pytest.mark.parametrize("fault", FAULTS, ids=ids())
def test_a_fault_on_every_endpoint_costs_no_record(harness: SyncHarness, fault: Fault) -> None:
    for path in ENDPOINTS:
        harness.sandbox.faults.add(msgspec.structs.replace(fault, path=path, times=2))
    run = harness.sync()
    assert harness.missing_rows(run) == {}
    for path in ENDPOINTS:
        asked = [one for one in harness.requests() if re.fullmatch(path, one.path)]
        assert len(asked) > 2, path


@pytest.mark.parametrize("fault", FAULTS, ids=ids())
def test_a_fault_in_the_middle_of_every_search_costs_no_record(
    harness: SyncHarness, fault: Fault
) -> None:
    for path in SEARCHES:
        harness.sandbox.faults.add(msgspec.structs.replace(fault, path=path, after=3))
    run = harness.sync(page_size=13)
    assert harness.missing_rows(run) == {}


@pytest.mark.parametrize("kind", ["slow_body", "hang"])
def test_an_answer_past_the_timeout_is_asked_for_again(
    harness: SyncHarness, caplog: pytest.LogCaptureFixture, kind: Any
) -> None:
    """This one waits for a real second."""
    path = "/(tickets/search|conversations/[0-9]+|companies/scroll)"
    harness.sandbox.faults.add(Fault(kind=kind, path=path, seconds=30))
    assert harness.missing_rows(harness.sync(request_timeout=1, concurrency=1)) == {}
    assert any("trying again" in line or "starts again" in line for line in warning_lines(caplog))


@pytest.mark.parametrize("path", SEARCHES)
@pytest.mark.parametrize("concurrency", [1, 32])
@pytest.mark.parametrize("options", [MANY_PAGES], indirect=True)
def test_a_search_that_fails_at_150_a_page_and_works_at_30_is_read_with_smaller_pages(
    harness: SyncHarness, path: str, concurrency: int
) -> None:
    heavy = Fault(kind="small_pages", status=504, path=path, per_page=30, times=None)
    harness.sandbox.faults.add(heavy)
    run = harness.sync(select=SEARCHES[path], concurrency=concurrency)
    assert harness.missing_rows(run, SEARCHES[path]) == {}
    assert {request.status for request in harness.requests(path)} == {200, 504}


@pytest.mark.parametrize("path", SEARCHES)
@pytest.mark.parametrize("concurrency", [1, 32])
@pytest.mark.parametrize("after", [1, 2, 5])
@pytest.mark.parametrize("options", [MANY_PAGES], indirect=True)
def test_a_refused_cursor_is_gone_on_from_the_last_safe_point(
    patient: SyncHarness, caplog: pytest.LogCaptureFixture, path: str, concurrency: int, after: int
) -> None:
    refusal = Fault(kind="status", status=400, code="client_error", path=path, after=after)
    patient.sandbox.faults.add(refusal)
    run = patient.try_sync(select=SEARCHES[path], page_size=20, concurrency=concurrency)
    if run.error is not None:  # a search without a cursor was struck: that is no cursor's fault
        assert concurrency > 1
        run = run + patient.sync(
            run.state, select=SEARCHES[path], page_size=20, concurrency=concurrency
        )
    else:
        assert any("client_error" in line for line in warning_lines(caplog))
    assert patient.missing_rows(run, SEARCHES[path]) == {}


@pytest.mark.parametrize("path", SEARCHES)
@pytest.mark.parametrize("after", [1, 3])
@pytest.mark.parametrize("options", [MANY_PAGES], indirect=True)
def test_the_same_cursor_returned_twice_is_gone_on_from_the_last_safe_point(
    patient: SyncHarness, caplog: pytest.LogCaptureFixture, path: str, after: int
) -> None:
    patient.sandbox.faults.add(Fault(kind="repeated_cursor", path=path, after=after))
    run = patient.sync(select=SEARCHES[path], page_size=20, concurrency=1)
    assert patient.missing_rows(run, SEARCHES[path]) == {}
    assert any("same cursor twice" in line for line in warning_lines(caplog))


@pytest.mark.parametrize("path", SEARCHES)
@pytest.mark.parametrize("kind", ["repeated_cursor", "status"])
@pytest.mark.parametrize("concurrency", [1, 32])
@pytest.mark.parametrize("options", [MANY_PAGES], indirect=True)
def test_a_search_whose_cursors_never_work_is_not_taken_for_its_end(
    patient: SyncHarness, path: str, kind: Any, concurrency: int
) -> None:
    broken = Fault(kind=kind, status=400, code="client_error", path=path, after=1, times=None)
    patient.sandbox.faults.add(broken)
    run = patient.try_sync(select=SEARCHES[path], page_size=20, concurrency=concurrency)
    assert run.error is not None or patient.missing_rows(run, SEARCHES[path]) == {}
    patient.sandbox.faults.clear()
    later = patient.sync(run.state, select=SEARCHES[path], page_size=20, concurrency=concurrency)
    assert patient.missing_rows(run + later, SEARCHES[path]) == {}


@pytest.mark.parametrize("path", SEARCHES)
@pytest.mark.parametrize("options", [MANY_PAGES], indirect=True)
def test_cursors_that_lead_in_a_circle_are_no_end_and_not_endless(
    patient: SyncHarness, path: str
) -> None:
    """A, B, A, B: TicketSwap's tap saw it and stopped there, in a green run."""

    def in_a_circle(request: Request, page: dict[str, Any]) -> None:
        if request.path == path and page["pages"].get("next"):
            asked = (request.body or {})["pagination"].get("starting_after")
            first = cursors.setdefault("first", page["pages"]["next"]["starting_after"])
            second = cursors.setdefault("second", None)
            if asked == first and second is None:
                cursors["second"] = page["pages"]["next"]["starting_after"]
            elif asked is not None and asked == second:
                page["pages"]["next"]["starting_after"] = first

    cursors: dict[str, Any] = {}
    patient.change_responses(in_a_circle)
    run = patient.try_sync(select=SEARCHES[path], page_size=20, concurrency=1)
    assert run.error is not None or patient.missing_rows(run, SEARCHES[path]) == {}


@pytest.mark.parametrize("kind", ["repeated_cursor", "status"])
@pytest.mark.parametrize("times", [1, None])
@pytest.mark.parametrize("options", [MANY_PAGES], indirect=True)
def test_a_cursor_that_fails_while_contacts_are_read_newest_first_costs_no_record(
    patient: SyncHarness, kind: Any, times: int | None
) -> None:
    path = "/contacts/search"
    first = patient.sync(select=SEARCHES[path])
    patient.sandbox.clock.advance(7200)
    patient.sandbox.touch_oldest("contacts", 90)
    broken = Fault(kind=kind, status=400, code="client_error", path=path, after=2, times=times)
    patient.sandbox.faults.add(broken)
    second = patient.try_sync(first.state, select=SEARCHES[path], page_size=20)
    assert times is None or second.error is None
    assert second.error is None or second.state in ({}, first.state)
    patient.sandbox.faults.clear()
    third = patient.sync(second.state or first.state, select=SEARCHES[path])
    assert patient.missing_rows(first + second + third, SEARCHES[path]) == {}


@pytest.mark.parametrize("path", ENDPOINTS)
def test_a_fault_that_never_ends_is_an_error_and_moves_no_bookmark_past_what_came(
    harness: SyncHarness, path: str
) -> None:
    harness.sandbox.faults.add(Fault(kind="status", status=500, path=path, times=None))
    run = harness.try_sync()
    assert run.error is not None
    harness.sandbox.faults.clear()
    assert harness.missing_rows(run + harness.sync(run.state)) == {}


def test_away_status_reasons_may_come_without_anything_around_them(harness: SyncHarness) -> None:
    rows = [{"id": 1, "label": "Lunch"}, {"id": 2, "label": "Meeting"}]
    path = "/away_status_reasons"
    harness.sandbox.faults.add(
        Fault(kind="raw_body", body=msgspec.json.encode(rows), path=path, times=None)
    )
    run = harness.sync(select=["away_status_reasons"])
    assert [row["label"] for row in run.records("away_status_reasons")] == ["Lunch", "Meeting"]
