"""One request to the API, as its endpoint sees it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from zlib import crc32

from aiohttp import web

from tests.sandbox.errors import ApiError
from tests.sandbox.generate.blueprint import DAY
from tests.sandbox.versions import OLDEST, Version, not_in_version

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
    """A resource of the API; paths have {names} for parts.

    Attributes:
        since: the version that introduced it.
        newer_parameters: parameters that came later, each with its version.
    """

    method: str
    path: str
    endpoint: Endpoint
    since: Version = OLDEST
    newer_parameters: Mapping[str, Version] = dataclasses.field(default_factory=dict)

    def check_version(self, call: Call) -> None:
        """Refuse what the version of a call lacks: the resource itself, or a parameter.

        422 is documented for `include_part_types` alone (Intercom-OpenAPI#653); the sandbox answers
        alike for all, so that a client can't send them unseen.
        """
        if call.version < self.since:
            raise not_in_version()
        for name, since in self.newer_parameters.items():
            if name in call.request.query and call.version < since:
                message = f"{name} is not available in current API version."
                raise ApiError(HTTPStatus.UNPROCESSABLE_ENTITY, "parameter_invalid", message)
