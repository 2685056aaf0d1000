"""Streams that users define in the settings: custom objects, and endpoints unknown to the tap.

Read and checked here; `streams/custom_objects.py` and `streams/custom_streams.py` make streams of
them. A setting in which anything is wrong defines no stream at all.
"""

from __future__ import annotations

import copy
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from tap_intercom.schema.columns import ARRAY, BOOLEAN, DATE_TIME, INTEGER, NUMBER, OBJECT, TEXT
from tap_intercom.settings import DEFAULT_VERSION, ApiVersion
from tap_intercom.spelling import unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

CUSTOM_OBJECTS_MIN_VERSION = ApiVersion(2, 16)
"""The API version that lists custom objects; before, one could only be requested by its id."""

METHODS = ("GET", "POST")
PAGING = ("auto", "none", "cursor", "link", "page")

SINGULARS = {
    "contacts": "contact",
    "companies": "company",
    "conversations": "conversation",
    "tickets": "ticket",
}
"""The streams that may be a parent, and what one of their records is called."""

RESERVED_PREFIXES = ("custom_object_", "reporting_")
"""How names begin that other settings give to streams."""

WHOLE_RECORD = "record"
"""The column that holds the record where no columns are defined."""

VALUE = "value"
"""The field that holds an item of a list that is no object."""

AUTO = "auto"
WHOLE_ANSWER = "."
"""The `records_path` of an answer that is itself the record."""

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

FIELD_TYPES: dict[str, tuple[type, str]] = {
    "name": (str, "text"),
    "path": (str, "text"),
    "method": (str, "text"),
    "params": (dict, "an object"),
    "body": (dict, "an object"),
    "records_path": (str, "text"),
    "primary_keys": (list, "a list"),
    "columns": (dict, "an object"),
    "replication_key": (str, "text"),
    "replication_param": (str, "text"),
    "paging": (str, "text"),
    "parent": (str, "text"),
}
"""What a definition in `custom_streams` may hold."""

REQUIRED = ("name", "path", "primary_keys")


@dataclass(frozen=True)
class StreamDefinition:
    """One item of the setting `custom_streams`; its fields are those of the setting."""

    name: str
    path: str
    primary_keys: tuple[str, ...]
    method: str = "GET"
    params: Mapping[str, str | int] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)
    records_path: str = AUTO
    columns: Mapping[str, str] = field(default_factory=dict)
    replication_key: str | None = None
    replication_param: str | None = None
    paging: str = AUTO
    parent: str | None = None

    @classmethod
    def from_setting(cls, setting: Mapping[str, Any]) -> Self:
        """Build the definition from an item in which no problem was found."""
        given = {name: value for name, value in setting.items() if value is not None}
        params = {name: _parameter(value) for name, value in given.get("params", {}).items()}
        return cls(
            **{**given, "params": params, "primary_keys": tuple(given["primary_keys"])},
        )

    @property
    def parent_columns(self) -> tuple[str, ...]:
        """The columns that tell of the parent's record: its id, and when it changed."""
        if self.parent is None:
            return ()
        singular = SINGULARS[self.parent]
        return f"{singular}_id", f"{singular}_updated_at"

    @property
    def schema(self) -> dict[str, Any]:
        """The JSON Schema of the stream's rows."""
        columns = {name: COLUMN_TYPES[kind] for name, kind in self.columns.items()}
        columns = columns or {WHOLE_RECORD: OBJECT}
        columns |= {key: {"type": "string"} for key in self.primary_keys}
        if self.parent:
            parent_id, parent_updated_at = self.parent_columns
            columns |= {parent_id: {"type": "string"}, parent_updated_at: DATE_TIME}
        if self.replication_key:
            columns[self.replication_key] = DATE_TIME
        return copy.deepcopy(
            {"type": "object", "properties": columns, "additionalProperties": True}
        )

    def row(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """Return the columns of a record; where none are defined, its keys and the record whole."""
        names = [*self.primary_keys, *self.columns, *filter(None, [self.replication_key])]
        row = {name: record.get(name) for name in names}
        return row if self.columns else {**row, WHOLE_RECORD: record}


def custom_objects(config: Mapping[str, Any]) -> dict[str, str]:
    """Return the identifiers of the custom object types to load, by the name of their stream."""
    return {} if _object_problems(config) else _object_types(config)


def custom_streams(config: Mapping[str, Any], taken: Collection[str]) -> list[StreamDefinition]:
    """Return the definitions of the setting `custom_streams`.

    Args:
        config: The tap's configuration.
        taken: The names of the tap's own streams.
    """
    if _stream_problems(config, taken):
        return []
    return [StreamDefinition.from_setting(setting) for setting in _settings(config)]


def errors(config: Mapping[str, Any], taken: Collection[str]) -> list[str]:
    """Say what is wrong with both settings.

    Args:
        config: The tap's configuration.
        taken: The names of the tap's own streams.
    """
    return [*_object_problems(config), *_stream_problems(config, taken)]


def with_value(body: Mapping[str, Any], dotted: str, value: Any) -> dict[str, Any]:
    """Return a body with a value at a dotted path; a number in the path counts a list's items.

    Raises:
        LookupError: The path leads beyond the end of a list.
        TypeError: The path leads through something that is neither object nor list.
        ValueError: The path names an item of a list by something that is no number.
    """
    changed: dict[str, Any] = copy.deepcopy(dict(body))
    holder: Any = changed
    *way, last = dotted.split(".")
    for name in way:
        holder = holder[int(name)] if isinstance(holder, list) else holder.setdefault(name, {})
        if not isinstance(holder, dict | list):
            raise TypeError
    if isinstance(holder, list):
        holder[int(last)] = value
    else:
        holder[last] = value
    return changed


def _object_types(config: Mapping[str, Any]) -> dict[str, str]:
    return {_stream_name(identifier): identifier for identifier in _identifiers(config)}


def _identifiers(config: Mapping[str, Any]) -> list[str]:
    given = config.get("custom_objects")
    return [item for item in given if isinstance(item, str)] if isinstance(given, list) else []


def _stream_name(identifier: str) -> str:
    return f"custom_object_{re.sub('[^a-z0-9_]', '_', identifier.lower())}"


def _object_problems(config: Mapping[str, Any]) -> list[str]:
    identifiers = _identifiers(config)
    api_version = ApiVersion.parse(config.get("api_version", DEFAULT_VERSION))
    if identifiers and api_version < CUSTOM_OBJECTS_MIN_VERSION:
        return [
            f"custom_objects needs api_version {CUSTOM_OBJECTS_MIN_VERSION} or later: "
            f"{api_version} can't list the instances of a custom object"
        ]
    found = ["custom_objects holds an empty text"] if "" in map(str.strip, identifiers) else []
    for name, count in Counter(map(_stream_name, identifiers)).items():
        if count > 1:
            same = [repr(one) for one in identifiers if _stream_name(one) == name]
            found.append(f"custom_objects: {' and '.join(same)} would both be the stream {name}")
    return found


def _settings(config: Mapping[str, Any]) -> list[Any]:
    given = config.get("custom_streams")
    return given if isinstance(given, list) else []


def _stream_problems(config: Mapping[str, Any], taken: Collection[str]) -> list[str]:
    found = []
    names = {*taken}
    for number, setting in enumerate(_settings(config), 1):
        if not isinstance(setting, dict):
            found.append(f"custom_streams: number {number} has to be an object")
            continue
        given = {name: value for name, value in setting.items() if value is not None}
        title = repr(given.get("name", f"number {number}"))
        wrong = list(_form_problems(given)) or list(_sense_problems(given, names))
        found += [f"custom_streams: {title}: {problem}" for problem in wrong]
        names.add(str(given.get("name")))
    return found


def _form_problems(given: Mapping[str, Any]) -> Iterator[str]:
    """Say which fields are unknown, missing or of the wrong type."""
    for name in unknown(given, FIELD_TYPES):
        yield f"there is no field {name}"
    for name in REQUIRED:
        if name not in given:
            yield f"{name} is missing"
    for name, (kind, wanted) in FIELD_TYPES.items():
        if name in given and not isinstance(given[name], kind):
            yield f"{name} has to be {wanted}"


def _sense_problems(given: Mapping[str, Any], taken: Collection[str]) -> Iterator[str]:
    """Say which fields, all of the right type, can't be meant as they are."""
    name = given["name"]
    if not re.fullmatch("[a-z][a-z0-9_]*", name):
        yield "name has to begin with a letter and hold a to z, 0 to 9 and _ alone"
    if name.startswith(RESERVED_PREFIXES):
        yield f"name can't begin with {' or '.join(RESERVED_PREFIXES)}: the tap has such streams"
    if name in taken:
        yield "name is taken by another stream"
    for field_name, choices in (("method", METHODS), ("paging", PAGING), ("parent", SINGULARS)):
        if given.get(field_name, next(iter(choices))) not in choices:
            yield f"{field_name} has to be one of {', '.join(choices)}"
    for check in CHECKS:
        if problem := check(given):
            yield problem


def _path_problem(given: Mapping[str, Any]) -> str:
    path, parent = given["path"], given.get("parent")
    if not re.fullmatch("/[!-~]+", path):
        return "path has to begin with / and hold no spaces"
    if "?" in path or "#" in path:
        return "path holds ? or #: write query parameters into params"
    has_id = "{id}" in path or "{id}" in given.get("params", {}).values()
    if parent and not has_id:
        return f"path has to hold {{id}}, where the id of each of the {parent} goes"
    if has_id and not parent:
        return "{id} stands for the id of a parent's record, and no parent is given"
    return ""


def _params_problem(given: Mapping[str, Any]) -> str:
    wrong = [
        name
        for name, value in given.get("params", {}).items()
        if not isinstance(value, str | int | float)
    ]
    return f"params: {', '.join(wrong)} has to be text, a number, true or false" if wrong else ""


def _body_problem(given: Mapping[str, Any]) -> str:
    if "body" in given and not _is_post(given):
        return "body needs the method POST"
    if not isinstance(given.get("body", {}).get("pagination") or {}, dict):
        return "body: pagination has to be an object, into which the cursor goes"
    return ""


def _records_path_problem(given: Mapping[str, Any]) -> str:
    path = given.get("records_path", AUTO)
    if path == WHOLE_ANSWER or all(path.split(".")):
        return ""
    return "records_path has to be names with dots between them, such as data or data.items"


def _primary_keys_problem(given: Mapping[str, Any]) -> str:
    keys = given["primary_keys"]
    if not keys or not all(isinstance(key, str) and key for key in keys):
        return "primary_keys has to name at least one field"
    if len(set(keys)) < len(keys):
        return "primary_keys names a field twice"
    if WHOLE_RECORD in keys and not given.get("columns"):
        return f"primary_keys: {WHOLE_RECORD} is the column of the whole record; define columns"
    return ""


def _columns_problem(given: Mapping[str, Any]) -> str:
    columns = given.get("columns", {})
    wrong = [name for name, kind in columns.items() if kind not in list(COLUMN_TYPES)]
    if wrong:
        return f"columns: {', '.join(wrong)} has to be one of {', '.join(COLUMN_TYPES)}"
    keys = [name for name in given["primary_keys"] if columns.get(name, "string") != "string"]
    if keys:
        return f"columns: {', '.join(keys)} is a key, and keys are text"
    if "" in columns:
        return "columns: a name is empty"
    parent = given.get("parent")
    own = (
        {f"{SINGULARS[parent]}_id", f"{SINGULARS[parent]}_updated_at"}
        if parent in SINGULARS
        else ()
    )
    filled = [name for name in columns if name in own]
    return f"columns: {', '.join(filled)} is filled in by the tap" if filled else ""


def _replication_problem(given: Mapping[str, Any]) -> str:
    key, parameter = given.get("replication_key"), given.get("replication_param")
    if "" in (key, parameter):
        return "replication_key and replication_param can't be empty; leave them out"
    if given.get("parent") and (key or parameter):
        return "replication_key: a stream with a parent follows the parent's updated_at by itself"
    if parameter and not key:
        return "replication_param needs a replication_key"
    if key and given.get("columns", {}).get(key, "date-time") != "date-time":
        return f"replication_key: the column {key} has to be a date-time"
    if parameter and _is_post(given) and not _can_hold(given.get("body", {}), parameter):
        return f"replication_param: body has no place {parameter}"
    return ""


def _can_hold(body: Mapping[str, Any], dotted: str) -> bool:
    try:
        with_value(body, dotted, 0)
    except (LookupError, TypeError, ValueError):
        return False
    return True


def _is_post(given: Mapping[str, Any]) -> bool:
    return bool(given.get("method") == "POST")


def _parameter(value: Any) -> str | int:
    """Return a query parameter as it stands in a URL: true, not True."""
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, int) else str(value)


CHECKS: tuple[Callable[[Mapping[str, Any]], str], ...] = (
    _path_problem,
    _params_problem,
    _body_problem,
    _records_path_problem,
    _primary_keys_problem,
    _columns_problem,
    _replication_problem,
)
"""Each returns what is wrong with some fields, or an empty text."""
