"""Programs under Intercom's rate limit, simulated exactly: every window is used up to the share."""

from __future__ import annotations

import heapq
import itertools
import math
from collections import Counter
from email.utils import formatdate
from random import Random
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tap_intercom.api.rate_limit import WINDOW_SECONDS, RateLimiter
from tests.sandbox import rate_limit
from tests.sandbox.errors import ApiError
from tests.sandbox.options import SandboxOptions

if TYPE_CHECKING:
    from collections.abc import Iterator

START = 1_700_000_004.3
"""Within a window."""

LIMIT = 300
SHARE = 0.9
CONCURRENCY = 32
MIN_USE = 0.95
WINDOWS = 12


class Latency(NamedTuple):
    """Seconds until a request is counted, from there to `Date`, and back; up to `jitter` more."""

    out: float = 0
    working: float = 0
    back: float = 0
    jitter: float = 0


class MustWaitError(Exception):
    """Ends a call that would sleep for a number of seconds."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class Simulation:
    """Intercom's clock and rate limit, and the programs that use it; nothing sleeps.

    Attributes:
        counted: Requests that were let through, by window.
        refused: Requests that were answered 429.
    """

    def __init__(self, **rules: float) -> None:
        self._time = START
        self._options = SandboxOptions(**{"rate_limit": LIMIT, **rules})
        self._limiter = rate_limit.RateLimiter(self)
        self._random = Random(1)
        self._order = itertools.count()
        self._programs: list[tuple[float, int, Iterator[float]]] = []
        self.counted: Counter[int] = Counter()
        self.refused = 0

    def now(self) -> float:
        """The time on Intercom's clock (epoch seconds)."""
        return self._time

    def add_program(
        self, latency: Latency, concurrency: int = CONCURRENCY, clock_rate: float = 1
    ) -> None:
        """Add a program that sends as many requests as its rate limiter lets through.

        Args:
            latency: Of its requests.
            concurrency: Requests in flight at most.
            clock_rate: Seconds that pass on its clock in one second of Intercom's.
        """

        def sleep(seconds: float) -> None:
            raise MustWaitError(seconds / clock_rate)

        limiter = RateLimiter(SHARE, clock=lambda: 77 + self._time * clock_rate, sleep=sleep)
        for _ in range(concurrency):
            self._schedule(0, self._requests(limiter, latency))

    def run(self, windows: int = WINDOWS) -> list[int]:
        """Let time pass, and return how many requests the full windows had."""
        end = START + (windows + 1) * WINDOW_SECONDS
        while self._time < end:
            self._time, _, program = heapq.heappop(self._programs)
            self._schedule(next(program), program)
        first = math.floor(START / WINDOW_SECONDS) + 1
        return [self.counted[first + window] for window in range(windows)]

    def _schedule(self, seconds: float, program: Iterator[float]) -> None:
        entry = (self._time + seconds, next(self._order), program)
        heapq.heappush(self._programs, entry)

    def _requests(self, limiter: RateLimiter, latency: Latency) -> Iterator[float]:
        """Send one request after the other; yields how long (seconds) each step takes."""
        while True:
            try:
                limiter.acquire()
            except MustWaitError as wait:
                yield wait.seconds
                continue
            yield latency.out + self._random.uniform(0, latency.jitter)
            headers, is_refused = self._count()
            yield latency.working + self._random.uniform(0, latency.jitter)
            headers["Date"] = formatdate(self._time, usegmt=True)
            yield latency.back + self._random.uniform(0, latency.jitter)
            limiter.release(headers)
            if is_refused:
                limiter.on_rate_limited(headers)

    def _count(self) -> tuple[dict[str, str], bool]:
        """Return the headers of a response and whether it is a 429."""
        try:
            headers = self._limiter.take(self._options)
        except ApiError as error:
            self.refused += 1
            return _mixed_case(error.headers), True
        self.counted[math.floor(self._time / WINDOW_SECONDS)] += 1
        return _mixed_case(headers), False


def _mixed_case(headers: dict[str, str]) -> dict[str, str]:
    """Return headers as the tap's transport finds them, which ignores case."""
    names = {"x-ratelimit-" + name.lower(): "X-RateLimit-" + name for name in NAMES}
    return {names[name]: value for name, value in headers.items()}


NAMES = ("Limit", "Remaining", "Reset")
RESET_OFFSETS = (0, 2, 6)
LATENCIES = {
    "short": Latency(back=0.05),
    "out": Latency(out=0.9),
    "back": Latency(back=0.9),
    "both": Latency(out=0.45, back=0.45),
    "working": Latency(working=0.9),
    "jitter": Latency(out=0.2, working=0.1, back=0.2, jitter=0.2),
}


@pytest.mark.parametrize("latency", LATENCIES.values(), ids=LATENCIES)
@pytest.mark.parametrize("offset", RESET_OFFSETS)
def test_full_windows_reach_their_share(offset: int, latency: Latency) -> None:
    simulation = Simulation(reset_offset=offset)
    simulation.add_program(latency)

    windows = simulation.run()

    assert simulation.refused == 0
    assert min(windows) >= MIN_USE * SHARE * LIMIT
    assert max(windows) <= SHARE * LIMIT


@pytest.mark.parametrize("latency", LATENCIES.values(), ids=LATENCIES)
@pytest.mark.parametrize("offset", RESET_OFFSETS)
def test_two_programs_share_windows(offset: int, latency: Latency) -> None:
    simulation = Simulation(reset_offset=offset)
    simulation.add_program(latency)
    simulation.add_program(Latency(out=0.05, back=0.25), concurrency=8)

    windows = simulation.run()

    assert simulation.refused == 0
    assert min(windows) >= MIN_USE * SHARE * LIMIT


@pytest.mark.parametrize("limit", [50, 83, 167, 1_666])
def test_other_limits_reach_their_share(limit: int) -> None:
    simulation = Simulation(rate_limit=limit, reset_offset=6)
    simulation.add_program(Latency(out=0.05, back=0.05))

    windows = simulation.run()

    assert simulation.refused == 0
    assert min(windows) >= MIN_USE * int(SHARE * limit)


def test_requests_of_others_are_left_room() -> None:
    simulation = Simulation(reset_offset=6, other_share=0.5)
    simulation.add_program(Latency(out=0.1, back=0.1))

    windows = simulation.run()

    assert simulation.refused == 0
    assert min(windows) >= (SHARE - 0.5) * LIMIT


@pytest.mark.parametrize("rate", [0.9995, 1.0005])
def test_drifting_clock_keeps_its_phase(rate: float) -> None:
    """Half a thousandth is five times what a clock without correction may be wrong."""
    simulation = Simulation(rate_limit=20, reset_offset=6)
    simulation.add_program(Latency(out=0.05, back=0.05), concurrency=4, clock_rate=rate)

    windows = simulation.run(2_000)

    assert simulation.refused == 0
    assert min(windows) >= MIN_USE * SHARE * 20


def test_missing_headers_cost_few_requests() -> None:
    simulation = Simulation(rate_limit=1_666, rate_limit_headers=False)
    simulation.add_program(Latency(out=0.05, back=0.05))

    simulation.run()

    assert simulation.refused <= CONCURRENCY
