"""Responses, and the page that one stands for.

A decoded page takes three times the memory, and often only a part of it is needed. So the values of
a page stay encoded until they are first used.
"""

from __future__ import annotations

import json
import logging
import math
import re
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import msgspec

from tap_intercom.errors import RetriableError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tap_intercom.api.request import Request

logger = logging.getLogger("tap-intercom")

Body = bytes | bytearray
Record = dict[str, Any]
Fields = TypeVar("Fields", bound=msgspec.Struct)

BARE_LIST = ""
"""Among the `record_keys` of a request: the body itself may be the list."""

ESCAPED_NUL = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")
"""A NUL in JSON; after an escaped backslash the same text is not one."""

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

LIST = re.compile(rb"\s*\[")

VALUES = msgspec.json.Decoder(dict[str, msgspec.Raw])
RAW_RECORDS = msgspec.json.Decoder(list[msgspec.Raw])

UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What decoders raise; the last for values that are nested hundreds of times."""


class Response(NamedTuple):
    """Status, headers and body of one response, and the origin that it came from."""

    status: int
    headers: Mapping[str, str]
    body: Body
    origin: str = ""

    @property
    def is_rate_limited(self) -> bool:
        """Whether it is a 429 about the rate limit, not about pending export jobs.

        Both have the code rate_limit_exceeded; the latter reads "Exceeded rate limit of 1 pending
        message data export jobs", or "of 5 pending reporting dataset export jobs" (OpenAPI 2.16,
        /export/content/data and /export/reporting_data/enqueue).
        """
        is_about_jobs = b" pending " in self.body and b" export jobs" in self.body
        return self.status == HTTPStatus.TOO_MANY_REQUESTS and not is_about_jobs


class Page:
    """The values of a response by name; each is decoded when it is first used.

    Attributes:
        missing: Why the list that ends with this page lacks records; empty if it may have all.
        left_out: How many of its records were too large to be read.
        received: How many different records of its list have come so far; None if that is unknown.
    """

    missing = ""
    left_out = 0
    received: int | None = None

    def __init__(self, request: Request, values: Mapping[str, msgspec.Raw]) -> None:
        """Take the encoded values of a response; see `parse_response`."""
        self._request = request
        self._values = values
        self._decoded: dict[str, Any] = {}

    def get(self, name: str) -> Any:
        """Return a value, or None if there is none with this name.

        Raises:
            RetriableError: It is not JSON.
        """
        if name not in self._decoded and name in self._values:
            self._decoded[name] = _decode(self._request, self._values[name])
        return self._decoded.get(name)

    def as_dict(self) -> dict[str, Any]:
        """Return all values.

        Raises:
            RetriableError: One of them is not JSON.
        """
        return {name: self.get(name) for name in self._values}

    def copy(self) -> Page:
        """Return the page as it was received, without changes made to its decoded values."""
        page = Page(self._request, self._values)
        page.missing, page.left_out, page.received = self.missing, self.left_out, self.received
        return page

    def records(self) -> list[Record]:
        """Return the records, found under one of the request's `record_keys`.

        Anything else than an object is left out, with a warning.

        Raises:
            RetriableError: They are not a list, or not JSON.
        """
        name = self._records_name
        found: list[Any] = self.get(name)
        records = [record for record in found if isinstance(record, dict)]
        if len(records) < len(found):
            logger.warning(
                "%s: left out %d records that are not objects",
                self._request,
                len(found) - len(records),
            )
            self._decoded[name] = records
        return records

    def record_fields(self, fields: type[Fields]) -> list[Fields]:
        """Return some fields of each record, without decoding the others.

        Args:
            fields: A struct of the fields, each of which may hold any value.

        Raises:
            RetriableError: The records are not a list, or not JSON.
        """
        try:
            return _fields_decoder(fields).decode(self._values[self._records_name])
        except UNREADABLE:
            return msgspec.convert(self.records(), list[fields])  # type: ignore[valid-type]

    def record_hashes(self) -> list[int]:
        """Return a number for each record as it was sent, or one for a page without a list."""
        try:
            encoded: list[Any] = RAW_RECORDS.decode(self._values[self._records_name])
        except UNREADABLE:
            encoded = [msgspec.json.encode(record) for record in self.records()]
        except RetriableError:
            return [hash(tuple(bytes(value) for value in self._values.values()))]
        return [hash(bytes(record)) for record in encoded]

    @property
    def _records_name(self) -> str:
        for name in self._request.record_keys:
            if name in self._values and _starts_with(self._values[name], b"["):
                return name
        message = f"{self._request}: response without a list of records"
        raise RetriableError(message)


def parse_response(request: Request, body: Body) -> Page:
    """Return the page in a body.

    Raises:
        RetriableError: It has none of the `record_keys` of the request, or is not JSON.
    """
    body = _replace_nuls(request, body)
    try:
        values = _values(request, body)
    except UNREADABLE:
        values = _values(request, msgspec.json.encode(_decode_leniently(request, body)))
    found = [
        name for name in request.record_keys if name in values and _starts_with(values[name], b"[{")
    ]
    if found or (values and not request.record_keys):
        return Page(request, values)
    message = f"{request}: response without {' or '.join(request.record_keys)}"
    raise RetriableError(message, status=HTTPStatus.OK)


def _values(request: Request, body: Body) -> dict[str, msgspec.Raw]:
    """Return the values of an object by name, none if the body is something else."""
    try:
        if BARE_LIST in request.record_keys and LIST.match(body):
            return {BARE_LIST: msgspec.json.decode(body, type=msgspec.Raw)}
        return VALUES.decode(body)
    except msgspec.ValidationError:
        return {}


def _starts_with(value: msgspec.Raw, brackets: bytes) -> bool:
    return memoryview(value)[0] in brackets


@lru_cache
def _fields_decoder(kind: type[Fields]) -> msgspec.json.Decoder[list[Fields]]:
    return msgspec.json.Decoder(list[kind])  # type: ignore[valid-type]


def _decode(request: Request, value: msgspec.Raw) -> Any:
    try:
        return msgspec.json.decode(value)
    except UNREADABLE:
        return _decode_leniently(request, bytes(value))


def _replace_nuls(request: Request, body: Body) -> Body:
    nuls = 0
    if b"\\u0000" in body:
        body, nuls = ESCAPED_NUL.subn(rb"\1\\ufffd", body)
    if nuls:
        logger.warning(
            "%s: replaced %d NUL characters, which databases refuse, by U+FFFD", request, nuls
        )
    return body


def _decode_leniently(request: Request, body: Body) -> Any:
    """Decode a body that a strict decoder refuses: half a surrogate pair, a raw tab, 1e400."""
    numbers = _UnusualNumbers()
    try:
        text = body.decode(json.detect_encoding(body), "replace").replace("\0", REPLACEMENT)
        content = json.loads(
            text, strict=False, parse_float=numbers.parse, parse_constant=numbers.as_text
        )
    except (ValueError, RecursionError):
        message = f"{request}: response is not JSON ({len(body)} bytes)"
        raise RetriableError(message, status=HTTPStatus.OK) from None
    if numbers.count:
        logger.warning(
            "%s: kept %d numbers that JSON can't represent as text", request, numbers.count
        )
    written = json.dumps(content, ensure_ascii=False)
    clean = written.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if REPLACEMENT in clean:
        logger.warning("%s: replaced invalid Unicode characters by U+FFFD", request)
    return json.loads(clean)


class _UnusualNumbers:
    """Returns numbers that JSON can't represent, or no target could store, as text."""

    def __init__(self) -> None:
        self.count = 0

    def parse(self, text: str) -> float | str:
        number = float(text)
        return number if math.isfinite(number) else self.as_text(text)

    def as_text(self, text: str) -> str:
        self.count += 1
        return text


def value_at(record: Any, path: Sequence[str]) -> Any:
    """Return the value at a path of field names; None where a part of it is missing or null."""
    for name in path:
        record = record.get(name) if isinstance(record, dict | Page) else None
    return record


def dicts_in(value: Any, name: str) -> list[Record]:
    """Return the objects in a list; a warning with the list's name counts what else is in it."""
    found = value if isinstance(value, list) else [value] if value else []
    items = [item for item in found if isinstance(item, dict) and found is value]
    if len(items) < len(found):
        left_out = len(found) - len(items)
        logger.warning("%s: left out %d values that are not objects", name, left_out)
    return items


def items_of(value: Any, name: str) -> list[Record]:
    """Return the items of a list: the value itself, or its field of that name or `data`."""
    items = value.get("data") or value.get(name) if isinstance(value, dict) else value
    return dicts_in(items, name)
