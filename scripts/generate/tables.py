"""The generated parts of README.md and `docs/`, as Markdown."""

from __future__ import annotations

import copy
import json
from itertools import groupby
from typing import TYPE_CHECKING, Any

from tap_intercom.custom.definitions import ITEM_SCHEMA
from tap_intercom.schema.personal_data import CONTENT, IDENTIFIER, MARK, UNKNOWN
from tap_intercom.tap import TapIntercom

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from scripts.generate.facts import StreamFacts

MARKS = (IDENTIFIER, CONTENT, UNKNOWN)

NO_PERMISSION = "not documented"

TYPE_NAMES = {"string": "text", "date-time": "timestamp"}


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(_escape(cell) for cell in line)} |" for line in lines)


def stream_groups(streams: Sequence[StreamFacts]) -> str:
    """Return the streams' names by group, those that have to be selected in italics."""
    rows = [
        [heading, ", ".join(facts.name if facts.is_default else f"*{facts.name}*" for facts in of)]
        for heading, of in _grouped(streams)
    ]
    return table(["group", "streams"], rows)


def stream_tables(streams: Sequence[StreamFacts]) -> str:
    """Return a table of streams for each group."""
    header = ["stream", "endpoint", "key", "replication", "permission", "from", "default"]
    parts = []
    for heading, of in _grouped(streams):
        rows = [
            [
                f"[{facts.name}](columns.md#{facts.name})",
                facts.endpoint,
                ", ".join(facts.primary_keys),
                facts.replication_key or "full",
                facts.permission or NO_PERMISSION,
                facts.min_api_version,
                "yes" if facts.is_default else "no",
            ]
            for facts in of
        ]
        parts.append(f"### {heading}\n\n{table(header, rows)}")
    return "\n\n".join(parts)


def permissions(streams: Sequence[StreamFacts]) -> str:
    """Return the streams by the permission that they need."""
    needed: dict[str, list[str]] = {}
    for facts in streams:
        needed.setdefault(facts.permission or NO_PERMISSION, []).append(facts.name)
    rows = [[permission, ", ".join(sorted(names))] for permission, names in sorted(needed.items())]
    return table(["permission", "streams"], rows)


def columns(streams: Sequence[StreamFacts]) -> str:
    """Return the columns of every stream."""
    return "\n\n".join(_columns_of(facts) for facts in sorted(streams, key=_name))


def personal_columns(streams: Sequence[StreamFacts]) -> str:
    """Return the columns that are marked as personal data, by stream."""
    rows = []
    for facts in sorted(streams, key=_name):
        marked = list(_marked(facts.columns))
        if marked:
            of = {mark: [path for path, one in marked if one == mark] for mark in MARKS}
            rows.append([facts.name, *(", ".join(paths) for paths in of.values())])
    return table(["stream", "identifiers", "content", "may be either"], rows)


def settings() -> str:
    """Return the settings with their types, defaults and descriptions."""
    schema: dict[str, Any] = copy.deepcopy(TapIntercom.config_jsonschema)
    builtin: dict[str, Any] = {"properties": {}}
    for target in (schema, builtin):  # what runs the command line may have added them before
        TapIntercom.append_builtin_config(target)
    names = sorted(schema["properties"], key=lambda name: name in builtin["properties"])
    first_builtin = next(name for name in names if name in builtin["properties"])
    required = schema["required"]
    rows = [
        [
            f"`{name}`",
            _setting_type(schema["properties"][name]),
            "required" if name in required else _default(schema["properties"][name]),
            schema["properties"][name].get("description", ""),
        ]
        for name in names
    ]
    settings_table = table(["setting", "type", "default", "meaning"], rows)
    return f"{settings_table}\n\nThose from `{first_builtin}` on are the SDK's own."


def custom_stream_fields() -> str:
    """Return the fields of a custom stream with their types, defaults and descriptions."""
    rows = [
        [
            f"`{name}`",
            _setting_type(schema),
            "required" if name in ITEM_SCHEMA["required"] else _default(schema),
            schema["description"],
        ]
        for name, schema in ITEM_SCHEMA["properties"].items()
    ]
    return table(["field", "type", "default", "meaning"], rows)


def type_name(schema: Mapping[str, Any]) -> str:
    """Return the type of a column in one or two words."""
    kind = _first_type(schema)
    if kind == "array":
        items = schema.get("items", {})
        return f"array of {type_name(items)}s" if items.get("type") else "array"
    kind = str(schema.get("format", kind))
    return TYPE_NAMES.get(kind, kind)


def _columns_of(facts: StreamFacts) -> str:
    rows = [
        [
            f"**{name}**" if name in facts.primary_keys else name,
            type_name(schema),
            schema.get("description", "") or ", ".join(_nested(schema)),
        ]
        for name, schema in facts.columns.items()
    ]
    return f"## {facts.name}\n\n{facts.summary}\n\n{table(['column', 'type', 'content'], rows)}"


def _marked(properties: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    """Yield the path and the mark of each marked column, at any depth."""
    for name, schema in properties.items():
        if mark := schema.get(MARK):
            yield f"{path}{name}", mark
        yield from _marked(schema.get("properties", {}), f"{path}{name}.")
        items = schema.get("items", {})
        yield from _marked(items.get("properties", {}), f"{path}{name}[].")


def _nested(schema: Mapping[str, Any]) -> list[str]:
    """Return the names of the fields in an object, or in a list of objects."""
    fields: Mapping[str, Any] = schema.get("items", schema).get("properties", {})
    return list(fields)


def _setting_type(schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        return " or ".join(f"`{value}`" for value in schema["enum"])
    kind = type_name(schema)
    low, high = schema.get("minimum"), schema.get("maximum")
    if "exclusiveMinimum" in schema:
        return f"{kind}, above {schema['exclusiveMinimum']} and at most {high}"
    if low is not None:
        return f"{kind}, {low} to {high}" if high is not None else f"{kind}, at least {low}"
    return kind


def _default(schema: Mapping[str, Any]) -> str:
    value = schema.get("default")
    if value is None:
        return ""
    return f"`{value}`" if isinstance(value, str) else f"`{json.dumps(value)}`"


def _first_type(schema: Mapping[str, Any]) -> str:
    types = schema.get("type", "")
    listed = [types] if isinstance(types, str) else types
    return next((kind for kind in listed if kind != "null"), "")


def _grouped(streams: Sequence[StreamFacts]) -> Iterable[tuple[str, list[StreamFacts]]]:
    return ((heading, list(of)) for heading, of in groupby(streams, key=_group))


def _group(facts: StreamFacts) -> str:
    return facts.group


def _name(facts: StreamFacts) -> str:
    return facts.name


def _escape(cell: str) -> str:
    return cell.replace("|", "\\|").replace("\n", " ")
