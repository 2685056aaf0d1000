"""One answer of Intercom's: checked when it comes, decoded where it is used.

Decoded, an answer takes three times the memory, and of many only a part is wanted. So its values
stay encoded until somebody asks for them.
"""

from __future__ import annotations

import json
import logging
import math
import re
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from tap_intercom.errors import TemporaryError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_intercom.client import Request

logger = logging.getLogger("tap-intercom")

Body = bytes | bytearray
Record = dict[str, Any]
Fields = TypeVar("Fields", bound=msgspec.Struct)

BARE_LIST = ""
"""Among the names of what an answer has to hold: the answer itself may be the list."""

ESCAPED_NUL = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")
"""A NUL as JSON writes it; behind an escaped backslash the same text is none."""

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

LIST = re.compile(rb"\s*\[")

VALUES = msgspec.json.Decoder(dict[str, msgspec.Raw])

UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What decoding fails with; the last where values are nested hundreds of times."""


class Page:
    """What Intercom answered, by name; a value is decoded when it is first asked for."""

    def __init__(self, request: Request, values: Mapping[str, msgspec.Raw]) -> None:
        """Take the values of an answer as they are; see `page_of`."""
        self._request = request
        self._values = values
        self._decoded: dict[str, Any] = {}

    def get(self, name: str) -> Any:
        """Return a value, or None if the answer holds none of the name.

        Raises:
            TemporaryError: It is no JSON.
        """
        if name not in self._decoded and name in self._values:
            self._decoded[name] = _decoded(self._request, self._values[name])
        return self._decoded.get(name)

    def whole(self) -> dict[str, Any]:
        """Return all values.

        Raises:
            TemporaryError: One is no JSON.
        """
        return {name: self.get(name) for name in self._values}

    def fresh(self) -> Page:
        """Return the same page, none of whose values was changed since it came."""
        return Page(self._request, self._values)

    def records(self) -> list[Record]:
        """Return the records, which lie under one of the names that the answer has to hold.

        What is no object is left out, with a warning.

        Raises:
            TemporaryError: They are no list, or no JSON.
        """
        name = self._records_name
        found: list[Any] = self.get(name)
        records = [record for record in found if isinstance(record, dict)]
        if len(records) < len(found):
            strangers = len(found) - len(records)
            logger.warning(
                "%s was answered with %d records that are no objects; they were left out",
                *(self._request, strangers),
            )
            self._decoded[name] = records
        return records

    def outlines(self, kind: type[Fields]) -> list[Fields]:
        """Return some fields of each record, without decoding the others.

        Args:
            kind: Has the fields, which may hold anything.

        Raises:
            TemporaryError: The records are no list, or no JSON.
        """
        try:
            return _outlines_of(kind).decode(self._values[self._records_name])
        except UNREADABLE:
            return msgspec.convert(self.records(), list[kind])  # type: ignore[valid-type]

    @property
    def _records_name(self) -> str:
        for name in self._request.holds:
            if name in self._values and _begins(self._values[name], b"["):
                return name
        message = f"{self._request} was answered with no list of records"
        raise TemporaryError(message)


def page_of(request: Request, body: Body) -> Page:
    """Return the answer to a request, if it holds what it has to.

    Raises:
        TemporaryError: It does not, or is no JSON.
    """
    body = _without_nuls(request, body)
    try:
        values = _values(request, body)
    except UNREADABLE:
        values = _values(request, msgspec.json.encode(_decoded_leniently(request, body)))
    held = [name for name in request.holds if name in values and _begins(values[name], b"[{")]
    if held or (values and not request.holds):
        return Page(request, values)
    message = f"{request} was answered without {' or '.join(request.holds)}"
    raise TemporaryError(message, status=HTTPStatus.OK)


def _values(request: Request, body: Body) -> dict[str, msgspec.Raw]:
    """Return the values of an object by name, none if the body is something else."""
    try:
        if BARE_LIST in request.holds and LIST.match(body):
            return {BARE_LIST: msgspec.json.decode(body, type=msgspec.Raw)}
        return VALUES.decode(body)
    except msgspec.ValidationError:
        return {}


def _begins(value: msgspec.Raw, brackets: bytes) -> bool:
    return memoryview(value)[0] in brackets


@lru_cache
def _outlines_of(kind: type[Fields]) -> msgspec.json.Decoder[list[Fields]]:
    return msgspec.json.Decoder(list[kind])  # type: ignore[valid-type]


def _decoded(request: Request, value: msgspec.Raw) -> Any:
    try:
        return msgspec.json.decode(value)
    except UNREADABLE:
        return _decoded_leniently(request, bytes(value))


def _without_nuls(request: Request, body: Body) -> Body:
    nuls = 0
    if b"\\u0000" in body:
        body, nuls = ESCAPED_NUL.subn(rb"\1\\ufffd", body)
    if nuls:
        logger.warning(
            "%s held %d NUL characters, which databases refuse; they became U+FFFD", request, nuls
        )
    return body


def _decoded_leniently(request: Request, body: Body) -> Any:
    """Decode a body that strict JSON refuses: half of a surrogate pair, a raw tab, 1e400."""
    numbers = _StrangeNumbers()
    try:
        text = body.decode(json.detect_encoding(body), "replace").replace("\0", REPLACEMENT)
        answer = json.loads(
            text, strict=False, parse_float=numbers.kept, parse_constant=numbers.as_text
        )
    except (ValueError, RecursionError):
        message = f"{request} was answered with a body that is no JSON ({len(body)} bytes)"
        raise TemporaryError(message, status=HTTPStatus.OK) from None
    if numbers.count:
        logger.warning("%s held %d numbers that are none; they became text", request, numbers.count)
    written = json.dumps(answer, ensure_ascii=False)
    clean = written.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if REPLACEMENT in clean:
        logger.warning("%s held characters that are no Unicode; they became U+FFFD", request)
    return json.loads(clean)


class _StrangeNumbers:
    """Takes numbers that JSON can't hold, or no target could store, for text."""

    def __init__(self) -> None:
        self.count = 0

    def kept(self, text: str) -> float | str:
        number = float(text)
        return number if math.isfinite(number) else self.as_text(text)

    def as_text(self, text: str) -> str:
        self.count += 1
        return text
