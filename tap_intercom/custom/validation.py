"""Reading the setting `custom_streams`, and what is wrong with its items.

JSON Schema checks fields and types, and says all that it finds; the functions in here check what
the fields mean together. A setting in which anything is wrong defines no stream at all.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from tap_intercom import api_version
from tap_intercom.api.records_path import AUTO, WHOLE_RESPONSE
from tap_intercom.api_version import DEFAULT_VERSION, configured_version
from tap_intercom.custom.definitions import (
    ITEM_SCHEMA,
    WHOLE_RECORD,
    StreamDefinition,
    with_value,
)
from tap_intercom.custom.macros import BRACES, EPOCH, MACRO, format_error, names, texts
from tap_intercom.custom.parents import ID, PARENTS, columns_of
from tap_intercom.schema.columns import COLUMNS_OF_ALL_STREAMS, WORKSPACE_ID
from tap_intercom.schema.normalize import kind_of
from tap_intercom.settings import schema_errors
from tap_intercom.spelling import unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

RESERVED_PREFIXES = ("custom_object_", "reporting_")
"""How names begin that other settings give to streams."""

COLUMNS_OF_TAP = (*COLUMNS_OF_ALL_STREAMS, WORKSPACE_ID)
"""Columns that no definition can fill."""

MACRO_FIELDS = ("path", "params", "body")
"""Fields whose texts may have macros."""

DOTTED = re.compile(r"[^.$*/\[\]]+(\.[^.$*/\[\]]+)*")
"""Names with dots between them; other ways to write a path, such as data[*], are mistakes."""

FOLLOWS_PARENT = "leave it out: a stream with a parent follows the times of its parent by itself"


def stream_definitions(
    config: Mapping[str, Any], reserved_names: Collection[str]
) -> list[StreamDefinition]:
    """Return the definitions of the setting; none if anything is wrong with it.

    Args:
        config: The tap's configuration.
        reserved_names: The names of the tap's own streams.
    """
    if errors(config, reserved_names):
        return []
    return [_convert(_without_nulls(item)) for item in _items(config)]


def errors(config: Mapping[str, Any], reserved_names: Collection[str]) -> list[str]:
    """Return what is wrong with the setting, each error with the definition's name and the field.

    Args:
        config: The tap's configuration.
        reserved_names: The names of the tap's own streams.
    """
    found = []
    used_names = {*reserved_names}
    for number, item in enumerate(_items(config), 1):
        if not isinstance(item, dict):
            found.append(f"custom_streams: number {number} has to be an object")
            continue
        name = item.get("name")
        title = f"number {number}" if name is None else repr(name)
        found += [
            f"custom_streams: {title}: {error}"
            for error in _item_errors(_without_nulls(item), used_names, config)
        ]
        used_names.add(str(name))
    return found


def _items(config: Mapping[str, Any]) -> list[Any]:
    value = config.get("custom_streams")
    return value if isinstance(value, list) else []


def _without_nulls(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in item.items() if value is not None}


def _convert(item: Mapping[str, Any]) -> StreamDefinition:
    return msgspec.convert(item, StreamDefinition)


def _item_errors(
    item: Mapping[str, Any], used_names: Collection[str], config: Mapping[str, Any]
) -> Iterator[str]:
    yield from schema_errors(item, ITEM_SCHEMA, "field")
    try:
        definition = _convert(item)
    except msgspec.ValidationError:
        return  # the other checks need all fields, each of its type
    yield from _name_errors(definition.name, used_names)
    parent = PARENTS.get(definition.parent)
    if parent and configured_version(config) < parent.min_api_version:
        yield f"parent: {definition.parent} need api_version {parent.min_api_version} or later"
    for check in CHECKS:
        if error := check(definition):
            yield error
    yield from _macro_errors(definition, has_start_date=bool(config.get("start_date")))


def _name_errors(name: str, used_names: Collection[str]) -> Iterator[str]:
    if not re.fullmatch("[a-z][a-z0-9_]*", name):
        yield "name has to begin with a letter and contain only a to z, 0 to 9 and _"
    if name.startswith(RESERVED_PREFIXES):
        yield f"name can't begin with {' or '.join(RESERVED_PREFIXES)}: the tap has such streams"
    if name in used_names:
        yield "name is already used by another stream"


def _path_error(definition: StreamDefinition) -> str:
    path, parent = definition.path, definition.parent
    if not re.fullmatch("/[!-~]+", path):
        return "path has to begin with / and contain no spaces"
    if "?" in path or "#" in path:
        return "path contains ? or #: write query parameters into params"
    if parent and "{id}" not in {macro for _, macro in _macros(definition, texts)}:
        return f"path has to contain {{id}}, which stands for the id of each of the {parent}"
    return ""


def _macros(
    definition: StreamDefinition, texts_of: Callable[[Any], Iterable[str]]
) -> Iterator[tuple[str, str]]:
    """Yield what looks like a macro in some texts of a field, after the field's name."""
    for field in MACRO_FIELDS:
        for text in texts_of(getattr(definition, field)):
            for macro in BRACES.findall(text):
                yield field, macro.strip()


def _macro_errors(definition: StreamDefinition, *, has_start_date: bool) -> Iterator[str]:
    for field, macro in _macros(definition, names):
        yield f"{field}: {macro} is in the name of a field: macros are replaced in values alone"
    macros = list(_macros(definition, texts))
    for field, macro in macros:
        if not MACRO.fullmatch(macro):
            yield (
                f"{field}: {macro} is not a macro: write {{id}}, {{now}}, {{now-7d}} (d, h or m), "
                "{bookmark} or {start_date}"
            )
        elif reason := _missing_for(macro, definition, has_start_date=has_start_date):
            yield f"{field}: {macro} {reason}"
    if error := format_error(definition.timestamp_format):
        yield f"timestamp_format: {error}"
    writes_times = definition.replication_param or {macro for _, macro in macros} - {"{id}"}
    if definition.timestamp_format != EPOCH and not writes_times:
        yield "timestamp_format: no macro and no replication_param writes a time"


def _missing_for(macro: str, definition: StreamDefinition, *, has_start_date: bool) -> str:
    """Return what a macro needs, if it is not there."""
    if macro == "{id}" and not definition.parent:
        return "stands for the id of a parent's record, and no parent is given"
    if macro == "{bookmark}" and definition.parent:
        return (
            "is not there with a parent, whose changed records alone are requested: leave it out, "
            "or write {start_date} or a time such as {now-7d}"
        )
    if macro == "{bookmark}" and not definition.replication_key:
        return "needs a replication_key"
    if macro == "{start_date}" and not has_start_date:
        return "stands for the setting start_date, and that is not set"
    return ""


def _parent_field_error(definition: StreamDefinition) -> str:
    field, name = definition.parent_field, definition.parent
    if not name:
        return "parent_field needs a parent" if field != ID else ""
    if name not in PARENTS:
        return ""  # an error of the field parent
    columns = columns_of(PARENTS[name])
    for wrong in unknown([field], columns):
        return f"parent_field: {name} have no column {wrong}"
    if kind_of(columns[field]) in {"object", "array", "boolean"}:
        return f"parent_field: the column {field} of {name} is not a text or a number"
    return ""


def _body_error(definition: StreamDefinition) -> str:
    if definition.body and definition.method != "POST":
        return "body needs the method POST"
    if not isinstance(definition.body.get("pagination") or {}, dict):
        return "body: pagination has to be an object, to which the cursor is added"
    return ""


def _records_path_error(definition: StreamDefinition) -> str:
    path = definition.records_path
    if path == WHOLE_RESPONSE or DOTTED.fullmatch(path):
        return ""
    return "records_path has to be names with dots between them, such as data or data.items"


def _primary_keys_error(definition: StreamDefinition) -> str:
    if WHOLE_RECORD in definition.primary_keys and not definition.columns:
        return f"primary_keys: {WHOLE_RECORD} is the column of the whole record; define columns"
    filled_in = [name for name in definition.primary_keys if name in COLUMNS_OF_TAP]
    return f"primary_keys: {', '.join(filled_in)} is filled in by the tap" if filled_in else ""


def _columns_error(definition: StreamDefinition) -> str:
    columns = definition.columns
    keys = [name for name in definition.primary_keys if columns.get(name, "string") != "string"]
    if keys:
        return f"columns: {', '.join(keys)} is a key, and keys are of type string"
    if "" in columns:
        return "columns: a name is empty"
    filled_in = [name for name in columns if name in _columns_of_tap(definition)]
    return f"columns: {', '.join(filled_in)} is filled in by the tap" if filled_in else ""


def _columns_of_tap(definition: StreamDefinition) -> tuple[str, ...]:
    return (*definition.parent_columns, *COLUMNS_OF_TAP)


def _response_fields_error(definition: StreamDefinition) -> str:
    of_record = (*definition.row({}), *_columns_of_tap(definition))
    for column, path in definition.response_fields.items():
        if not column:
            return "response_fields: a name is empty"
        if column in of_record:
            return f"response_fields: there is another column {column}"
        if not DOTTED.fullmatch(path):
            return f"response_fields: {column} has to be names with dots, such as pages.per_page"
        if path == definition.records_path or (definition.records_path, path) == (AUTO, "data"):
            return f"response_fields: {column} has to be outside the records, which are at {path}"
    return ""


def _api_version_error(definition: StreamDefinition) -> str:
    return next(iter(api_version.errors(definition.api_version or DEFAULT_VERSION)), "")


def _replication_key_error(definition: StreamDefinition) -> str:
    key = definition.replication_key
    if key and definition.parent:
        return f"replication_key: {FOLLOWS_PARENT}"
    if key == WHOLE_RECORD and not definition.columns:
        return f"replication_key: {key} is the column of the whole record; define columns"
    if key in COLUMNS_OF_TAP:
        return f"replication_key: {key} is filled in by the tap"
    if key and definition.columns.get(key, "date-time") != "date-time":
        return f"replication_key: the column {key} has to be of type date-time"
    return ""


def _replication_param_error(definition: StreamDefinition) -> str:
    parameter = definition.replication_param
    if parameter and definition.parent:
        return f"replication_param: {FOLLOWS_PARENT}"
    if parameter and not definition.replication_key:
        return "replication_param needs a replication_key"
    if parameter and definition.method == "POST" and not _has_place(definition.body, parameter):
        return f"replication_param: body has no place {parameter}: only its last name may be absent"
    return ""


def _has_place(body: Mapping[str, Any], dotted: str) -> bool:
    try:
        with_value(body, dotted, 0)
    except (LookupError, TypeError, ValueError):
        return False
    return True


CHECKS: tuple[Callable[[StreamDefinition], str], ...] = (
    _path_error,
    _parent_field_error,
    _body_error,
    _records_path_error,
    _primary_keys_error,
    _columns_error,
    _response_fields_error,
    _api_version_error,
    _replication_key_error,
    _replication_param_error,
)
"""Each returns what is wrong with some fields, or an empty text."""
