"""The streams that may be the parent of a custom stream, and the columns that it has from one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_intercom.schema.columns import DATE_TIME, TEXT
from tap_intercom.schema.personal_data import MARK
from tap_intercom.streams import stream_types
from tap_intercom.streams.activity_logs import ActivityLogs
from tap_intercom.streams.conversations import DeletedConversations
from tap_intercom.sync.list_stream import ListStream
from tap_intercom.sync.search_stream import SearchStream
from tap_intercom.sync.stream import SCHEMAS

if TYPE_CHECKING:
    from tap_intercom.sync.top_level_stream import TopLevelStream

LISTS = (ListStream, SearchStream, ActivityLogs, DeletedConversations)
"""Streams that are lists of records, and read again from a time on, if not from their beginning."""

ID = "id"


def _name(stream_type: type[TopLevelStream]) -> str:
    return str(stream_type.name)  # type: ignore[misc]  # the SDK declares it for instances


def columns_of(parent: type[TopLevelStream]) -> dict[str, Any]:
    """Return the columns of a stream, with marks of personal data."""
    columns: dict[str, Any] = SCHEMAS.get_schema(_name(parent))["properties"]
    return columns


PARENTS: dict[str, type[TopLevelStream]] = {
    _name(stream_type): stream_type
    for stream_type in stream_types()
    if issubclass(stream_type, LISTS) and ID in columns_of(stream_type)
}
"""The streams that may be a parent, by name."""


def parent_columns(parent_name: str, field: str) -> dict[str, Any]:
    """Return the columns that rows have from the parent's record, each with its JSON Schema.

    The first has the value of a field. The other is there if the parent is incremental, and has
    its replication key.
    """
    parent = PARENTS[parent_name]
    column = (
        {"type": "string"} if field == ID else {**TEXT, **_mark(columns_of(parent).get(field, {}))}
    )
    columns = {f"{_singular(parent)}_{field}": column}
    if key := replication_key_of(parent):
        columns[f"{_singular(parent)}_{key}"] = DATE_TIME
    return columns


def replication_key_of(parent: type[TopLevelStream]) -> str:
    """Return the field by which a stream is incremental; empty if it is not."""
    key: object = parent.replication_key  # a property where a class does not set it
    return key if isinstance(key, str) else ""


def _mark(column: dict[str, Any]) -> dict[str, Any]:
    return {MARK: column[MARK]} if MARK in column else {}


def _singular(parent: type[TopLevelStream]) -> str:
    """Return what one record of a stream is called."""
    name = _name(parent)
    if parent.singular:
        return parent.singular
    return f"{name.removesuffix('ies')}y" if name.endswith("ies") else name.removesuffix("s")
