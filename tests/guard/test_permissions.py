"""A token that may not read everything: the rest is loaded, and the run says what is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from tap_intercom.errors import AccessTokenRefusedError
from tests.guard.log import warned
from tests.sandbox.faults import Fault
from tests.sandbox.options import SandboxOptions
from tests.truth import KEYS, ROWS

if TYPE_CHECKING:
    from tap_intercom.client import Request
    from tests.guard.stage import Stage

CODES = ("token_unauthorized", "forbidden", "api_plan_restricted")
REFUSED = {
    "/admins": {"admins"},
    "/teams": {"teams", "team_admins"},
    "/contacts/search": {"contacts", "contact_tags", "contact_companies"},
    "/companies": {"companies", "company_tags", "company_segments"},
    "/conversations/search": {
        "conversations",
        "conversation_parts",
        "conversation_contacts",
        "conversation_tags",
    },
    "/conversations/deleted": {"deleted_conversations"},
    "/tickets/search": {"tickets", "ticket_parts"},
    "/data_attributes": {"data_attributes"},
}
HAS_MORE = SandboxOptions(contacts=130, companies=60, conversations=40, tickets=20)


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("path", REFUSED)
def test_a_refused_stream_ends_alone_keeps_its_bookmark_and_gets_its_history_later(
    stage: Stage, path: str, code: str
) -> None:
    refused = REFUSED[path]
    stage.control.set_options(refused={path + "($|/)": code})
    run = stage.attempt()
    assert run.error is None
    assert run.refused == refused
    allowed = ROWS.keys() - refused
    if path != "/tickets/search":
        assert stage.lost(run, allowed) == {}
    assert not any(run.state["bookmarks"].get(name) for name in refused)
    stage.control.set_options(refused={})
    stage.control.clock.advance(86_400)
    assert stage.lost(run + stage.run(run.state), refused) == {}


@pytest.mark.parametrize("code", CODES)
def test_a_permission_that_is_taken_away_leaves_the_bookmark_where_it_was(
    stage: Stage, code: str
) -> None:
    first = stage.run()
    stage.control.clock.advance(7200)
    for kind in ("contacts", "conversations", "tickets", "companies"):
        stage.control.touch_oldest(kind, 5)
    stage.control.set_options(refused={"/contacts": code, "/conversations/[0-9]": code})
    second = stage.attempt(first.state)
    assert second.refused >= {"contacts", "contact_tags", "contact_companies"}
    stage.control.set_options(refused={})
    stage.control.clock.advance(86_400)
    assert stage.lost(first + second + stage.run(second.state)) == {}


@pytest.mark.parametrize("options", [HAS_MORE], indirect=True)
@pytest.mark.parametrize("code", CODES)
def test_a_refused_child_ends_alone(stage: Stage, code: str) -> None:
    stage.control.set_options(refused={"/conversations/[0-9]+": code})
    run = stage.attempt()
    assert run.refused == {"conversation_parts"}
    assert stage.lost(run, ROWS.keys() - {"conversation_parts"}) == {}
    assert not run.state["bookmarks"].get("conversation_parts")
    stage.control.set_options(refused={})
    assert stage.lost(run + stage.run(run.state)) == {}


def test_a_few_conversations_that_may_not_be_read_are_told_and_the_rest_is_loaded(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    private = [record["id"] for record in stage.control.records("conversations")[10:13]]
    for record_id in private:
        stage.control.faults.add(
            Fault(kind="status", status=403, code="forbidden", path=f"/conversations/{record_id}")
        )
    run = stage.attempt()
    assert run.error is None
    assert run.refused == frozenset()
    lost = stage.lost(run)
    assert lost.keys() <= {"conversation_parts"}
    owners = {row["conversation_id"] for row in lost["conversation_parts"].values()}
    assert owners <= set(private)
    assert any("3" in line and "conversation_parts" in line for line in warned(caplog))


def test_a_permission_that_is_lost_in_the_middle_loses_no_record(stage: Stage) -> None:
    details = 0

    def revoke(request: Request) -> None:
        nonlocal details
        details += request.path.startswith("/conversations/2")
        if details == 25:
            stage.control.set_options(refused={"/conversations": "token_unauthorized"})

    stage.before_request = revoke
    run = stage.attempt(page_size=20)
    assert "conversation_parts" in run.refused
    stage.before_request = lambda _: None
    stage.control.set_options(refused={})
    stage.control.clock.advance(86_400)
    assert stage.lost(run + stage.run(run.state)) == {}


def test_without_the_tickets_permission_conversations_are_said_to_be_incomplete(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    stage.control.set_options(refused={"/tickets": "token_unauthorized"})
    run = stage.attempt()
    assert run.refused == {"tickets", "ticket_parts"}
    hidden = stage.lost(run, ["conversations"])["conversations"]
    assert len(hidden) > 0
    assert any("Read tickets" in line and "conversations" in line for line in warned(caplog))


def test_conversations_are_said_to_be_incomplete_even_if_tickets_are_deselected(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    stage.control.set_options(refused={"/tickets": "token_unauthorized"})
    run = stage.attempt(select=["conversations"])
    assert any("Read tickets" in line for line in warned(caplog))
    caplog.clear()
    stage.attempt(run.state, select=["conversations"])
    assert any("Read tickets" in line for line in warned(caplog))


def test_the_warning_says_that_hidden_conversations_have_to_be_loaded_anew(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    """Their bookmark passes them, so they do not come by themselves with the permission."""
    stage.control.set_options(refused={"/tickets": "token_unauthorized"})
    stage.attempt(select=["conversations"])
    (line,) = [line for line in warned(caplog) if "Read tickets" in line]
    assert "load" in line


def test_a_token_that_is_revoked_in_the_middle_ends_the_run(stage: Stage) -> None:
    refusal = Fault(kind="status", status=401, code="unauthorized", after=20, times=None)
    stage.control.faults.add(refusal)
    run = stage.attempt()
    assert isinstance(run.error, AccessTokenRefusedError)
    stage.control.faults.clear()
    assert stage.lost(run + stage.run(run.state)) == {}


def test_every_stream_names_the_permission_that_it_needs(stage: Stage) -> None:
    from tap_intercom.tap import TapIntercom

    streams = TapIntercom(config=stage.config).streams
    assert streams.keys() == KEYS.keys()
    assert all(stream.permission for stream in streams.values())  # type: ignore[attr-defined]


def test_a_refusal_with_an_unknown_body_is_a_refusal(stage: Stage) -> None:
    plain = Fault(kind="html_status", status=403, path="/teams", times=None)
    stage.control.faults.add(msgspec.structs.replace(plain))
    assert stage.attempt().refused == {"teams", "team_admins"}
