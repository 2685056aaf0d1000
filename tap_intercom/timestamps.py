"""Timestamps in Intercom's notations, as epoch seconds (UTC) or RFC 3339 text.

Intercom mixes epoch seconds, milliseconds and ISO text (singer-io/tap-intercom#11, #24). A number
does not say what its unit is: only one reading of it may be a sensible time, or it is no timestamp.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import msgspec

DAY = 86_400
HOUR = 3_600
QUARTER_HOUR = 900
"""Seconds."""

MAX_DAY_SECONDS = DAY + 2 * HOUR
"""Longer than any calendar day, the one on which daylight saving ends included."""

MIN_TIMESTAMP, MAX_TIMESTAMP = -62_135_596_800, 253_402_300_799
"""The beginning of year 1 and the end of year 9999, between which timestamps can be written."""

SECONDS_FROM, MILLISECONDS_FROM = 100_000_000, 100_000_000_000
"""Between them a number is seconds (1973 to 5138); as milliseconds it would lie before 1973."""

SENSIBLE_FROM, SENSIBLE_UNTIL = -2_208_988_800, 7_258_118_400
"""The years 1900 to 2199: seconds begin no earlier, and milliseconds lie within them."""

DATES = range(1900_01_01, 2101_00_00)
"""Numbers whose digits may be a date."""

MINUTES = [f"T{hour:02}:{minute:02}:" for hour in range(24) for minute in range(60)]
SECONDS = [f"{second:02}+00:00" for second in range(60)]


class TimestampedRecord(msgspec.Struct, frozen=True):
    """A record and the time (epoch seconds) at which it was last updated."""

    record: dict[str, Any]
    timestamp: int = 0


def parse_timestamp(value: Any, default: int) -> int:
    """Return a timestamp as epoch seconds, or a default if the value holds none."""
    try:
        timestamp = to_epoch(value)
    except (ValueError, TypeError, OverflowError):
        return default
    return timestamp if 0 < timestamp <= MAX_TIMESTAMP else default


def to_epoch(value: Any) -> int:
    """Convert a timestamp in any of Intercom's notations to epoch seconds.

    Raises:
        ValueError: It is text that is no timestamp, or a number of ambiguous unit.
        TypeError: It is neither number nor text.
        OverflowError: It lies outside the years 1 to 9999.
    """
    if isinstance(value, str):
        if not is_whole_number(value):
            return int(_parse(value).timestamp())
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError
    return int(_to_seconds(value))


def format_timestamp(value: Any) -> str:
    """Convert a timestamp in any of Intercom's notations to RFC 3339 text in UTC.

    Raises:
        ValueError: It is text that is no timestamp, or a number of ambiguous unit.
        TypeError: It is neither number nor text.
        OverflowError: It lies outside the years 1 to 9999.
    """
    if type(value) is int and SECONDS_FROM <= value < MILLISECONDS_FROM:
        return _format_seconds(value)
    if isinstance(value, str) and not is_whole_number(value):
        return _format_text(value)
    return datetime.fromtimestamp(to_epoch(value), UTC).isoformat()


def start_of(text: str) -> int:
    """Convert a date or date-time to epoch seconds; without a zone it is read as UTC.

    Raises:
        ValueError: The text is not an RFC 3339 date or date-time.
    """
    parsed = datetime.fromisoformat(text)
    return int((parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp())


def is_whole_number(text: str) -> bool:
    """Whether a text is a whole number, with or without a minus sign."""
    return text.strip().lstrip("-").isdigit()


def _to_seconds(number: float) -> float:
    """Convert seconds, milliseconds or the digits of a date (20191129) to epoch seconds.

    A small number that is no whole quarter of an hour is rather a year or a date than a time in
    1970: the digits of dates never are one, and midnight in any time zone is. The first and the
    last day that can be written stand for "never", in seconds.

    Raises:
        ValueError: Several readings are sensible, or none.
    """
    if 0 < number < SECONDS_FROM and number % QUARTER_HOUR:
        if number in DATES:
            return _parse(str(number)).timestamp()
        raise ValueError
    is_seconds = SENSIBLE_FROM <= number < MILLISECONDS_FROM
    is_never = 0 <= number - MIN_TIMESTAMP < DAY or 0 <= MAX_TIMESTAMP - number < DAY
    if is_seconds or is_never:
        return number
    is_writable = MIN_TIMESTAMP <= number <= MAX_TIMESTAMP
    if is_writable or not SENSIBLE_FROM <= number / 1000 < SENSIBLE_UNTIL:
        raise ValueError
    return number / 1000


def _format_seconds(seconds: int) -> str:
    """Write epoch seconds as RFC 3339; from tables it takes a fifth of what `datetime` does."""
    day, second = divmod(seconds, DAY)
    minute, second = divmod(second, 60)
    return f"{_format_day(day)}{MINUTES[minute]}{SECONDS[second]}"


@lru_cache(maxsize=10_000)
def _format_day(day: int) -> str:
    return datetime.fromtimestamp(day * DAY, UTC).date().isoformat()


@lru_cache(maxsize=10_000)
def _format_text(text: str) -> str:
    """Convert text to RFC 3339 in UTC; cached, as rows of one record share their timestamps."""
    return _parse(text).astimezone(UTC).isoformat()


def _parse(text: str) -> datetime:
    """Read ISO 8601, and "2018-06-01 00:00:00 UTC", which some of Intercom's fields hold."""
    parsed = datetime.fromisoformat(text.strip().removesuffix("UTC").rstrip())
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
