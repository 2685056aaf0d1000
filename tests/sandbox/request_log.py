"""The requests that the sandbox received; access tokens are not kept."""

from __future__ import annotations

from collections import deque
from typing import Any, Final

import msgspec

MAX_KEPT: Final = 200_000


class LoggedRequest(msgspec.Struct):
    """One request to the API.

    Attributes:
        path: without the query.
        raw_path: the same as it was sent, with what is quoted in it.
        body: the decoded JSON body, None if there was none.
        authorized: whether the token was right.
        time: when it arrived by the sandbox's clock, in epoch seconds.
        in_flight: requests being served at arrival, this one included.
        status: HTTP status of the response, 0 if none was sent.
    """

    method: str
    path: str
    raw_path: str
    query: dict[str, str]
    body: Any
    api_version: str | None
    user_agent: str | None
    authorized: bool
    time: float
    in_flight: int
    status: int = 0


class RequestLog:
    """The latest requests, oldest first, and how many are being served."""

    def __init__(self) -> None:
        self.requests: deque[LoggedRequest] = deque(maxlen=MAX_KEPT)
        self.in_flight = 0

    def all(self) -> list[LoggedRequest]:
        """The requests, oldest first."""
        return list(self.requests)

    def clear(self) -> None:
        """Forget the requests so far."""
        self.requests.clear()
