"""Details that are not found: a few are of deleted records, many are a failure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from tap_intercom.errors import NotFoundError
from tests.sandbox.faults import Fault
from tests.sandbox.options import SandboxOptions

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.guarantees.harness import SyncHarness, SyncResult

WORKSPACE = SandboxOptions(contacts=120, companies=30, conversations=90, tickets=10)
LONG_LISTS = SandboxOptions(contacts=250, companies=40, conversations=0, tickets=0)
TINY = SandboxOptions(contacts=5, companies=0, conversations=2, tickets=0)

PAGE = Fault(kind="html_status", status=404, times=None)
JSON = Fault(kind="status", status=404, code="not_found", times=None)
BY_BODY = pytest.mark.parametrize("fault", [PAGE, JSON], ids=["HTML", "JSON"])

DETAILS = "/conversations/[0-9]+"
PARTS = ("conversations", "conversation_parts")
CHILD_LISTS = {
    DETAILS: PARTS,
    f"{DETAILS}/handling_events": ("conversations", "conversation_handling_events"),
    f"{DETAILS}/side_conversations": ("conversations", "side_conversations"),
    "/contacts/[^/]+/notes": ("contacts", "contact_notes"),
    "/contacts/[^/]+/segments": ("contacts", "contact_segments"),
    "/contacts/[^/]+/subscriptions": ("contacts", "contact_subscriptions"),
    "/events": ("contacts", "contact_events"),
    "/companies/[^/]+/notes": ("companies", "company_notes"),
}
"""Requests for each record of a parent, by path: the parent, and a stream that needs them."""

IN_EACH = pytest.mark.parametrize("path", CHILD_LISTS)
NOTES = {
    "name": "notes_of_contacts",
    "path": "/contacts/{id}/notes",
    "primary_keys": ["id"],
    "parent": "contacts",
}


@pytest.fixture
def options(request: pytest.FixtureRequest) -> SandboxOptions:
    return getattr(request, "param", WORKSPACE)


def lose(harness: SyncHarness, path: str, fault: Fault, after: int = 0) -> None:
    """Let all requests for a path find nothing, after a number of them."""
    harness.sandbox.faults.add(replace(fault, path=path, after=after))


def sync_and_change(harness: SyncHarness, select: Iterable[str], **settings: Any) -> SyncResult:
    """Sync, and change most records of each kind a day later."""
    result = harness.sync(select=select, **settings)
    harness.sandbox.clock.advance(86_400)
    for kind in ("contacts", "companies", "conversations"):
        harness.sandbox.touch_oldest(kind, 80)
    return result


def assert_failed(result: SyncResult, child: str) -> None:
    assert isinstance(result.failures[child], NotFoundError)
    assert result.failures.keys() == {child}


@IN_EACH
def test_nothing_found_fails_the_first_run(harness: SyncHarness, path: str) -> None:
    parent, child = CHILD_LISTS[path]
    lose(harness, path, PAGE, after=2)

    result = harness.try_sync(select=CHILD_LISTS[path])

    assert_failed(result, child)
    assert (result.bookmark(child) or "") < (result.bookmark(parent) or "")


@BY_BODY
def test_nothing_found_at_all_fails(harness: SyncHarness, fault: Fault) -> None:
    lose(harness, DETAILS, fault)

    result = harness.try_sync(select=PARTS)

    assert_failed(result, "conversation_parts")
    assert result.bookmark("conversation_parts") is None


@BY_BODY
def test_nothing_found_is_loaded_next(harness: SyncHarness, fault: Fault) -> None:
    lose(harness, DETAILS, fault, after=2)
    first = harness.try_sync(select=PARTS)
    harness.sandbox.faults.clear()

    second = harness.sync(first.state, select=PARTS)

    assert harness.missing_rows(first + second, PARTS) == {}


@IN_EACH
def test_nothing_found_fails_a_later_run(harness: SyncHarness, path: str) -> None:
    _, child = CHILD_LISTS[path]
    first = sync_and_change(harness, CHILD_LISTS[path])
    lose(harness, path, JSON)

    second = harness.try_sync(first.state, select=CHILD_LISTS[path])

    assert_failed(second, child)
    assert second.bookmark(child) == first.bookmark(child)


@BY_BODY
def test_later_run_is_loaded_next(harness: SyncHarness, fault: Fault) -> None:
    first = sync_and_change(harness, PARTS)
    lose(harness, DETAILS, fault)
    second = harness.try_sync(first.state, select=PARTS)
    harness.sandbox.faults.clear()

    third = harness.sync(second.state, select=PARTS)

    assert harness.missing_rows(first + second + third, PARTS) == {}


@BY_BODY
@pytest.mark.parametrize("options", [LONG_LISTS], indirect=True)
def test_long_lists_not_found_fail(harness: SyncHarness, fault: Fault) -> None:
    lose(harness, "/contacts/[^/]+/tags", fault)

    result = harness.try_sync(select=["contacts", "contact_tags", "contact_companies"])

    assert_failed(result, "contact_tags")


@BY_BODY
def test_custom_streams_not_found_fail(harness: SyncHarness, fault: Fault) -> None:
    select = ["contacts", NOTES["name"]]
    first = sync_and_change(harness, select, custom_streams=[NOTES])
    lose(harness, "/contacts/[^/]+/notes", fault)

    second = harness.try_sync(first.state, select=select, custom_streams=[NOTES])

    assert_failed(second, str(NOTES["name"]))
    assert second.bookmark(str(NOTES["name"])) == first.bookmark(str(NOTES["name"]))


@BY_BODY
def test_transcripts_not_found_fail(harness: SyncHarness, fault: Fault) -> None:
    lose(harness, "/calls/search", fault)

    result = harness.try_sync(select=["calls", "call_transcripts"])

    assert "call_transcripts" in result.failures


def test_page_of_a_proxy_is_no_empty_scroll(harness: SyncHarness) -> None:
    lose(harness, "/companies/scroll", PAGE)

    result = harness.try_sync(select=["companies", "tags"])

    assert result.failures.keys() == {"companies"}


def some_in_a_row(harness: SyncHarness, count: int, first: int = 45) -> list[str]:
    """Return ids of conversations that are read one after the other, by default between others."""
    records = sorted(harness.sandbox.records("conversations"), key=lambda one: one["updated_at"])
    return [record["id"] for record in records[first : first + count]]


def paths_of(ids: list[str]) -> str:
    return f"/conversations/({'|'.join(ids)})"


@BY_BODY
def test_two_in_a_row_are_deleted(harness: SyncHarness, fault: Fault) -> None:
    lose(harness, paths_of(some_in_a_row(harness, 2)), fault)

    result = harness.sync(select=PARTS)

    assert result.summary("conversation_parts")["skipped"] == 2


@BY_BODY
@pytest.mark.parametrize("count", [3, 8])
def test_three_in_a_row_are_a_failure(harness: SyncHarness, fault: Fault, count: int) -> None:
    """Intercom still lists them, so they were not deleted; all others are loaded."""
    lost = some_in_a_row(harness, count)
    lose(harness, paths_of(lost), fault)

    result = harness.try_sync(select=PARTS)

    assert_failed(result, "conversation_parts")
    missing = harness.missing_rows(result, ["conversation_parts"])["conversation_parts"]
    assert {row["conversation_id"] for row in missing.values()} == set(lost)


@BY_BODY
@pytest.mark.parametrize("count", [3, 4, 8])
def test_three_in_a_row_are_loaded_next(harness: SyncHarness, fault: Fault, count: int) -> None:
    """A STATE is written between them: the fiftieth conversation is one of them."""
    lose(harness, paths_of(some_in_a_row(harness, count)), fault)
    first = harness.try_sync(select=PARTS)
    harness.sandbox.faults.clear()

    second = harness.sync(first.state, select=PARTS, lookback_seconds=0)

    assert harness.missing_rows(first + second, PARTS) == {}


@pytest.mark.parametrize("first", [0, 45])
@pytest.mark.parametrize("count", [3, 5, 30])
def test_many_deleted_in_a_row_are_skipped(harness: SyncHarness, count: int, first: int) -> None:
    """Intercom doesn't list them any more, so nothing holds up the bookmark."""
    deleted = some_in_a_row(harness, count, first)

    def delete() -> None:
        for conversation_id in deleted:
            harness.sandbox.delete("conversations", conversation_id)

    harness.before_request(DETAILS, delete)

    result = harness.sync(select=PARTS)

    assert result.summary("conversation_parts")["skipped"] == count
    assert harness.missing_rows(result, PARTS) == {}


def test_many_deleted_companies_are_skipped(harness: SyncHarness) -> None:
    """They can't be searched for by id, so they are asked for by themselves."""
    companies = sorted(harness.sandbox.records("companies"), key=lambda one: one["updated_at"])
    deleted = [company["id"] for company in companies[10:15]]

    def delete() -> None:
        for company_id in deleted:
            harness.sandbox.delete("companies", company_id)

    harness.before_request("/companies/[^/]+/notes", delete)

    result = harness.sync(select=["companies", "company_notes"])

    assert result.summary("company_notes")["skipped"] == 5


def test_unanswered_check_is_no_proof(harness: SyncHarness) -> None:
    """The search that would tell whether records were deleted fails."""
    lose(harness, paths_of(some_in_a_row(harness, 3)), JSON)
    refusal = Fault(kind="status", status=400, code="invalid_field", path="/conversations/search")
    harness.before_request(
        DETAILS, lambda: harness.sandbox.faults.add(replace(refusal, times=None)), number=50
    )

    result = harness.try_sync(select=PARTS, concurrency=1)

    assert "conversation_parts" in result.failures


@pytest.mark.parametrize("options", [TINY], indirect=True)
def test_pages_of_a_proxy_alone_are_a_failure(harness: SyncHarness) -> None:
    lose(harness, DETAILS, PAGE)

    result = harness.try_sync(select=PARTS)

    assert_failed(result, "conversation_parts")
    assert result.bookmark("conversation_parts") is None


@pytest.mark.parametrize("options", [TINY], indirect=True)
def test_few_deleted_alone_are_skipped(harness: SyncHarness) -> None:
    lose(harness, DETAILS, JSON)

    result = harness.sync(select=PARTS)

    assert result.summary("conversation_parts")["skipped"] == 2
    assert result.bookmark("conversation_parts") is not None


def test_single_page_of_a_proxy_costs_no_row(harness: SyncHarness) -> None:
    harness.sandbox.faults.add(replace(PAGE, path=DETAILS, after=20, times=1))

    result = harness.sync(select=PARTS)

    assert harness.missing_rows(result, PARTS) == {}
