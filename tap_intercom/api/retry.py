"""How long to wait before a failed request is sent again."""

from __future__ import annotations

import math
import random
import time
from contextlib import suppress
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FIRST_WAIT_SECONDS = 1.0

MAX_WAIT_SECONDS = 60.0
"""The longest wait between two attempts, unless the response asks for a longer one."""


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
