"""Macros such as `{now-7d}`: times and ids within the texts of a custom stream's requests."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tap_intercom.timestamps import DAY, HOUR

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

MACRO = re.compile(r"\{(id|bookmark|start_date|now)(?:(?<=now)([+-]\d{1,5})([dhm]))?\}")
"""A number of more digits could lead to a time that can't be written."""

BRACES = re.compile(r"""\{\{[^{}"']*\}{0,2}|\{(?!\s*["'])[^{}"']*\}?""")
"""What looks like a macro, also a misspelt one; objects of JSON within a text do not."""

SECONDS = {"d": DAY, "h": HOUR, "m": 60}
"""Seconds by unit."""

EPOCH = "epoch"
ISO = "iso"

PATTERNS = {ISO: "%Y-%m-%dT%H:%M:%SZ"}

DIRECTIVES = frozenset("aAbBdfGHIjmMpSuUVwWyYzZ")
"""Directives of strftime that Python documents for all platforms and languages."""


@dataclass(frozen=True)
class MacroValues:
    """What the macros stand for in one request; called with a macro, its value.

    Attributes:
        now: When the run started (epoch seconds).
        bookmark: From when on records are wanted (epoch seconds); 0 for all of them.
        start_date: The setting (epoch seconds); 0 if there is none.
        timestamp_format: How times are written.
        id: The value of the parent's record, if there is one.
    """

    now: int
    bookmark: int
    start_date: int
    timestamp_format: str
    id: str = ""

    def __call__(self, macro: re.Match[str]) -> str | int:
        """Return the value of a macro."""
        name, offset, unit = macro.groups()
        if name == "id":
            return self.id
        timestamp: int = getattr(self, name)
        return self.written(timestamp + int(offset) * SECONDS[unit] if offset else timestamp)

    def written(self, timestamp: int) -> str | int:
        """Return a time (epoch seconds) in the format of the definition, in UTC."""
        if self.timestamp_format == EPOCH:
            return timestamp
        pattern = PATTERNS.get(self.timestamp_format, self.timestamp_format)
        return datetime.fromtimestamp(timestamp, UTC).strftime(pattern)


def expand(value: Any, value_of: Callable[[re.Match[str]], str | int]) -> Any:
    """Return a JSON value with the macros in its texts replaced.

    A text that is a macro alone becomes that macro's value, which may be a number.
    """
    if isinstance(value, str):
        if macro := MACRO.fullmatch(value):
            return value_of(macro)
        return MACRO.sub(lambda found: str(value_of(found)), value)
    if isinstance(value, dict):
        return {name: expand(item, value_of) for name, item in value.items()}
    return [expand(item, value_of) for item in value] if isinstance(value, list) else value


def texts(value: Any) -> Iterator[str]:
    """Yield all texts in a JSON value, but for the names of fields."""
    if isinstance(value, str):
        yield value
    for item in _items(value):
        yield from texts(item)


def names(value: Any) -> Iterator[str]:
    """Yield the names of all fields in a JSON value."""
    if isinstance(value, dict):
        yield from value
    for item in _items(value):
        yield from names(item)


def _items(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def format_error(timestamp_format: str) -> str:
    """Return what is wrong with the format of times, or an empty text."""
    directives = {*re.findall("%(.?)", timestamp_format)} - {"%"}
    is_pattern = bool(directives) and directives <= DIRECTIVES
    if is_pattern or timestamp_format in {EPOCH, ISO}:
        return ""
    return f"{timestamp_format!r} is not {EPOCH}, {ISO} or a pattern of strftime such as %Y-%m-%d"
