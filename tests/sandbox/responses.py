"""Successful responses: JSON put together from records that are already encoded."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final

import msgspec
from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.sandbox.records import Record
    from tests.sandbox.versions import Version
    from tests.sandbox.views import View

MAX_KEPT_ENCODINGS: Final = 100_000


class Encodings:
    """A cache of encoded records."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[Record, View, Version], bytes] = OrderedDict()

    def encoded(self, record: Record, view: View, version: Version) -> bytes:
        """A record as JSON."""
        key = (record, view, version)
        encoded = self._kept.get(key)
        if encoded is None:
            encoded = self._kept[key] = msgspec.json.encode(view(record, version))
            if len(self._kept) > MAX_KEPT_ENCODINGS:
                self._kept.popitem(last=False)
        return encoded


def raw_json(body: bytes) -> web.Response:
    """A response with an encoded body."""
    return web.Response(body=body, content_type="application/json", charset="utf-8")


def json_response(body: Any) -> web.Response:
    """A response with a body to encode."""
    return raw_json(msgspec.json.encode(body))


def list_response(envelope: dict[str, Any], key: str, rows: Iterable[bytes]) -> web.Response:
    """A response with a non-empty envelope and, under a key, a list of encoded rows."""
    rest = msgspec.json.encode(envelope)
    return raw_json(b'%s,"%s":[%s]}' % (rest[:-1], key.encode(), b",".join(rows)))
