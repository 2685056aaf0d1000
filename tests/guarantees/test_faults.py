"""Any request can go wrong; a run that ends well has every row all the same."""

from __future__ import annotations

import base64
import itertools
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from msgspec.structs import replace

from tests.guarantees.schedules import fault_id
from tests.sandbox.faults import Fault
from tests.sandbox.options import SandboxOptions

if TYPE_CHECKING:
    from tap_intercom.api.request import Request
    from tests.guarantees.harness import SyncHarness, SyncResult

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
CONTACTS = ("contacts", "contact_tags", "contact_companies")
SEARCHES = {
    "/contacts/search": CONTACTS,
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
FAULT_IDS = [f"{fault_id(fault)} {' '.join(fault.headers)}".strip() for fault in FAULTS]
REFUSED_CURSOR = Fault(kind="status", status=400, code="client_error")
REPEATED_CURSOR = Fault(kind="repeated_cursor")
MANY_PAGES = SandboxOptions(contacts=260, companies=20, conversations=220, tickets=130)
MAX_REQUESTS = 1000

with_many_pages = pytest.mark.parametrize("options", [MANY_PAGES], indirect=True)
in_each_search = pytest.mark.parametrize("path", SEARCHES)
with_bad_cursors = pytest.mark.parametrize(
    "fault", [REPEATED_CURSOR, REFUSED_CURSOR], ids=["repeated", "refused"]
)


@pytest.fixture
def limited_harness(harness: SyncHarness) -> SyncHarness:
    """Fail a test whose run would never end."""
    requests = 0

    def count(_: Request) -> None:
        nonlocal requests
        requests += 1
        assert requests < MAX_REQUESTS, "the run would never end"

    harness.before_each_request(count)
    return harness


@pytest.mark.parametrize("fault", FAULTS, ids=FAULT_IDS)
def test_fault_on_every_endpoint_loses_nothing(harness: SyncHarness, fault: Fault) -> None:
    for path in ENDPOINTS:
        harness.sandbox.faults.add(replace(fault, path=path, times=2))

    result = harness.sync()

    assert harness.missing_rows(result) == {}
    assert all(len(harness.requests(path)) > 2 for path in ENDPOINTS)


@pytest.mark.parametrize("fault", FAULTS, ids=FAULT_IDS)
def test_fault_within_every_search_loses_nothing(harness: SyncHarness, fault: Fault) -> None:
    for path in SEARCHES:
        harness.sandbox.faults.add(replace(fault, path=path, after=3))

    result = harness.sync(page_size=13)

    assert harness.missing_rows(result) == {}


@pytest.mark.parametrize("kind", ["slow_body", "hang"])
def test_slow_response_is_requested_again(harness: SyncHarness, kind: Any) -> None:
    """This one waits for a real second."""
    harness.sandbox.faults.add(Fault(kind=kind, path="/tickets/search", seconds=30))

    result = harness.sync(select=["tickets"], request_timeout=1, concurrency=1)

    assert harness.missing_rows(result, ["tickets"]) == {}
    assert result.warnings("/tickets/search") != []


@pytest.mark.parametrize("path", ["/companies/scroll", "/conversations/[0-9]+"])
def test_slow_response_loses_nothing(harness: SyncHarness, path: str) -> None:
    """This one waits for a real second."""
    harness.sandbox.faults.add(Fault(kind="slow_body", path=path, seconds=30))
    streams = ("companies", "conversation_parts")

    result = harness.sync(select=streams, request_timeout=1)

    assert harness.missing_rows(result, streams) == {}


@in_each_search
@pytest.mark.parametrize("concurrency", [1, 32])
@with_many_pages
def test_heavy_pages_are_read_smaller(harness: SyncHarness, path: str, concurrency: int) -> None:
    """A search fails at 150 records a page, and works at 30."""
    heavy = Fault(kind="small_pages", status=504, path=path, per_page=30, times=None)
    harness.sandbox.faults.add(heavy)

    result = harness.sync(select=SEARCHES[path], concurrency=concurrency)

    assert harness.missing_rows(result, SEARCHES[path]) == {}
    assert {request.status for request in harness.requests(path)} == {200, 504}


@with_many_pages
def test_page_size_grows_back(harness: SyncHarness) -> None:
    fault = Fault(kind="status", status=504, path="/conversations/search")
    harness.sandbox.faults.add(fault)

    harness.sync(select=["conversations"], page_size=20, concurrency=1)

    requests = harness.requests("/conversations/search")
    sizes = [request.body["pagination"]["per_page"] for request in requests]
    assert sizes[1] < 20
    assert sizes[-1] == 20


def test_retries_are_counted(harness: SyncHarness) -> None:
    harness.sandbox.faults.add(Fault(kind="status", status=503, path="/tags", times=2))

    result = harness.sync(select=["tags"])

    assert result.summary("tags")["group_retries"] == 2


@in_each_search
@pytest.mark.parametrize("after", [1, 2, 5])
@with_many_pages
def test_refused_cursor_loses_nothing(limited_harness: SyncHarness, path: str, after: int) -> None:
    limited_harness.sandbox.faults.add(replace(REFUSED_CURSOR, path=path, after=after))

    result = limited_harness.sync(select=SEARCHES[path], page_size=20, concurrency=1)

    assert limited_harness.missing_rows(result, SEARCHES[path]) == {}
    assert len(result.warnings(path, "client_error")) == 1


@in_each_search
@pytest.mark.parametrize("after", [1, 2, 5])
@with_many_pages
def test_refused_search_among_many_loses_nothing(
    limited_harness: SyncHarness, path: str, after: int
) -> None:
    """The refused search may have no cursor to blame; then the next run reads the rest."""
    limited_harness.sandbox.faults.add(replace(REFUSED_CURSOR, path=path, after=after))
    first = limited_harness.try_sync(select=SEARCHES[path], page_size=20)
    is_complete = limited_harness.missing_rows(first, SEARCHES[path]) == {}
    assert is_complete or first.error is not None

    second = limited_harness.sync(first.state, select=SEARCHES[path], page_size=20)

    assert limited_harness.missing_rows(first + second, SEARCHES[path]) == {}


@in_each_search
@with_many_pages
def test_search_that_advances_goes_on(limited_harness: SyncHarness, path: str) -> None:
    """However often its cursor is refused, as long as each time more has been read."""
    for after in (1, 3, 5, 7, 9):
        limited_harness.sandbox.faults.add(replace(REFUSED_CURSOR, path=path, after=after))

    result = limited_harness.sync(select=SEARCHES[path], page_size=10, concurrency=1)

    assert limited_harness.missing_rows(result, SEARCHES[path]) == {}
    assert len(result.warnings(path, "client_error")) == 5


@in_each_search
@pytest.mark.parametrize("after", [1, 3])
@with_many_pages
def test_repeated_cursor_loses_nothing(limited_harness: SyncHarness, path: str, after: int) -> None:
    limited_harness.sandbox.faults.add(replace(REPEATED_CURSOR, path=path, after=after))

    result = limited_harness.sync(select=SEARCHES[path], page_size=20, concurrency=1)

    assert limited_harness.missing_rows(result, SEARCHES[path]) == {}
    assert len(result.warnings(path)) == 1


@in_each_search
@with_bad_cursors
@pytest.mark.parametrize("concurrency", [1, 32])
@with_many_pages
def test_cursors_that_never_work_lose_nothing(
    limited_harness: SyncHarness, path: str, fault: Fault, concurrency: int
) -> None:
    broken = replace(fault, path=path, after=1, times=None)
    limited_harness.sandbox.faults.add(broken)
    first = limited_harness.try_sync(select=SEARCHES[path], page_size=20, concurrency=concurrency)
    is_complete = limited_harness.missing_rows(first, SEARCHES[path]) == {}
    assert is_complete or first.error is not None
    limited_harness.sandbox.faults.clear()

    second = limited_harness.sync(
        first.state, select=SEARCHES[path], page_size=20, concurrency=concurrency
    )

    assert limited_harness.missing_rows(first + second, SEARCHES[path]) == {}


@in_each_search
@with_many_pages
def test_circular_cursors_end_no_search(limited_harness: SyncHarness, path: str) -> None:
    """A, B, A, B: a run must neither go on for ever nor end there as if it were complete."""
    cursors: dict[str, Any] = {}

    def lead_back(request: Request, page: dict[str, Any]) -> None:
        if request.path == path and page["pages"].get("next"):
            asked = (request.body or {})["pagination"].get("starting_after")
            first = cursors.setdefault("first", page["pages"]["next"]["starting_after"])
            second = cursors.setdefault("second", None)
            if asked == first and second is None:
                cursors["second"] = page["pages"]["next"]["starting_after"]
            elif asked is not None and asked == second:
                page["pages"]["next"]["starting_after"] = first

    limited_harness.change_responses(lead_back)

    result = limited_harness.try_sync(select=SEARCHES[path], page_size=20, concurrency=1)

    is_complete = limited_harness.missing_rows(result, SEARCHES[path]) == {}
    assert is_complete or result.error is not None


@in_each_search
@pytest.mark.parametrize("concurrency", [1, 32])
@with_many_pages
def test_ever_new_cursors_end_no_search(
    limited_harness: SyncHarness, path: str, concurrency: int
) -> None:
    """Each cursor is another text for the end of the same page: only the page number differs."""
    numbers = itertools.count(2)
    first: list[Any] = []

    def lead_back(request: Request, page: dict[str, Any]) -> None:
        following = page.get("pages", {}).get("next")
        if request.path == path and following:
            value, number, _ = msgspec.json.decode(base64.b64decode(following["starting_after"]))
            first[:] = first or [value, number]
            cursor = msgspec.json.encode([*first, next(numbers)])
            following["starting_after"] = base64.b64encode(cursor).decode()

    limited_harness.change_responses(lead_back)

    result = limited_harness.try_sync(select=SEARCHES[path], page_size=20, concurrency=concurrency)

    is_complete = limited_harness.missing_rows(result, SEARCHES[path]) == {}
    assert is_complete or result.error is not None


NEWEST_FIRST: dict[str, Any] = {"api_version": "2.16", "page_size": 20}
"""Settings with which an incremental run reads contacts newest first, over many pages."""


def sync_before_bad_cursor(harness: SyncHarness, fault: Fault) -> SyncResult:
    """Sync contacts, change 90 of them, and let a cursor of the next search be bad.

    The next search is incremental and reads newest first, so it can't resume within itself.
    """
    result = harness.sync(select=CONTACTS, **NEWEST_FIRST)
    harness.sandbox.clock.advance(7200)
    harness.sandbox.touch_oldest("contacts", 90)
    harness.sandbox.faults.add(replace(fault, path="/contacts/search", after=2))
    return result


@with_bad_cursors
@with_many_pages
def test_bad_cursor_newest_first_loses_nothing(limited_harness: SyncHarness, fault: Fault) -> None:
    first = sync_before_bad_cursor(limited_harness, fault)

    second = limited_harness.sync(first.state, select=CONTACTS, **NEWEST_FIRST)

    assert limited_harness.missing_rows(first + second, CONTACTS) == {}


@with_bad_cursors
@with_many_pages
def test_bad_cursors_newest_first_keep_bookmarks(
    limited_harness: SyncHarness, fault: Fault
) -> None:
    first = sync_before_bad_cursor(limited_harness, replace(fault, times=None))

    second = limited_harness.try_sync(first.state, select=CONTACTS, **NEWEST_FIRST)

    assert second.failures.keys() == set(CONTACTS)
    assert second.state == first.state


@with_bad_cursors
@with_many_pages
def test_bad_cursors_newest_first_lose_nothing(limited_harness: SyncHarness, fault: Fault) -> None:
    first = sync_before_bad_cursor(limited_harness, replace(fault, times=None))
    second = limited_harness.try_sync(first.state, select=CONTACTS, **NEWEST_FIRST)
    limited_harness.sandbox.faults.clear()

    third = limited_harness.sync(second.state, select=CONTACTS, **NEWEST_FIRST)

    assert limited_harness.missing_rows(first + second + third, CONTACTS) == {}


@pytest.mark.parametrize("path", ENDPOINTS)
def test_lasting_fault_fails_and_loses_nothing(harness: SyncHarness, path: str) -> None:
    harness.sandbox.faults.add(Fault(kind="status", status=500, path=path, times=None))
    first = harness.try_sync()
    assert first.error is not None
    harness.sandbox.faults.clear()

    second = harness.sync(first.state)

    assert harness.missing_rows(first + second) == {}


def test_list_without_envelope_is_read(harness: SyncHarness) -> None:
    rows = [{"id": 1, "label": "Lunch"}, {"id": 2, "label": "Meeting"}]
    body = msgspec.json.encode(rows)
    harness.sandbox.faults.add(Fault(kind="raw_body", body=body, path="/away_status_reasons"))

    result = harness.sync(select=["away_status_reasons"])

    assert result.values("away_status_reasons", "label") == ["Lunch", "Meeting"]
