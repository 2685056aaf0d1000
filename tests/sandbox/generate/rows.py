"""Rows of a list: copies of its record, each with its own id, timestamps and values in turn.

A record is written by hand in `tests/sandbox/records/<list>.json`. Records of a list there are
copied in turn; all but the first say only what differs from the first. In a text, `{n}` stands for
the row's number and `{id}` for its id.
"""

from __future__ import annotations

import copy
import functools
import math
from datetime import UTC, datetime
from types import FunctionType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from tests.sandbox.generate.variations import ABSENT, KEEP, VARIATIONS, read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tests.sandbox.generate.blueprint import Times
    from tests.sandbox.records import Body

    Keys = Sequence[Any]

TIMESTAMPS: Final = range(1_000_000_000, 2_000_000_000)
"""An integer in this range is a timestamp: no id, size or amount in a record lies in it."""
ISO_SECONDS: Final = len("2024-07-03T09:46:40Z")
ISO_MILLISECONDS: Final = len("2024-07-03T09:46:40.000Z")


class Variant(NamedTuple):
    """A record with one combination of values: each row with these values is a copy of it."""

    encoded: bytes
    timestamps: Sequence[tuple[Keys, Any, bool]]
    """Path, key, and whether it is nearer to the creation than to the last update."""
    changes: Sequence[tuple[Keys, Any, Callable[[Any], Any]]]
    """Path, key, and what is done to the row's own value."""


class Template:
    """The record of a list, and its variants, which repeat after some hundred rows."""

    def __init__(self, name: str) -> None:
        """Read `tests/sandbox/records/<name>.json`."""
        written = read(name)
        first, *others = written if isinstance(written, list) else [written]
        self._records = [first, *(first | other for other in others)]
        self._first_id = first.get("id")
        self._updated_at = _epoch(first.get("updated_at", first.get("created_at", 0)))
        self._created_at = _epoch(first.get("created_at", self._updated_at))
        self._variations = VARIATIONS.get(name, {})
        self._cycle = math.lcm(*(len(values) for values in self._variations.values()))
        self._variants: dict[tuple[int, int], Variant] = {}
        self.count = len(self._records)

    def row(
        self,
        number: int,
        updated_at: int | None = None,
        created_at: int | None = None,
        *,
        record: int | None = None,
    ) -> Body:
        """Return a row; all its timestamps keep their distance from the given ones (epoch seconds).

        Args:
            number: decides on the id, the values in turn and, by default, the record.
            updated_at: None leaves all timestamps as they are written.
            created_at: moves those that are nearer to the record's own `created_at`; None moves
                all of them with `updated_at`.
            record: which of several records to copy.
        """
        chosen = (number if record is None else record) % self.count
        encoded, timestamps, changes = self._variant(chosen, number % self._cycle)
        seconds = 0 if updated_at is None else updated_at - self._updated_at
        early_seconds = seconds if created_at is None else created_at - self._created_at
        row_id = self._id(number)
        text = encoded.replace(b"{n}", b"%d" % number).replace(b"{id}", str(row_id).encode())
        body: Body = msgspec.json.decode(text)
        if row_id is not None:
            body["id"] = row_id
        for path, key, is_early in timestamps:
            holder = _at(body, path)
            holder[key] = _moved(holder[key], early_seconds if is_early else seconds)
        for path, key, change in changes:
            holder = _at(body, path)
            holder[key] = change(holder[key])
        return body

    def _variant(self, record: int, number: int) -> Variant:
        """Return the variant of a record that rows with this number in the cycle have."""
        if (record, number) not in self._variants:
            body = copy.deepcopy(self._records[record])
            changes = list(self._vary(body, number))
            timestamps = [
                (path[:-1], path[-1], self._is_early(_epoch(_at(body, path))))
                for path in _timestamps(body)
            ]
            variant = Variant(msgspec.json.encode(body), timestamps, changes)
            self._variants[record, number] = variant
        return self._variants[record, number]

    def _vary(self, body: Body, number: int) -> Iterator[tuple[Keys, Any, Any]]:
        """Put a row's values in turn into a record; yield the changes that wait for the row."""
        for name, values in self._variations.items():
            *path, key = name.split(".")
            value = values[number % len(values)]
            if isinstance(value, FunctionType):
                yield path, key, value
            elif value is ABSENT:
                _at(body, path).pop(key)
            elif value is not KEEP:
                _at(body, path)[key] = value

    def _is_early(self, timestamp: int) -> bool:
        return timestamp - self._created_at < self._updated_at - timestamp

    def _id(self, number: int) -> Any:
        """Return the id of a row in the notation of the first, None if that is not a number."""
        first = self._first_id
        if isinstance(first, int):
            return first + number
        return str(int(first) + number) if first and first.isdecimal() else None


template: Final = functools.cache(Template)


def rows(name: str, times: Sequence[Times]) -> list[Body]:
    """Return a row of a list for each time."""
    return [
        template(name).row(number, at.updated_at, at.created_at) for number, at in enumerate(times)
    ]


def _moved(timestamp: Any, seconds: int) -> Any:
    """Return a timestamp that is some seconds later, in its own notation."""
    if isinstance(timestamp, int):
        return timestamp + seconds
    at = datetime.fromtimestamp(_epoch(timestamp) + seconds, UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}{timestamp[ISO_SECONDS - 1 :]}"


def _epoch(timestamp: Any) -> int:
    """Return a timestamp as whole epoch seconds."""
    if isinstance(timestamp, int):
        return timestamp
    return int(datetime.fromisoformat(timestamp).timestamp())


def _is_timestamp(value: Any) -> bool:
    if isinstance(value, str):
        is_as_long = len(value) in {ISO_SECONDS, ISO_MILLISECONDS}
        return is_as_long and value[10] == "T" and value[-1] == "Z"
    return isinstance(value, int) and value in TIMESTAMPS


def _timestamps(value: Any) -> Iterator[tuple[Any, ...]]:
    """Yield the path of every timestamp in a record."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in items:
        if isinstance(inner, dict | list):
            yield from ((key, *path) for path in _timestamps(inner))
        elif _is_timestamp(inner):
            yield (key,)


def _at(body: Any, path: Keys) -> Any:
    for key in path:
        body = body[key]
    return body
