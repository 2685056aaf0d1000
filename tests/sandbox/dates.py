"""How searches compare timestamps, by endpoint and API version."""

from __future__ import annotations

import dataclasses
import math
from datetime import datetime, time, timedelta, tzinfo
from typing import Protocol


@dataclasses.dataclass(frozen=True)
class Range:
    """Seconds from `low` (included) to `high` (excluded)."""

    low: float = -math.inf
    high: float = math.inf

    def __contains__(self, second: float) -> bool:
        return self.low <= second < self.high


class DateRule(Protocol):
    """One way of comparing timestamps."""

    def range(self, operator: str, second: int) -> Range:
        """The seconds for which the comparison with a given one holds."""

    def accepts(self, operator: str) -> bool:
        """Whether dates can be compared with an operator at all."""


@dataclasses.dataclass(frozen=True)
class ExactSeconds:
    """Timestamps are compared to the second; inclusively, `>` and `<` include equality."""

    operators: tuple[str, ...]
    inclusive: bool = False

    def range(self, operator: str, second: int) -> Range:
        ranges = {
            "=": Range(second, second + 1),
            ">": Range(second if self.inclusive else second + 1),
            ">=": Range(second),
            "<": Range(high=second + 1 if self.inclusive else second),
            "<=": Range(high=second + 1),
        }
        return ranges[operator]

    def accepts(self, operator: str) -> bool:
        return operator in self.operators


@dataclasses.dataclass(frozen=True)
class CalendarDays:
    """Timestamps are compared by calendar day of a zone, as in contacts/search up to 2.16."""

    zone: tzinfo

    def range(self, operator: str, second: int) -> Range:
        """The second's whole day, all that follows it, or all that came before it."""
        today = datetime.fromtimestamp(second, self.zone).date()
        start = datetime.combine(today, time(), self.zone).timestamp()
        end = datetime.combine(today + timedelta(days=1), time(), self.zone).timestamp()
        return {"=": Range(start, end), ">": Range(end), "<": Range(high=start)}[operator]

    def accepts(self, operator: str) -> bool:
        return operator in {"=", ">", "<"}
