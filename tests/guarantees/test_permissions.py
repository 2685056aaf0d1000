"""A token that may not read everything: the rest is loaded, and the run says what is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from tap_intercom.errors import AuthenticationError
from tests.expected_rows import CHECKED, KEYS
from tests.guarantees.log_lines import warning_lines
from tests.sandbox.faults import Fault
from tests.sandbox.options import SandboxOptions

if TYPE_CHECKING:
    from pathlib import Path

    from tests.guarantees.harness import SyncHarness

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
    harness: SyncHarness, path: str, code: str
) -> None:
    refused = REFUSED[path]
    harness.sandbox.set_options(refused={path + "($|/)": code})
    run = harness.try_sync()
    assert run.error is None
    assert run.denied_streams == refused
    allowed = CHECKED - refused
    if path != "/tickets/search":
        assert harness.missing_rows(run, allowed) == {}
    assert not any(run.state["bookmarks"].get(name) for name in refused)
    harness.sandbox.set_options(refused={})
    harness.sandbox.clock.advance(86_400)
    assert harness.missing_rows(run + harness.sync(run.state), refused) == {}


@pytest.mark.parametrize("code", CODES)
def test_a_permission_that_is_taken_away_leaves_the_bookmark_where_it_was(
    harness: SyncHarness, code: str
) -> None:
    first = harness.sync()
    harness.sandbox.clock.advance(7200)
    for kind in ("contacts", "conversations", "tickets", "companies"):
        harness.sandbox.touch_oldest(kind, 5)
    harness.sandbox.set_options(refused={"/contacts": code, "/conversations/[0-9]": code})
    second = harness.try_sync(first.state)
    assert second.denied_streams >= {"contacts", "contact_tags", "contact_companies"}
    harness.sandbox.set_options(refused={})
    harness.sandbox.clock.advance(86_400)
    assert harness.missing_rows(first + second + harness.sync(second.state)) == {}


@pytest.mark.parametrize("options", [HAS_MORE], indirect=True)
@pytest.mark.parametrize("code", CODES)
def test_a_refused_child_ends_alone(harness: SyncHarness, code: str) -> None:
    harness.sandbox.set_options(refused={"/conversations/[0-9]+": code})
    run = harness.try_sync()
    assert run.denied_streams == DETAILED
    assert harness.missing_rows(run, CHECKED - DETAILED) == {}
    assert not run.state["bookmarks"].get("conversation_parts")
    harness.sandbox.set_options(refused={})
    assert harness.missing_rows(run + harness.sync(run.state)) == {}


def test_a_few_conversations_that_may_not_be_read_are_told_and_the_rest_is_loaded(
    harness: SyncHarness, caplog: pytest.LogCaptureFixture
) -> None:
    private = [record["id"] for record in harness.sandbox.records("conversations")[10:13]]
    for record_id in private:
        harness.sandbox.faults.add(
            Fault(kind="status", status=403, code="forbidden", path=f"/conversations/{record_id}")
        )
    run = harness.try_sync()
    assert run.error is None
    assert run.denied_streams == frozenset()
    missing_rows = harness.missing_rows(run)
    assert missing_rows.keys() <= DETAILED
    owners = {row["conversation_id"] for row in missing_rows["conversation_parts"].values()}
    assert owners <= set(private)
    assert any("3" in line and "conversation_parts" in line for line in warning_lines(caplog))


def test_a_permission_that_is_lost_in_the_middle_loses_no_record(harness: SyncHarness) -> None:
    def revoke() -> None:
        harness.sandbox.set_options(refused={"/conversations": "token_unauthorized"})

    harness.before_request(r"/conversations/\d+", revoke, number=25)
    run = harness.try_sync(page_size=20)
    assert "conversation_parts" in run.denied_streams
    harness.clear_actions()
    harness.sandbox.set_options(refused={})
    harness.sandbox.clock.advance(86_400)
    assert harness.missing_rows(run + harness.sync(run.state)) == {}


def test_without_the_tickets_permission_conversations_are_said_to_be_incomplete(
    harness: SyncHarness, caplog: pytest.LogCaptureFixture
) -> None:
    harness.sandbox.set_options(refused={"/tickets": "token_unauthorized"})
    run = harness.try_sync()
    assert run.denied_streams == REFUSED["/tickets/search"]
    hidden = harness.missing_rows(run, ["conversations"])["conversations"]
    assert len(hidden) > 0
    assert any("Read tickets" in line and "conversations" in line for line in warning_lines(caplog))


def test_conversations_are_said_to_be_incomplete_even_if_tickets_are_deselected(
    harness: SyncHarness, caplog: pytest.LogCaptureFixture
) -> None:
    harness.sandbox.set_options(refused={"/tickets": "token_unauthorized"})
    run = harness.try_sync(select=["conversations"])
    assert any("Read tickets" in line for line in warning_lines(caplog))
    caplog.clear()
    harness.try_sync(run.state, select=["conversations"])
    assert any("Read tickets" in line for line in warning_lines(caplog))


def test_the_warning_says_that_hidden_conversations_have_to_be_loaded_anew(
    harness: SyncHarness, caplog: pytest.LogCaptureFixture
) -> None:
    """Their bookmark passes them, so they do not come by themselves with the permission."""
    harness.sandbox.set_options(refused={"/tickets": "token_unauthorized"})
    harness.try_sync(select=["conversations"])
    (line,) = [line for line in warning_lines(caplog) if "Read tickets" in line]
    assert "load" in line


def test_a_token_that_is_revoked_in_the_middle_ends_the_run(harness: SyncHarness) -> None:
    refusal = Fault(kind="status", status=401, code="unauthorized", after=20, times=None)
    harness.sandbox.faults.add(refusal)
    run = harness.try_sync()
    assert isinstance(run.error, AuthenticationError)
    harness.sandbox.faults.clear()
    assert harness.missing_rows(run + harness.sync(run.state)) == {}


def test_every_stream_names_the_permission_that_it_needs(harness: SyncHarness) -> None:
    from tap_intercom.tap import TapIntercom

    streams = TapIntercom(config=harness.config).streams
    assert streams.keys() == KEYS.keys()
    unnamed = {name for name, stream in streams.items() if not stream.permission}  # type: ignore[attr-defined]
    assert unnamed == {"brands", "email_settings", "macros", "data_connectors"}


def test_a_refusal_with_an_unknown_body_is_a_refusal(harness: SyncHarness) -> None:
    plain = Fault(kind="html_status", status=403, path="/teams", times=None)
    harness.sandbox.faults.add(msgspec.structs.replace(plain))
    assert harness.try_sync().denied_streams == {"teams", "team_admins"}


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
    harness: SyncHarness, caplog: pytest.LogCaptureFixture, select: list[str]
) -> None:
    harness.sandbox.set_options(refused={"/tickets": "token_unauthorized"})
    harness.try_sync(select=select)
    assert len([line for line in warning_lines(caplog) if "Read tickets" in line]) == 1


def test_without_conversations_nothing_is_said_of_them(
    harness: SyncHarness, caplog: pytest.LogCaptureFixture
) -> None:
    harness.sandbox.set_options(refused={"/tickets": "token_unauthorized"})
    harness.try_sync(select=["tickets", "contacts"])
    assert not any("Read tickets" in line for line in warning_lines(caplog))


def test_a_plan_without_a_resource_denies_the_stream_alone(harness: SyncHarness) -> None:
    harness.sandbox.faults.add(Fault(kind="status", status=402, path="/teams", times=None))
    assert harness.try_sync().denied_streams == {"teams", "team_admins"}


@pytest.mark.parametrize(("first", "count", "denied"), [(0, 60, True), (0, 15, False)])
def test_forbidden_records_deny_the_stream_only_if_there_are_many_and_no_allowed_one(
    harness: SyncHarness, first: int, count: int, *, denied: bool
) -> None:
    for record in harness.sandbox.records("conversations")[first : first + count]:
        harness.sandbox.faults.add(
            Fault(
                kind="status", status=403, code="forbidden", path=f"/conversations/{record['id']}"
            )
        )
    run = harness.try_sync(select=["conversations", "conversation_parts"], concurrency=1)
    assert run.denied_streams == ({"conversation_parts"} if denied else set())
    details = harness.requests(r"/conversations/\d+", "GET")
    # once it is denied, no more than the look-ahead has begun is asked for
    assert len(details) < 30 if denied else len(details) == 60


@pytest.mark.parametrize(
    "options",
    [SandboxOptions(contacts=5, companies=0, conversations=12, tickets=0)],
    indirect=True,
)
def test_few_records_that_are_all_forbidden_deny_the_stream(harness: SyncHarness) -> None:
    harness.sandbox.set_options(refused={"/conversations/[0-9]+": "forbidden"})
    run = harness.try_sync(select=["conversations", "conversation_parts"])
    assert run.denied_streams == {"conversation_parts"}
    assert not run.state["bookmarks"].get("conversation_parts")


def test_no_netrc_takes_the_place_of_the_token(
    harness: SyncHarness, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login somebody password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    run = harness.sync(select=["tags"])
    assert harness.missing_rows(run, ["tags"]) == {}


@pytest.mark.parametrize("status", [404, 500])
def test_conversations_are_loaded_though_nobody_knows_of_the_tickets(
    harness: SyncHarness, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    harness.sandbox.faults.add(
        Fault(kind="status", status=status, path="/tickets/search", times=None)
    )
    run = harness.sync(select=["conversations"])
    assert harness.missing_rows(run, ["conversations"]) == {}
    assert len(harness.requests("/tickets/search")) == 1
    assert any(line.startswith("Nobody knows whether") for line in warning_lines(caplog))
