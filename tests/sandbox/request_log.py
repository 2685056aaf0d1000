"""What was asked of the sandbox; tokens are not kept."""

from __future__ import annotations

from collections import deque
from typing import Any, Final

import msgspec

KEPT: Final = 200_000


class LoggedRequest(msgspec.Struct):
    """One request to the API.

    Attributes:
        method: HTTP method.
        path: without the query.
        query: parameters of the URL.
        body: the decoded JSON body, None if there was none.
        api_version: the Intercom-Version header.
        user_agent: the User-Agent header.
        authorized: whether the token was right.
        time: unix seconds of the sandbox's clock at arrival.
        in_flight: requests being served at arrival, this one included.
        status: HTTP status of the answer, 0 if none went out.
    """

    method: str
    path: str
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
        """Start empty."""
        self.requests: deque[LoggedRequest] = deque(maxlen=KEPT)
        self.in_flight = 0
