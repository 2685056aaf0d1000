"""The rate limiter that every request of every thread and stream passes."""

from __future__ import annotations

import threading
import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, NamedTuple

from tap_intercom.api.retry import retry_after

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

WINDOW_SECONDS = 10
"""Intercom counts requests in fixed windows of ten seconds (developer guide, Rate limiting)."""

DEFAULT_LIMIT = 1666
"""Requests per window of an app with the usual 10,000 a minute; assumed until a header differs."""

MAX_DRIFT_SECONDS = 0.01
"""How much this machine's clock may gain on Intercom's within a window."""

MIN_WAIT_SECONDS = 1
"""The shortest wait after a 429, even if its window has ended."""

MAX_WAIT_SECONDS = 60
"""The longest single wait, and how far apart `X-RateLimit-Reset` and `Date` may lie."""


class ReportedWindow(NamedTuple):
    """What a response reports of the window that its request was counted in.

    Attributes:
        end: End of the window (epoch seconds on Intercom's clock).
        seconds_left: Until the end, at most.
        limit: Requests per window.
        used: Requests so far, this one included, of all programs that use the app.
    """

    end: int
    seconds_left: int
    limit: int
    used: int


class RateLimiter:
    """Lets a share of each window's requests through; threads share it.

    Every response reports the size of its window, how much of it is left for all programs that use
    the app, and when it ends. So requests of other programs are counted too, and only differences
    of times are used, so that a wrong clock on this machine does no harm.

    Without these headers, 1,666 requests per window are assumed, and a 429 is followed by a wait of
    one window.
    """

    def __init__(
        self,
        share: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Start with an unknown window.

        Args:
            share: The part of each window that may be used, above 0 and up to 1.
            clock: Seconds, never decreasing.
            sleep: Waits for a number of seconds.
        """
        self._share = share
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._limit = DEFAULT_LIMIT
        self._window = 0  # its end on Intercom's clock
        self._window_end = clock()  # the same on this machine's clock, or somewhat later
        self._closed_until = self._window_end
        self._sent = 0
        self._in_flight = 0
        self._reported_used = 0

    @property
    def use(self) -> float:
        """The used part of the current window, by all programs that use the app; 1 is all of it."""
        return min(1.0, self._used / self._limit)

    def acquire(self) -> None:
        """Wait until one more request may be sent; call `release` once it has been answered."""
        while (delay := self._take()) > 0:
            self._sleep(delay)

    def release(self, headers: Mapping[str, str]) -> None:
        """Update the window from a response's headers; pass an empty mapping if none came."""
        reported = _reported_window(headers)
        with self._lock:
            if reported is not None:
                self._update(reported)
            self._in_flight -= 1

    def on_rate_limited(self, headers: Mapping[str, str]) -> None:
        """Close the window for all threads, after a 429 that was released.

        It stays closed until its end and `Retry-After` have passed; for as long as a window if the
        response has neither.
        """
        reported = _reported_window(headers)
        waits = (reported and reported.seconds_left, retry_after(headers))
        known = [wait for wait in waits if wait is not None]
        wait = max(MIN_WAIT_SECONDS, *known) if known else WINDOW_SECONDS
        with self._lock:
            reopens = self._clock() + min(wait, MAX_WAIT_SECONDS)
            self._closed_until = self._window_end = max(self._closed_until, reopens)

    def _take(self) -> float:
        """Count one more request and return 0, or return how long (seconds) it has to wait."""
        with self._lock:
            now = self._clock()
            if now < self._closed_until:
                return self._closed_until - now
            if now >= self._window_end:
                self._begin_window(self._window + WINDOW_SECONDS)
            if self._used >= max(1, int(self._limit * self._share)):
                return self._window_end - now
            self._sent += 1
            self._in_flight += 1
            return 0

    def _begin_window(self, end: int) -> None:
        """Begin the window with an end; what is in flight is taken to count in it."""
        self._window = end
        self._window_end = self._clock() + WINDOW_SECONDS + MAX_DRIFT_SECONDS
        self._sent, self._reported_used = self._in_flight, 0

    def _update(self, reported: ReportedWindow) -> None:
        """Take what a response reports, unless a later one has overtaken it."""
        if reported.end < self._window:
            self._sent -= 1  # it was counted in an earlier window
            return
        if reported.end > self._window:
            self._begin_window(reported.end)
        self._window_end = min(self._window_end, self._clock() + reported.seconds_left)
        self._reported_used = max(self._reported_used, reported.used)
        self._limit = reported.limit

    @property
    def _used(self) -> int:
        """Requests in the current window; of those in flight, some may be reported already."""
        return max(self._sent, self._reported_used + self._in_flight)


def _reported_window(headers: Mapping[str, str]) -> ReportedWindow | None:
    """Return what a response reports of its window, None if a header is missing or senseless.

    Windows end where Intercom's clock shows a multiple of ten seconds. `X-RateLimit-Reset` lies a
    constant 0, 2 or 6 seconds after the end, and the first response of a window has
    `X-RateLimit-Remaining` = `X-RateLimit-Limit` (recorded responses of 2017 to 2026).
    """
    try:
        limit, remaining, reset = (
            int(headers[f"X-RateLimit-{name}"]) for name in ("Limit", "Remaining", "Reset")
        )
        date = int(parsedate_to_datetime(headers["Date"]).timestamp())
    except (LookupError, ValueError, OverflowError):
        return None
    if limit < 1 or abs(reset - date) > MAX_WAIT_SECONDS:
        return None
    end = reset - reset % WINDOW_SECONDS
    return ReportedWindow(end, max(0, end - date), limit, limit - remaining + 1)
