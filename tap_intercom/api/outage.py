"""Whether Intercom answers at all, after a request kept failing.

If it does not, every further request would be retried for as long, stream after stream. So the
first request that finds it out ends the run, and those that other threads still make.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from tap_intercom.api.error_response import is_from_intercom
from tap_intercom.api.request import Request
from tap_intercom.errors import IntercomError, UnreachableError

if TYPE_CHECKING:
    from tap_intercom.api.transport import Transport
    from tap_intercom.errors import RetriableError

ME = Request("/me", record_keys=("app",))
"""The token's teammate and workspace; it needs no permission."""

PROBE_SECONDS = 5
"""How long `/me` may take to show that Intercom still answers."""


class Outage:
    """Finds out whether there is an outage, and remembers it; threads may share it."""

    def __init__(self, transport: Transport) -> None:
        """Begin; no request is made."""
        self._transport = transport
        self._lock = threading.Lock()
        self._error: UnreachableError | None = None

    def check(self, error: RetriableError) -> None:
        """Try another request than the one that kept failing.

        Raises:
            UnreachableError: It is not answered either.
        """
        with self._lock:
            if self._error is None and not self.is_over():
                message = f"{error}; nor was {ME} answered"
                self._error = UnreachableError(message, status=error.status, advice=error.advice)
        self.raise_if_known()

    def raise_if_known(self) -> None:
        """Raise the UnreachableError of an outage that was found out before."""
        if self._error is not None:
            raise self._error

    def is_over(self) -> bool:
        """Whether Intercom answers `/me`, be it with a refusal.

        This waits neither for the rate limiter nor for requests that hang.
        """
        try:
            response = self._transport.send(ME, self._transport.read, PROBE_SECONDS)
        except IntercomError:
            return False
        return is_from_intercom(response)
