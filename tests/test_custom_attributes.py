"""Custom attributes get the types that the workspace declares, and no value gets lost."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from tap_intercom.schema.attributes import properties_of
from tap_intercom.streams.data_attributes import ATTRIBUTES_OF_CONTACTS
from tap_intercom.tap import TapIntercom
from tests.sandbox.faults import Fault

if TYPE_CHECKING:
    from tests.sandbox.server import Sandbox
    from tests.singer import Output, TapRunner

FIELDS = {
    "contacts": "custom_attributes",
    "companies": "custom_attributes",
    "conversations": "custom_attributes",
    "tickets": "ticket_attributes",
}


def timestamp(value: int | str) -> datetime:
    """Read what the sandbox holds for a date."""
    if isinstance(value, int):
        return datetime.fromtimestamp(value, UTC)
    found = datetime.fromisoformat(value)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def declared(output: Output, stream: str) -> dict[str, Any]:
    """Return the attributes' properties in a stream's SCHEMA message."""
    (schema,) = (schema for schema in output.schemas if schema["stream"] == stream)
    return dict(schema["schema"]["properties"][FIELDS[stream]].get("properties", {}))


def types(properties: dict[str, Any]) -> dict[str, str]:
    return {name: value.get("format", value["type"][0]) for name, value in properties.items()}


def test_declared_attributes_are_typed_properties_under_their_own_names(tap: TapRunner) -> None:
    output = tap.run()
    assert (
        types(declared(output, "contacts")).items()
        >= {
            "seats": "integer",
            "score": "number",
            "paid_subscriber": "boolean",
            "renewal_date": "date-time",
            "Job Title": "string",
            "job_title": "string",
        }.items()
    )
    assert types(declared(output, "companies"))["Héadquarters"] == "string"
    assert types(declared(output, "conversations"))["Promised by"] == "date-time"
    assert types(declared(output, "tickets"))["_default_title_"] == "string"
    assert "email" not in declared(output, "contacts")


@pytest.mark.parametrize("stream", FIELDS)
def test_each_value_is_kept_typed_or_verbatim(
    sandbox: Sandbox, tap: TapRunner, stream: str
) -> None:
    output = tap.run()
    known = declared(output, stream)
    rows = {row["id"]: row for row in output.records(stream)}
    for record in sandbox.control.records(stream):
        row = rows[record["id"]]
        field = FIELDS[stream]
        for name, value in record[field].items():
            typed = row[field][name]
            if types(known).get(name) == "date-time" and typed and value:
                assert datetime.fromisoformat(typed) == timestamp(value)
            elif typed != value and str(typed) != str(value) and value not in ("", [], {}):
                assert typed is None
                assert json.loads(row[f"{field}_raw"])[name] == value
        if f"{field}_raw" in row:
            assert json.loads(row[f"{field}_raw"]) == record[field]
            assert any(
                row[field][name] is None
                for name, value in record[field].items()
                if value is not None
            )


def test_values_that_do_not_fit_are_counted_and_named(
    sandbox: Sandbox, tap: TapRunner, caplog: pytest.LogCaptureFixture
) -> None:
    for contact in sandbox.control.records("contacts"):
        fitting = {**contact["custom_attributes"], "seats": 3}
        sandbox.control.change("contacts", contact["id"], {"custom_attributes": fitting})
    first, second, *_ = sandbox.control.records("contacts")
    for contact in (first, second):
        wrong = {**contact["custom_attributes"], "seats": "n/a"}
        sandbox.control.change("contacts", contact["id"], {"custom_attributes": wrong})
    rows = {row["id"]: row for row in tap.run().records("contacts")}
    warning = "2 values of custom_attributes.seats did not fit its type and are null"
    assert [record.message for record in caplog.records].count(warning) == 1
    assert rows[first["id"]]["custom_attributes"]["seats"] is None
    assert json.loads(rows[first["id"]]["custom_attributes_raw"])["seats"] == "n/a"


def test_discovery_works_without_the_permission_and_says_so(
    sandbox: Sandbox, tap: TapRunner, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.control.set_options(refused={"/data_attributes": "forbidden"})
    catalog = TapIntercom(config=tap.config).catalog_dict
    assert {entry["tap_stream_id"] for entry in catalog["streams"]} >= set(FIELDS)
    assert sum("can't be read, so they have no types" in r.message for r in caplog.records) == 2


def test_a_refused_token_is_asked_once_at_discovery(sandbox: Sandbox, tap: TapRunner) -> None:
    fault = Fault(kind="status", status=401, code="unauthorized", times=None)
    sandbox.control.faults.add(fault)
    assert TapIntercom(config=tap.config).catalog_dict["streams"]
    assert len(sandbox.control.requests()) <= 2


def test_discovery_and_sync_read_each_declaration_once(sandbox: Sandbox, tap: TapRunner) -> None:
    tap.run()
    asked = [
        (request.path, request.query.get("model"))
        for request in sandbox.control.requests()
        if "attributes" in request.path or request.path == "/ticket_types"
    ]
    assert sorted(asked, key=str) == sorted(
        [
            ("/data_attributes", "contact"),
            ("/data_attributes", "company"),
            ("/conversations/attributes", None),
            ("/ticket_types", None),
        ],
        key=str,
    )


def test_what_a_stream_does_to_its_declarations_does_not_reach_another(
    sandbox: Sandbox,
) -> None:
    config = {"access_token": sandbox.options.token, "api_url": sandbox.url}
    attribute_definitions = TapIntercom(config=config, setup_mapper=False).attribute_definitions
    (first,) = attribute_definitions.pages(ATTRIBUTES_OF_CONTACTS)
    names = [record["name"] for record in first.records()]
    for record in first.records():
        record.clear()
    (second,) = attribute_definitions.pages(ATTRIBUTES_OF_CONTACTS)
    assert [record["name"] for record in second.records()] == names != []


def test_a_catalog_keeps_the_types_that_it_was_made_with(sandbox: Sandbox, tap: TapRunner) -> None:
    output = tap.run(select=["contacts"])
    assert types(declared(output, "contacts"))["seats"] == "integer"
    asked = [request for request in sandbox.control.requests() if "attr" in request.path]
    assert len(asked) == 3, "discovery alone has asked"


def test_attributes_may_be_one_json_text(sandbox: Sandbox, tap: TapRunner) -> None:
    output = tap.run(custom_attributes_as_json=True)
    for stream, field in FIELDS.items():
        rows = {row["id"]: row for row in output.records(stream)}
        for record in sandbox.control.records(stream):
            assert json.loads(rows[record["id"]][field]) == record[field]
        assert declared(output, stream) == {}


def test_flattening_makes_columns_of_them(sandbox: Sandbox, tap: TapRunner) -> None:
    output = tap.run(select=["contacts"], flattening_enabled=True, flattening_max_depth=1)
    (schema,) = output.schemas
    columns = schema["schema"]["properties"]
    assert columns["custom_attributes__seats"]["type"] == ["integer", "null"]
    assert columns["custom_attributes__Job Title"]["type"] == ["string", "null"]
    validator = Draft202012Validator(schema["schema"])
    rows = {row["id"]: row for row in output.records("contacts")}
    for contact in sandbox.control.records("contacts"):
        row = rows[contact["id"]]
        assert next(validator.iter_errors(row), None) is None
        title = contact["custom_attributes"].get("Job Title")
        assert row.get("custom_attributes__Job Title") == title


@pytest.mark.parametrize("version", ["2.11", "2.14", "2.15", "2.16", "2.17"])
def test_every_api_version_has_types(tap: TapRunner, version: str) -> None:
    output = tap.run(api_version=version)
    assert all(declared(output, stream) for stream in FIELDS if stream in output.streams())


def test_an_attribute_that_is_declared_with_two_types_is_text() -> None:
    cost = [{"name": "Cost", "data_type": kind} for kind in ("decimal", "string", "decimal")]
    assert types(properties_of([*cost, {"name": "?", "data_type": "hologram"}])) == {
        "Cost": "string"
    }
