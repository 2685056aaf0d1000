"""Run the installed tap at a given time, without waiting for anything.

    python -P tap_without_waits.py SANDBOX_URL TIME [ARGUMENTS_OF_THE_TAP ...]

The run starts at TIME (epoch seconds, UTC). For the tap, time passes only while it sleeps: a sleep
returns at once and moves the clocks of the tap and of the sandbox forward. `time.monotonic` moves
with real time as well, because threads measure latency with it.

This file is run with the Python of any revision of the tap, so it relies on nothing but the
standard library and `tap_intercom.tap:TapIntercom`.
"""

from __future__ import annotations

import http.client
import json
import random
import sys
import threading
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable

TIMEOUT_SECONDS = 60


class SimulatedClock:
    """A clock that sleeping moves forward; threads that sleep at the same time sleep together."""

    def __init__(self, sandbox_url: str, start: float) -> None:
        """Start at a time in epoch seconds."""
        self._host = urlsplit(sandbox_url).netloc
        self._start = start
        self._slept = 0.0
        self._monotonic: Callable[[], float] = time.monotonic
        self._lock = threading.Lock()

    def install(self) -> None:
        """Replace the functions of the module `time`, before the tap is imported."""
        time.time = self.time
        time.monotonic = self.monotonic
        time.sleep = self.sleep  # type: ignore[assignment]  # it takes numbers only

    def time(self) -> float:
        """Return the simulated time in epoch seconds."""
        return self._start + self._slept

    def monotonic(self) -> float:
        """Return the real monotonic clock plus the seconds slept."""
        return self._monotonic() + self._slept

    def sleep(self, seconds: float) -> None:
        """Move both clocks forward by some seconds."""
        end = self._slept + seconds
        with self._lock:
            if end > self._slept:
                self._advance_sandbox(end - self._slept)
                self._slept = end

    def _advance_sandbox(self, seconds: float) -> None:
        connection = http.client.HTTPConnection(self._host, timeout=TIMEOUT_SECONDS)
        try:
            body = json.dumps({"seconds": seconds})
            connection.request("POST", "/_sandbox/clock/advance", body)
            status = connection.getresponse().status
        finally:
            connection.close()
        if status != http.client.OK:
            sys.exit(f"The sandbox's clock could not be moved: status {status}")


def main() -> None:
    """Run the tap's command line with what is left of the arguments."""
    url, start, *arguments = sys.argv[1:]
    SimulatedClock(url, float(start)).install()
    random.seed(0)  # the jitter between retries
    from tap_intercom.tap import TapIntercom

    TapIntercom.cli(arguments)


if __name__ == "__main__":
    main()
