"""A token that may not read everything: the rest is loaded, and the run says what is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from tap_intercom.errors import AccessTokenRefusedError
from tests.guard.log import warned
from tests.sandbox.faults import Fault
from tests.sandbox.options import SandboxOptions
from tests.truth import CHECKED, KEYS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.guard.stage import Stage

CODES = ("token_unauthorized", "forbidden", "api_plan_restricted")
REFUSED = {
    "/admins": {"admins"},
    "/teams": {"teams", "team_admins"},
    "/contacts/search": {
        "contacts",
        "contact_tags",
        "contact_companies",
        "contact_social_profiles",
    },
    "/companies": {"companies", "company_tags", "company_segments"},
    "/conversations/search": {
        "conversations",
        "conversation_parts",
        "conversation_contacts",
        "conversation_tags",
        "conversation_teammates",
        "conversation_attachments",
        "conversation_part_attachments",
    },
    "/conversations/deleted": {"deleted_conversations"},
    "/tickets/search": {
        "tickets",
        "ticket_parts",
        "ticket_contacts",
        "ticket_part_attachments",
    },
    "/data_attributes": {"data_attributes"},
}
DETAILED = {"conversation_parts", "conversation_part_attachments"}
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
    allowed = CHECKED - refused
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
    assert run.refused == DETAILED
    assert stage.lost(run, CHECKED - DETAILED) == {}
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
    assert lost.keys() <= DETAILED
    owners = {row["conversation_id"] for row in lost["conversation_parts"].values()}
    assert owners <= set(private)
    assert any("3" in line and "conversation_parts" in line for line in warned(caplog))


def test_a_permission_that_is_lost_in_the_middle_loses_no_record(stage: Stage) -> None:
    def revoke() -> None:
        stage.control.set_options(refused={"/conversations": "token_unauthorized"})

    stage.before(25, "/conversations/2", revoke)
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
    assert run.refused == REFUSED["/tickets/search"]
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
    unnamed = {name for name, stream in streams.items() if not stream.permission}  # type: ignore[attr-defined]
    assert unnamed == {"brands", "email_settings", "macros", "data_connectors"}


def test_a_refusal_with_an_unknown_body_is_a_refusal(stage: Stage) -> None:
    plain = Fault(kind="html_status", status=403, path="/teams", times=None)
    stage.control.faults.add(msgspec.structs.replace(plain))
    assert stage.attempt().refused == {"teams", "team_admins"}


@pytest.mark.parametrize(
    "select",
    [
        ["conversation_parts", "tickets"],
        ["conversation_tags", "ticket_parts"],
        ["conversation_parts"],
    ],
    ids=" ".join,
)
def test_streams_of_conversations_are_said_to_be_incomplete_without_their_root(
    stage: Stage, caplog: pytest.LogCaptureFixture, select: list[str]
) -> None:
    stage.control.set_options(refused={"/tickets": "token_unauthorized"})
    stage.attempt(select=select)
    assert len([line for line in warned(caplog) if "Read tickets" in line]) == 1


def test_without_conversations_nothing_is_said_of_them(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    stage.control.set_options(refused={"/tickets": "token_unauthorized"})
    stage.attempt(select=["tickets", "contacts"])
    assert not any("Read tickets" in line for line in warned(caplog))


def test_a_plan_without_a_resource_denies_the_stream_alone(stage: Stage) -> None:
    stage.control.faults.add(Fault(kind="status", status=402, path="/teams", times=None))
    assert stage.attempt().refused == {"teams", "team_admins"}


@pytest.mark.parametrize(("first", "count", "denied"), [(0, 60, True), (0, 15, False)])
def test_forbidden_records_deny_the_stream_only_if_there_are_many_and_no_allowed_one(
    stage: Stage, first: int, count: int, *, denied: bool
) -> None:
    for record in stage.control.records("conversations")[first : first + count]:
        stage.control.faults.add(
            Fault(
                kind="status", status=403, code="forbidden", path=f"/conversations/{record['id']}"
            )
        )
    run = stage.attempt(select=["conversations", "conversation_parts"], concurrency=1)
    assert run.refused == ({"conversation_parts"} if denied else set())
    details = [one for one in stage.requests("/conversations/") if one.method == "GET"]
    # once it is denied, no more than the look-ahead has begun is asked for
    assert len(details) < 30 if denied else len(details) == 60


@pytest.mark.parametrize(
    "options",
    [SandboxOptions(contacts=5, companies=0, conversations=12, tickets=0)],
    indirect=True,
)
def test_few_records_that_are_all_forbidden_deny_the_stream(stage: Stage) -> None:
    stage.control.set_options(refused={"/conversations/[0-9]+": "forbidden"})
    run = stage.attempt(select=["conversations", "conversation_parts"])
    assert run.refused == {"conversation_parts"}
    assert not run.state["bookmarks"].get("conversation_parts")


def test_no_netrc_takes_the_place_of_the_token(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login somebody password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    run = stage.run(select=["tags"])
    assert stage.lost(run, ["tags"]) == {}


@pytest.mark.parametrize("status", [404, 500])
def test_conversations_are_loaded_though_nobody_knows_of_the_tickets(
    stage: Stage, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    stage.control.faults.add(
        Fault(kind="status", status=status, path="/tickets/search", times=None)
    )
    run = stage.run(select=["conversations"])
    assert stage.lost(run, ["conversations"]) == {}
    assert len(stage.requests("/tickets/search")) == 1
    assert any(line.startswith("Nobody knows whether") for line in warned(caplog))
