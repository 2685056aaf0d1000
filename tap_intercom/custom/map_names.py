"""The names in the setting `stream_maps`: streams, options, columns, and what expressions refer to.

The SDK ignores a map of a stream or column that does not exist. A map that was to remove personal
data would do nothing then, so each such name is an error, before any record is written.
"""

from __future__ import annotations

import ast
import importlib.util
from collections import defaultdict
from difflib import get_close_matches
from fnmatch import fnmatch
from typing import TYPE_CHECKING, Any, NamedTuple

from tap_intercom.schema.columns import UNFIT_VALUES
from tap_intercom.spelling import unknown

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from singer_sdk import Stream

OTHERS = "__else__"
FILTER = "__filter__"
SOURCE = "__source__"
OPTIONS = (OTHERS, FILTER, SOURCE, "__alias__", "__key_properties__")
"""What a map contains beside columns (the SDK's documentation, stream maps)."""

FUNCTIONS = frozenset(
    {"bool", "datetime", "dict", "float", "int", "json", "list", "md5", "rand", "randint", "set"}
    | {"sha256", "str", "tuple"}
)
"""What expressions may call (the SDK's documentation, stream maps)."""

FAKER = "fake"
"""The variable of the package Faker, which comes neither with the tap nor with the SDK."""

FAKER_SETTINGS = ("locale", "seed")
"""The names in the setting `faker_config`."""

VARIABLES = frozenset({"_", "record", "config", "__stream_name__", "__original_stream_name__"})
"""What expressions may refer to beside columns."""

REMOVED = (None, "__NULL__")
"""What stands for a stream or a column that is left out."""

MAX_LISTED = 5
"""How many streams an error names."""

SIMILAR = 0.8
"""How similar (0 to 1) a new column's name is to an existing one that was probably meant."""


class StreamMap(NamedTuple):
    """An item of the setting: which streams it changes, and how."""

    name: str
    source: str
    columns: Mapping[str, str | None]

    @classmethod
    def from_config(cls, name: str, definition: Any) -> StreamMap:
        """Read an item; one that removes a stream has no columns."""
        columns = definition if isinstance(definition, dict) else {}
        return cls(name, columns.get(SOURCE, name), columns)

    def matching(self, streams: Mapping[str, Stream]) -> list[Stream]:
        """Return the streams that are changed."""
        return [stream for name, stream in streams.items() if fnmatch(name, self.source)]

    @property
    def removed(self) -> list[str]:
        """The columns that are left out."""
        return [name for name in self._columns if self.columns[name] in REMOVED]

    @property
    def expressions(self) -> dict[str, str]:
        """The expression of each column, and the filter."""
        texts = {name: self.columns.get(name) for name in (*self._columns, FILTER)}
        return {name: text for name, text in texts.items() if text not in REMOVED}

    @property
    def _columns(self) -> list[str]:
        return [name for name in self.columns if not name.startswith("__")]


def errors(
    config: Mapping[str, Any], streams: Mapping[str, Stream], all_names: Collection[str]
) -> list[str]:
    """Return what is wrong with the names in the setting.

    Args:
        config: The tap's configuration.
        streams: The streams that are offered.
        all_names: The streams of all API versions.
    """
    faker = unknown(config.get("faker_config") or {}, FAKER_SETTINGS)
    found = [f"faker_config has no {name}" for name in faker]
    for one in _maps(config):
        matching = one.matching(streams)
        if not matching and not any(fnmatch(name, one.source) for name in all_names):
            names = {*all_names, *streams}
            found += [
                f"stream_maps: there is no stream {name}" for name in unknown([one.source], names)
            ]
        options = [name for name in one.columns if name.startswith("__")]
        wrong = [f"there is no option {name}" for name in unknown(options, OPTIONS)]
        wrong += _column_errors(one, matching, config)
        found += [f"stream_maps: {one.name}: {error}" for error in wrong]
    return found


def else_errors(config: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with values of `__else__`, which end the SDK's check with an error."""
    maps = config.get("stream_maps")
    items = {"": maps, **maps} if isinstance(maps, dict) else {}
    return [
        f"stream_maps: {name}{': ' if name else ''}{OTHERS} has to be null: it leaves out others"
        for name, item in items.items()
        if isinstance(item, dict) and item.get(OTHERS) not in REMOVED
    ]


def warnings(config: Mapping[str, Any], streams: Mapping[str, Stream]) -> Iterator[str]:
    """Yield a warning for each name that may be right, where another was probably meant.

    A map may add any column, and rows may have custom attributes that are not declared.
    """
    maps = _maps(config)
    expressions = [text for one in maps for text in one.expressions.values()]
    used = {name for text in expressions for name in _fields_of(text, "config")}
    for name in unknown(config.get("stream_map_config") or {}, used):
        yield f"stream_map_config: no expression uses {name}"
    for one in maps:
        for warning in _column_warnings(one, _columns_of(one.matching(streams))):
            yield f"stream_maps: {one.name}: {warning}"


def _maps(config: Mapping[str, Any]) -> list[StreamMap]:
    items = (config.get("stream_maps") or {}).items()
    return [StreamMap.from_config(name, value) for name, value in items if name != OTHERS]


def _column_errors(
    one: StreamMap, matching: list[Stream], config: Mapping[str, Any]
) -> Iterator[str]:
    if matching:
        names = unknown(one.removed, _columns_of(matching))
        yield from (f"there is no column {name}" for name in names)
    if OTHERS in one.columns:
        yield from _key_errors(one, matching)
    for column, expression in one.expressions.items():
        names = unknown(_fields_of(expression, "config"), config.get("stream_map_config") or {})
        yield from (f"{column}: stream_map_config has no {name}" for name in names)
        missing = defaultdict(list)
        for stream in matching:
            if stream.selected:
                for name in unknown(_names_in(expression), _known_names(stream, column)):
                    missing[name].append(stream.name)
        for name, streams in missing.items():
            yield f"{column}: {_listed(streams)}: no selected column is called {name}"
        if FAKER in _names_in(expression) and not importlib.util.find_spec("faker"):
            yield f"{column}: {FAKER} needs the package Faker, which is not installed"


def _column_warnings(one: StreamMap, columns: Mapping[str, Any]) -> Iterator[str]:
    for name in one.expressions.keys() - columns - {FILTER}:
        for meant in get_close_matches(name, columns, 1, SIMILAR):
            yield f"adds the column {name}; the stream has {meant}"
    for column, expression in one.expressions.items():
        for name, schema in columns.items():
            if declared := schema.get("properties"):
                fields = unknown(_fields_of(expression, name), declared)
                yield from (f"{column}: {name} has no {field}" for field in fields)
    copies = (UNFIT_VALUES, *(f"{name}_raw" for name in one.removed)) if one.removed else ()
    if kept := [name for name in copies if name in columns.keys() - one.columns]:
        yield f"values of removed columns that don't fit stay in {', '.join(kept)}; remove it too"


def _key_errors(one: StreamMap, matching: list[Stream]) -> Iterator[str]:
    """Yield an error for each key that a map leaves out with all columns that it does not name."""
    for stream in matching:
        keys = one.columns.get("__key_properties__", stream.primary_keys) or ()
        for key in sorted(set(keys) - one.columns.keys()) if stream.selected else ():
            yield f'{OTHERS} leaves out {key}, a key of {stream.name}: add "{key}": "{key}"'


def _listed(names: list[str]) -> str:
    """Return the first names, and how many more there are."""
    more = len(names) - MAX_LISTED
    return ", ".join(names[:MAX_LISTED]) + (f" and {more} more" if more > 0 else "")


def _columns_of(streams: Iterable[Stream]) -> dict[str, Any]:
    """Return the columns of the streams' own schemas and of the catalog's."""
    columns: dict[str, Any] = {}
    for stream in streams:
        columns |= stream.schema.get("properties", {})
        columns |= stream.effective_schema.get("properties", {})
    return columns


def _known_names(stream: Stream, column: str) -> set[str]:
    """Return what the expression of a column may refer to."""
    selected = {name for name in _columns_of([stream]) if stream.mask[("properties", name)]}
    itself = {"self"} if column in selected else set()
    return {*selected, *itself, *FUNCTIONS, *VARIABLES, FAKER}


def _names_in(expression: str) -> list[str]:
    """Return the columns, variables and functions that an expression refers to."""
    names = [node for node in _nodes(expression) if isinstance(node, ast.Name)]
    bound = {node.id for node in names if isinstance(node.ctx, ast.Store)}
    fields = _fields_of(expression, "record", "_")
    return sorted({*(node.id for node in names), *fields} - bound)


def _fields_of(expression: str, *objects: str) -> list[str]:
    """Return the fields that an expression reads from objects, as in config["salt"]."""
    fields = []
    for node in _nodes(expression):
        match node:
            case (
                ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=str(field)))
                | ast.Call(
                    func=ast.Attribute(value=ast.Name(id=name), attr="get"),
                    args=[ast.Constant(value=str(field)), *_],
                )
            ):
                fields.append((name, field))
            case ast.Attribute(value=ast.Name(id=name), attr=field) if not hasattr({}, field):
                fields.append((name, field))
    return [field for name, field in fields if name in objects]


def _nodes(expression: str) -> list[ast.AST]:
    """Return the parts of an expression; none if it can't be parsed, which the SDK reports."""
    try:
        return list(ast.walk(ast.parse(expression.strip())))
    except SyntaxError:
        return []
