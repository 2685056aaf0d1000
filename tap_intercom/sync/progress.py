"""Progress lines and summaries.

Each line has its values as fields too (`extra`), for structured logs such as Meltano's.
"""

from __future__ import annotations

import logging
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from tap_intercom.compat import override

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tap_intercom.api.client import IntercomClient

SECONDS_BETWEEN_LINES = 10


@dataclass
class Summary:
    """The figures of one stream for a run.

    Requests and retries are those of its parent and all child streams together, as the names of
    the log fields say: adding them up would count them several times.
    """

    stream: str
    records: int = 0
    skipped: int = 0
    warnings: int = 0
    requests: int = 0
    retries: int = 0
    seconds: float = 0.0

    def log(self, logger: logging.Logger) -> None:
        """Log the summary as one line."""
        fields = asdict(self)
        fields["group_requests"] = fields.pop("requests")
        fields["group_retries"] = fields.pop("retries")
        logger.info(
            "%s: %s in %.1f s, %d skipped, %s",
            self.stream,
            counted(self.records, "record"),
            self.seconds,
            self.skipped,
            counted(self.warnings, "warning"),
            extra=fields,
        )


def log_total(
    logger: logging.Logger,
    summaries: Sequence[Summary],
    client: IntercomClient,
    seconds: float,
) -> None:
    """Log one line about a run, its last unless something was not loaded.

    Args:
        logger: Where the line goes.
        summaries: Those of the selected streams.
        client: Counts the requests of the run.
        seconds: How long the run has lasted.
    """
    records = sum(summary.records for summary in summaries)
    skipped = sum(summary.skipped for summary in summaries)
    logger.info(
        "Run: %s, %s in %.1f s, %s, %s, %d skipped",
        counted(len(summaries), "stream"),
        counted(records, "record"),
        seconds,
        counted(client.requests, "request"),
        "1 retry" if client.retries == 1 else f"{client.retries} retries",
        skipped,
        extra={
            "streams": len(summaries),
            "records": records,
            "seconds": round(seconds, 1),
            "requests": client.requests,
            "retries": client.retries,
            "skipped": skipped,
        },
    )


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, in the singular where there is one."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


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
    """Logs the progress of one sync, at most every ten seconds."""

    def __init__(
        self,
        name: str,
        logger: logging.Logger,
        client: IntercomClient,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start counting.

        Args:
            name: The stream that is synced.
            logger: Where the lines go.
            client: Counts requests and the use of the rate limit.
            clock: Seconds that only grow.
        """
        self.records = 0
        self._name = name
        self._logger = logger
        self._client = client
        self._clock = clock
        self._started = self._logged = clock()
        self._requests_before = client.requests
        self._retries_before = client.retries
        self._requests_logged = client.requests

    @property
    def requests(self) -> int:
        """Requests since the sync started."""
        return self._client.requests - self._requests_before

    @property
    def retries(self) -> int:
        """Failed attempts that were retried since the sync started."""
        return self._client.retries - self._retries_before

    @property
    def seconds(self) -> float:
        """How long the sync has lasted."""
        return self._clock() - self._started

    def count_record(self, expected: int) -> None:
        """Count a record, of as many as are expected (0 if that is unknown)."""
        self.records += 1
        now = self._clock()
        if now - self._logged >= SECONDS_BETWEEN_LINES:
            self._log(expected, now)

    def _log(self, expected: int, now: float) -> None:
        rate = (self._client.requests - self._requests_logged) / (now - self._logged)
        fields = {
            "stream": self._name,
            "records": self.records,
            "requests_per_second": round(rate, 1),
            "rate_limit_percent": round(100 * self._client.rate_limit_use),
        }
        line = (
            "%(stream)s: %(records)d records, %(requests_per_second).1f requests/s, "
            "%(rate_limit_percent)d %% of the rate limit"
        )
        if expected:
            fields |= self._estimate(max(expected, self.records), now)
            line += ", %(percent)d %% of %(expected_records)d, about %(seconds_left)d s left"
        self._logger.info(line, fields, extra=fields)
        self._logged, self._requests_logged = now, self._client.requests

    def _estimate(self, expected: int, now: float) -> dict[str, int]:
        """Return how much is done, and how long the rest will take."""
        left = (expected - self.records) * (now - self._started) / self.records
        return {
            "expected_records": expected,
            "percent": round(100 * self.records / expected),
            "seconds_left": round(left),
        }


class SpoolProgress:
    """Logs, at most every ten seconds, how many records were spooled before the first row."""

    def __init__(
        self, name: str, logger: logging.Logger, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Start counting.

        Args:
            name: The stream that is read.
            logger: Where the lines go.
            clock: Seconds that only grow.
        """
        self._name = name
        self._logger = logger
        self._clock = clock
        self._logged = clock()
        self._records = 0

    def add(self, count: int) -> None:
        """Count records that were read."""
        self._records += count
        if self._clock() - self._logged >= SECONDS_BETWEEN_LINES:
            self._logged = self._clock()
            self._logger.info(
                "%s: read %d records; they are written once all are read",
                self._name,
                self._records,
            )
