"""What a stream says while it sets records aside, before the first row is written."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tap_intercom.progress import SECONDS_BETWEEN_LINES

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable


class Gathering:
    """Tells, at most every ten seconds, how many records have been read."""

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
        self._told = clock()
        self._read = 0

    def add(self, count: int) -> None:
        """Count records that were read."""
        self._read += count
        if self._clock() - self._told >= SECONDS_BETWEEN_LINES:
            self._told = self._clock()
            self._logger.info(
                "%s: %d records read; they are written once all are", self._name, self._read
            )
