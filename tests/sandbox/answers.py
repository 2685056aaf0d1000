"""Success answers: JSON put together from records that are already encoded."""

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

KEPT_ENCODINGS: Final = 100_000


class Encodings:
    """Encoded records, the latest used ones kept."""

    def __init__(self) -> None:
        """Start with none."""
        self._kept: OrderedDict[tuple[Record, View, Version], bytes] = OrderedDict()

    def encoded(self, record: Record, view: View, version: Version) -> bytes:
        """A record as JSON.

        Args:
            record: which one.
            view: how it looks where it is shown.
            version: the API version asked for.
        """
        name = (record, view, version)
        encoded = self._kept.get(name)
        if encoded is None:
            encoded = self._kept[name] = msgspec.json.encode(view(record, version))
            if len(self._kept) > KEPT_ENCODINGS:
                self._kept.popitem(last=False)
        return encoded


def raw_json(body: bytes) -> web.Response:
    """An answer from an encoded body."""
    return web.Response(body=body, content_type="application/json", charset="utf-8")


def json_answer(body: Any) -> web.Response:
    """An answer from a body."""
    return raw_json(msgspec.json.encode(body))


def list_answer(
    envelope: dict[str, Any],
    key: str,
    rows: Iterable[bytes],
) -> web.Response:
    """An answer with a list of encoded rows.

    Args:
        envelope: all but the rows; must not be empty.
        key: the name of the list.
        rows: encoded records.
    """
    rest = msgspec.json.encode(envelope)
    return raw_json(b'%s,"%s":[%s]}' % (rest[:-1], key.encode(), b",".join(rows)))
