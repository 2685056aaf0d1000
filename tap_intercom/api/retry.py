"""Whether a failed request is sent again, and after which wait."""

from __future__ import annotations

import math
import random
import time
from contextlib import suppress
from datetime import UTC
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

from tap_intercom.errors import RetriableError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tap_intercom.errors import IntercomError

FIRST_WAIT_SECONDS = 1.0

MAX_WAIT_SECONDS = 60.0
"""The longest wait between two attempts, unless the response asks for a longer one."""

FIRST_CONTACT_SECONDS = 15
"""How long a host is tried that has not answered this run yet: a wrong address never will."""

MAX_DOUBTFUL_REFUSALS = 4
"""Refusals in a row that are not Intercom's own, of which the last counts."""


class Retries:
    """The retries of one request, which may go on for a number of seconds."""

    def __init__(self, max_seconds: float) -> None:
        """Begin; the request has not been sent yet."""
        self._max_seconds = max_seconds
        self._spent = 0.0
        self._refusals = 0
        self._waits = waits()

    @property
    def left(self) -> float:
        """How many seconds are left."""
        return self._max_seconds - self._spent

    def wait_after(self, error: IntercomError, seconds: float, *, is_known: bool) -> float | None:
        """Return how long (seconds) to wait before the next attempt; None if there is none.

        Args:
            error: Why the last attempt failed.
            seconds: How long it took.
            is_known: Whether this host is known to be Intercom's API.
        """
        self._spent += seconds
        self._refusals = self._refusals + 1 if error.is_doubtful else 0
        left = self.left
        if not is_known and error.status < HTTPStatus.BAD_REQUEST:
            left = min(left, FIRST_CONTACT_SECONDS - self._spent)
        # rounded, since waits that add up to the limit may leave a tiny remainder
        if round(left, 3) <= 0 or not self._may_heal(error):
            return None
        wait = min(left, max(error.retry_after, next(self._waits)))
        self._spent += wait  # not measured, so that a test need not wait for it
        return wait

    def _may_heal(self, error: IntercomError) -> bool:
        if error.is_doubtful:
            return self._refusals < MAX_DOUBTFUL_REFUSALS
        return isinstance(error, RetriableError)


def waits() -> Iterator[float]:
    """Yield the waits (seconds) after one failure, two, and so on, without an end.

    Each is about twice as long as the one before. The jitter, up to half of it, keeps threads that
    failed together from trying again together.
    """
    longest = FIRST_WAIT_SECONDS
    while True:
        yield random.uniform(longest / 2, longest)  # noqa: S311  # no secret depends on it
        longest = min(2 * longest, MAX_WAIT_SECONDS)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return how long (seconds) a response asks to wait, or None if it does not say.

    `Retry-After` is a number of seconds, or a date, which is read on the clock of the response's
    own `Date` (RFC 9110, section 10.2.3).
    """
    text = headers.get("Retry-After", "")
    with suppress(ValueError):
        seconds = float(text)
        return max(0.0, seconds) if math.isfinite(seconds) else None
    until, now = _timestamp(text), _timestamp(headers.get("Date", ""))
    if until is None:
        return None
    return max(0.0, until - (time.time() if now is None else now))


def _timestamp(date: str) -> float | None:
    """Return an HTTP date in epoch seconds; None if it is none."""
    try:
        parsed = parsedate_to_datetime(date)
        # a date without a zone is in UTC, not in the zone of this machine
        return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
