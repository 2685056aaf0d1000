"""What a catalog asks for beyond its selection is obeyed, or named in a WARNING."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.expected_rows import KEYS
from tests.guarantees.harness import discover
from tests.sandbox.options import SandboxOptions
from tests.singer import Record, select_streams

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.guarantees.harness import SyncHarness, SyncResult

    Catalog = dict[str, Any]

STREAMS = ("contacts", "contact_tags", "conversations", "conversation_parts", "tags")
HOUR = 3600

METHOD_SETTINGS = ("replication-method", "forced-replication-method", "replication_method")
KEY_SETTINGS = ("table-key-properties", "view-key-properties", "key_properties")


@pytest.fixture
def options() -> SandboxOptions:
    return SandboxOptions(contacts=40, companies=0, conversations=20, tickets=0)


def catalog_of(harness: SyncHarness, streams: Iterable[str] = STREAMS) -> Catalog:
    return discover(harness.config, {*streams})


def entry_of(catalog: Catalog, stream: str) -> dict[str, Any]:
    return next(entry for entry in catalog["streams"] if entry["tap_stream_id"] == stream)


def metadata_of(entry: dict[str, Any], *column: str) -> dict[str, Any]:
    """Return the metadata of a stream or of one of its columns, which is created if missing."""
    breadcrumb = [part for name in column for part in ("properties", name)]
    for item in entry["metadata"]:
        if item["breadcrumb"] == breadcrumb:
            return item["metadata"]
    entry["metadata"].append({"breadcrumb": breadcrumb, "metadata": {}})
    return entry["metadata"][-1]["metadata"]


def override(
    catalog: Catalog, setting: str, value: Any, streams: Iterable[str] = STREAMS
) -> Catalog:
    """Write a value into the metadata, if its name has hyphens, or at the top level."""
    for stream in streams:
        entry = entry_of(catalog, stream)
        (metadata_of(entry) if "-" in setting else entry)[setting] = value
    return catalog


def sync(harness: SyncHarness, catalog: Catalog, state: Any = None) -> SyncResult:
    result = harness.try_sync_catalog(harness.config, catalog, state)
    assert result.error is None
    return result


def rows(result: SyncResult) -> dict[str, list[Record]]:
    return {stream: result.records(stream) for stream in STREAMS}


def later_state(harness: SyncHarness) -> dict[str, Any]:
    """Return the state of a first run, two hours before the next."""
    state = sync(harness, catalog_of(harness)).state
    harness.sandbox.clock.advance(2 * HOUR)
    return state


def test_discovered_catalog_needs_no_warning(harness: SyncHarness) -> None:
    result = sync(harness, catalog_of(harness, KEYS))

    assert result.warnings("catalog") == []


@pytest.mark.parametrize("setting", ["replication-key", "replication_key"])
def test_foreign_replication_key_changes_no_row(harness: SyncHarness, setting: str) -> None:
    expected = rows(sync(harness, catalog_of(harness)))

    result = sync(harness, override(catalog_of(harness), setting, "updated_at"))

    assert rows(result) == expected
    (warning,) = result.warnings("replication key", "updated_at")
    assert warning.endswith(": contact_tags, conversation_parts, tags")


@pytest.mark.parametrize("setting", KEY_SETTINGS)
def test_foreign_primary_key_changes_no_schema(harness: SyncHarness, setting: str) -> None:
    expected = sync(harness, catalog_of(harness)).schemas

    result = sync(harness, override(catalog_of(harness), setting, ["id"]))

    assert result.schemas == expected
    assert len(result.warnings("primary key", "contact_tags")) == 1


@pytest.mark.parametrize("setting", METHOD_SETTINGS)
def test_full_table_reads_everything(harness: SyncHarness, setting: str) -> None:
    state = later_state(harness)

    result = sync(harness, override(catalog_of(harness), setting, "FULL_TABLE"), state)

    assert harness.missing_rows(result, STREAMS) == {}
    assert result.warnings("catalog") == []


def test_full_table_ends_as_incremental_sync(harness: SyncHarness) -> None:
    state = later_state(harness)
    expected = sync(harness, catalog_of(harness), state).state

    result = sync(harness, override(catalog_of(harness), "replication-method", "FULL_TABLE"), state)

    assert result.state == expected


def test_children_of_full_table_stay_incremental(harness: SyncHarness) -> None:
    state = later_state(harness)
    catalog = override(catalog_of(harness), "replication-method", "FULL_TABLE", ["conversations"])

    result = sync(harness, catalog, state)

    assert len(result.records("conversations")) == 20
    incremental = sync(harness, catalog_of(harness), state)
    assert result.records("conversation_parts") == incremental.records("conversation_parts")


def test_full_table_child_is_complete(harness: SyncHarness) -> None:
    state = later_state(harness)
    catalog = override(catalog_of(harness), "replication-method", "FULL_TABLE", ["contact_tags"])

    result = sync(harness, catalog, state)

    assert harness.missing_rows(result, ["contact_tags"]) == {}
    assert len(result.records("contacts")) < 40


def test_full_table_begins_at_start_date(harness: SyncHarness) -> None:
    state = later_state(harness)
    catalog = override(catalog_of(harness), "replication-method", "FULL_TABLE")
    start_date = "2025-01-01"

    result = harness.try_sync_catalog({**harness.config, "start_date": start_date}, catalog, state)

    updates = result.values("contacts", "updated_at")
    assert 0 < len(updates) < 40
    assert min(updates) >= start_date


@pytest.mark.parametrize(
    ("setting", "value", "mentioned"),
    [
        ("replication-method", "LOG_BASED", ["LOG_BASED", "contacts", "tags"]),
        ("replication_method", "LOG_BASED", ["LOG_BASED", "contacts", "tags"]),
        ("replication-method", "full", ["full", "contacts", "tags"]),
        ("replication-method", "INCREMENTAL", ["INCREMENTAL", "tags"]),
        ("stream", "renamed", ["stream_maps", "contacts (renamed)"]),
        ("stream_alias", "renamed", ["stream_maps", "contacts (renamed)"]),
    ],
)
def test_what_the_tap_lacks_is_named(
    harness: SyncHarness, setting: str, value: str, mentioned: list[str]
) -> None:
    expected = rows(sync(harness, catalog_of(harness)))

    result = sync(harness, override(catalog_of(harness), setting, value))

    assert rows(result) == expected
    (warning,) = result.warnings("catalog")
    assert all(word in warning for word in mentioned)


def test_deselected_stream_is_not_named(harness: SyncHarness) -> None:
    catalog = override(catalog_of(harness), "replication-method", "LOG_BASED", ["contacts"])

    result = sync(harness, select_streams(catalog, ["tags"]))

    assert result.warnings("catalog") == []


@pytest.mark.parametrize("inclusion", [None, "available", "unsupported"])
def test_key_columns_stay_selected(harness: SyncHarness, inclusion: str | None) -> None:
    expected = rows(sync(harness, catalog_of(harness)))
    catalog = catalog_of(harness)
    for column in ("contact_id", "tag_id", "contact_updated_at"):
        metadata = metadata_of(entry_of(catalog, "contact_tags"), column)
        metadata.update(inclusion=inclusion, selected=False)

    result = sync(harness, catalog)

    assert rows(result) == expected
    assert len(result.warnings("contact_tags.contact_id", "contact_tags.tag_id")) == 1


def test_key_columns_keep_their_types(harness: SyncHarness) -> None:
    expected = sync(harness, catalog_of(harness))
    catalog = catalog_of(harness)
    properties = entry_of(catalog, "contacts")["schema"]["properties"]
    properties["updated_at"] = {"type": "string"}
    properties["id"] = {"type": "integer"}

    result = sync(harness, catalog)

    assert rows(result) == rows(expected)
    assert result.schemas == expected.schemas
    assert len(result.warnings("contacts.id", "contacts.updated_at")) == 1


def test_key_column_can_not_be_removed(harness: SyncHarness) -> None:
    catalog = catalog_of(harness)
    del entry_of(catalog, "contacts")["schema"]["properties"]["id"]

    result = sync(harness, catalog)

    assert harness.missing_rows(result, ["contacts"]) == {}
    assert len(result.warnings("contacts.id")) == 1


def test_other_columns_take_the_catalogs_type(harness: SyncHarness) -> None:
    catalog = catalog_of(harness)
    properties = entry_of(catalog, "contacts")["schema"]["properties"]
    properties["created_at"] = {"type": ["string", "null"]}

    result = sync(harness, catalog)

    assert all(value.isdigit() for value in result.values("contacts", "created_at"))
    assert result.warnings("catalog") == []


def test_custom_attributes_may_be_text(harness: SyncHarness) -> None:
    catalog = catalog_of(harness)
    properties = entry_of(catalog, "contacts")["schema"]["properties"]
    properties["custom_attributes"] = {"type": ["string", "null"]}

    result = sync(harness, catalog)

    values = result.values("contacts", "custom_attributes")
    assert all(isinstance(json.loads(value), dict) for value in values if value)


def test_attributes_as_json_overrule_the_catalog(harness: SyncHarness) -> None:
    catalog = catalog_of(harness)
    config = {**harness.config, "custom_attributes_as_json": True}

    result = harness.try_sync_catalog(config, catalog)

    values = result.values("contacts", "custom_attributes")
    assert result.error is None
    assert all(isinstance(json.loads(value), dict) for value in values if value)


def test_unknown_columns_are_named(harness: SyncHarness) -> None:
    catalog = catalog_of(harness)
    metadata_of(entry_of(catalog, "contacts"), "emial")["selected"] = False
    metadata_of(entry_of(catalog, "contacts"), "location", "town")["selected"] = True

    result = sync(harness, catalog)

    (warning,) = result.warnings("catalog")
    assert "contacts.emial (did you mean email?)" in warning
    assert "contacts.location.town" in warning


def test_selected_by_default_is_obeyed(harness: SyncHarness) -> None:
    catalog = catalog_of(harness)
    metadata = metadata_of(entry_of(catalog, "tags"))
    del metadata["selected"]
    metadata["selected-by-default"] = False
    metadata_of(entry_of(catalog, "contacts"), "email")["selected-by-default"] = False

    result = sync(harness, catalog)

    assert result.records("tags") == []
    assert all("email" not in row for row in result.records("contacts"))


def test_entry_without_columns_has_all(harness: SyncHarness) -> None:
    expected = sync(harness, catalog_of(harness, ["tags"]))

    result = sync(harness, {"streams": [{"tap_stream_id": "tags"}]})

    assert result.schemas == expected.schemas
    assert result.records("tags") == expected.records("tags")
