"""Which properties of a record a catalog deselects; the record and its schema without them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from singer_sdk.singerlib import SelectionMask

Deselected = dict[str, Any]
"""Deselected properties by name: with an empty dict the whole property, else those within it."""


def deselected_properties(mask: SelectionMask) -> Deselected:
    """Return what a selection mask deselects; nothing that lies in a deselected property."""
    found: Deselected = {}
    for breadcrumb in sorted(mask, key=len):
        of_properties = set(breadcrumb[::2]) == {"properties"}
        if of_properties and not mask[breadcrumb] and mask[breadcrumb[:-2]]:
            *path, name = breadcrumb[1::2]
            holder = found
            for part in path:
                holder = holder.setdefault(part, {})
            holder[name] = {}
    return found


def without(record: Mapping[str, Any], deselected: Deselected) -> dict[str, Any]:
    """Return a copy of a record without deselected properties; the record itself stays whole."""
    copy = dict(record)
    for name, within in deselected.items():
        if not within:
            copy.pop(name, None)
        elif isinstance(copy.get(name), dict):
            copy[name] = without(copy[name], within)
    return copy


def selected_schema(schema: Mapping[str, Any], deselected: Deselected) -> dict[str, Any]:
    """Return the JSON Schema of an object without deselected properties; the rest is shared."""
    selected = dict(schema)
    if "properties" in schema:
        selected["properties"] = {
            name: selected_schema(column, deselected[name]) if name in deselected else column
            for name, column in schema["properties"].items()
            if deselected.get(name) != {}
        }
    if "required" in schema:
        selected["required"] = [name for name in schema["required"] if deselected.get(name) != {}]
    return selected
