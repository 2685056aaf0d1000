"""A value that does not fit its column is kept as it was sent; deselected values are nowhere."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tap_intercom.tap import TapIntercom
from tests.sandbox.options import SandboxOptions
from tests.singer import select_streams

if TYPE_CHECKING:
    from collections.abc import Collection

    from tests.guarantees.harness import SyncHarness, SyncResult
    from tests.singer import Record

Catalog = dict[str, Any]

DEFINED = {
    "custom_objects": ["order"],
    "reporting_datasets": ["conversation"],
    "custom_streams": [{"name": "labels", "path": "/tags", "primary_keys": ["id"]}],
}
"""Settings that define streams."""


@pytest.fixture
def options() -> SandboxOptions:
    return SandboxOptions(contacts=12, companies=12, conversations=30, tickets=12)


def catalog_of(harness: SyncHarness, *streams: str, **settings: Any) -> Catalog:
    tap = TapIntercom(config={**harness.config, **settings})
    return select_streams(tap.catalog_dict, streams)


def sync_catalog(harness: SyncHarness, catalog: Catalog) -> SyncResult:
    result = harness.try_sync_catalog(harness.config, catalog)
    assert result.error is None
    return result


def deselect(catalog: Catalog, stream: str, *names: str) -> None:
    """Deselect a property, named by its path."""
    breadcrumb = [part for name in names for part in ("properties", name)]
    for entry in catalog["streams"]:
        if entry["tap_stream_id"] == stream:
            others = [one for one in entry["metadata"] if one["breadcrumb"] != breadcrumb]
            deselected = {"breadcrumb": breadcrumb, "metadata": {"selected": False}}
            entry["metadata"] = [*others, deselected]


def remove_columns(catalog: Catalog, names: Collection[str]) -> None:
    """Remove columns as if the catalog were of a version that did not have them."""
    for entry in catalog["streams"]:
        for name in names:
            entry["schema"]["properties"].pop(name, None)
        entry["metadata"] = [
            one for one in entry["metadata"] if not set(one["breadcrumb"]) & set(names)
        ]


def first_record(harness: SyncHarness, kind: str) -> Record:
    record: Record = harness.sandbox.records(kind)[0]
    return record


def row_of(result: SyncResult, stream: str, record: Record) -> Record:
    (row,) = (row for row in result.records(stream) if row["id"] == record["id"])
    return row


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("contacts", {"last_seen_at": "soon"}),
        ("contacts", {"location": "here", "has_hard_bounced": "perhaps"}),
        ("companies", {"session_count": 2**64, "plan": 5}),
        ("conversations", {"snoozed_until": "soon"}),
        ("tickets", {"ticket_type": ["Bug"], "open": "ajar"}),
    ],
    ids=str,
)
def test_unfit_value_is_kept_as_sent(
    harness: SyncHarness, kind: str, fields: dict[str, Any]
) -> None:
    record = first_record(harness, kind)
    harness.sandbox.change_quietly(kind, record["id"], fields)

    row = row_of(harness.sync(select=[kind]), kind, record)

    assert json.loads(row["unfit_values"]) == fields
    assert all(row[name] is None for name in fields)


def test_unfit_values_are_counted(harness: SyncHarness) -> None:
    for record in harness.sandbox.records("contacts")[:3]:
        harness.sandbox.change_quietly("contacts", record["id"], {"last_seen_at": "soon"})

    result = harness.sync(select=["contacts"])

    assert len(result.warnings("last_seen_at", 3, "unfit_values")) == 1


def test_child_row_keeps_its_own_unfit_value(harness: SyncHarness) -> None:
    """The parts and their attachments share the attachments of one response."""

    def change(_: Any, content: dict[str, Any]) -> None:
        for part in content.get("conversation_parts", {}).get("conversation_parts", ()):
            for file in part["attachments"]:
                file["filesize"] = "large"

    harness.change_responses(change)

    result = harness.sync(select=["conversation_parts", "conversation_part_attachments"])

    parts = [
        row["unfit_values"] for row in result.records("conversation_parts") if row["attachments"]
    ]
    files = result.values("conversation_part_attachments", "unfit_values")
    assert {json.loads(text)["attachments[0].filesize"] for text in parts} == {"large"}
    assert {json.loads(text)["filesize"] for text in files} == {"large"}


def test_every_stream_has_the_column(harness: SyncHarness) -> None:
    catalog = catalog_of(harness, **DEFINED)

    schemas = {one["stream"]: one["schema"]["properties"] for one in catalog["streams"]}

    assert {"custom_object_order", "reporting_conversation", "labels"} <= schemas.keys()
    assert [name for name, columns in schemas.items() if "unfit_values" not in columns] == []


def test_old_catalog_gets_the_column(harness: SyncHarness) -> None:
    record = first_record(harness, "contacts")
    harness.sandbox.change_quietly("contacts", record["id"], {"last_seen_at": "soon"})
    catalog = catalog_of(harness, "contacts", "ticket_part_attachments")
    remove_columns(catalog, {"unfit_values", "signed_url", "custom_attributes_raw"})

    result = sync_catalog(harness, catalog)

    columns = {one["stream"]: one["schema"]["properties"].keys() for one in result.schemas}
    assert columns["contacts"] >= {"unfit_values", "custom_attributes_raw"}
    assert columns["ticket_part_attachments"] >= {"unfit_values", "signed_url"}
    assert row_of(result, "contacts", record)["unfit_values"] == '{"last_seen_at":"soon"}'


def test_deselected_column_is_not_written(harness: SyncHarness) -> None:
    record = first_record(harness, "contacts")
    harness.sandbox.change_quietly("contacts", record["id"], {"last_seen_at": "soon"})
    catalog = catalog_of(harness, "contacts")
    deselect(catalog, "contacts", "unfit_values")

    result = sync_catalog(harness, catalog)

    (schema,) = result.schemas
    assert "unfit_values" not in schema["schema"]["properties"]
    assert "unfit_values" not in row_of(result, "contacts", record)


def test_deselected_value_is_nowhere(harness: SyncHarness) -> None:
    record = first_record(harness, "contacts")
    fields = {"last_seen_at": "never", "location": {"city": ["Bergen"], "country": "Norway"}}
    harness.sandbox.change_quietly("contacts", record["id"], {**fields, "signed_up_at": "soon"})
    catalog = catalog_of(harness, "contacts")
    deselect(catalog, "contacts", "last_seen_at")
    deselect(catalog, "contacts", "location", "city")

    row = row_of(sync_catalog(harness, catalog), "contacts", record)

    assert row["unfit_values"] == '{"signed_up_at":"soon"}'
    assert row["location"] == {"country": "Norway"}
    assert "last_seen_at" not in row


def test_field_of_another_shape_is_deselected(harness: SyncHarness) -> None:
    record = first_record(harness, "contacts")
    harness.sandbox.change_quietly("contacts", record["id"], {"avatar": "https://a.example.com"})
    catalog = catalog_of(harness, "contacts")
    deselect(catalog, "contacts", "avatar", "image_url")

    row = row_of(sync_catalog(harness, catalog), "contacts", record)

    assert row["avatar"] == {}


@pytest.mark.parametrize("settings", [{}, {"custom_attributes_as_json": True}], ids=str)
def test_deselected_attribute_is_nowhere(harness: SyncHarness, settings: dict[str, Any]) -> None:
    """Neither in the attributes as they were sent, nor in their JSON text."""
    record = first_record(harness, "contacts")
    attributes = {"plan_name": "secret", "seats": "many", "score": "high"}
    harness.sandbox.change_quietly("contacts", record["id"], {"custom_attributes": attributes})
    catalog = catalog_of(harness, "contacts", **settings)
    deselect(catalog, "contacts", "custom_attributes", "plan_name")
    deselect(catalog, "contacts", "custom_attributes", "seats")

    result = harness.try_sync_catalog({**harness.config, **settings}, catalog)

    row = row_of(result, "contacts", record)
    column = "custom_attributes" if settings else "custom_attributes_raw"
    assert json.loads(row[column]) == {"score": "high"}
    assert "secret" not in json.dumps(row)


def test_attributes_that_are_no_object_are_an_unfit_value(harness: SyncHarness) -> None:
    record = first_record(harness, "contacts")
    harness.sandbox.change_quietly("contacts", record["id"], {"custom_attributes": "none"})

    row = row_of(sync_catalog(harness, catalog_of(harness, "contacts")), "contacts", record)

    assert row["custom_attributes"] is None
    assert json.loads(row["unfit_values"]) == {"custom_attributes": "none"}
    assert row.get("custom_attributes_raw") is None


def test_attributes_are_deselected_as_a_whole(harness: SyncHarness) -> None:
    record = first_record(harness, "contacts")
    attributes = {"seats": "many"}
    harness.sandbox.change_quietly("contacts", record["id"], {"custom_attributes": attributes})
    catalog = catalog_of(harness, "contacts")
    deselect(catalog, "contacts", "custom_attributes")

    row = row_of(sync_catalog(harness, catalog), "contacts", record)

    assert not row.keys() & {"custom_attributes", "custom_attributes_raw", "unfit_values"}


@pytest.mark.parametrize(
    ("name", "sent"),
    [("seats", 2**63), ("seats", "9" * 30), ("score", "NaN"), ("score", "-inf")],
    ids=str,
)
def test_number_that_no_database_has_is_kept(harness: SyncHarness, name: str, sent: Any) -> None:
    record = first_record(harness, "contacts")
    harness.sandbox.change_quietly("contacts", record["id"], {"custom_attributes": {name: sent}})

    row = row_of(sync_catalog(harness, catalog_of(harness, "contacts")), "contacts", record)

    assert row["custom_attributes"] == {name: None}
    assert json.loads(row["custom_attributes_raw"]) == {name: sent}
