"""Custom attributes get the types that the workspace defines, and no value gets lost."""

from __future__ import annotations

import json
import threading
from contextlib import nullcontext
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from tap_intercom.errors import IntercomError
from tap_intercom.schema.attributes import AttributeDefinitions, properties_of
from tap_intercom.streams.data_attributes import ATTRIBUTES_OF_CONTACTS
from tap_intercom.tap import TapIntercom

if TYPE_CHECKING:
    from tests.sandbox.server import Sandbox
    from tests.singer import Output, TapRunner

FIELDS = {
    "contacts": "custom_attributes",
    "companies": "custom_attributes",
    "conversations": "custom_attributes",
    "tickets": "ticket_attributes",
}

EMPTY_VALUES: tuple[Any, ...] = ("", [], {})


def parse_date(value: int | str) -> datetime:
    """Read what the sandbox holds for a date."""
    if isinstance(value, int):
        return datetime.fromtimestamp(value, UTC)
    parsed = datetime.fromisoformat(value)
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def attribute_types(output: Output, stream: str) -> dict[str, str]:
    """Return the attributes' types in a stream's SCHEMA message, by name."""
    (message,) = (message for message in output.schemas if message["stream"] == stream)
    attributes = message["schema"]["properties"][FIELDS[stream]]
    return types_of(attributes.get("properties", {}))


def types_of(properties: dict[str, Any]) -> dict[str, str]:
    return {name: value.get("format", value["type"][0]) for name, value in properties.items()}


def is_same(typed: Any, sent: Any, kind: str | None) -> bool:
    """Whether a value of a row says the same as the sandbox's."""
    if kind == "date-time" and typed and sent:
        return datetime.fromisoformat(typed) == parse_date(sent)
    return typed == sent or str(typed) == str(sent) or sent in EMPTY_VALUES


def set_attribute(sandbox: Sandbox, contact: dict[str, Any], name: str, value: Any) -> None:
    attributes = {**contact["custom_attributes"], name: value}
    sandbox.control.change("contacts", contact["id"], {"custom_attributes": attributes})


def definition_requests(sandbox: Sandbox) -> list[tuple[str, str | None]]:
    """Return the requests for lists that define attributes: path and model."""
    requests = [
        (request.path, request.query.get("model"))
        for request in sandbox.control.requests()
        if "attributes" in request.path or request.path == "/ticket_types"
    ]
    return sorted(requests, key=str)


def test_attributes_have_defined_types(tap: TapRunner) -> None:
    output = tap.run()

    expected = {
        "seats": "integer",
        "score": "number",
        "paid_subscriber": "boolean",
        "renewal_date": "date-time",
        "Job Title": "string",
        "job_title": "string",
    }
    assert attribute_types(output, "contacts").items() >= expected.items()
    assert attribute_types(output, "companies")["Héadquarters"] == "string"
    assert attribute_types(output, "conversations")["Due by"] == "date-time"
    assert attribute_types(output, "tickets")["_default_title_"] == "string"


def test_standard_attributes_are_no_custom_ones(tap: TapRunner) -> None:
    output = tap.run(select=["contacts"])

    assert "email" not in attribute_types(output, "contacts")


@pytest.mark.parametrize("stream", FIELDS)
def test_each_value_is_typed_or_raw(sandbox: Sandbox, tap: TapRunner, stream: str) -> None:
    output = tap.run(select=[stream])

    field, kinds = FIELDS[stream], attribute_types(output, stream)
    rows = {row["id"]: row for row in output.records(stream)}
    for record in sandbox.control.records(stream):
        row = rows[record["id"]]
        for name, sent in record[field].items():
            if not is_same(row[field][name], sent, kinds.get(name)):
                assert row[field][name] is None
                assert json.loads(row[f"{field}_raw"])[name] == sent


@pytest.mark.parametrize("stream", FIELDS)
def test_raw_column_has_all_attributes(sandbox: Sandbox, tap: TapRunner, stream: str) -> None:
    output = tap.run(select=[stream])

    field = FIELDS[stream]
    records = {record["id"]: record[field] for record in sandbox.control.records(stream)}
    for row in output.records(stream):
        if row.get(f"{field}_raw") is not None:
            sent = records[row["id"]]
            assert json.loads(row[f"{field}_raw"]) == sent
            assert any(
                row[field][name] is None and value is not None for name, value in sent.items()
            )


def test_value_of_other_type_is_kept_raw(sandbox: Sandbox, tap: TapRunner) -> None:
    contact = sandbox.control.records("contacts")[0]
    set_attribute(sandbox, contact, "seats", "n/a")

    rows = {row["id"]: row for row in tap.run(select=["contacts"]).records("contacts")}

    row = rows[contact["id"]]
    assert row["custom_attributes"]["seats"] is None
    assert json.loads(row["custom_attributes_raw"])["seats"] == "n/a"


def test_values_of_other_type_are_counted(
    sandbox: Sandbox, tap: TapRunner, caplog: pytest.LogCaptureFixture
) -> None:
    contacts = sandbox.control.records("contacts")
    for number, contact in enumerate(contacts):
        set_attribute(sandbox, contact, "seats", "n/a" if number < 2 else 3)

    tap.run(select=["contacts"])

    (warning,) = (r.message for r in caplog.records if "custom_attributes.seats" in r.message)
    assert "2 values" in warning


def test_discovery_works_without_permission(
    sandbox: Sandbox, tap: TapRunner, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.control.set_options(refused={"/data_attributes": "forbidden"})

    catalog = TapIntercom(config=tap.config).catalog_dict

    warnings = [record.message for record in caplog.records if record.levelname == "WARNING"]
    assert {entry["tap_stream_id"] for entry in catalog["streams"]} >= set(FIELDS)
    assert [warning.partition(":")[0] for warning in warnings] == ["companies", "contacts"]


def test_each_definition_list_is_read_once(sandbox: Sandbox, tap: TapRunner) -> None:
    tap.run()

    assert definition_requests(sandbox) == [
        ("/conversations/attributes", None),
        ("/data_attributes", "company"),
        ("/data_attributes", "contact"),
        ("/ticket_types", None),
    ]


def test_each_reader_gets_its_own_definitions(tap: TapRunner) -> None:
    definitions = TapIntercom(config=tap.config, setup_mapper=False).run.attribute_definitions
    (first,) = definitions.pages(ATTRIBUTES_OF_CONTACTS)
    names = [record["name"] for record in first.records()]
    for record in first.records():
        record.clear()

    (second,) = definitions.pages(ATTRIBUTES_OF_CONTACTS)

    assert [record["name"] for record in second.records()] == names != []


def test_silent_list_ends_discovery_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    is_over = threading.Event()
    client: Any = SimpleNamespace(
        fetch=lambda _: is_over.wait(), retrying_for=lambda _: nullcontext()
    )
    monkeypatch.setattr("tap_intercom.schema.attributes.GRACE_SECONDS", 0)

    with pytest.raises(IntercomError, match="/data_attributes"):
        AttributeDefinitions(client, 0.01).discover(ATTRIBUTES_OF_CONTACTS)

    is_over.set()


def test_catalog_keeps_its_types(tap: TapRunner) -> None:
    catalog = TapIntercom(config=tap.config).catalog_dict

    output = tap.run_catalog(tap.config, catalog)

    assert attribute_types(output, "contacts")["seats"] == "integer"


def test_catalog_saves_discovery_requests(sandbox: Sandbox, tap: TapRunner) -> None:
    tap.run(select=["contacts"])

    requests = [request for request in sandbox.control.requests() if "attr" in request.path]
    assert len(requests) == 1  # that of the discovery that made the catalog


def test_attributes_can_be_one_json_text(sandbox: Sandbox, tap: TapRunner) -> None:
    output = tap.run(custom_attributes_as_json=True)

    for stream, field in FIELDS.items():
        rows = {row["id"]: json.loads(row[field]) for row in output.records(stream)}
        records = sandbox.control.records(stream)
        assert rows == {record["id"]: record[field] for record in records}
        assert attribute_types(output, stream) == {}


def test_flattening_makes_typed_columns(tap: TapRunner) -> None:
    output = tap.run(select=["contacts"], flattening_enabled=True, flattening_max_depth=1)

    (schema,) = output.schemas
    columns = schema["schema"]["properties"]
    assert columns["custom_attributes__seats"]["type"] == ["integer", "null"]
    assert columns["custom_attributes__Job Title"]["type"] == ["string", "null"]


def test_flattened_rows_fit_their_schema(sandbox: Sandbox, tap: TapRunner) -> None:
    output = tap.run(select=["contacts"], flattening_enabled=True, flattening_max_depth=1)

    (schema,) = output.schemas
    validator = Draft202012Validator(schema["schema"])
    titles = {
        row["id"]: row.get("custom_attributes__Job Title") for row in output.records("contacts")
    }
    contacts = sandbox.control.records("contacts")
    assert all(validator.is_valid(row) for row in output.records("contacts"))
    assert titles == {one["id"]: one["custom_attributes"].get("Job Title") for one in contacts}


@pytest.mark.parametrize("version", ["2.11", "2.14", "2.15", "2.16", "2.17"])
def test_every_api_version_has_types(tap: TapRunner, version: str) -> None:
    output = tap.run(api_version=version)

    assert all(attribute_types(output, stream) for stream in FIELDS if stream in output.streams())


def test_attribute_with_two_types_is_text() -> None:
    definitions = [{"name": "Cost", "data_type": kind} for kind in ("decimal", "string", "decimal")]

    assert types_of(properties_of(definitions)) == {"Cost": "string"}


def test_attribute_of_unknown_type_is_left_out() -> None:
    assert properties_of([{"name": "?", "data_type": "hologram"}]) == {}
