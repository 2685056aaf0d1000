"""What fails for good fails alone: the rest is loaded, and the run ends with exit code 1."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tap_intercom.errors import InvalidRequestError, RetriableError
from tap_intercom.tap import TapIntercom
from tests.expected_rows import CHECKED
from tests.sandbox.faults import Fault
from tests.sandbox.options import SandboxOptions

if TYPE_CHECKING:
    from tests.guarantees.harness import SyncHarness

DETAILED = {"conversation_parts", "conversation_part_attachments"}
FAILING = {
    "/companies/scroll": {"companies", "company_tags", "company_segments"},
    "/tickets/search": {"tickets", "ticket_parts", "ticket_contacts", "ticket_part_attachments"},
    "/tags": {"tags"},
}
FOR_GOOD = (
    Fault(kind="status", status=500, times=None),
    Fault(kind="status", status=422, code="parameter_invalid", times=None),
    Fault(kind="not_json", times=None),
)


def failing(fault: Fault, path: str, after: int = 0) -> Fault:
    return Fault(
        kind=fault.kind, status=fault.status, code=fault.code, times=None, path=path, after=after
    )


@pytest.mark.parametrize("fault", FOR_GOOD, ids=["500", "422", "no JSON"])
@pytest.mark.parametrize("path", FAILING)
def test_a_stream_that_always_fails_keeps_no_other_from_being_loaded(
    harness: SyncHarness, path: str, fault: Fault
) -> None:
    harness.sandbox.faults.add(failing(fault, path))
    run = harness.try_sync()
    assert run.failures.keys() == FAILING[path]
    assert run.denied_streams == frozenset()
    assert harness.missing_rows(run, CHECKED - FAILING[path]) == {}
    assert not any(run.state["bookmarks"].get(name) for name in FAILING[path])
    harness.sandbox.faults.clear()
    assert harness.missing_rows(run + harness.sync(run.state)) == {}


def test_a_scroll_that_is_never_free_keeps_no_other_stream_from_being_loaded(
    harness: SyncHarness,
) -> None:
    harness.sandbox.faults.add(
        Fault(kind="status", status=400, code="scroll_exists", path="/companies/scroll", times=None)
    )
    run = harness.try_sync()
    assert run.failures.keys() == FAILING["/companies/scroll"]
    assert harness.missing_rows(run, CHECKED - run.failures.keys()) == {}


@pytest.mark.parametrize(
    "options",
    [SandboxOptions(contacts=5, companies=5, conversations=200, tickets=5)],
    indirect=True,
)
def test_a_search_that_fails_in_the_middle_keeps_what_came_and_goes_on_there(
    harness: SyncHarness,
) -> None:
    path = "/conversations/search"
    harness.sandbox.faults.add(failing(FOR_GOOD[0], path, after=14))
    run = harness.try_sync(page_size=10, concurrency=1)
    assert "conversations" in run.failures
    bookmark = run.state["bookmarks"]["conversations"]["replication_key_value"]
    assert len(run.records("conversations")) >= 130
    assert bookmark < max(row["updated_at"] for row in run.records("conversations"))
    harness.sandbox.faults.clear()
    later = harness.sync(run.state)
    assert harness.missing_rows(run + later) == {}
    assert len(later.records("conversations")) < 200


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (FOR_GOOD[0], RetriableError),
        (FOR_GOOD[1], InvalidRequestError),
        (FOR_GOOD[2], RetriableError),
    ],
    ids=["500", "422", "no JSON"],
)
def test_a_conversation_that_always_fails_ends_only_the_streams_that_need_its_page(
    harness: SyncHarness, fault: Fault, kind: type[Exception]
) -> None:
    bad = harness.sandbox.records("conversations")[5]["id"]
    harness.sandbox.faults.add(failing(fault, f"/conversations/{bad}"))
    first = harness.try_sync()
    assert first.failures.keys() == DETAILED
    assert all(isinstance(failure, kind) for failure in first.failures.values())
    assert harness.missing_rows(first, CHECKED - DETAILED) == {}
    assert not any(first.state["bookmarks"].get(name) for name in DETAILED)
    missing_rows = harness.missing_rows(first, DETAILED)
    assert {row["conversation_id"] for rows in missing_rows.values() for row in rows.values()} <= {
        bad
    }
    harness.sandbox.faults.clear()
    assert harness.missing_rows(first + harness.sync(first.state)) == {}


def test_a_page_that_fails_for_every_conversation_is_given_up_soon(harness: SyncHarness) -> None:
    harness.sandbox.faults.add(failing(FOR_GOOD[1], "/conversations/[0-9]+"))
    run = harness.try_sync(concurrency=1)
    assert run.failures.keys() == DETAILED
    assert len(harness.requests(r"/conversations/\d+")) < 10


def test_a_stream_that_fails_is_named_in_one_line_and_the_run_exits_with_1(
    harness: SyncHarness, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    harness.sandbox.faults.add(failing(FOR_GOOD[1], "/tags"))
    monkeypatch.setenv("TAP_INTERCOM_ACCESS_TOKEN", harness.options.token)
    monkeypatch.setenv("TAP_INTERCOM_API_URL", harness.url)
    with pytest.raises(SystemExit) as end:
        TapIntercom.cli(["--config=ENV"])
    assert end.value.code == 1
    (error,) = [line.getMessage() for line in caplog.records if line.levelname == "ERROR"]
    assert error.startswith("Stream tags was not loaded whole: GET /tags was answered with 422")
    assert harness.requests("/tickets/search")


def test_a_run_that_is_answered_nothing_at_all_ends_at_its_first_error(
    harness: SyncHarness,
) -> None:
    harness.sandbox.faults.add(failing(FOR_GOOD[0], ".*"))
    run = harness.try_sync(select=["admins", "tags", "teams"])
    assert run.failures == {}
    assert isinstance(run.error, RetriableError)
    assert len({request.path for request in harness.requests()} - {"/me"}) == 1
