"""One request to the API, as its endpoint sees it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from aiohttp import web

from tests.sandbox.versions import OLDEST, Version

if TYPE_CHECKING:
    from tests.sandbox.records import Record
    from tests.sandbox.state import SandboxState
    from tests.sandbox.views import View


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
        """Records as JSON."""
        return [self.state.encoded(record, view, self.version) for record in records]

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
