"""The rate limiter that every request of every thread and stream passes."""

from __future__ import annotations

import math
import threading
import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

WINDOW_SECONDS = 10
"""Intercom counts requests in fixed windows of ten seconds (developer guide, Rate limiting)."""

DEFAULT_LIMIT = 1666
"""Requests per window of an app with the usual 10,000 a minute; assumed until a header differs."""

MIN_WAIT_SECONDS = 1
"""The shortest wait after a 429, even if the reset of its window has passed."""

MAX_WAIT_SECONDS = 60
"""The longest single wait, however far in the future the reset of a window is."""


class RateLimitHeaders(NamedTuple):
    """What a response reports of its window.

    Attributes:
        limit: Requests per window.
        remaining: Requests left in the window, for all programs that use the app.
        reset: End of the window (epoch seconds on Intercom's clock).
    """

    limit: int
    remaining: int
    reset: float


class RateLimiter:
    """Lets a share of each window's requests through; threads share it.

    Every response reports the size of the window, how much of it is left for all programs that use
    the app, and when it ends (`X-RateLimit-Limit`, `-Remaining`, `-Reset`). So requests of other
    programs are counted too. The end is read on Intercom's clock, taken from the `Date` header, so
    a wrong clock on this machine does no harm.

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
        self._offset = time.time() - clock()
        self._date = ""
        self._latest_date = 0.0
        self._limit = DEFAULT_LIMIT
        self._reset = 0.0
        self._reported_reset = 0.0
        self._closed_until = 0.0
        self._sent = 0
        self._reported_used = 0
        self._in_flight = 0

    @property
    def use(self) -> float:
        """The used part of the current window, by all programs that use the app; 1 is all of it."""
        return self._used / self._limit

    def acquire(self) -> None:
        """Wait until one more request may be sent; call `release` once it has been answered."""
        while (delay := self._take()) > 0:
            self._sleep(delay)

    def release(self, headers: Mapping[str, str]) -> None:
        """Update the window from a response's headers; pass an empty mapping if none came."""
        with self._lock:
            self._in_flight -= 1
            self._update_offset(headers)
            reported = _rate_limit_headers(headers)
            if reported is None:
                return
            reset = min(reported.reset, self._clock() + self._offset + MAX_WAIT_SECONDS)
            if reset < self._reported_reset:
                return  # from a response of an earlier window, which a later one has overtaken
            if reset > self._reported_reset:
                self._reported_reset = reset
                self._reported_used, self._sent = 0, self._in_flight + 1
            self._reported_used = max(self._reported_used, reported.limit - reported.remaining)
            self._limit = reported.limit
            self._reset = reset - self._offset

    def on_rate_limited(self, headers: Mapping[str, str]) -> None:
        """Close the current window for all threads, after a 429 that was released.

        It stays closed until both its reset and `Retry-After` have passed; for a whole window if
        the response has neither.
        """
        with self._lock:
            now = self._clock()
            reported = _rate_limit_headers(headers)
            waits = [
                reported and reported.reset - self._offset - now,
                _number(headers.get("Retry-After")),
            ]
            known = [wait for wait in waits if wait is not None]
            wait = max(MIN_WAIT_SECONDS, *known) if known else WINDOW_SECONDS
            self._closed_until = max(self._closed_until, now + min(wait, MAX_WAIT_SECONDS))
            self._reset = self._closed_until

    def _take(self) -> float:
        """Count one more request and return 0, or return how long (seconds) it has to wait."""
        with self._lock:
            now = self._clock()
            if now < self._closed_until:
                return self._closed_until - now
            if now >= self._reset:
                self._reset = now + WINDOW_SECONDS
                self._sent, self._reported_used = self._in_flight, 0
            if self._used >= max(1, int(self._limit * self._share)):
                return self._reset - now
            self._sent += 1
            self._in_flight += 1
            return 0

    @property
    def _used(self) -> int:
        """Requests in the current window; of those in flight, some may be reported already."""
        return max(self._sent, self._reported_used + self._in_flight)

    def _update_offset(self, headers: Mapping[str, str]) -> None:
        """Take the difference of Intercom's clock to this machine's from the `Date` header."""
        date = headers.get("Date", "")
        if date == self._date:
            return
        try:
            timestamp = parsedate_to_datetime(date).timestamp()
        except (ValueError, OverflowError):
            return
        if self._latest_date - MAX_WAIT_SECONDS < timestamp <= self._latest_date:
            return  # from a response that a later one has overtaken
        self._date, self._latest_date = date, timestamp
        self._offset = timestamp - self._clock()


def _rate_limit_headers(headers: Mapping[str, str]) -> RateLimitHeaders | None:
    limit = _number(headers.get("X-RateLimit-Limit"))
    remaining = _number(headers.get("X-RateLimit-Remaining"))
    reset = _number(headers.get("X-RateLimit-Reset"))
    if limit is None or limit < 1 or remaining is None or reset is None:
        return None
    return RateLimitHeaders(int(limit), int(remaining), reset)


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return max(0.0, number) if math.isfinite(number) else None
