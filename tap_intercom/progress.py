"""What a run says about itself while it works, and at its end.

Each line carries its facts as fields too (`extra`), for structured logs such as Meltano's.
"""

from __future__ import annotations

import logging
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from tap_intercom.compat import override

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_intercom.client import IntercomClient

SECONDS_BETWEEN_LINES = 10


@dataclass
class Summary:
    """What became of one stream in a run; requests and retries are those of its whole family."""

    stream: str
    records: int = 0
    skipped: int = 0
    warnings: int = 0
    requests: int = 0
    retries: int = 0
    seconds: float = 0.0

    def log(self, logger: logging.Logger) -> None:
        """Log the summary as one line."""
        logger.info(
            "%s: %d records in %.1f s, %d requests, %d retries, %d skipped, %d warnings",
            *(self.stream, self.records, self.seconds, self.requests, self.retries),
            *(self.skipped, self.warnings),
            extra=asdict(self),
        )


class WarningCounter(logging.Handler):
    """Counts the warnings of one logger."""

    def __init__(self) -> None:
        """Start at none."""
        super().__init__(logging.WARNING)
        self.count = 0

    @override
    def emit(self, record: logging.LogRecord) -> None:
        self.count += 1


class Progress:
    """Reports on one walk, at most every ten seconds."""

    def __init__(
        self,
        name: str,
        logger: logging.Logger,
        client: IntercomClient,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start counting.

        Args:
            name: The stream that is walked.
            logger: Where the lines go.
            client: Tells the requests and the use of the rate limit.
            clock: Seconds that only grow.
        """
        self.records = 0
        self._name = name
        self._logger = logger
        self._client = client
        self._clock = clock
        self._began = self._logged = clock()
        self._requests_before = client.requests
        self._retries_before = client.retries
        self._requests_logged = client.requests

    @property
    def requests(self) -> int:
        """Requests since the walk began."""
        return self._client.requests - self._requests_before

    @property
    def retries(self) -> int:
        """Attempts that failed and were followed by another since the walk began."""
        return self._client.retries - self._retries_before

    @property
    def seconds(self) -> float:
        """How long the walk has lasted."""
        return self._clock() - self._began

    def step(self, expected: int) -> None:
        """Count a record, of as many as are expected (0 if nobody knows)."""
        self.records += 1
        now = self._clock()
        if now - self._logged >= SECONDS_BETWEEN_LINES:
            self._log(expected, now)

    def _log(self, expected: int, now: float) -> None:
        rate = (self._client.requests - self._requests_logged) / (now - self._logged)
        expected = max(expected, self.records)
        left = (expected - self.records) * (now - self._began) / self.records
        facts = {
            "stream": self._name,
            "records": self.records,
            "expected_records": expected,
            "percent": round(100 * self.records / expected),
            "requests_per_second": round(rate, 1),
            "rate_limit_percent": round(100 * self._client.rate_limit_use),
            "seconds_left": round(left),
        }
        self._logger.info(
            "%s: %d of %d records (%d %%), %.1f requests/s, %d %% of the rate limit, "
            "about %d s left",
            *facts.values(),
            extra=facts,
        )
        self._logged, self._requests_logged = now, self._client.requests
