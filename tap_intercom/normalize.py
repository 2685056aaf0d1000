"""Values as Intercom sends them -> values as a stream's schema promises them.

Intercom mixes epoch seconds, milliseconds and ISO text, sends some ids as numbers, and null or
text where an object is documented (singer-io/tap-intercom#11, #24; Intercom-OpenAPI#453). A
target that checks its rows refuses such a record, so each value is brought to its schema's type.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    import logging

Convert = Callable[[Any], Any]

MILLISECONDS_FROM = 100_000_000_000
"""Greater numbers are milliseconds: as seconds they would lie beyond the year 5138."""


class Normalizer:
    """The plan for one stream's records, made once from its schema.

    Call it with a record to change that record in place. Text holds any value, so nothing is lost
    there; a value that fits no other type becomes null, and `report` says how many and where.
    """

    def __init__(self, schema: dict[str, Any]) -> None:
        """Compile the plan from a stream's JSON Schema."""
        self._misfits: Counter[str] = Counter()
        self._unknown: set[str] = set()
        self._convert = self._converter(schema, "")

    def __call__(self, record: dict[str, Any]) -> dict[str, Any]:
        """Bring each value of a record to its schema's type."""
        self._convert(record)
        return record

    def report(self, logger: logging.Logger) -> None:
        """Log what did not fit, and which fields the schema does not know; then forget both."""
        for path, count in sorted(self._misfits.items()):
            logger.warning("%d values of %s did not fit its type and are null", count, path)
        if self._unknown:
            logger.warning(
                "Intercom sent fields that the schema does not know; they are in the records, "
                "but a target may leave them out: %s",
                ", ".join(sorted(self._unknown)),
            )
        self._misfits.clear()
        self._unknown.clear()

    def _converter(self, schema: dict[str, Any], path: str) -> Convert:
        kind = _kind(schema)
        if kind == "object":
            return self._object(schema.get("properties", {}), path)
        if kind == "array":
            return self._array(schema.get("items"), path)
        if schema.get("format") == "date-time":
            return self._scalar(to_timestamp, path)
        if kind == UNTYPED:
            return _as_it_is
        return self._scalar(SCALARS[kind], path)

    def _object(self, properties: dict[str, Any], path: str) -> Convert:
        converters = {
            name: self._converter(schema, f"{path}.{name}".lstrip("."))
            for name, schema in properties.items()
        }
        settled_type = {name: _settled_type(schema) for name, schema in properties.items()}.get

        def convert(value: Any) -> Any:
            if not isinstance(value, dict):
                return self._misfit(value, path)
            for name, item in value.items():
                if item is None or type(item) is settled_type(name):
                    continue
                if convert_property := converters.get(name):
                    value[name] = convert_property(item)
                elif converters:
                    self._unknown.add(f"{path}.{name}".lstrip("."))
            return value

        return convert

    def _array(self, items: dict[str, Any] | None, path: str) -> Convert:
        convert_item = self._converter(items, f"{path}[]") if items and "type" in items else None

        def convert(value: Any) -> Any:
            if not isinstance(value, list):
                return self._misfit(value, path)
            if convert_item is None:
                return value
            return [None if item is None else convert_item(item) for item in value]

        return convert

    def _scalar(self, to_type: Convert, path: str) -> Convert:
        def convert(value: Any) -> Any:
            try:
                return to_type(value)
            except (LookupError, ValueError, TypeError, OverflowError, OSError):
                return self._misfit(value, path)

        return convert

    def _misfit(self, value: Any, path: str) -> None:
        if value not in ("", [], {}):
            self._misfits[path] += 1


def to_epoch(moment: Any) -> int:
    """Turn a moment in any of Intercom's notations into epoch seconds (UTC).

    Raises:
        ValueError: It is text that is no moment.
        TypeError: It is neither number nor text.
    """
    if isinstance(moment, str):
        moment = _number(moment) if _is_whole(moment) else _parsed(moment).timestamp()
    if isinstance(moment, bool) or not isinstance(moment, int | float):
        raise TypeError
    return int(moment / 1000 if abs(moment) >= MILLISECONDS_FROM else moment)


def to_timestamp(moment: Any) -> str:
    """Turn a moment in any of Intercom's notations into RFC 3339 text in UTC.

    Raises:
        ValueError: It is text that is no moment.
        TypeError: It is neither number nor text.
        OverflowError: It lies outside the years 1 to 9999.
    """
    if type(moment) is int and 0 <= moment < MILLISECONDS_FROM:
        return _second_as_text(moment)
    if isinstance(moment, str) and not _is_whole(moment):
        return _text_in_utc(moment)
    return datetime.fromtimestamp(to_epoch(moment), UTC).isoformat()


def to_text(value: Any) -> str:
    """Turn any value into text; what is not text already becomes JSON."""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def to_integer(value: Any) -> int:
    """Turn a whole number, or its text, into an integer.

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
    """Turn a number, or its text, into a number.

    Raises:
        ValueError: It is text that is no number.
        TypeError: It is neither number nor text.
    """
    return value if type(value) is int or type(value) is float else _number(value)


def to_boolean(value: Any) -> bool:
    """Turn true, false, 1, 0, or their texts, into a boolean.

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


SETTLED = {"boolean": bool, "integer": int, "number": float, "string": str}
"""Types of values that are what a schema's type asks for; most values are, and need no work."""


def _settled_type(schema: dict[str, Any]) -> type | None:
    """Return the type of the values that can stay as they are; None if all need a look."""
    if schema.get("format") == "date-time":
        return None
    return SETTLED.get(_kind(schema))


def _kind(schema: dict[str, Any]) -> str:
    """Return the type that a schema asks for; a catalog that users edit may ask for none."""
    return next((name for name in _listed(schema.get("type", [])) if name != "null"), UNTYPED)


def _as_it_is(value: Any) -> Any:
    return value


DAY = 86_400
MINUTES = [f"T{hour:02}:{minute:02}:" for hour in range(24) for minute in range(60)]
SECONDS = [f"{second:02}+00:00" for second in range(60)]


def _second_as_text(moment: int) -> str:
    """Write epoch seconds as RFC 3339; out of tables it takes a fifth of what `datetime` does."""
    day, second = divmod(moment, DAY)
    minute, second = divmod(second, 60)
    return f"{_day_as_text(day)}{MINUTES[minute]}{SECONDS[second]}"


@lru_cache(maxsize=10_000)
def _day_as_text(day: int) -> str:
    return datetime.fromtimestamp(day * DAY, UTC).date().isoformat()


def _listed(types: str | list[str]) -> list[str]:
    return [types] if isinstance(types, str) else types


def _number(value: Any) -> int | float:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise TypeError
    number = float(value)
    return int(value) if isinstance(value, str) and _is_whole(value) else number


def _is_whole(text: str) -> bool:
    return text.strip().lstrip("-").isdigit()


@lru_cache(maxsize=10_000)
def _text_in_utc(moment: str) -> str:
    """Write a moment that is text as RFC 3339; rows of one record share their moments."""
    return _parsed(moment).astimezone(UTC).isoformat()


def _parsed(moment: str) -> datetime:
    """Read ISO 8601, and "2018-06-01 00:00:00 UTC", which some of Intercom's fields hold."""
    parsed = datetime.fromisoformat(moment.strip().removesuffix("UTC").rstrip())
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
