"""A token that may not read everything: the rest is loaded, and what is missing is reported."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from tap_intercom.errors import AuthenticationError, explain
from tap_intercom.streams import stream_types
from tests.expected_rows import CHECKED, DEFAULT
from tests.sandbox.faults import Fault
from tests.sandbox.options import SandboxOptions

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tests.guarantees.harness import SyncHarness, SyncResult

CODES = ("token_unauthorized", "forbidden", "api_plan_restricted")


def with_children(*names: str) -> set[str]:
    """Return streams with those of their child streams that are selected by default."""
    parents = {stream_type for stream_type in stream_types() if stream_type.name in names}
    children = {one.name for one in stream_types() if one.parent_stream_type in parents}
    return {*names, *(children & DEFAULT)}


DENIED_BY_PATH = {
    "/admins": {"admins"},
    "/teams": with_children("teams"),
    "/contacts/search": with_children("contacts"),
    "/companies": with_children("companies"),
    "/conversations/search": with_children("conversations"),
    "/conversations/deleted": {"deleted_conversations"},
    "/tickets/search": with_children("tickets"),
    "/data_attributes": {"data_attributes"},
}
INCOMPLETE_BY_PATH = {"/tickets/search": DENIED_BY_PATH["/conversations/search"]}
"""Intercom leaves tickets out of the conversations for a token that may not read tickets."""

DETAILS = "/conversations/[0-9]+"
DETAIL_STREAMS = {"conversation_parts", "conversation_part_attachments", "conversation_part_tags"}
WITHOUT_PERMISSION = {
    *("brands", "email_settings", "macros", "data_connectors", "data_connector_executions"),
    "ip_allowlist",
}
"""Streams for which Intercom names no permission."""

FEW = SandboxOptions(contacts=130, companies=60, conversations=40, tickets=20)
TWELVE = SandboxOptions(contacts=5, companies=0, conversations=12, tickets=0)
CONVERSATIONS = 60
"""How many conversations the workspace has unless a test says otherwise."""

MAX_DETAILS_AFTER_DENIAL = 30
MAX_TRIES_OF_REFUSALS = 6
DAY = 86_400


def deny(harness: SyncHarness, *paths: str, code: str = "token_unauthorized") -> None:
    """Deny the paths that match patterns, from their start, and no others."""
    harness.sandbox.set_options(refused=dict.fromkeys(paths, code))


def forbid_records(harness: SyncHarness, ids: Iterable[str]) -> None:
    """Deny the details of some conversations."""
    for record_id in ids:
        path = f"/conversations/{record_id}"
        fault = Fault(kind="status", status=403, code="forbidden", path=path)
        harness.sandbox.faults.add(fault)


def conversation_ids(harness: SyncHarness) -> list[str]:
    return [record["id"] for record in harness.sandbox.records("conversations")]


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("path", DENIED_BY_PATH)
def test_denied_stream_fails_alone(harness: SyncHarness, path: str, code: str) -> None:
    deny(harness, path + "($|/)", code=code)
    complete = CHECKED - DENIED_BY_PATH[path] - INCOMPLETE_BY_PATH.get(path, set())

    result = harness.try_sync()

    assert result.error is None
    assert result.denied_streams == DENIED_BY_PATH[path]
    assert harness.missing_rows(result, complete) == {}


@pytest.mark.parametrize("path", DENIED_BY_PATH)
def test_denied_stream_gets_history_later(harness: SyncHarness, path: str) -> None:
    streams = DENIED_BY_PATH[path]
    deny(harness, path + "($|/)")
    denied = harness.try_sync()
    assert {denied.bookmark(name) for name in streams} == {None}
    deny(harness)
    harness.sandbox.clock.advance(DAY)

    later = harness.sync(denied.state)

    assert harness.missing_rows(denied + later, streams) == {}


@pytest.mark.parametrize("code", CODES)
def test_revoked_permission_keeps_the_bookmark(harness: SyncHarness, code: str) -> None:
    first = harness.sync()
    harness.sandbox.clock.advance(7200)
    for kind in ("contacts", "conversations", "tickets", "companies"):
        harness.sandbox.touch_oldest(kind, 5)
    deny(harness, "/contacts", "/conversations/[0-9]", code=code)

    second = harness.try_sync(first.state)

    denied = {"contacts", "contact_tags", "contact_companies", "conversation_parts"}
    assert second.denied_streams >= denied
    assert {name: second.bookmark(name) for name in denied} == {
        name: first.bookmark(name) for name in denied
    }


def test_restored_permission_completes_the_rows(harness: SyncHarness) -> None:
    first = harness.sync()
    harness.sandbox.clock.advance(7200)
    for kind in ("contacts", "conversations", "tickets", "companies"):
        harness.sandbox.touch_oldest(kind, 5)
    deny(harness, "/contacts", "/conversations/[0-9]")
    second = harness.try_sync(first.state)
    deny(harness)
    harness.sandbox.clock.advance(DAY)

    third = harness.sync(second.state)

    assert harness.missing_rows(first + second + third) == {}


@pytest.mark.parametrize("options", [FEW], indirect=True)
@pytest.mark.parametrize("code", CODES)
def test_denied_child_fails_alone(harness: SyncHarness, code: str) -> None:
    deny(harness, DETAILS, code=code)

    result = harness.try_sync()

    assert result.denied_streams == DETAIL_STREAMS
    assert result.bookmark("conversation_parts") is None
    assert harness.missing_rows(result, CHECKED - DETAIL_STREAMS) == {}


@pytest.mark.parametrize("options", [FEW], indirect=True)
@pytest.mark.parametrize("code", CODES)
def test_denied_child_gets_rows_later(harness: SyncHarness, code: str) -> None:
    streams = ["conversations", *DETAIL_STREAMS]
    deny(harness, DETAILS, code=code)
    denied = harness.try_sync(select=streams)
    deny(harness)

    later = harness.sync(denied.state, select=streams)

    assert harness.missing_rows(denied + later, streams) == {}


@pytest.mark.parametrize("code", CODES)
def test_denied_transcripts_leave_calls_whole(harness: SyncHarness, code: str) -> None:
    deny(harness, "/calls/search", code=code)

    result = harness.try_sync(select=["calls", "call_transcripts", "tags"])

    assert result.failures.keys() == result.denied_streams == {"call_transcripts"}
    assert len(harness.requests("/calls/search")) == 1
    assert set(result.values("calls", "id")) == {
        str(call["id"]) for call in harness.sandbox.records("calls")
    }


def test_denied_calls_fail_with_transcripts(harness: SyncHarness) -> None:
    """Transcripts are found by the conversations of the calls."""
    deny(harness, "/calls$", code="forbidden")

    result = harness.try_sync(select=["calls", "call_transcripts", "tags"])

    assert result.failures.keys() == result.denied_streams == {"calls", "call_transcripts"}
    assert result.records("tags") != []


def test_forbidden_records_lack_only_details(harness: SyncHarness) -> None:
    forbidden = conversation_ids(harness)[10:13]
    forbid_records(harness, forbidden)

    result = harness.try_sync()

    missing = harness.missing_rows(result)
    assert result.failures == {}
    assert missing.keys() <= DETAIL_STREAMS
    assert {row["conversation_id"] for row in missing["conversation_parts"].values()} <= set(
        forbidden
    )


def test_forbidden_records_are_reported(harness: SyncHarness) -> None:
    forbid_records(harness, conversation_ids(harness)[10:13])

    result = harness.sync(select=["conversations", "conversation_parts"])

    assert result.summary("conversation_parts")["skipped"] == 3
    assert len(result.warnings("conversation_parts", 3)) == 1


def test_permission_lost_midway_loses_nothing(harness: SyncHarness) -> None:
    harness.before_request(DETAILS, lambda: deny(harness, "/conversations"), number=25)
    denied = harness.try_sync(page_size=20)
    assert "conversation_parts" in denied.denied_streams
    harness.clear_actions()
    deny(harness)
    harness.sandbox.clock.advance(DAY)

    later = harness.sync(denied.state)

    assert harness.missing_rows(denied + later) == {}


def hidden_tickets_warnings(result: SyncResult) -> list[str]:
    """Return the warnings that conversations are incomplete without a permission."""
    return result.warnings("Read tickets", "conversations")


@pytest.mark.parametrize(
    "select",
    [
        None,
        ["conversations"],
        ["conversation_parts"],
        ["conversation_parts", "tickets"],
        ["conversation_tags", "ticket_parts"],
    ],
    ids=str,
)
def test_hidden_tickets_are_reported_once(harness: SyncHarness, select: list[str] | None) -> None:
    """Without the permission, Intercom leaves tickets out of the conversations."""
    deny(harness, "/tickets")

    result = harness.try_sync(select=select)

    assert len(hidden_tickets_warnings(result)) == 1


def test_hidden_tickets_are_reported_each_run(harness: SyncHarness) -> None:
    deny(harness, "/tickets")
    first = harness.try_sync(select=["conversations"])

    second = harness.try_sync(first.state, select=["conversations"])

    assert len(hidden_tickets_warnings(second)) == 1


def test_hidden_tickets_need_a_reload(harness: SyncHarness) -> None:
    """The bookmark passes hidden tickets, and the warning says so."""
    deny(harness, "/tickets")
    first = harness.try_sync(select=["conversations"])
    deny(harness)

    second = harness.sync(first.state, select=["conversations"])

    assert harness.missing_rows(first + second, ["conversations"]) != {}
    assert len(first.warnings("Read tickets", "bookmark")) == 1


def test_hidden_tickets_concern_conversations_alone(harness: SyncHarness) -> None:
    deny(harness, "/tickets")

    result = harness.try_sync(select=["tickets", "contacts"])

    assert hidden_tickets_warnings(result) == []


@pytest.mark.parametrize("status", [404, 500])
def test_failed_tickets_check_loses_nothing(harness: SyncHarness, status: int) -> None:
    fault = Fault(kind="status", status=status, path="/tickets/search", times=None)
    harness.sandbox.faults.add(fault)

    result = harness.sync(select=["conversations"])

    assert harness.missing_rows(result, ["conversations"]) == {}
    assert len(harness.requests("/tickets/search")) == 1


@pytest.mark.parametrize("status", [404, 500])
def test_failed_tickets_check_is_reported(harness: SyncHarness, status: int) -> None:
    fault = Fault(kind="status", status=status, path="/tickets/search", times=None)
    harness.sandbox.faults.add(fault)

    result = harness.sync(select=["conversations"])

    assert len(result.warnings("/tickets/search", status)) == 1
    assert result.summary("conversations")["warnings"] == 1


def revoke_token(harness: SyncHarness) -> None:
    """Refuse the token after twenty requests."""
    fault = Fault(kind="status", status=401, code="unauthorized", after=20, times=None)
    harness.sandbox.faults.add(fault)


def test_revoked_token_ends_the_run(harness: SyncHarness) -> None:
    revoke_token(harness)

    result = harness.try_sync()

    assert isinstance(result.error, AuthenticationError)


def test_revoked_token_loses_nothing(harness: SyncHarness) -> None:
    revoke_token(harness)
    revoked = harness.try_sync()
    harness.sandbox.faults.clear()

    later = harness.sync(revoked.state)

    assert harness.missing_rows(revoked + later) == {}


@pytest.mark.parametrize("denied", [(), ("/admins",)], ids=["nothing denied", "admins denied"])
def test_token_revoked_during_details_ends_run(
    harness: SyncHarness, denied: tuple[str, ...]
) -> None:
    """A refused token is no failure of single records, although it was valid a while ago."""
    deny(harness, *denied)
    refusal = Fault(kind="status", status=401, code="unauthorized", times=None)
    harness.before_request(DETAILS, lambda: harness.sandbox.faults.add(refusal), number=10)

    result = harness.try_sync(select=["admins", "conversation_parts", "tags"])

    assert isinstance(result.error, AuthenticationError)
    assert result.failures.keys() == ({"admins"} if denied else set())
    assert harness.requests("/tags") == []


def test_denied_workspace_ends_no_other_stream(harness: SyncHarness) -> None:
    """Although `/me` is asked whether a token is refused everywhere."""
    harness.sandbox.set_options(refused={"/me": "forbidden", "/teams": "token_unauthorized"})

    result = harness.try_sync(select=["workspace", "teams", "tags"])

    assert result.error is None
    assert result.denied_streams == {"workspace", "teams"}
    assert harness.missing_rows(result, ["tags"]) == {}


def test_streams_name_their_permission() -> None:
    unnamed = {stream_type.name for stream_type in stream_types() if not stream_type.permission}

    assert unnamed == WITHOUT_PERMISSION


FOREIGN_REFUSALS = {
    "a page with 403": Fault(kind="html_status", status=403),
    "a page with 401": Fault(kind="html_status", status=401),
    "no body": Fault(kind="raw_status", status=403),
    "an API gateway": Fault(kind="raw_status", status=403, body=b'{"message":"Forbidden"}'),
    "a page with 400": Fault(kind="html_status", status=400),
    "a redirect": Fault(kind="redirect", url="https://login.example.com/"),
}
BY_REFUSAL = pytest.mark.parametrize(
    "refusal", FOREIGN_REFUSALS.values(), ids=FOREIGN_REFUSALS.keys()
)
PATHS = ("/teams", "/contacts/search", DETAILS, "/companies/scroll", "/me")
"""A list, a search, a detail, a scroll, and the request that shows whether the token is valid."""


@BY_REFUSAL
def test_single_refusal_of_others_costs_nothing(harness: SyncHarness, refusal: Fault) -> None:
    for path in PATHS:
        harness.sandbox.faults.add(replace(refusal, path=path))

    result = harness.sync()

    assert harness.missing_rows(result) == {}


@BY_REFUSAL
def test_refusal_within_a_scroll_costs_nothing(harness: SyncHarness, refusal: Fault) -> None:
    harness.sandbox.faults.add(replace(refusal, path="/companies/scroll", after=1))

    result = harness.sync(select=["companies"])

    assert harness.missing_rows(result, ["companies"]) == {}


@BY_REFUSAL
def test_lasting_refusal_of_others_is_no_denial(harness: SyncHarness, refusal: Fault) -> None:
    harness.sandbox.faults.add(replace(refusal, path="/teams", times=None))

    result = harness.try_sync()

    assert result.failures.keys() == {"teams", "team_admins"}
    assert result.denied_streams == set()
    assert len(harness.requests("/teams")) < MAX_TRIES_OF_REFUSALS


def test_lasting_refusal_of_details_is_no_denial(harness: SyncHarness) -> None:
    fault = Fault(kind="html_status", status=403, path=DETAILS, times=None)
    harness.sandbox.faults.add(fault)

    result = harness.try_sync()

    assert result.failures.keys() == DETAIL_STREAMS
    assert result.denied_streams == set()
    assert result.bookmark("conversation_parts") is None


@pytest.mark.parametrize("path", PATHS[:-1])
def test_stray_refusal_of_the_token_costs_nothing(harness: SyncHarness, path: str) -> None:
    """It contradicts `/me`, which says that the token is valid."""
    stray = Fault(kind="status", status=401, code="unauthorized", path=path)
    harness.sandbox.faults.add(stray)

    result = harness.sync()

    assert harness.missing_rows(result) == {}


def test_denied_workspace_fails_alone(harness: SyncHarness) -> None:
    fault = Fault(kind="status", status=401, code="token_unauthorized", path="/me", times=None)
    harness.sandbox.faults.add(fault)

    result = harness.try_sync(select=["tags", "workspace"])

    assert result.denied_streams == result.failures.keys() == {"workspace"}


def test_suspended_app_is_named(harness: SyncHarness) -> None:
    message = "Unauthorized token, suspended application"
    fault = Fault(kind="status", status=401, code="token_suspended", message=message, times=None)
    harness.sandbox.faults.add(fault)

    result = harness.try_sync()

    assert isinstance(result.error, AuthenticationError)
    assert f"token_suspended: {message}" in explain(result.error)
    assert "Copy it again" not in explain(result.error)


def test_error_without_a_list_fails_alone(harness: SyncHarness) -> None:
    body = b'{"status":400,"error":"Bad Request"}'
    fault = Fault(kind="raw_status", status=400, body=body, path="/teams", times=None)
    harness.sandbox.faults.add(fault)

    result = harness.try_sync()

    assert result.failures.keys() == {"teams", "team_admins"}
    assert "status 400 (Bad Request)" in str(result.failures["teams"])


def test_missing_plan_fails_alone(harness: SyncHarness) -> None:
    harness.sandbox.faults.add(Fault(kind="status", status=402, path="/teams", times=None))

    result = harness.try_sync()

    assert result.denied_streams == result.failures.keys() == {"teams", "team_admins"}


def test_many_forbidden_records_deny_the_stream(harness: SyncHarness) -> None:
    """Once it counts as denied, only requests that have begun are still made."""
    forbid_records(harness, conversation_ids(harness))

    result = harness.try_sync(select=["conversations", "conversation_parts"], concurrency=1)

    assert result.denied_streams == {"conversation_parts"}
    assert len(harness.requests(DETAILS)) < MAX_DETAILS_AFTER_DENIAL


def test_some_forbidden_records_deny_nothing(harness: SyncHarness) -> None:
    forbid_records(harness, conversation_ids(harness)[:15])

    result = harness.try_sync(select=["conversations", "conversation_parts"], concurrency=1)

    assert result.denied_streams == set()
    assert len(harness.requests(DETAILS)) == CONVERSATIONS


@pytest.mark.parametrize("options", [TWELVE], indirect=True)
def test_all_records_forbidden_deny_the_stream(harness: SyncHarness) -> None:
    deny(harness, DETAILS, code="forbidden")

    result = harness.try_sync(select=["conversations", "conversation_parts"])

    assert result.denied_streams == {"conversation_parts"}
    assert result.bookmark("conversation_parts") is None


def test_netrc_never_replaces_the_token(
    harness: SyncHarness, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login somebody password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))

    result = harness.sync(select=["tags"])

    assert harness.missing_rows(result, ["tags"]) == {}
