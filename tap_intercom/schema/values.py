"""Converts single values to the types of JSON Schema; what raises an error does not fit."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import msgspec

from tap_intercom.timestamps import is_whole_number

Convert = Callable[[Any], Any]

MIN_INTEGER, MAX_INTEGER = -(2**63), 2**63 - 1

BOOLEANS = {"true": True, "false": False, "1": True, "0": False}


def to_text(value: Any) -> str:
    """Convert any value to text; what is not text already becomes JSON."""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def to_integer(value: Any) -> int:
    """Convert a whole number, or its text, to an integer of 64 bits.

    Raises:
        ValueError: It is no whole number, or one that no database has an integer type for.
        TypeError: It is neither number nor text.
    """
    if type(value) is int and MIN_INTEGER <= value <= MAX_INTEGER:
        return value
    number = _number(value)
    if number != int(number):
        raise ValueError
    return _in_range(int(number))


def to_number(value: Any) -> int | float:
    """Convert a number, or its text, to a finite number.

    Raises:
        ValueError: It is text that is no number, or an integer beyond 64 bits.
        TypeError: It is neither number nor text.
    """
    if type(value) is float:
        return value
    number = _number(value)
    return number if isinstance(number, float) else _in_range(number)


def to_boolean(value: Any) -> bool:
    """Convert true, false, 1, 0, or their texts, to a boolean.

    Raises:
        KeyError: It is none of them.
    """
    if isinstance(value, bool):
        return value
    return BOOLEANS[str(value).lower()]


def to_object(value: Any) -> dict[str, Any]:
    """Return an object as it is.

    Raises:
        TypeError: It is none.
    """
    if not isinstance(value, dict):
        raise TypeError
    return value


def to_list(value: Any) -> list[Any]:
    """Return a list as it is.

    Raises:
        TypeError: It is none.
    """
    if not isinstance(value, list):
        raise TypeError
    return value


def unchanged(value: Any) -> Any:
    """Return a value of any type as it is."""
    return value


def _number(value: Any) -> int | float:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise TypeError
    if isinstance(value, str):
        return int(value) if is_whole_number(value) else _finite(value)
    return value


def _finite(text: str) -> float:
    """Convert text to a number; Python also reads "NaN", "inf" and "1_000"."""
    number = float(text)
    if "_" in text or not math.isfinite(number):
        raise ValueError
    return number


def _in_range(number: int) -> int:
    if not MIN_INTEGER <= number <= MAX_INTEGER:
        raise ValueError
    return number


UNTYPED = ""

SCALARS: dict[str, Convert] = {
    UNTYPED: unchanged,
    "boolean": to_boolean,
    "integer": to_integer,
    "number": to_number,
    "string": to_text,
}
"""The conversion to each type but objects and lists; the empty text is no type."""

UNCHANGED_TYPES = {"boolean": bool, "number": float, "string": str}
"""Python types that fit a schema's type as they are, as most values do."""
