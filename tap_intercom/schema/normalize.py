"""Converts values as Intercom sends them to the types that a stream's schema declares.

Intercom mixes epoch seconds, milliseconds and ISO text, sends some ids as numbers, and null or
text where an object is documented (singer-io/tap-intercom#11, #24; Intercom-OpenAPI#453). A
target that validates its rows rejects such a record, so each value is converted to its type. A bare
list in place of an object with a list, as `conversations.contacts` was seen, becomes that object.
What does not fit its type becomes null, and is kept as it was sent in the column `unfit_values`.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from tap_intercom.schema.columns import UNFIT_VALUES
from tap_intercom.schema.values import (
    SCALARS,
    UNCHANGED_TYPES,
    UNTYPED,
    to_list,
    to_object,
    to_text,
)
from tap_intercom.timestamps import format_timestamp

if TYPE_CHECKING:
    import logging
    from collections.abc import Mapping

    from tap_intercom.schema.values import Convert

Path = tuple[str | int, ...]

UNFIT = (LookupError, ValueError, TypeError, OverflowError, OSError)
"""What a conversion raises for a value that doesn't fit."""

EMPTY_VALUES: tuple[Any, ...] = ("", [], {})
"""Values that say no more than null, which they become where they don't fit."""


class UnfitError(ValueError):
    """Raised for an object or a list that has values which don't fit.

    Attributes:
        fitting: A copy of it in which these are null; rows may share what is nested in them.
        values: These values as they were sent, by path.
    """

    def __init__(
        self, container: dict[str, Any] | list[Any], errors: Mapping[Any, Exception]
    ) -> None:
        """Take an object or a list, and what its values raised, by name or position."""
        super().__init__()
        self.fitting: Any = container.copy()
        self.values: dict[Path, Any] = {}
        for key, error in errors.items():
            if isinstance(error, UnfitError):
                self.fitting[key] = error.fitting
                self.values |= {(key, *path): value for path, value in error.values.items()}
            else:
                self.fitting[key] = None
                self.values[key,] = container[key]


class Normalizer:
    """Converts the records of one stream; what to convert is compiled once from its schema.

    Call it with a record to change that record in place, or to get a copy if something in it does
    not fit. `log_warnings` says how many values that were, and where.
    """

    def __init__(
        self,
        schema: dict[str, Any],
        *,
        text_fields: Mapping[str, str] | None = None,
        raw_columns: Mapping[str, str] | None = None,
    ) -> None:
        """Compile the conversion from a stream's JSON Schema.

        Args:
            schema: The JSON Schema.
            text_fields: Objects that may be sent as text, each with the field that the text is.
            raw_columns: Objects that are kept whole if a value in them does not fit, each with the
                column that gets its JSON text.
        """
        self._text_fields = text_fields or {}
        self._raw_columns = raw_columns or {}
        self._unfit_counts: Counter[tuple[str, str]] = Counter()
        self._unknown_fields: set[str] = set()
        self._convert = self._converter(schema, "")

    def __call__(self, record: dict[str, Any]) -> dict[str, Any]:
        """Convert each value of a record to its type."""
        raw = self._raw_columns  # none in most streams, where a comprehension would cost time
        as_sent = {name: _copy(record.get(name)) for name in raw} if raw else {}
        try:
            self._convert(record)
        except UnfitError as error:
            return self._with_unfit_values(error, as_sent)
        return record

    def log_warnings(self, logger: logging.Logger) -> None:
        """Log what did not fit, and which fields the schema lacks; then forget both."""
        for (path, column), count in sorted(self._unfit_counts.items()):
            logger.warning(
                "%s: %d values did not fit the type and became null; %s has them as they were sent",
                path,
                count,
                column,
            )
        self._log_unknown_fields(logger)
        self._unfit_counts.clear()
        self._unknown_fields.clear()

    def _log_unknown_fields(self, logger: logging.Logger) -> None:
        """Log the fields that the schema lacks, with a WARNING if a target may lose them.

        None loses attributes that the workspace does not declare: they are in the column of all
        attributes or, flattened, in the raw column.
        """
        fields = sorted(self._unknown_fields)
        attributes = [name for name in fields if name.partition(".")[0] in self._raw_columns]
        if attributes:
            logger.info(
                "Intercom sent attributes that the catalog does not declare, such as archived "
                "ones; they are kept without a type. Discover again if they are new: %s",
                ", ".join(attributes),
            )
        if others := [name for name in fields if name not in attributes]:
            logger.warning(
                "Intercom sent fields that the schema lacks; they are in the records, but a target "
                "may ignore them. If the catalog is of an earlier version, discover again: %s",
                ", ".join(others),
            )

    def _with_unfit_values(self, error: UnfitError, as_sent: dict[str, Any]) -> dict[str, Any]:
        """Return the record that fits, with what does not in a column of its own."""
        record: dict[str, Any] = error.fitting
        unfit_values = {}
        for path, value in error.values.items():
            text = _path_text(path)
            column = self._raw_columns.get(str(path[0])) if len(path) > 1 else None
            if column:
                record[column] = to_text(as_sent[str(path[0])])
            else:
                unfit_values[text] = value
            self._unfit_counts[re.sub(r"\[\d+\]", "[]", text), column or UNFIT_VALUES] += 1
        if unfit_values:
            record[UNFIT_VALUES] = to_text(unfit_values)
        return record

    def _converter(self, schema: dict[str, Any], path: str) -> Convert:
        kind = kind_of(schema)
        if kind == "object":
            return self._object(schema.get("properties", {}), path)
        if kind == "array":
            return self._array(schema.get("items"), path)
        return to_scalar(schema)

    def _object(self, properties: dict[str, Any], path: str) -> Convert:
        if not properties:
            return to_object
        converters = {
            name: self._converter(schema, f"{path}.{name}".lstrip("."))
            for name, schema in properties.items()
        }
        unchanged_type = {name: _unchanged_type(schema) for name, schema in properties.items()}.get
        field_of = other_shapes(properties, path, self._text_fields)

        def convert(value: Any) -> Any:
            if not isinstance(value, dict):
                value = {field_of[type(value)]: value}
            errors: dict[str, Exception] | None = None
            for name, item in value.items():
                if item is None or type(item) is unchanged_type(name):
                    continue
                if convert_property := converters.get(name):
                    try:
                        value[name] = convert_property(item)
                    except UNFIT as error:
                        errors = errors or {}
                        errors[name] = error
                else:
                    self._unknown_fields.add(f"{path}.{name}".lstrip("."))
            return _unless_unfit(value, errors) if errors else value

        return convert

    def _array(self, items: dict[str, Any] | None, path: str) -> Convert:
        if not items or "type" not in items:
            return to_list
        convert_item = self._converter(items, f"{path}[]")

        def convert(value: Any) -> Any:
            if not isinstance(value, list):
                raise TypeError
            errors: dict[int, Exception] | None = None
            for position, item in enumerate(value):
                if item is not None:
                    try:
                        value[position] = convert_item(item)
                    except UNFIT as error:
                        errors = errors or {}
                        errors[position] = error
            return _unless_unfit(value, errors) if errors else value

        return convert


def other_shapes(
    properties: Mapping[str, Any], path: str, text_fields: Mapping[str, str]
) -> dict[type, str]:
    """Return the field of an object that a bare list, or text in its place, stands for."""
    name = path.rpartition(".")[2]
    lists = [field for field in (name, "data") if kind_of(properties.get(field, {})) == "array"]
    shapes: dict[type, str] = {list: lists[0]} if lists else {}
    if path in text_fields:
        shapes[str] = text_fields[path]
    return shapes


def to_scalar(schema: Mapping[str, Any]) -> Convert:
    """Return the conversion to a type that is neither object nor list."""
    return format_timestamp if schema.get("format") == "date-time" else SCALARS[kind_of(schema)]


def kind_of(schema: Mapping[str, Any]) -> str:
    """Return a schema's type other than null; none if it has several, or an edited catalog none."""
    kinds = [name for name in _listed(schema.get("type", [])) if name != "null"]
    return kinds[0] if len(kinds) == 1 else UNTYPED


def _unless_unfit(value: Any, errors: dict[Any, Exception]) -> Any:
    """Return an object or a list whose only unfit values are empty; these become null.

    Raises:
        UnfitError: Some others don't fit.
    """
    for key in [key for key in errors if value[key] in EMPTY_VALUES]:
        value[key] = None
        del errors[key]
    if errors:
        raise UnfitError(value, errors)
    return value


def _copy(value: Any) -> Any:
    return dict(value) if isinstance(value, dict) else value


def _path_text(path: Path) -> str:
    """Return a path as text, such as `tags.tags[0].applied_at`."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return "".join(steps).removeprefix(".")


def _unchanged_type(schema: dict[str, Any]) -> type | None:
    """Return the Python type of values that need no conversion; None if all may need one."""
    if schema.get("format") == "date-time":
        return None
    return UNCHANGED_TYPES.get(kind_of(schema))


def _listed(types: str | list[str]) -> list[str]:
    return [types] if isinstance(types, str) else types
