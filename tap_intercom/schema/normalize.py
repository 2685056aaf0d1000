"""Converts values as Intercom sends them to the types that a stream's schema declares.

Intercom mixes epoch seconds, milliseconds and ISO text, sends some ids as numbers, and null or
text where an object is documented (singer-io/tap-intercom#11, #24; Intercom-OpenAPI#453). A
target that validates its rows rejects such a record, so each value is converted to its type.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from tap_intercom.timestamps import format_timestamp, is_whole_number

if TYPE_CHECKING:
    import logging

Convert = Callable[[Any], Any]


class Normalizer:
    """Converts the records of one stream; what to convert is compiled once from its schema.

    Call it with a record to change that record in place. Text can hold any value, so nothing is
    lost there; a value that doesn't fit another type becomes null, and `log_warnings` says how many
    and where.
    """

    def __init__(self, schema: dict[str, Any]) -> None:
        """Compile the conversion from a stream's JSON Schema."""
        self._unfit_counts: Counter[str] = Counter()
        self._unknown_fields: set[str] = set()
        self._convert = self._converter(schema, "")

    def __call__(self, record: dict[str, Any]) -> dict[str, Any]:
        """Convert each value of a record to its type."""
        self._convert(record)
        return record

    def log_warnings(self, logger: logging.Logger) -> None:
        """Log what did not fit, and which fields the schema lacks; then forget both."""
        for path, count in sorted(self._unfit_counts.items()):
            logger.warning("%s: %d values did not fit the type and became null", path, count)
        if self._unknown_fields:
            logger.warning(
                "Intercom sent fields that the schema lacks; they are in the records, but a target "
                "may ignore them: %s",
                ", ".join(sorted(self._unknown_fields)),
            )
        self._unfit_counts.clear()
        self._unknown_fields.clear()

    def _converter(self, schema: dict[str, Any], path: str) -> Convert:
        kind = _kind(schema)
        if kind == "object":
            return self._object(schema.get("properties", {}), path)
        if kind == "array":
            return self._array(schema.get("items"), path)
        if schema.get("format") == "date-time":
            return self._scalar(format_timestamp, path)
        if kind == UNTYPED:
            return _unchanged
        return self._scalar(SCALARS[kind], path)

    def _object(self, properties: dict[str, Any], path: str) -> Convert:
        converters = {
            name: self._converter(schema, f"{path}.{name}".lstrip("."))
            for name, schema in properties.items()
        }
        unchanged_type = {name: _unchanged_type(schema) for name, schema in properties.items()}.get

        def convert(value: Any) -> Any:
            if not isinstance(value, dict):
                return self._unfit(value, path)
            for name, item in value.items():
                if item is None or type(item) is unchanged_type(name):
                    continue
                if convert_property := converters.get(name):
                    value[name] = convert_property(item)
                elif converters:
                    self._unknown_fields.add(f"{path}.{name}".lstrip("."))
            return value

        return convert

    def _array(self, items: dict[str, Any] | None, path: str) -> Convert:
        convert_item = self._converter(items, f"{path}[]") if items and "type" in items else None

        def convert(value: Any) -> Any:
            if not isinstance(value, list):
                return self._unfit(value, path)
            if convert_item is None:
                return value
            return [None if item is None else convert_item(item) for item in value]

        return convert

    def _scalar(self, to_type: Convert, path: str) -> Convert:
        def convert(value: Any) -> Any:
            try:
                return to_type(value)
            except (LookupError, ValueError, TypeError, OverflowError, OSError):
                return self._unfit(value, path)

        return convert

    def _unfit(self, value: Any, path: str) -> None:
        if value not in ("", [], {}):
            self._unfit_counts[path] += 1


def to_text(value: Any) -> str:
    """Convert any value to text; what is not text already becomes JSON."""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def to_integer(value: Any) -> int:
    """Convert a whole number, or its text, to an integer.

    Raises:
        ValueError: It is no whole number.
        TypeError: It is neither number nor text.
    """
    if type(value) is int:
        return value
    number = _number(value)
    if number != int(number):
        raise ValueError
    return int(number)


def to_number(value: Any) -> int | float:
    """Convert a number, or its text, to a number.

    Raises:
        ValueError: It is text that is no number.
        TypeError: It is neither number nor text.
    """
    return value if type(value) is int or type(value) is float else _number(value)


def to_boolean(value: Any) -> bool:
    """Convert true, false, 1, 0, or their texts, to a boolean.

    Raises:
        KeyError: It is none of them.
    """
    if isinstance(value, bool):
        return value
    return BOOLEANS[str(value).lower()]


BOOLEANS = {"true": True, "false": False, "1": True, "0": False}

UNTYPED = ""

SCALARS: dict[str, Convert] = {
    "boolean": to_boolean,
    "integer": to_integer,
    "number": to_number,
    "string": to_text,
}


UNCHANGED_TYPES = {"boolean": bool, "integer": int, "number": float, "string": str}
"""Python types that fit a schema's type as they are, as most values do."""


def _unchanged_type(schema: dict[str, Any]) -> type | None:
    """Return the Python type of values that need no conversion; None if all may need one."""
    if schema.get("format") == "date-time":
        return None
    return UNCHANGED_TYPES.get(_kind(schema))


def _kind(schema: dict[str, Any]) -> str:
    """Return a schema's type other than null; a catalog that users edit may have none."""
    return next((name for name in _listed(schema.get("type", [])) if name != "null"), UNTYPED)


def _unchanged(value: Any) -> Any:
    return value


def _listed(types: str | list[str]) -> list[str]:
    return [types] if isinstance(types, str) else types


def _number(value: Any) -> int | float:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise TypeError
    number = float(value)
    return int(value) if isinstance(value, str) and is_whole_number(value) else number
