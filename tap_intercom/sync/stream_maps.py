"""What happens to a row before it is written: the maps that users define, then flattening.

The SDK does both. The tap changes, by the attributes and settings that the SDK documents,

- how an expression is evaluated: a field that a row lacks is null, and what fails is reported with
  the stream and the expression, never with a value;
- how flattened columns are named: `schema/column_names.py`. The SDK flattens with a separator that
  no name contains, so that its names are the paths, and these are replaced.
"""

from __future__ import annotations

import ast
import copy
import logging
import sys
from typing import TYPE_CHECKING, Any

from singer_sdk.exceptions import MappingError
from singer_sdk.mapper import CustomStreamMap, PluginMapper, RemoveRecordTransform, StreamMap

from tap_intercom.compat import override
from tap_intercom.errors import IntercomError
from tap_intercom.schema import column_names
from tap_intercom.schema.column_names import PATH_SEPARATOR, ColumnNameError, Naming

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from singer_sdk import Stream
    from singer_sdk.helpers.types import Record

# at DEBUG the SDK logs what each filter returns, which may be a value of the row
logging.getLogger("singer_sdk.mapper").setLevel(logging.INFO)


class StreamMapError(MappingError):
    """An expression of a stream map that failed for a record; the message has no value of it."""


def create_mapper(config: Mapping[str, Any], logger: logging.Logger) -> PluginMapper:
    """Return the SDK's mapper for the settings; it knows no stream yet.

    Raises:
        ConfigValidationError: Flattening is enabled without a depth.
        MappingError: The setting `stream_maps` has an option that does not exist.
    """
    settings = {name: value for name, value in config.items() if value is not None}
    settings |= {
        "stream_maps": copy.deepcopy(settings.get("stream_maps", {})),  # the SDK changes it
        "flattening_separator": PATH_SEPARATOR,
        "flattening_max_key_length": sys.maxsize,
    }
    return PluginMapper(settings, logger)


def adapted_maps(
    maps: Iterable[StreamMap], columns: Collection[str], naming: Naming, attributes: str
) -> list[StreamMap]:
    """Return a stream's maps from the SDK, with what the tap does differently.

    Args:
        maps: One for each stream that the rows are written to.
        columns: The columns of the rows; a map itself no longer knows those that it removes.
        naming: How flattened columns are named.
        attributes: The column of the custom attributes, or an empty text.

    Raises:
        ColumnNameError: Flattening gives two columns the same name.
    """
    return [_adapted(one, columns, naming, attributes) for one in maps]


def _adapted(
    one: StreamMap, columns: Collection[str], naming: Naming, attributes: str
) -> StreamMap:
    if isinstance(one, CustomStreamMap):
        one.expr_evaluator = RowEvaluator(one, columns)
    if isinstance(one, RemoveRecordTransform) or not one.flattening_enabled:
        return one
    return FlattenedStreamMap(one, naming, attributes)


def errors(streams: Iterable[Stream]) -> list[str]:
    """Return what is wrong with the maps and the column names of the selected streams.

    Raises:
        IntercomError: The columns of a stream can't be discovered.
    """
    found = []
    for stream in streams:
        try:
            if stream.selected:
                _ = stream.stream_maps
        except IntercomError:
            raise
        except ColumnNameError as error:
            found.append(str(error))
        except Exception as error:  # noqa: BLE001  # the SDK does not say all that a map may raise
            found.append(f"stream_maps: {stream.name}: {error}")
    return found


def warnings(streams: Iterable[Stream]) -> Iterator[str]:
    """Yield a warning for names that targets may refuse, of selected streams and their columns."""
    found = []
    for stream in streams:
        for one in stream.stream_maps if stream.selected else ():
            if not isinstance(one, RemoveRecordTransform):
                columns = one.transformed_schema.get("properties", {})
                yield from column_names.warnings(one.stream_alias, columns)
                found.append((column_names.cleaned_name(one.stream_alias), stream.name))
    for alias, names in column_names.same_names(found):
        yield f"stream_maps: {' and '.join(names)} are written to one stream, {alias}"


def aliases(stream: Stream) -> set[str]:
    """Return the names, cleaned as targets do it, under which a stream's rows are written."""
    return {
        column_names.cleaned_name(one.stream_alias)
        for one in (stream.stream_maps if stream.selected else ())
        if not isinstance(one, RemoveRecordTransform)
    }


class RowEvaluator:
    """Evaluates the expressions of a map for a row.

    A field that the row lacks is null, as is any field of null.
    """

    names: dict[str, Any]

    def __init__(self, stream_map: CustomStreamMap, columns: Iterable[str]) -> None:
        """Change how the SDK's evaluator of a map looks up the fields of a row."""
        self._evaluator: Any = stream_map.expr_evaluator  # simpleeval has no types
        self._stream = stream_map.stream_name
        self._missing = dict.fromkeys((*columns, "self"))
        self._attribute = self._evaluator.nodes[ast.Attribute]
        self._evaluator.nodes[ast.Attribute] = self._attribute_of
        self._evaluator.nodes[ast.Subscript] = self._item_of

    def eval(self, expr: str, previously_parsed: ast.AST | None = None) -> Any:
        """Return the value of an expression.

        Raises:
            StreamMapError: It can't be evaluated for this row.
        """
        self._evaluator.names = self._missing | self.names
        try:
            return self._evaluator.eval(expr, previously_parsed=previously_parsed)
        except Exception as error:  # noqa: BLE001  # whatever the expression raises
            one_line = " ".join(expr.split())
            raise StreamMapError(
                f"{self._stream}: the stream map's expression {one_line} failed for a record "
                f"({type(error).__name__}); if a field may be null, test it: "
                "... if field is not None else None"
            ) from None

    def _value_of(self, node: ast.AST) -> Any:
        return self._evaluator.nodes[type(node)](node)

    def _attribute_of(self, node: ast.Attribute) -> Any:
        value = self._value_of(node.value)
        if value is None:
            return None
        if isinstance(value, dict) and not hasattr(value, node.attr):
            return value.get(node.attr)
        return self._attribute(node)

    def _item_of(self, node: ast.Subscript) -> Any:
        value = self._value_of(node.value)
        if value is None:
            return None
        key = self._value_of(node.slice)
        return value.get(key) if isinstance(value, dict) else value[key]


class FlattenedStreamMap(StreamMap):
    """Another map, whose flattened columns get their names.

    A custom attribute that the schema lacks becomes no column: a target would drop it.
    """

    def __init__(self, stream_map: StreamMap, naming: Naming, attributes: str) -> None:
        """Name the columns.

        Raises:
            ColumnNameError: Two columns have the same name.
        """
        self._stream_map = stream_map
        self._naming = naming
        self._attributes_prefix = f"{attributes}{PATH_SEPARATOR}"
        flattened = stream_map.transformed_schema
        self._names = naming.columns(stream_map.stream_alias, flattened["properties"])
        self._objects = {path for name in self._names for path in _parents(name)}
        columns = {self._names[path]: one for path, one in flattened["properties"].items()}
        super().__init__(
            stream_map.stream_alias,
            {**flattened, "properties": columns},
            stream_map.transformed_key_properties,
            flattening_options=None,
        )

    @override
    def transform(self, record: Record) -> Record | None:
        flattened = self._stream_map.transform(record)
        if flattened is None:
            return None
        row = {}
        for path, value in flattened.items():
            name = self._names.get(path) or self._undeclared_name(path, value)
            if name:
                row[name] = value
        return row

    @override
    def get_filter_result(self, record: Record) -> bool:
        return self._stream_map.get_filter_result(record)

    def _undeclared_name(self, path: str, value: Any) -> str | None:
        """Return the name of a column that the schema lacks, or None if it becomes no column."""
        is_null_object = value is None and path in self._objects
        if is_null_object or path.startswith(self._attributes_prefix):
            return None
        name = self._naming.column(path)
        return None if name in self.transformed_schema["properties"] else name


def _parents(path: str) -> list[str]:
    """Return the paths of the objects that contain a column."""
    names = path.split(PATH_SEPARATOR)
    return [PATH_SEPARATOR.join(names[:end]) for end in range(1, len(names))]
