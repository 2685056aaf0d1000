"""From a workspace to rows: whole, then only what changed."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from jsonschema import Draft202012Validator

from tests.expected_rows import (
    CHECKED,
    DEFAULT,
    KEYS,
    ROWS,
    expected_rows,
    loaded,
    missing_rows,
    timestamp,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pytest

    from tests.sandbox.server import Sandbox
    from tests.singer import Output, TapRunner


def details(sandbox: Sandbox) -> list[str]:
    """Return the conversations whose parts were asked for since the log was cleared."""
    return [
        request.path.removeprefix("/conversations/")
        for request in sandbox.control.requests()
        if re.fullmatch("/conversations/[0-9]+", request.path)
    ]


def assert_whole(output: Output, sandbox: Sandbox, streams: Iterable[str] = CHECKED) -> None:
    for stream in streams:
        assert missing_rows(output, sandbox.control, stream) == {}, stream


def test_a_first_run_loads_every_row_and_invents_none(sandbox: Sandbox, tap: TapRunner) -> None:
    output = tap.run(select=KEYS)
    assert output.streams() == set(KEYS)
    assert_whole(output, sandbox, ROWS)
    for stream in ROWS:
        assert loaded(output, stream).keys() == expected_rows(sandbox.control, stream).keys(), (
            stream
        )
        assert len(output.records(stream)) == len(expected_rows(sandbox.control, stream)), stream
    assert [row["timezone"] for row in output.records("workspace")] == ["America/Los_Angeles"]


def test_every_record_fits_its_schema_and_every_schema_comes_once(tap: TapRunner) -> None:
    output = tap.run(select=KEYS)
    assert Counter(schema["stream"] for schema in output.schemas) == dict.fromkeys(KEYS, 1)
    for message in output.schemas:
        assert tuple(message["key_properties"]) == KEYS[message["stream"]]
        validator = Draft202012Validator(
            message["schema"], format_checker=Draft202012Validator.FORMAT_CHECKER
        )
        for record in output.records(message["stream"]):
            assert next(validator.iter_errors(record), None) is None, message["stream"]


def test_a_schema_comes_before_the_first_record_of_its_stream(tap: TapRunner) -> None:
    known = set[str]()
    for message in tap.run().messages:
        if message["type"] == "SCHEMA":
            known.add(message["stream"])
        if message["type"] == "RECORD":
            assert message["stream"] in known


def test_every_field_that_the_sandbox_sends_is_in_the_schema(
    tap: TapRunner, caplog: pytest.LogCaptureFixture
) -> None:
    tap.run(select=KEYS, custom_attributes_as_json=True)
    warnings = [r.getMessage() for r in caplog.records if r.levelname == "WARNING"]
    assert [warning for warning in warnings if "schema does not know" in warning] == []


def test_a_second_run_without_changes_asks_for_no_detail(sandbox: Sandbox, tap: TapRunner) -> None:
    state = tap.run(lookback_seconds=0).state
    sandbox.control.clear_requests()
    output = tap.run(state, lookback_seconds=0)
    youngest = sandbox.control.records("conversations")[-1]["updated_at"]
    tied = [
        record["id"]
        for record in sandbox.control.records("conversations")
        if record["updated_at"] == youngest
    ]
    assert set(details(sandbox)) <= set(tied)
    assert output.records("conversations") != []


def test_a_second_run_loads_what_changed_and_asks_for_its_details_only(
    sandbox: Sandbox, tap: TapRunner
) -> None:
    first = tap.run(lookback_seconds=0)
    control = sandbox.control
    changed = [record["id"] for record in control.records("conversations")[:3]]
    control.change("conversations", changed[0], {"title": "Renamed"})
    control.add_parts(changed[1], 2)
    control.tag("conversations", changed[2], control.records("tags")[0]["id"])
    control.change("contacts", control.records("contacts")[0]["id"], {"name": "Renamed"})
    control.change("companies", control.records("companies")[0]["id"], {"name": "Renamed"})
    control.change("tickets", control.records("tickets")[0]["id"], {"open": False})
    control.create("contacts")
    control.create("conversations")
    control.clear_requests()
    second = tap.run(first.state, lookback_seconds=0)
    assert_whole(first + second, sandbox)
    assert set(changed) <= set(details(sandbox))
    assert len(details(sandbox)) <= len(changed) + 2
    assert len(second.records("contacts")) <= 4
    assert len(second.records("companies")) <= 4


def test_the_state_holds_one_bookmark_for_each_incremental_stream_and_nothing_else(
    tap: TapRunner,
) -> None:
    bookmarks = tap.run().state["bookmarks"]
    assert {name for name, bookmark in bookmarks.items() if bookmark} == {
        name
        for name in DEFAULT - {"conversation_attributes"}
        if name.startswith(("contact", "compan", "conversation", "deleted"))
    } | {"tickets", "ticket_parts", "ticket_contacts", "ticket_part_attachments"}
    for name, bookmark in bookmarks.items():
        assert not bookmark or bookmark.keys() == {"replication_key", "replication_key_value"}, name


def test_a_start_date_limits_the_first_run_alone(sandbox: Sandbox, tap: TapRunner) -> None:
    contacts = sandbox.control.records("contacts")
    start = contacts[len(contacts) // 2]["updated_at"]
    output = tap.run(start_date="2100-01-01")
    assert output.records("contacts") == []
    output = tap.run(start_date=timestamp(start), select=["contacts"])
    assert {row["id"] for row in output.records("contacts")} == {
        contact["id"] for contact in contacts if contact["updated_at"] >= start
    }
    later = tap.run(output.state, start_date="2100-01-01", select=["contacts"])
    assert later.records("contacts") != []


def test_plaintext_bodies_are_asked_for_when_wanted(tap: TapRunner) -> None:
    html = tap.run(select=["conversation_parts"]).records("conversation_parts")
    text = tap.run(select=["conversation_parts"], plaintext_bodies=True).records(
        "conversation_parts"
    )
    assert any("<p>" in (part["body"] or "") for part in html)
    assert not any("<p>" in (part["body"] or "") for part in text)
