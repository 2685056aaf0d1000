"""Flattened columns are those of the SCHEMA, and what can't be a column is kept or reported."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tap_intercom.tap import TapIntercom
from tests.command_line import json_file, run_command
from tests.sandbox.options import SandboxOptions
from tests.singer import select_streams
from tests.test_custom_attributes import FIELDS, set_attribute

if TYPE_CHECKING:
    from pathlib import Path

    from tap_intercom.api.request import Request
    from tests.guarantees.harness import SyncHarness, SyncResult
    from tests.sandbox.server import Sandbox
    from tests.singer import Output, TapRunner

FLATTENED = {"flattening_enabled": True, "flattening_max_depth": 1}

LONG_NAMES = [
    "What was the main reason for contacting our support team today",
    "Which team handled the case before it was escalated to engineering",
]


@pytest.fixture
def options() -> SandboxOptions:
    return SandboxOptions(contacts=30, companies=20, conversations=20, tickets=10)


def columns_of(output: Output, stream: str) -> dict[str, Any]:
    (message,) = (message for message in output.schemas if message["stream"] == stream)
    columns: dict[str, Any] = message["schema"]["properties"]
    return columns


def sync_with_attributes(
    harness: SyncHarness, attributes: dict[str, str], **settings: Any
) -> SyncResult:
    """Sync the contacts of a workspace in which each of them has further declared attributes."""

    def declare(request: Request, content: dict[str, Any]) -> None:
        if request.path == "/data_attributes" and request.params.get("model") == "contact":
            for name in attributes:
                definition = {"name": name, "full_name": f"custom_attributes.{name}"}
                content["data"].append({**definition, "data_type": "string", "custom": True})
        if request.path == "/contacts/search":
            for contact in content["data"]:
                contact["custom_attributes"] |= attributes

    harness.change_responses(declare)
    config = {**harness.config, **FLATTENED, **settings}
    catalog = TapIntercom(config=config, setup_mapper=False).catalog_dict
    return harness.try_sync_catalog(config, select_streams(catalog, ["contacts"]))


@pytest.mark.parametrize("stream", FIELDS)
@pytest.mark.parametrize("depth", [1, 2])
def test_undeclared_attributes_become_no_columns(tap: TapRunner, stream: str, depth: int) -> None:
    output = tap.run(select=[stream], flattening_enabled=True, flattening_max_depth=depth)

    columns = columns_of(output, stream)
    written = {name for row in output.records(stream) for name in row}
    assert {name for name in written - columns.keys() if name.startswith(FIELDS[stream])} == set()


@pytest.mark.parametrize("stream", FIELDS)
def test_undeclared_attributes_stay_in_raw_column(
    sandbox: Sandbox, tap: TapRunner, stream: str
) -> None:
    record, field = sandbox.control.records(stream)[0], FIELDS[stream]
    attributes = {"not declared": "kept"}
    sandbox.control.change(stream, record["id"], {field: attributes})

    rows = {row["id"]: row for row in tap.run(select=[stream], **FLATTENED).records(stream)}

    assert json.loads(rows[record["id"]][f"{field}_raw"]) == attributes


def test_empty_undeclared_attribute_needs_no_raw_column(sandbox: Sandbox, tap: TapRunner) -> None:
    contact = sandbox.control.records("contacts")[0]
    sandbox.control.change("contacts", contact["id"], {"custom_attributes": {"not declared": ""}})

    rows = {row["id"]: row for row in tap.run(select=["contacts"], **FLATTENED).records("contacts")}

    assert rows[contact["id"]].get("custom_attributes_raw") is None


def test_null_object_becomes_no_column(sandbox: Sandbox, tap: TapRunner) -> None:
    for contact in sandbox.control.records("contacts"):
        sandbox.control.change("contacts", contact["id"], {"location": None})

    rows = tap.run(select=["contacts"], **FLATTENED).records("contacts")

    assert [row for row in rows if "location" in row] == []


@pytest.mark.parametrize("separator", ["_", ".", "-", " ", "", "::", "__"])
def test_any_separator_makes_columns(harness: SyncHarness, separator: str) -> None:
    result = sync_with_attributes(harness, {"plan": "pro"}, flattening_separator=separator)

    rows = result.records("contacts")
    assert {row[f"custom_attributes{separator}plan"] for row in rows} == {"pro"}


@pytest.mark.parametrize("length", [1, 2, 9, 10, 30, 63])
def test_any_key_length_makes_distinct_columns(
    config: dict[str, Any], tmp_path: Path, length: int
) -> None:
    settings = {**config, **FLATTENED, "flattening_max_key_length": length}

    result = run_command("--config", json_file(tmp_path, "config", settings), "--test=schema")

    assert "Traceback" not in result.stderr
    if length > 9:
        assert result.exit_code == 0
    else:
        assert all("flattening would make" in line for line in result.errors[:-1])


def test_key_length_cuts_long_columns(harness: SyncHarness) -> None:
    attributes = {name: name for name in LONG_NAMES}

    result = sync_with_attributes(harness, attributes, flattening_max_key_length=63)

    columns = columns_of(result, "contacts")
    assert max(len(name.encode()) for name in columns) <= 63
    for row in result.records("contacts"):
        assert {row[name] for name in columns if name in row} >= set(LONG_NAMES)


def test_long_columns_are_reported(harness: SyncHarness) -> None:
    result = sync_with_attributes(harness, {name: name for name in LONG_NAMES})

    (warning,) = result.warnings("63")
    assert all(f"custom_attributes__{name}" in warning for name in LONG_NAMES)


def test_columns_that_differ_by_case_are_reported(harness: SyncHarness) -> None:
    result = sync_with_attributes(harness, {"Plan": "a", "plan": "b"})

    (warning,) = result.warnings("custom_attributes__Plan")
    assert "custom_attributes__plan" in warning
    assert {row["custom_attributes__Plan"] for row in result.records("contacts")} == {"a"}


def test_two_columns_of_one_name_end_run(
    config: dict[str, Any], sandbox: Sandbox, tmp_path: Path
) -> None:
    settings = {**config, **FLATTENED, "flattening_separator": "_"}
    catalog = TapIntercom(config=config).catalog_dict
    contacts = next(one for one in catalog["streams"] if one["stream"] == "contacts")
    attributes = contacts["schema"]["properties"]["custom_attributes"]["properties"]
    attributes["raw"] = {"type": ["string", "null"]}
    set_attribute(sandbox, sandbox.control.records("contacts")[0], "raw", "x")

    result = run_command(
        *("--config", json_file(tmp_path, "config", settings)),
        *("--catalog", json_file(tmp_path, "catalog", select_streams(catalog, ["contacts"]))),
    )

    error, last = result.errors
    assert result.exit_code == 1
    assert error.startswith("contacts: flattening would make custom_attributes.raw and custom_attr")
    assert last == "Config validation failed"
    assert result.stdout == ""


def test_deselected_column_collides_with_none(config: dict[str, Any], tap: TapRunner) -> None:
    catalog = select_streams(TapIntercom(config=config).catalog_dict, ["contacts"])
    contacts = next(one for one in catalog["streams"] if one["stream"] == "contacts")
    attributes = contacts["schema"]["properties"]["custom_attributes"]["properties"]
    attributes["raw"] = {"type": ["string", "null"]}
    raw = {"breadcrumb": ["properties", "custom_attributes_raw"], "metadata": {"selected": False}}
    contacts["metadata"] = [
        one for one in contacts["metadata"] if one["breadcrumb"] != raw["breadcrumb"]
    ] + [raw]
    settings = {**config, **FLATTENED, "flattening_separator": "_"}

    output = tap.run_catalog(settings, catalog)

    assert "custom_attributes_raw" in columns_of(output, "contacts")
