"""What an item of the setting `custom_streams` may contain, and how its rows look.

`validation.py` checks the items, `custom_streams.py` makes streams of them.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from singer_sdk import typing as th

from tap_intercom.api.records_path import AUTO
from tap_intercom.api.response import value_at
from tap_intercom.custom.macros import EPOCH
from tap_intercom.custom.parents import ID, PARENTS, parent_columns
from tap_intercom.schema.columns import (
    ANY,
    ARRAY,
    BOOLEAN,
    DATE_TIME,
    INTEGER,
    NUMBER,
    OBJECT,
    TEXT,
)
from tap_intercom.schema.personal_data import DEFINED, MARK

if TYPE_CHECKING:
    from collections.abc import Mapping

WHOLE_RECORD = "record"
"""The column that holds the record where no columns are defined."""

VALUE = "value"
"""The field for an item of a list that is not an object."""

COLUMN_TYPES = {
    "string": TEXT,
    "integer": INTEGER,
    "number": NUMBER,
    "boolean": BOOLEAN,
    "date-time": DATE_TIME,
    "object": OBJECT,
    "array": ARRAY,
}
"""JSON Schema by the type of a column."""


def _field(description: str, **schema: Any) -> msgspec.Meta:
    """Return what is said of a field beside its type: here, and in the JSON Schema."""
    return msgspec.Meta(description=description, extra_json_schema=schema)


NonEmpty = Annotated[str, msgspec.Meta(min_length=1)]
ColumnType = Annotated[str, msgspec.Meta(extra_json_schema={"enum": list(COLUMN_TYPES)})]


class StreamDefinition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A stream of an endpoint that the tap does not know."""

    name: Annotated[str, _field("Name of the stream: a to z, 0 to 9 and _, a letter first")]
    path: Annotated[
        str,
        _field(
            "Path below the API's host, starting with / and without a query. With a parent, {id} "
            "stands for the id of its record, as in params and body; macros such as {now-7d} for "
            "times"
        ),
    ]
    primary_keys: Annotated[
        tuple[NonEmpty, ...],
        _field(
            "Fields that identify a record, written as text; records without them are left "
            "out, and the stream fails",
            minItems=1,
            uniqueItems=True,
        ),
    ]
    method: Annotated[
        str,
        _field(
            "HTTP method; requests may be sent several times, so they must change nothing",
            enum=["GET", "POST"],
        ),
    ] = "GET"
    params: Annotated[
        dict[str, Any],
        _field(
            "Query parameters; their values may have macros",
            additionalProperties={"type": ["string", "number", "boolean"]},
        ),
    ] = {}
    body: Annotated[dict[str, Any], _field("JSON body of a POST; its texts may have macros")] = {}
    records_path: Annotated[
        str,
        _field(
            "Where the records are in the response, such as data.items; . if the response is one "
            "record; auto is data, or else the only list"
        ),
    ] = AUTO
    columns: Annotated[
        dict[str, ColumnType],
        _field(
            f"Type by column: {', '.join(COLUMN_TYPES)}; without it the column "
            f"{WHOLE_RECORD} has the whole record"
        ),
    ] = {}
    replication_key: Annotated[
        NonEmpty,
        _field("Field with the time of a record's last change; makes the stream incremental"),
    ] = ""
    replication_param: Annotated[
        NonEmpty,
        _field(
            "Query parameter, or the place in a POST's body (query.value.0.value), that gets "
            "the time from which records are wanted; without it all records are read, and older "
            "ones are left out"
        ),
    ] = ""
    timestamp_format: Annotated[
        NonEmpty,
        _field(
            "How macros and replication_param write times, in UTC: epoch (seconds), iso "
            "(2026-01-31T00:00:00Z) or a pattern of strftime such as %Y-%m-%d"
        ),
    ] = EPOCH
    paging: Annotated[
        str,
        _field(
            "How further pages are found; auto takes what the response has: a link, a cursor (of a "
            "POST in body.pagination) or numbered pages",
            enum=["auto", "none", "cursor", "link", "page"],
        ),
    ] = AUTO
    response_fields: Annotated[
        dict[str, NonEmpty],
        _field(
            "Columns from the response outside its records, and where each value is, such as "
            "total_count or pages.total_pages; it stays as it comes: text, number, boolean or JSON"
        ),
    ] = {}
    api_version: Annotated[
        NonEmpty, _field("API version of the requests; the setting api_version unless given")
    ] = ""
    parent: Annotated[
        str,
        _field(
            "Stream for each of whose records the path is requested, for the changed ones if it is "
            "incremental; its id and its time of change become columns, such as contact_id and "
            "contact_updated_at",
            enum=sorted(PARENTS),
        ),
    ] = ""
    parent_field: Annotated[
        NonEmpty,
        _field(
            "Column of the parent that {id} stands for; its value becomes a column such as "
            "contact_external_id, in place of contact_id"
        ),
    ] = ID

    @property
    def parent_columns(self) -> dict[str, Any]:
        """The columns from the parent's record, each with its JSON Schema; none without a parent.

        The first has the value of `parent_field`, the other, if any, the parent's replication key.
        """
        return parent_columns(self.parent, self.parent_field) if self.parent in PARENTS else {}

    @property
    def schema(self) -> dict[str, Any]:
        """The JSON Schema of the stream's rows."""
        types = {name: COLUMN_TYPES[kind] for name, kind in self.columns.items()}
        types = types or {WHOLE_RECORD: OBJECT}
        columns = {name: {**column, MARK: DEFINED} for name, column in types.items()}
        columns |= {name: {**ANY, MARK: DEFINED} for name in self.response_fields}
        columns |= {key: {"type": "string"} for key in self.primary_keys}
        columns |= self.parent_columns
        if self.replication_key:
            columns[self.replication_key] = DATE_TIME
        return copy.deepcopy(
            {"type": "object", "properties": columns, "additionalProperties": True}
        )

    def response_values(self, response: Mapping[str, Any]) -> dict[str, Any]:
        """Return the columns that all records of a response have."""
        return {
            name: value_at(response, path.split(".")) for name, path in self.response_fields.items()
        }

    def row(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """Return the columns of a record; where none are defined, its keys and the record whole."""
        names = [*self.primary_keys, *self.columns, *filter(None, [self.replication_key])]
        row = {name: record.get(name) for name in names}
        return row if self.columns else {**row, WHOLE_RECORD: record}


def _item_schema() -> dict[str, Any]:
    """Return the JSON Schema of a definition, without defaults that say only "absent"."""
    _, components = msgspec.json.schema_components((StreamDefinition,))
    schema: dict[str, Any] = components[StreamDefinition.__name__]
    for field in schema["properties"].values():
        if field.get("default") in ("", {}):
            del field["default"]
    return schema


ITEM_SCHEMA = _item_schema()
"""JSON Schema of an item of the setting, of which null values are left out."""

_REQUIRED = ITEM_SCHEMA["required"]
_OPTIONAL = [name for name in ITEM_SCHEMA["properties"] if name not in _REQUIRED]

CUSTOM_STREAMS: th.Property[Any] = th.Property(
    "custom_streams",
    th.ArrayType(th.CustomType(ITEM_SCHEMA)),
    title="Custom streams",
    description=(
        "Streams of endpoints that the tap does not know; each has "
        f"{', '.join(_REQUIRED)}, and may have {', '.join(_OPTIONAL)}"
    ),
)


def with_value(body: Mapping[str, Any], dotted: str, value: Any) -> dict[str, Any]:
    """Return a body with a value at a dotted path; a number in the path counts a list's items.

    The last name of the path may be new.

    Raises:
        LookupError: The path leads through something that is not there.
        TypeError: The path leads through something that is neither object nor list.
        ValueError: The path names an item of a list by something else than a number.
    """
    changed: dict[str, Any] = copy.deepcopy(dict(body))
    parent: Any = changed
    *path, last = dotted.split(".")
    for name in path:
        parent = parent[int(name)] if isinstance(parent, list) else parent[name]
        if not isinstance(parent, dict | list):
            raise TypeError
    if isinstance(parent, list):
        parent[int(last)] = value
    else:
        parent[last] = value
    return changed
