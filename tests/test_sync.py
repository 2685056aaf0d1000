"""Full and incremental syncs of a whole workspace."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from scripts.generate.facts import read_streams
from tests.expected_rows import (
    CHECKED,
    KEYS,
    ROWS,
    expected_rows,
    loaded,
    missing_rows,
    timestamp,
)
from tests.sandbox.options import SandboxOptions
from tests.sandbox.server import Sandbox
from tests.singer import Output, TapRunner

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tests.sandbox.control import Control

WORKSPACE = SandboxOptions(
    contacts=320, companies=120, conversations=80, tickets=30, export_polls=0
)


@dataclass(frozen=True)
class FullSync:
    """What a first run of all streams wrote, and the sandbox that it read."""

    sandbox: Control
    output: Output


@pytest.fixture(scope="module")
def full_sync() -> Iterator[FullSync]:
    with Sandbox(WORKSPACE) as sandbox:
        control = sandbox.control
        control.delete("conversations", control.records("conversations")[5]["id"])
        tap = TapRunner({"access_token": sandbox.options.token, "api_url": sandbox.url})
        yield FullSync(control, tap.run(select=KEYS, api_version="2.18"))


def missing(output: Output, sandbox: Control, streams: Iterable[str] = CHECKED) -> set[str]:
    """Return the streams that lack expected rows."""
    return {stream for stream in streams if missing_rows(output, sandbox, stream)}


def detail_requests(sandbox: Control) -> list[str]:
    """Return the ids of the conversations whose details were requested."""
    return [
        request.path.removeprefix("/conversations/")
        for request in sandbox.requests()
        if re.fullmatch("/conversations/[0-9]+", request.path)
    ]


def test_first_run_loads_every_row(full_sync: FullSync) -> None:
    assert full_sync.output.streams() == set(KEYS)
    assert missing(full_sync.output, full_sync.sandbox, ROWS) == set()


@pytest.mark.parametrize("stream", sorted(ROWS))
def test_first_run_invents_no_row(full_sync: FullSync, stream: str) -> None:
    expected = expected_rows(full_sync.sandbox, stream)

    assert loaded(full_sync.output, stream).keys() == expected.keys()
    assert len(full_sync.output.records(stream)) == len(expected)


def test_workspace_is_loaded(full_sync: FullSync) -> None:
    assert full_sync.output.values("workspace", "timezone") == ["America/Los_Angeles"]


def test_schemas_come_once(full_sync: FullSync) -> None:
    counts = Counter(message["stream"] for message in full_sync.output.schemas)

    assert counts == dict.fromkeys(KEYS, 1)


def test_schemas_name_their_keys(full_sync: FullSync) -> None:
    keys = {
        message["stream"]: tuple(message["key_properties"]) for message in full_sync.output.schemas
    }

    assert keys == KEYS


def test_schemas_come_before_records(full_sync: FullSync) -> None:
    announced = set[str]()

    for message in full_sync.output.messages:
        if message["type"] == "SCHEMA":
            announced.add(message["stream"])

        assert message["type"] != "RECORD" or message["stream"] in announced


def test_records_fit_their_schemas(full_sync: FullSync) -> None:
    checker = Draft202012Validator.FORMAT_CHECKER

    for message in full_sync.output.schemas:
        validator = Draft202012Validator(message["schema"], format_checker=checker)
        for record in full_sync.output.records(message["stream"]):
            assert next(validator.iter_errors(record), None) is None, message["stream"]


def unknown_fields(schema: dict[str, Any], value: Any, path: str) -> Iterator[str]:
    """Yield the paths of the fields that a schema lacks; an object without properties is free."""
    if isinstance(value, list):
        for item in value:
            yield from unknown_fields(schema.get("items", {}), item, f"{path}[]")
    if isinstance(value, dict) and (properties := schema.get("properties")):
        for name, inner in value.items():
            if name in properties:
                yield from unknown_fields(properties[name], inner, f"{path}.{name}")
            else:
                yield f"{path}.{name}"


def test_schemas_have_every_field(tap: TapRunner) -> None:
    output = tap.run(select=KEYS, api_version="2.18", custom_attributes_as_json=True)

    unknown = {
        path
        for message in output.schemas
        for record in output.records(message["stream"])
        for path in unknown_fields(message["schema"], record, message["stream"])
    }
    assert unknown == set()


def test_incremental_streams_have_bookmarks(full_sync: FullSync) -> None:
    bookmarks = full_sync.output.state["bookmarks"]

    facts_of_all = [facts for facts in read_streams() if facts.group != "Webhooks"]
    incremental = {facts.name for facts in facts_of_all if facts.replication_key}
    assert {name for name, bookmark in bookmarks.items() if bookmark} == incremental


def test_state_has_bookmarks_only(full_sync: FullSync) -> None:
    state = full_sync.output.state

    fields = {tuple(sorted(bookmark)) for bookmark in state["bookmarks"].values() if bookmark}
    assert state.keys() == {"bookmarks", "workspace_id"}
    assert fields == {
        ("cursor", "replication_key"),
        ("replication_key", "replication_key_value"),
        ("replication_key", "replication_key_value", "scrolled_at"),
    }


def test_unchanged_conversations_need_no_details(sandbox: Sandbox, tap: TapRunner) -> None:
    """But for those in the second of the bookmark, which is read again."""
    streams = ["conversations", "conversation_parts"]
    state = tap.run(select=streams, lookback_seconds=0).state
    sandbox.control.clear_requests()

    later = tap.run(state, select=streams, lookback_seconds=0)

    conversations = sandbox.control.records("conversations")
    newest = {
        record["id"]
        for record in conversations
        if record["updated_at"] == conversations[-1]["updated_at"]
    }
    assert set(later.values("conversations", "id")) == newest
    assert set(detail_requests(sandbox.control)) <= newest


def change_workspace(sandbox: Control) -> list[str]:
    """Change and create some records; return the ids of the changed conversations."""
    changed = [record["id"] for record in sandbox.records("conversations")[:3]]
    sandbox.change("conversations", changed[0], {"title": "Renamed"})
    sandbox.add_parts(changed[1], 2)
    sandbox.tag("conversations", changed[2], sandbox.records("tags")[0]["id"])
    sandbox.change("contacts", sandbox.records("contacts")[0]["id"], {"name": "Renamed"})
    sandbox.change("companies", sandbox.records("companies")[0]["id"], {"name": "Renamed"})
    sandbox.change("tickets", sandbox.records("tickets")[0]["id"], {"open": False})
    sandbox.create("contacts")
    sandbox.create("conversations")
    sandbox.clear_requests()
    return changed


def test_second_run_loads_changes(sandbox: Sandbox, tap: TapRunner) -> None:
    first = tap.run(lookback_seconds=0)
    change_workspace(sandbox.control)

    second = tap.run(first.state, lookback_seconds=0)

    assert missing(first + second, sandbox.control) == set()


def test_second_run_requests_changed_details(sandbox: Sandbox, tap: TapRunner) -> None:
    """Besides those of the new conversation and of the second of the bookmark."""
    streams = ["conversations", "conversation_parts"]
    first = tap.run(select=streams, lookback_seconds=0)
    changed = change_workspace(sandbox.control)

    tap.run(first.state, select=streams, lookback_seconds=0)

    details = detail_requests(sandbox.control)
    assert set(details) >= set(changed)
    assert len(details) <= len(changed) + 2


def test_second_run_repeats_few_records(sandbox: Sandbox, tap: TapRunner) -> None:
    streams = ["contacts", "companies"]
    first = tap.run(select=streams, lookback_seconds=0)
    change_workspace(sandbox.control)

    second = tap.run(first.state, select=streams, lookback_seconds=0)

    assert len(second.records("contacts")) <= 4
    assert len(second.records("companies")) <= 4


def test_concurrency_bounds_all_requests(sandbox: Sandbox, tap: TapRunner) -> None:
    """Searches and details together, while each takes long enough to overlap others."""
    sandbox.control.set_options(latency=0.02)

    tap.run(select=["conversations", "conversation_parts"], page_size=5, concurrency=3)

    assert max(request.in_flight for request in sandbox.control.requests()) <= 3


def test_start_date_limits_first_run(sandbox: Sandbox, tap: TapRunner) -> None:
    contacts = sandbox.control.records("contacts")
    start = contacts[len(contacts) // 2]["updated_at"]

    output = tap.run(start_date=timestamp(start), select=["contacts"])

    updated_since = {contact["id"] for contact in contacts if contact["updated_at"] >= start}
    assert set(output.values("contacts", "id")) == updated_since


def test_future_start_date_loads_nothing(tap: TapRunner) -> None:
    output = tap.run(start_date="2100-01-01", select=["contacts"])

    assert output.records("contacts") == []


def test_bookmark_outranks_start_date(tap: TapRunner) -> None:
    first = tap.run(select=["contacts"])

    later = tap.run(first.state, start_date="2100-01-01", select=["contacts"])

    assert later.records("contacts") != []


@pytest.mark.parametrize(("plaintext_bodies", "has_markup"), [(False, True), (True, False)])
def test_plaintext_bodies_have_no_markup(
    tap: TapRunner, *, plaintext_bodies: bool, has_markup: bool
) -> None:
    output = tap.run(select=["conversation_parts"], plaintext_bodies=plaintext_bodies)

    bodies = output.values("conversation_parts", "body")
    assert any("<p>" in (body or "") for body in bodies) == has_markup
