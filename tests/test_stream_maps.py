"""Stream maps do what they say, whatever a record lacks, and no log line has a value."""

from __future__ import annotations

from fnmatch import fnmatch
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.command_line import json_file, run_command
from tests.test_docs import PAGES, blocks

if TYPE_CHECKING:
    from pathlib import Path

    from tap_intercom.api.request import Request
    from tests.guarantees.harness import SyncHarness
    from tests.sandbox.server import Sandbox
    from tests.singer import Output, TapRunner


@pytest.fixture
def output(tap: TapRunner) -> Output:
    """Run the tap with the documented example, which splits contacts by role."""
    examples = blocks(PAGES["docs/custom-streams.md"], "yaml")
    (example,) = (one for one in examples if "stream_maps" in one)
    settings: dict[str, Any] = yaml.safe_load(example)
    return tap.run(**settings)


@pytest.mark.parametrize(("stream", "role"), [("users", "user"), ("leads", "lead")])
def test_contacts_are_split_by_role(
    sandbox: Sandbox, output: Output, stream: str, role: str
) -> None:
    contacts = sandbox.control.records("contacts")
    expected = {contact["id"] for contact in contacts if contact["role"] == role}

    rows = output.records(stream)

    assert {row["id"] for row in rows} == expected != set()
    assert {row["role"] for row in rows} == {role}


def test_contacts_themselves_are_removed(output: Output) -> None:
    assert "contacts" not in output.streams()


def test_child_streams_are_kept(output: Output) -> None:
    assert output.records("contact_tags") != []


@pytest.mark.parametrize("name", ["*", "contact*", "tags", "workspace"])
def test_map_applies_to_selected_streams(tap: TapRunner, name: str) -> None:
    output = tap.run(select=["contacts", "tags"], stream_maps={name: {"origin": "'intercom'"}})

    for stream in ("contacts", "tags"):
        rows = output.records(stream)
        matches = fnmatch(stream, name)
        assert [row for row in rows if (row.get("origin") == "intercom") != matches] == []
        assert rows != []


def test_map_of_all_streams_runs_by_default(tap: TapRunner) -> None:
    output = tap.run(stream_maps={"*": {"origin": "'intercom'"}})

    streams = output.streams()
    assert {"contacts", "contact_tags", "tags", "tickets"} <= streams
    assert all(row["origin"] == "intercom" for name in streams for row in output.records(name))


def test_map_applies_to_streams_of_test_run(config: dict[str, Any], tmp_path: Path) -> None:
    settings = {**config, "stream_maps": {"*": {"origin": "'intercom'"}}}

    result = run_command("--config", json_file(tmp_path, "config", settings), "--test")

    assert result.exit_code == 0, result.stderr


@pytest.mark.parametrize(
    "expression",
    ["int(name)", "datetime.datetime.fromisoformat(name)", "name + 1", "name[99]", "name.x()"],
)
def test_failing_expression_ends_run_without_value(
    config: dict[str, Any], sandbox: Sandbox, tmp_path: Path, expression: str
) -> None:
    for contact in sandbox.control.records("contacts"):
        sandbox.control.change("contacts", contact["id"], {"name": "Ada Lovelace"})
    settings = {**config, "stream_maps": {"contacts": {"x": expression}}}

    result = run_command("--config", json_file(tmp_path, "config", settings))

    (error,) = result.errors
    assert result.exit_code == 1
    assert error.startswith(f"contacts: the stream map's expression {expression} failed")
    assert "Traceback" not in result.stderr
    assert "Lovelace" not in result.stderr


def test_expression_of_several_lines_is_one_in_log(config: dict[str, Any], tmp_path: Path) -> None:
    settings = {**config, "stream_maps": {"contacts": {"x": "(1\n  / 0)"}}}

    result = run_command("--config", json_file(tmp_path, "config", settings))

    (error,) = result.errors
    assert "expression (1 / 0) failed" in error


def test_failing_expression_of_child_ends_run(config: dict[str, Any], tmp_path: Path) -> None:
    settings = {**config, "stream_maps": {"contact_tags": {"x": "int(contact_id)"}}}

    result = run_command("--config", json_file(tmp_path, "config", settings))

    (error,) = result.errors
    assert result.exit_code == 1
    assert error.startswith("contact_tags: the stream map's expression int(contact_id) failed")


def test_filter_logs_no_value(config: dict[str, Any], sandbox: Sandbox, tmp_path: Path) -> None:
    contact = sandbox.control.records("contacts")[0]
    sandbox.control.change("contacts", contact["id"], {"name": "Ada Lovelace"})
    settings = {**config, "stream_maps": {"contacts": {"__filter__": "name"}}}

    result = run_command("--config", json_file(tmp_path, "config", settings))

    assert result.exit_code == 0, result.stderr
    assert "Lovelace" not in result.stderr


def remove_avatars(request: Request, content: dict[str, Any]) -> None:
    """Leave a field out of all contacts."""
    if request.path == "/contacts/search":
        for contact in content["data"]:
            del contact["avatar"]


@pytest.mark.parametrize(
    "expression",
    [
        *("avatar", "_['avatar']", "avatar['image_url']", "avatar.image_url", "self"),
        *("custom_attributes['x']", "custom_attributes.x.y", "record.avatar.image_url"),
    ],
)
def test_missing_field_is_null(harness: SyncHarness, expression: str) -> None:
    harness.change_responses(remove_avatars)

    maps = {"contacts": {"avatar": expression}}
    output = harness.sync(select=["contacts"], stream_maps=maps)

    assert set(output.values("contacts", "avatar")) == {None}


def test_expression_sees_fields_that_a_map_removes(tap: TapRunner) -> None:
    maps = {"contacts": {"email": None, "email_hash": "md5(email) if email else None"}}

    rows = tap.run(select=["contacts"], stream_maps=maps).records("contacts")

    assert {len(row["email_hash"] or "") for row in rows} >= {32}
    assert [row for row in rows if "email" in row] == []


@pytest.mark.parametrize(
    "maps",
    [{"avatar": "__NULL__", "image": "avatar"}, {"avatar": None, "__filter__": "not avatar"}],
)
def test_missing_field_that_a_map_removes_is_null(
    harness: SyncHarness, maps: dict[str, Any]
) -> None:
    harness.change_responses(remove_avatars)

    rows = harness.sync(select=["contacts"], stream_maps={"contacts": maps}).records("contacts")

    assert len(rows) == len(harness.sandbox.records("contacts"))
    assert {row.get("image") for row in rows} == {None}


def test_maps_come_before_flattening(tap: TapRunner) -> None:
    maps = {"contacts": {"location": None, "seats": "custom_attributes['seats']"}}

    output = tap.run(
        select=["contacts"], stream_maps=maps, flattening_enabled=True, flattening_max_depth=1
    )

    columns = {name for row in output.records("contacts") for name in row}
    assert {"seats", "custom_attributes__seats"} <= columns
    assert not [name for name in columns if name.startswith("location")]


@pytest.mark.parametrize(
    ("maps", "fragment"),
    [
        ({"contacts": {"id": None}}, "Removing key property 'id' is not permitted"),
        ({"contacts": {"x": "1 +"}}, "Failed to parse expression 1 +"),
        ({"contacts": {"x": ""}}, "index out of range"),
        ({"contacts": {"__alias__": "1 + 'a'"}}, "unsupported operand"),
        ({"contacts": {"__key_properties__": ["nr"]}}, "'nr' was not detected in schema"),
        ({"*": {"id": None}}, "Removing key property 'id' is not permitted"),
    ],
)
def test_map_that_sdk_refuses_is_one_line(
    config: dict[str, Any], maps: dict[str, Any], fragment: str, tmp_path: Path
) -> None:
    settings = json_file(tmp_path, "config", {**config, "stream_maps": maps})

    result = run_command("--config", settings)

    *errors, last = result.errors
    assert result.exit_code == 1
    assert last == "Config validation failed"
    assert all(error.startswith("stream_maps: ") and fragment in error for error in errors)
    assert errors
    assert "Traceback" not in result.stderr
