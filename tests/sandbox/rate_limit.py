"""Intercom's rate limit: a number of requests in each fixed window of ten seconds.

As recorded responses have it (2017 to 2026): windows begin where `Date` is a multiple of ten, the
first response of a window has Remaining = Limit, Reset lies a constant 0, 2 or 6 seconds after the
end of the window, and the names of the headers come in lower case since 2026.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from tests.sandbox.errors import ApiError

if TYPE_CHECKING:
    from tests.sandbox.clock import Clock
    from tests.sandbox.options import SandboxOptions


class RateLimiter:
    """Counts the requests of the current window; windows are aligned to the epoch."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._window = 0
        self._used = 0

    def take(self, options: SandboxOptions) -> dict[str, str]:
        """Count a request; returns the X-RateLimit headers of its response, if there are any."""
        now = self._clock.now()
        window = math.floor(now / options.window_seconds)
        if window != self._window:
            self._window, self._used = window, 0
        elapsed = now / options.window_seconds - window
        others = options.other_requests + options.other_share * options.rate_limit
        remaining = options.rate_limit - self._used - math.floor(others * elapsed)
        headers = self._headers(options, max(0, remaining))
        if remaining <= 0:
            message = (
                f"Exceeded rate limit of {options.rate_limit} in {options.window_seconds:g}_seconds"
            )
            raise ApiError(429, "rate_limit_exceeded", message, headers)
        self._used += 1
        return headers

    def _headers(self, options: SandboxOptions, remaining: int) -> dict[str, str]:
        if not options.rate_limit_headers:
            return {}
        end = (self._window + 1) * options.window_seconds
        return {
            "x-ratelimit-limit": str(options.rate_limit),
            "x-ratelimit-remaining": str(remaining),
            "x-ratelimit-reset": str(math.ceil(end) + options.reset_offset),
        }
