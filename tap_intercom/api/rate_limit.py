"""The one limiter that every request of every thread passes."""

from __future__ import annotations

import math
import threading
import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

WINDOW_SECONDS = 10
"""Intercom counts requests in fixed windows of ten seconds (developer guide, Rate limiting)."""

DEFAULT_LIMIT = 1666
"""Requests per window of an app with the usual 10,000 a minute, assumed until a header tells."""

MIN_WAIT_SECONDS = 1
"""After an answer 429 the tap waits at least so long, though its window may seem to be over."""

TRIAL_SECONDS = 1
"""How long the others wait at a time for what becomes of the request that tries a window."""

MAX_WAIT_SECONDS = 60
"""No header makes the tap wait longer than this at a time, however far off its reset lies."""


class RateLimiter:
    """Follows Intercom's windows and lets a share of each window's requests through.

    Intercom tells with every answer how large the window is, what is left of it for everybody
    who uses the app, and when it ends (`X-RateLimit-Limit`, `-Remaining`, `-Reset`, the last in
    epoch seconds). So requests of other programs count as used too. The end is read on Intercom's
    clock, learnt from the `Date` header, so a wrong clock on this machine does no harm.

    Without these headers a window ends when requests are answered again after a 429, which one
    request a second tries; from then on windows are known to begin every ten seconds. What was
    answered before the 429 is taken for the limit, though no less than half of the former one;
    each window that meets no 429 raises it a little, to find out if more fits by now.
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
            clock: Seconds that only grow.
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
        self._is_aligned = False
        self._is_on_trial = False
        self._is_tried = False
        self._answered = 0
        self._sent = 0
        self._reported_used = 0
        self._in_flight = 0

    @property
    def use(self) -> float:
        """The part of the present window that is used up, by whomever; 1 is all of it."""
        return self._used / self._limit

    def acquire(self) -> None:
        """Wait until one more request may be sent; `release` has to follow its answer."""
        while (delay := self._take()) > 0:
            self._sleep(delay)

    def release(self, headers: Mapping[str, str]) -> None:
        """Learn from an answer's headers; pass an empty mapping if there was no answer."""
        with self._lock:
            self._in_flight -= 1
            self._answered += 1
            self._learn_time(headers)
            reported = _window_of(headers)
            if reported is None:
                return
            limit, remaining, reset = reported
            reset = min(reset, self._clock() + self._offset + MAX_WAIT_SECONDS)
            if reset < self._reported_reset:
                return  # an answer from an earlier window, overtaken by a younger one
            if reset > self._reported_reset:
                self._reported_reset, self._reported_used, self._sent = (
                    reset,
                    0,
                    self._in_flight + 1,
                )
            self._reported_used = max(self._reported_used, limit - remaining)
            self._limit = limit
            self._reset = reset - self._offset

    def on_rate_limited(self, headers: Mapping[str, str]) -> None:
        """Close the present window for everybody, after an answer 429 that was released.

        It lasts as long as both its reset and `Retry-After` say. Without either it lasts until the
        next window begins, if that is known; if not, one request tries after a second.
        """
        with self._lock:
            now = self._clock()
            reported = _window_of(headers)
            wait = max(
                MIN_WAIT_SECONDS,
                reported[2] - self._offset - now if reported else 0,
                _number(headers.get("Retry-After")) or 0,
            )
            self._answered -= 1
            if not self._reported_reset and self._answered > 0 and not self._is_on_trial:
                self._limit = max(1, self._limit // 2, self._answered)
                wait = max(wait, self._reset - now) if self._is_aligned else wait
            self._answered = 0
            self._closed_until = max(self._closed_until, now + min(wait, MAX_WAIT_SECONDS))
            self._reset = self._closed_until
            self._is_on_trial, self._is_tried = reported is None, False

    def _take(self) -> float:
        """Count one more request and return 0, or return how long (seconds) it has to wait."""
        with self._lock:
            now = self._clock()
            if now < self._closed_until:
                return self._closed_until - now
            if self._is_on_trial and self._is_tried and self._answered:
                self._is_on_trial, self._is_aligned = False, True
            if now >= self._reset:
                self._begin_window(now)
            if self._is_on_trial and self._is_tried:
                return TRIAL_SECONDS
            if self._used >= max(1, int(self._limit * self._share)):
                return self._reset - now
            self._is_tried = True
            self._sent += 1
            self._in_flight += 1
            return 0

    @property
    def _used(self) -> int:
        """Requests of the present window, by whomever; those in flight may be reported of already."""
        return max(self._sent, self._reported_used + self._in_flight)

    def _begin_window(self, now: float) -> None:
        begun = now - (now - self._reset) % WINDOW_SECONDS if self._is_aligned else now
        self._reset = begun + WINDOW_SECONDS
        self._sent, self._reported_used = self._in_flight, 0
        self._answered = 0
        self._is_tried = False
        if not self._reported_reset and not self._is_on_trial:
            self._limit = min(DEFAULT_LIMIT, self._limit + 1 + self._limit // 100)

    def _learn_time(self, headers: Mapping[str, str]) -> None:
        date = headers.get("Date", "")
        if date == self._date:
            return
        try:
            timestamp = parsedate_to_datetime(date).timestamp()
        except (ValueError, OverflowError):
            return
        if self._latest_date - MAX_WAIT_SECONDS < timestamp <= self._latest_date:
            return  # an answer that took longer than younger ones
        self._date, self._latest_date = date, timestamp
        self._offset = timestamp - self._clock()


def _window_of(headers: Mapping[str, str]) -> tuple[int, int, float] | None:
    limit = _number(headers.get("X-RateLimit-Limit"))
    remaining = _number(headers.get("X-RateLimit-Remaining"))
    reset = _number(headers.get("X-RateLimit-Reset"))
    if limit is None or limit < 1 or remaining is None or reset is None:
        return None
    return int(limit), int(remaining), reset


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return max(0.0, number) if math.isfinite(number) else None
