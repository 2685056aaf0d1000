"""The catalog in short, so that a change of keys or columns is visible in a diff.

Warehouses rely on both, so a change has to be on purpose.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from tap_intercom.tap import TapIntercom

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def snapshot() -> str:
    """Return keys, replication, default selection and columns of every stream, as YAML."""
    tap = TapIntercom(config={}, validate_config=False, setup_mapper=False)
    entries = {entry["tap_stream_id"]: _in_short(entry) for entry in tap.catalog_dict["streams"]}
    text: str = yaml.safe_dump(dict(sorted(entries.items())), sort_keys=False, width=1_000)
    return text


def _in_short(entry: Mapping[str, Any]) -> dict[str, Any]:
    (root,) = (item["metadata"] for item in entry["metadata"] if not item["breadcrumb"])
    return {
        "key_properties": list(entry["key_properties"]),
        "replication": entry.get("replication_key") or entry["replication_method"],
        "selected_by_default": root["selected-by-default"],
        "columns": dict(_columns(entry["schema"]["properties"])),
    }


def _columns(properties: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    """Yield each property of a schema with its type, at any depth."""
    for name, schema in properties.items():
        types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        yield f"{path}{name}", schema.get("format") or "/".join(types)
        yield from _columns(schema.get("properties", {}), f"{path}{name}.")
        items = schema.get("items", {})
        yield from _columns(items.get("properties", {}), f"{path}{name}[].")
