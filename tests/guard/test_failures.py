"""What fails for good fails alone: the rest is loaded, and the run ends with exit code 1."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tap_intercom.errors import RequestRefusedError, TemporaryError
from tap_intercom.tap import TapIntercom
from tests.sandbox.faults import Fault
from tests.sandbox.options import SandboxOptions
from tests.truth import CHECKED

if TYPE_CHECKING:
    from tests.guard.stage import Stage

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
    stage: Stage, path: str, fault: Fault
) -> None:
    stage.control.faults.add(failing(fault, path))
    run = stage.attempt()
    assert run.failures.keys() == FAILING[path]
    assert run.refused == frozenset()
    assert stage.lost(run, CHECKED - FAILING[path]) == {}
    assert not any(run.state["bookmarks"].get(name) for name in FAILING[path])
    stage.control.faults.clear()
    assert stage.lost(run + stage.run(run.state)) == {}


def test_a_scroll_that_is_never_free_keeps_no_other_stream_from_being_loaded(stage: Stage) -> None:
    stage.control.faults.add(
        Fault(kind="status", status=400, code="scroll_exists", path="/companies/scroll", times=None)
    )
    run = stage.attempt()
    assert run.failures.keys() == FAILING["/companies/scroll"]
    assert stage.lost(run, CHECKED - run.failures.keys()) == {}


@pytest.mark.parametrize(
    "options",
    [SandboxOptions(contacts=5, companies=5, conversations=200, tickets=5)],
    indirect=True,
)
def test_a_search_that_fails_in_the_middle_keeps_what_came_and_goes_on_there(stage: Stage) -> None:
    path = "/conversations/search"
    stage.control.faults.add(failing(FOR_GOOD[0], path, after=14))
    run = stage.attempt(page_size=10, concurrency=1)
    assert "conversations" in run.failures
    bookmark = run.state["bookmarks"]["conversations"]["replication_key_value"]
    assert len(run.records("conversations")) >= 130
    assert bookmark < max(row["updated_at"] for row in run.records("conversations"))
    stage.control.faults.clear()
    later = stage.run(run.state)
    assert stage.lost(run + later) == {}
    assert len(later.records("conversations")) < 200


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (FOR_GOOD[0], TemporaryError),
        (FOR_GOOD[1], RequestRefusedError),
        (FOR_GOOD[2], TemporaryError),
    ],
    ids=["500", "422", "no JSON"],
)
def test_a_conversation_that_always_fails_ends_only_the_streams_that_need_its_page(
    stage: Stage, fault: Fault, kind: type[Exception]
) -> None:
    bad = stage.control.records("conversations")[5]["id"]
    stage.control.faults.add(failing(fault, f"/conversations/{bad}"))
    first = stage.attempt()
    assert first.failures.keys() == DETAILED
    assert all(isinstance(failure, kind) for failure in first.failures.values())
    assert stage.lost(first, CHECKED - DETAILED) == {}
    assert not any(first.state["bookmarks"].get(name) for name in DETAILED)
    lost = stage.lost(first, DETAILED)
    assert {row["conversation_id"] for rows in lost.values() for row in rows.values()} <= {bad}
    stage.control.faults.clear()
    assert stage.lost(first + stage.run(first.state)) == {}


def test_a_page_that_fails_for_every_conversation_is_given_up_soon(stage: Stage) -> None:
    stage.control.faults.add(failing(FOR_GOOD[1], "/conversations/[0-9]+"))
    run = stage.attempt(concurrency=1)
    assert run.failures.keys() == DETAILED
    assert len(stage.requests("/conversations/2")) < 10


def test_a_stream_that_fails_is_named_in_one_line_and_the_run_exits_with_1(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    stage.control.faults.add(failing(FOR_GOOD[1], "/tags"))
    monkeypatch.setenv("TAP_INTERCOM_ACCESS_TOKEN", stage.sandbox.options.token)
    monkeypatch.setenv("TAP_INTERCOM_API_URL", stage.sandbox.url)
    with pytest.raises(SystemExit) as end:
        TapIntercom.cli(["--config=ENV"])
    assert end.value.code == 1
    (error,) = [line.getMessage() for line in caplog.records if line.levelname == "ERROR"]
    assert error.startswith("Stream tags was not loaded whole: GET /tags was answered with 422")
    assert stage.requests("/tickets/search")


def test_a_run_that_is_answered_nothing_at_all_ends_at_its_first_error(stage: Stage) -> None:
    stage.control.faults.add(failing(FOR_GOOD[0], ".*"))
    run = stage.attempt(select=["admins", "tags", "teams"])
    assert run.failures == {}
    assert isinstance(run.error, TemporaryError)
    assert len({request.path for request in stage.requests()} - {"/me"}) == 1
