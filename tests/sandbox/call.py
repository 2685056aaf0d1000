"""One request to the API, as its endpoint sees it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final
from zlib import crc32

from aiohttp import web

from tests.sandbox.generate.blueprint import DAY
from tests.sandbox.versions import OLDEST, Version

if TYPE_CHECKING:
    from tests.sandbox.records import Record
    from tests.sandbox.state import SandboxState
    from tests.sandbox.views import View

UNSIGNED_QUERY: Final = b"?signed"
"""The query of a file's URL in the sandbox's own records."""


@dataclasses.dataclass(frozen=True)
class Call:
    """An authorized request, its API version, and its decoded JSON body (None without one)."""

    request: web.Request
    state: SandboxState
    version: Version
    body: Any

    def argument(self, name: str) -> str:
        """A part of the path."""
        return self.request.match_info[name]

    def parameter(self, name: str) -> str | None:
        """A parameter of the URL's query, None if it was not given."""
        return self.request.query.get(name)

    def encoded(self, records: Iterable[Record], view: View) -> list[bytes]:
        """Records as JSON; the URLs of files in them are signed for a day (recorded)."""
        expires = int(self.state.clock.now()) + DAY
        query = b"?expires=%d&signature=%x" % (expires, crc32(b"%d" % expires))
        return [
            self.state.encoded(record, view, self.version).replace(UNSIGNED_QUERY, query)
            for record in records
        ]

    @property
    def origin(self) -> str:
        """Scheme, host and port that the client used."""
        return f"{self.request.scheme}://{self.request.host}"


Endpoint = Callable[[Call], web.Response]


@dataclasses.dataclass(frozen=True)
class Route:
    """A resource of the API, since the version that introduced it; paths have {names} for parts."""

    method: str
    path: str
    endpoint: Endpoint
    since: Version = OLDEST
