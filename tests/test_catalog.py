"""The catalog: its streams, keys, columns and default selection are a expect to warehouses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tap_intercom.tap import STREAM_TYPES, TapIntercom
from tests.expected_rows import KEYS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from syrupy.assertion import SnapshotAssertion


@pytest.fixture(scope="module")
def entries() -> dict[str, dict[str, Any]]:
    """Return the catalog's entries by stream."""
    tap = TapIntercom(config={}, validate_config=False, setup_mapper=False)
    return {entry["tap_stream_id"]: entry for entry in tap.catalog_dict["streams"]}


def test_discovery_lists_every_stream(entries: dict[str, dict[str, Any]]) -> None:
    assert entries.keys() == {stream_type.name for stream_type in STREAM_TYPES} == KEYS.keys()


@pytest.mark.parametrize("stream", sorted(KEYS))
def test_a_streams_entry_only_changes_on_purpose(
    entries: dict[str, dict[str, Any]], stream: str, snapshot: SnapshotAssertion
) -> None:
    entry = entries[stream]
    (root,) = (item for item in entry["metadata"] if not item["breadcrumb"])
    assert {
        "key_properties": entry["key_properties"],
        "replication": entry.get("replication_key") or entry["replication_method"],
        "selected_by_default": root["metadata"]["selected-by-default"],
        "columns": list(columns(entry["schema"]["properties"])),
    } == snapshot


def columns(properties: dict[str, Any], path: str = "") -> Iterator[str]:
    """Yield a line for each property of a schema, at any depth."""
    for name, schema in properties.items():
        kind = schema.get("format") or "/".join(to_list(schema["type"]))
        yield f"{path}{name}: {kind}"
        items = schema.get("items", {})
        yield from columns(schema.get("properties", {}), f"{path}{name}.")
        yield from columns(items.get("properties", {}), f"{path}{name}[].")


def to_list(types: str | list[str]) -> list[str]:
    return [types] if isinstance(types, str) else types
