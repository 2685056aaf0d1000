"""A stream or record that always fails fails alone: all else is loaded, and the exit code is 1."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from tap_intercom.errors import InvalidRequestError, RetriableError, UnreachableError
from tap_intercom.tap import TapIntercom
from tests.expected_rows import CHECKED
from tests.sandbox.faults import Fault
from tests.sandbox.options import SandboxOptions

if TYPE_CHECKING:
    from tests.guarantees.harness import SyncHarness, SyncResult

FAILING = {
    "/companies/scroll": {"companies", "company_tags", "company_segments"},
    "/tickets/search": {
        *("tickets", "ticket_parts", "ticket_contacts", "ticket_links", "ticket_part_attachments")
    },
    "/tags": {"tags"},
}
"""The streams that need each of some paths."""

FROM_DETAIL = {"conversation_parts", "conversation_part_attachments", "conversation_part_tags"}
SERVER_ERROR = Fault(kind="status", status=500, times=None)
REFUSAL = Fault(kind="status", status=422, code="parameter_invalid", times=None)
NO_JSON = Fault(kind="not_json", times=None)
FAULTS = {"500": SERVER_ERROR, "422": REFUSAL, "no JSON": NO_JSON}
MANY_CONVERSATIONS = SandboxOptions(contacts=5, companies=5, conversations=200, tickets=5)


def fail(harness: SyncHarness, path: str, fault: Fault = SERVER_ERROR, after: int = 0) -> None:
    """Let all requests for a path fail, after a number of them."""
    harness.sandbox.faults.add(replace(fault, path=path, after=after))


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
@pytest.mark.parametrize("path", FAILING)
def test_failing_stream_fails_alone(harness: SyncHarness, path: str, fault: Fault) -> None:
    fail(harness, path, fault)

    result = harness.try_sync()

    assert result.failures.keys() == FAILING[path]
    assert harness.missing_rows(result, CHECKED - FAILING[path]) == {}


@pytest.mark.parametrize("path", ["/companies/scroll", "/tickets/search"])
def test_failing_stream_keeps_its_bookmark(harness: SyncHarness, path: str) -> None:
    first = harness.sync(select=FAILING[path])
    harness.sandbox.clock.advance(86_400)
    for kind in ("companies", "tickets"):
        harness.sandbox.touch_oldest(kind, 3)
    fail(harness, path)

    second = harness.try_sync(first.state, select=FAILING[path])

    assert all(first.bookmark(name) for name in FAILING[path])
    assert second.state == first.state


@pytest.mark.parametrize("path", FAILING)
def test_failed_stream_is_loaded_next(harness: SyncHarness, path: str) -> None:
    fail(harness, path)
    first = harness.try_sync()
    harness.sandbox.faults.clear()

    second = harness.sync(first.state)

    assert harness.missing_rows(first + second) == {}


def test_busy_scroll_fails_companies_alone(harness: SyncHarness) -> None:
    busy = Fault(kind="status", status=400, code="scroll_exists", times=None)
    fail(harness, "/companies/scroll", busy)

    result = harness.try_sync()

    assert result.failures.keys() == FAILING["/companies/scroll"]
    assert harness.missing_rows(result, CHECKED - result.failures.keys()) == {}


def sync_failing_search(harness: SyncHarness) -> SyncResult:
    """Sync conversations while their search fails after 14 pages."""
    fail(harness, "/conversations/search", after=14)
    return harness.try_sync(select=["conversations"], page_size=10, concurrency=1)


@pytest.mark.parametrize("options", [MANY_CONVERSATIONS], indirect=True)
def test_failing_search_keeps_earlier_records(harness: SyncHarness) -> None:
    result = sync_failing_search(harness)

    assert result.failures.keys() == {"conversations"}
    assert len(result.records("conversations")) >= 130


@pytest.mark.parametrize("options", [MANY_CONVERSATIONS], indirect=True)
def test_failed_search_resumes_where_it_failed(harness: SyncHarness) -> None:
    first = sync_failing_search(harness)
    harness.sandbox.faults.clear()

    second = harness.sync(first.state, select=["conversations"])

    assert len(second.records("conversations")) < 200
    assert harness.missing_rows(first + second, ["conversations"]) == {}


def fail_one_detail(harness: SyncHarness, fault: Fault = SERVER_ERROR) -> str:
    """Let all requests for one conversation fail; return its id."""
    conversation_id: str = harness.sandbox.records("conversations")[5]["id"]
    fail(harness, f"/conversations/{conversation_id}", fault)
    return conversation_id


@pytest.mark.parametrize(
    ("fault", "error"),
    [(SERVER_ERROR, RetriableError), (REFUSAL, InvalidRequestError), (NO_JSON, RetriableError)],
    ids=FAULTS.keys(),
)
def test_failing_detail_fails_its_streams_alone(
    harness: SyncHarness, fault: Fault, error: type[Exception]
) -> None:
    fail_one_detail(harness, fault)

    result = harness.try_sync()

    assert {name: type(failure) for name, failure in result.failures.items()} == dict.fromkeys(
        FROM_DETAIL, error
    )
    assert harness.missing_rows(result, CHECKED - FROM_DETAIL) == {}


def test_failing_detail_costs_no_other_row(harness: SyncHarness) -> None:
    failing = fail_one_detail(harness)

    result = harness.try_sync(select=FROM_DETAIL)

    missing = harness.missing_rows(result, FROM_DETAIL).values()
    assert {row["conversation_id"] for rows in missing for row in rows.values()} <= {failing}


def test_failing_detail_logs_a_warning(harness: SyncHarness) -> None:
    fail_one_detail(harness)

    result = harness.try_sync(select=["conversation_parts"])

    assert len(result.warnings("conversation_parts", 1)) == 1


def test_failing_detail_keeps_the_bookmark(harness: SyncHarness) -> None:
    fail_one_detail(harness)

    result = harness.try_sync(select=["conversations", "conversation_parts"])

    assert result.bookmark("conversations") is not None
    assert result.bookmark("conversation_parts") is None


def test_failed_detail_is_loaded_next(harness: SyncHarness) -> None:
    fail_one_detail(harness)
    first = harness.try_sync(select=FROM_DETAIL)
    harness.sandbox.faults.clear()

    second = harness.sync(first.state, select=FROM_DETAIL)

    assert harness.missing_rows(first + second, FROM_DETAIL) == {}


def test_details_that_all_fail_are_given_up(harness: SyncHarness) -> None:
    fail(harness, "/conversations/[0-9]+", REFUSAL)

    result = harness.try_sync(concurrency=1)

    assert result.failures.keys() == FROM_DETAIL
    assert len(harness.requests(r"/conversations/\d+")) < 10


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_failing_transcripts_leave_calls_whole(harness: SyncHarness, fault: Fault) -> None:
    fail(harness, "/calls/search", fault, after=1)

    result = harness.try_sync(select=["calls", "call_transcripts"])

    assert result.failures.keys() == {"call_transcripts"}
    assert set(result.values("calls", "id")) == {
        str(call["id"]) for call in harness.sandbox.records("calls")
    }


@pytest.fixture
def environment(harness: SyncHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the settings into environment variables."""
    monkeypatch.setenv("TAP_INTERCOM_ACCESS_TOKEN", harness.options.token)
    monkeypatch.setenv("TAP_INTERCOM_API_URL", harness.url)


@pytest.mark.usefixtures("environment")
def test_failed_stream_exits_with_1(harness: SyncHarness) -> None:
    fail(harness, "/tags", REFUSAL)

    with pytest.raises(SystemExit) as end:
        TapIntercom.cli(["--config=ENV"])

    assert end.value.code == 1


@pytest.mark.usefixtures("environment")
def test_failed_stream_is_one_error_line(
    harness: SyncHarness, caplog: pytest.LogCaptureFixture
) -> None:
    fail(harness, "/tags", REFUSAL)

    with pytest.raises(SystemExit):
        TapIntercom.cli(["--config=ENV"])

    (line,) = [one.getMessage() for one in caplog.records if one.levelno == logging.ERROR]
    assert line.startswith("tags: ")
    assert "422" in line


def test_unreachable_api_ends_the_run(harness: SyncHarness) -> None:
    """Nothing is answered, so no other stream is tried after the first error."""
    fail(harness, ".*")

    result = harness.try_sync(select=["admins", "tags", "teams"])

    assert isinstance(result.error, UnreachableError)
    assert result.failures == {}
    assert len({request.path for request in harness.requests()}) <= 1
