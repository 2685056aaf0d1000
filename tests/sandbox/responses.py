"""Successful responses: JSON put together from records that are already encoded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.sandbox.records import Record
    from tests.sandbox.versions import Version
    from tests.sandbox.views import View


def encoded(record: Record, view: View, version: Version) -> bytes:
    """A record as JSON."""
    return msgspec.json.encode(view(record, version))


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
