"""`sync_audit` says what each run loaded, and what it did not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tap_intercom.sync.progress import Progress
from tests.command_line import json_file, run_command
from tests.guarantees.harness import Killed, Pipe, discover
from tests.sandbox.faults import Fault
from tests.sandbox.options import SandboxOptions
from tests.singer import select_streams

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from tests.guarantees.harness import SyncHarness, SyncResult

STREAMS = ("contact_tags", "contacts", "conversation_parts", "conversations", "tags", "teams")
SEARCH = "/conversations/search"
CUSTOM_STREAMS = [
    {
        "name": "guides",
        "path": "/articles",
        "primary_keys": ["id"],
    },
    {
        "name": "notes",
        "path": "/contacts/{id}/notes",
        "primary_keys": ["id"],
        "parent": "contacts",
    },
]


@pytest.fixture
def options() -> SandboxOptions:
    return SandboxOptions(contacts=30, companies=10, conversations=170, tickets=10)


def sync(
    harness: SyncHarness,
    state: dict[str, Any] | None = None,
    streams: Collection[str] = STREAMS,
    pipe: Pipe | None = None,
    **settings: Any,
) -> SyncResult:
    return harness.try_sync(state, select=[*streams, "sync_audit"], pipe=pipe, **settings)


def audit(result: SyncResult) -> dict[str, dict[str, Any]]:
    """Return the rows of a run by stream."""
    rows = result.records("sync_audit")
    assert len({row["stream"] for row in rows}) == len(rows)
    return {row["stream"]: row for row in rows}


def counts(row: dict[str, Any]) -> tuple[int | None, int | None]:
    """Return how many records were expected, and how many were received."""
    return row["expected"], row["received"]


def test_audit_has_one_row_per_stream(harness: SyncHarness) -> None:
    result = sync(harness)

    rows = audit(result)
    assert rows.keys() == set(STREAMS)
    assert {row["status"] for row in rows.values()} == {"complete"}
    assert {row["error_code"] for row in rows.values()} == {None}
    assert {name: row["records"] for name, row in rows.items()} == {
        name: len(result.records(name)) for name in STREAMS
    }


def test_audit_is_written_last(harness: SyncHarness) -> None:
    result = sync(harness, streams=["message_engagement", "tags", "workspace"])

    written = [one["stream"] for one in result.messages if one["type"] == "RECORD"]
    assert written[-3:] == ["sync_audit"] * 3
    assert written.count("sync_audit") == 3


def test_audit_counts_searches(harness: SyncHarness) -> None:
    rows = audit(sync(harness))

    count = len(harness.sandbox.records("conversations"))
    assert counts(rows["conversations"]) == (count, count)
    assert rows["conversations"]["requests"] > count
    assert counts(rows["tags"]) == (None, None)


@pytest.mark.parametrize("api_version", ["2.16", "2.17"])
def test_audit_counts_increments(harness: SyncHarness, api_version: str) -> None:
    """Contacts up to 2.16, and companies from 2.17 on, are searched newest first."""
    streams = ("companies", "contacts")
    first = sync(harness, streams=streams, api_version=api_version)
    harness.sandbox.clock.advance(60)
    for kind in streams:
        harness.sandbox.change(kind, harness.sandbox.records(kind)[0]["id"], {"name": "Ada"})

    rows = audit(sync(harness, first.state, streams, api_version=api_version))

    searched = [row for row in rows.values() if row["expected"] is not None]
    assert [row["stream"] for row in searched][-1:] == ["contacts"]
    assert all(row["received"] == row["expected"] > 0 for row in searched)


def test_audit_counts_lists(harness: SyncHarness) -> None:
    lists = ("articles", "calls", "deleted_contacts", "guides", "notes")

    result = sync(harness, streams=lists, custom_streams=CUSTOM_STREAMS)

    for name, row in audit(result).items():
        assert row["received"] == row["expected"] == len(result.records(name)) > 0, name


def test_audit_ignores_lists_left_early(harness: SyncHarness) -> None:
    """Deleted conversations are listed newest first, and read to the bookmark."""
    for conversation in harness.sandbox.records("conversations")[:150]:
        harness.sandbox.delete("conversations", conversation["id"])
        harness.sandbox.clock.advance(100)
    first = sync(harness, streams=["deleted_conversations"])

    second = sync(harness, first.state, ["deleted_conversations"])

    assert counts(audit(first)["deleted_conversations"]) == (150, 150)
    assert counts(audit(second)["deleted_conversations"]) == (None, None)


def test_audit_counts_repeated_page_once(harness: SyncHarness) -> None:
    harness.sandbox.faults.add(Fault(kind="early_end", path="/articles"))

    result = sync(harness, streams=["articles"])

    row = audit(result)["articles"]
    assert row["received"] == row["expected"] == len(result.records("articles"))


def test_audit_has_no_counts_without_an_answer(harness: SyncHarness) -> None:
    harness.sandbox.faults.add(Fault(kind="status", path=f"{SEARCH}|/articles", times=None))

    rows = audit(sync(harness, streams=["articles", "conversations", "tags"]))

    assert rows["conversations"]["status"] == rows["articles"]["status"] == "failed"
    assert counts(rows["conversations"]) == counts(rows["articles"]) == (None, None)


def test_audit_counts_what_came_before_a_failure(harness: SyncHarness) -> None:
    count = len(harness.sandbox.records("conversations"))
    harness.sandbox.faults.add(Fault(kind="status", path=SEARCH, after=1, times=None))

    row = audit(sync(harness, streams=["conversations"]))["conversations"]

    assert row["status"] == "failed"
    assert row["expected"] == count > row["received"] > 0


def test_audit_has_bookmarks(harness: SyncHarness) -> None:
    first = sync(harness)
    second = sync(harness, first.state)

    before, after = audit(first)["contacts"], audit(second)["contacts"]
    assert before["bookmark_before"] is None
    assert before["bookmark_after"] == after["bookmark_before"] == first.bookmark("contacts")


def test_audit_names_streams_that_failed(harness: SyncHarness) -> None:
    harness.sandbox.set_options(refused={"/tags": "token_unauthorized"})
    harness.sandbox.faults.add(Fault(kind="status", status=500, path="/teams", times=None))

    rows = audit(sync(harness))

    assert (rows["tags"]["status"], rows["tags"]["error_code"]) == ("denied", "token_unauthorized")
    assert (rows["teams"]["status"], rows["teams"]["error_code"]) == ("failed", "server_error")
    assert rows["teams"]["retries"] > 0
    assert rows["teams"]["warnings"] == rows["tags"]["warnings"] == 0
    assert rows["contacts"]["status"] == "complete"


def test_audit_has_status_without_a_code(harness: SyncHarness) -> None:
    harness.sandbox.faults.add(Fault(kind="status", status=400, code="", path="/tags", times=None))

    rows = audit(sync(harness))

    assert (rows["tags"]["status"], rows["tags"]["error_code"]) == ("failed", "400")


def test_audit_counts_warnings(harness: SyncHarness) -> None:
    guides = {**CUSTOM_STREAMS[0], "columns": {"titel": "string"}}

    rows = audit(sync(harness, streams=["guides", "tags"], custom_streams=[guides]))

    assert (rows["guides"]["warnings"], rows["tags"]["warnings"]) == (1, 0)


def test_audit_has_seconds_of_each_stream(
    harness: SyncHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Progress, "seconds", 12.34)

    rows = audit(sync(harness))

    assert {row["seconds"] for row in rows.values()} == {12.3}


def test_audit_counts_skipped_records(harness: SyncHarness) -> None:
    gone = harness.sandbox.records("conversations")[0]["id"]
    harness.before_request(
        "/conversations/[0-9]+", lambda: harness.sandbox.delete("conversations", gone)
    )

    rows = audit(sync(harness))

    assert (rows["conversation_parts"]["skipped"], rows["conversations"]["skipped"]) == (1, 0)
    assert rows["conversation_parts"]["status"] == "complete"


def test_outage_fails_the_streams_it_reaches(harness: SyncHarness) -> None:
    fault = Fault(kind="status", status=503, times=None)
    harness.before_request("/tags", lambda: harness.sandbox.faults.add(fault))

    rows = audit(sync(harness, workspace_column=True))

    failed = {name for name, row in rows.items() if row["status"] == "failed"}
    assert failed == {"tags", "teams"}
    assert all(rows[name]["error_code"] for name in failed)


def test_error_of_a_map_is_audited(harness: SyncHarness, tmp_path: Path) -> None:
    config = {**harness.config, "stream_maps": {"tags": {"x": "int(name)"}}}
    discovered = run_command("--discover", "--config", json_file(tmp_path, "config", config))
    catalog = select_streams(
        json.loads(discovered.stdout), ["admins", "tags", "teams", "sync_audit"]
    )

    result = run_command(
        *("--config", json_file(tmp_path, "config", config)),
        *("--catalog", json_file(tmp_path, "catalog", catalog)),
    )

    rows = {row["stream"]: row for row in result.output.records("sync_audit")}
    assert result.exit_code == 1
    assert {name: row["status"] for name, row in rows.items()} == {
        "admins": "complete",
        "tags": "failed",
        "teams": "failed",
    }
    assert rows["tags"]["error_code"] == "StreamMapError"


@pytest.mark.parametrize("settings", [{}, {"workspace_column": True}], ids=["plain", "column"])
def test_refused_token_leaves_no_audit(harness: SyncHarness, settings: dict[str, Any]) -> None:
    harness.sandbox.faults.add(Fault(kind="status", status=401, times=None))

    result = sync(harness, **settings)

    assert result.error is not None
    assert audit(result) == {}


def test_unreachable_host_is_audited(harness: SyncHarness) -> None:
    harness.sandbox.faults.add(Fault(kind="reset", times=None))

    rows = audit(sync(harness))
    with_column = audit(sync(harness, workspace_column=True))

    assert rows.keys() == set(STREAMS)
    assert {row["status"] for row in rows.values()} == {"failed"}
    assert with_column == {}


@pytest.mark.parametrize("end", [Killed, KeyboardInterrupt])
def test_stopped_run_leaves_earlier_audits(harness: SyncHarness, end: type[BaseException]) -> None:
    first = sync(harness)
    harness.sandbox.clock.advance(60)

    stopped = sync(harness, pipe=Pipe(messages=60, breaks_with=end))
    harness.sandbox.clock.advance(60)
    last = sync(harness, stopped.state)

    assert stopped.is_killed
    assert audit(stopped) == {}
    assert {name: row["records"] for name, row in audit(last).items()} == {
        name: len(last.records(name)) for name in STREAMS
    }
    runs = {row["run_started_at"] for row in (first + stopped + last).records("sync_audit")}
    assert len(runs) == 2


def test_audits_are_never_marked_as_deleted(harness: SyncHarness) -> None:
    config = {**harness.config, "emit_activate_version_messages": True}
    catalog = discover(config, {"tags", "sync_audit"})
    for entry in catalog["streams"]:
        entry["replication_method"] = "FULL_TABLE"

    result = harness.try_sync_catalog(config, catalog)

    activated = [one["stream"] for one in result.messages if one["type"] == "ACTIVATE_VERSION"]
    assert activated == ["tags"]
    assert audit(result)["tags"]["status"] == "complete"


def test_audit_has_its_workspace(harness: SyncHarness) -> None:
    result = sync(harness, workspace_column=True)

    assert set(result.values("sync_audit", "_workspace_id")) == {harness.options.workspace_id}
