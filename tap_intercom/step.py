"""One record of a walk, and when it changed."""

from __future__ import annotations

from typing import Any, NamedTuple

from tap_intercom.normalize import to_epoch

LATEST_MOMENT = 253_402_300_799
"""The end of the year 9999, behind which no moment can be written (epoch seconds)."""


class Step(NamedTuple):
    """A root record of a walk, and the moment (epoch seconds) at which it changed."""

    record: dict[str, Any]
    moment: int = 0


def moment_of(value: Any, otherwise: int) -> int:
    """Return a moment that Intercom tells (epoch seconds), or another one if it tells none."""
    try:
        moment = to_epoch(value)
    except (ValueError, TypeError, OverflowError):
        return otherwise
    return moment if 0 < moment <= LATEST_MOMENT else otherwise
