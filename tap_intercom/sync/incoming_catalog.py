"""Incoming catalogs: the tap obeys what it can, and names in a WARNING what it can't.

It obeys the selection, the columns and their types, and the replication method FULL_TABLE. Keys are
fixed: they say what a row is, and rows of a child stream get theirs from the parent.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from singer_sdk.singerlib.catalog import (
    REPLICATION_FULL_TABLE,
    REPLICATION_INCREMENTAL,
    Metadata,
    MetadataMapping,
)
from singer_sdk.singerlib.schema import Schema

from tap_intercom.schema.columns import WORKSPACE_ID
from tap_intercom.spelling import unknown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from singer_sdk import Stream
    from singer_sdk.singerlib import CatalogEntry

    Entry = Mapping[str, Any]

KEY_SETTINGS = ("key_properties", "table-key-properties", "view-key-properties")
"""Where catalogs have primary keys: at an entry's top level, and in its metadata."""


def with_replication_methods(catalog: Mapping[str, Any]) -> dict[str, Any]:
    """Return a catalog with the replication method of each stream where the SDK reads it.

    Users set it in the metadata (Singer specification), where the SDK ignores it.
    """
    entries = [{**entry, "replication_method": _method(entry)} for entry in _entries(catalog)]
    return {**catalog, "streams": entries}


def keep_key_columns(entry: CatalogEntry, stream: Stream) -> None:
    """Give the key columns of a catalog's entry the stream's own types, and select them, in place.

    An entry without columns gets those of the stream.
    """
    if not entry.schema.properties:
        entry.schema = Schema.from_dict(stream.schema)
    given, own = entry.schema.properties or {}, stream.schema["properties"]
    for name in _key_columns(stream):
        given[name] = Schema.from_dict(own[name])
        if entry.metadata:  # without metadata everything is selected
            entry.metadata["properties", name].inclusion = Metadata.InclusionType.AUTOMATIC


def catalog_warnings(
    catalog: Mapping[str, Any], streams: Mapping[str, Stream], stream_names: AbstractSet[str]
) -> list[str]:
    """Return a warning for each thing that a catalog asks for in vain, or probably by mistake.

    Args:
        catalog: The catalog as it was given.
        streams: The streams of the API version in use, to which the catalog was applied.
        stream_names: The streams of all versions.
    """
    selected = [entry for entry in _entries(catalog) if _is_selected(entry)]
    names = {entry["tap_stream_id"] for entry in selected}
    warnings = []
    if unknown_names := unknown(sorted(names), stream_names | streams.keys()):
        warnings.append(f"The catalog selects streams that don't exist: {', '.join(unknown_names)}")
    if missing := sorted((stream_names & names) - streams.keys()):
        warnings.append(
            f"This api_version lacks streams that the catalog selects: {', '.join(missing)}"
        )
    if streams.keys().isdisjoint(names):
        warnings.append("The catalog selects no stream, so nothing will be loaded")
    ignored = defaultdict(list)
    for entry in selected:
        if stream := streams.get(entry["tap_stream_id"]):
            for request, subject in _ignored(entry, stream):
                ignored[request].append(subject)
    warnings += [f"The catalog {request}: {', '.join(found)}" for request, found in ignored.items()]
    return warnings


def _is_selected(entry: Entry) -> bool:
    metadata = MetadataMapping.from_iterable(entry.get("metadata") or ())
    return metadata.resolve_selection()[()]


def _ignored(entry: Entry, stream: Stream) -> Iterator[tuple[str, str]]:
    """Yield what an entry asks for in vain, each with the stream or column that it concerns."""
    name = stream.name
    settings = {**_metadata(entry), "key_properties": entry.get("key_properties")}
    keys = {tuple(settings[key]) for key in KEY_SETTINGS if settings.get(key) is not None}
    own_keys = tuple(key for key in stream.primary_keys if key != WORKSPACE_ID)
    for columns in sorted(keys - {tuple(stream.primary_keys), own_keys}):
        yield f"sets the primary key {', '.join(columns)!r} for streams that keep their own", name
    for key in {entry.get("replication_key"), settings.get("replication-key")}:
        if key not in (None, stream.replication_key):
            yield f"sets the replication key {key!r} for streams that keep their own", name
    method = _method(entry)
    if method not in (None, REPLICATION_FULL_TABLE, REPLICATION_INCREMENTAL):
        yield f"sets the replication method {method}, which this tap lacks, for streams", name
    elif method == REPLICATION_INCREMENTAL and not stream.replication_key:
        yield f"sets the replication method {method} for streams that are always read whole", name
    for setting in ("stream", "stream_alias"):
        if (alias := entry.get(setting)) not in (None, name):
            yield "renames streams, which only the setting stream_maps does", f"{name} ({alias})"
    yield from _ignored_columns(entry, stream)


def _ignored_columns(entry: Entry, stream: Stream) -> Iterator[tuple[str, str]]:
    own, given = stream.schema["properties"], _properties(entry.get("schema"))
    for name in _key_columns(stream):
        if name == WORKSPACE_ID and name not in given:
            continue  # the catalog may be older than the setting workspace_column
        if name in own and given and _type(given.get(name)) != _type(own[name]):
            yield "changes or lacks key columns, which stay as they are", f"{stream.name}.{name}"
    for item in entry.get("metadata") or ():
        path, metadata = item["breadcrumb"][1::2], item["metadata"]
        if not path or "selected" not in metadata:
            continue
        if missing := _missing_column(path, {**own, **given}):
            yield "selects or deselects columns that don't exist", f"{stream.name}.{missing}"
        elif path[0] in _key_columns(stream) and not _stays_selected(metadata):
            yield "deselects key columns, which stay selected", f"{stream.name}.{path[0]}"


def _stays_selected(metadata: Mapping[str, Any]) -> bool:
    """Whether the metadata of a key column leaves it selected: `automatic` overrules the rest."""
    is_automatic = metadata.get("inclusion") == Metadata.InclusionType.AUTOMATIC
    return is_automatic or bool(metadata["selected"])


def _missing_column(path: Sequence[str], properties: Mapping[str, Any]) -> str | None:
    """Return a path up to its first name that no property has; None if all have one."""
    for number, name in enumerate(path):
        if name not in properties:
            return ".".join([*path[:number], *unknown([name], properties)])
        properties = _properties(properties[name])
    return None


def _key_columns(stream: Stream) -> tuple[str, ...]:
    """Return the columns that stay as they are: keys, and that of the workspace."""
    replication_key = (stream.replication_key,) if stream.replication_key else ()
    workspace = (WORKSPACE_ID,) if WORKSPACE_ID in stream.schema["properties"] else ()
    return tuple(dict.fromkeys((*workspace, *stream.primary_keys, *replication_key)))


def _entries(catalog: Mapping[str, Any]) -> list[Entry]:
    entries: list[Entry] = catalog.get("streams", [])
    return entries


def _metadata(entry: Entry) -> Mapping[str, Any]:
    """Return the metadata of a stream itself, not of its columns."""
    items = (item["metadata"] for item in entry.get("metadata") or () if not item["breadcrumb"])
    return next(items, {})


def _method(entry: Entry) -> str | None:
    """Return the replication method that a catalog asks for; what users set comes first."""
    metadata = _metadata(entry)
    method: str | None = (
        metadata.get("replication-method")
        or metadata.get("forced-replication-method")
        or entry.get("replication_method")
    )
    return method


def _properties(schema: Any) -> Mapping[str, Any]:
    properties: Mapping[str, Any] = (schema or {}).get("properties") or {}
    return properties


def _type(schema: Any) -> tuple[frozenset[str], str | None]:
    """Return what distinguishes two columns: their types other than null, and their format."""
    types = (schema or {}).get("type") or ()
    listed = [types] if isinstance(types, str) else types
    return frozenset(listed) - {"null"}, (schema or {}).get("format")
