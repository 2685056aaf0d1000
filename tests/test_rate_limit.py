"""The rate limiter, on a clock that only moves when somebody sleeps."""

from __future__ import annotations

import threading
from collections import Counter
from email.utils import formatdate
from typing import TYPE_CHECKING

import pytest
from urllib3 import HTTPHeaderDict

from tap_intercom.api.rate_limit import (
    DEFAULT_LIMIT,
    MAX_DRIFT_SECONDS,
    WINDOW_SECONDS,
    RateLimiter,
)

if TYPE_CHECKING:
    from collections.abc import Callable

START = 1_700_000_000
UNREPORTED_WINDOW = WINDOW_SECONDS + MAX_DRIFT_SECONDS


class Clock:
    """Seconds since the epoch that pass by sleeping alone."""

    def __init__(self) -> None:
        self.now = float(START)
        self.slept: list[float] = []

    def time(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def limiter(clock: Clock) -> RateLimiter:
    return limiter_with_share(1.0, clock)


def limiter_with_share(share: float, clock: Clock) -> RateLimiter:
    return RateLimiter(share, clock=clock.time, sleep=clock.sleep)


def headers(
    limit: int, remaining: int, clock: Clock, ahead: float = 0, **others: str
) -> dict[str, str]:
    """Return the headers of a response whose clock is some seconds ahead of ours.

    The reset lies six seconds after the end of the window, as in recorded responses of 2026.
    """
    now = clock.now + ahead
    return {
        "Date": formatdate(now, usegmt=True),
        "X-RateLimit-Limit": str(limit),
        "X-RateLimit-Remaining": str(remaining),
        "X-RateLimit-Reset": str(int(now // 10 + 1) * 10 + 6),
        **{name.replace("_", "-"): value for name, value in others.items()},
    }


def send(limiter: RateLimiter, requests: int = 1, response: dict[str, str] | None = None) -> None:
    """Send requests one after the other, each with the same response."""
    for _ in range(requests):
        limiter.acquire()
        limiter.release(response or {})


def send_in_vain(limiter: RateLimiter, response: dict[str, str]) -> None:
    """Send a request that is answered 429."""
    send(limiter, 1, response)
    limiter.on_rate_limited(response)


def test_window_is_used_up_to_the_share(clock: Clock) -> None:
    limiter = limiter_with_share(0.5, clock)

    for sent in range(5):
        send(limiter, 1, headers(10, 10 - sent, clock))
    before = list(clock.slept)
    limiter.acquire()

    assert (before, clock.slept) == ([], [10.0])


def test_requests_of_other_programs_are_counted(clock: Clock) -> None:
    limiter = limiter_with_share(0.9, clock)
    send(limiter, 1, headers(100, 10, clock))

    limiter.acquire()

    assert clock.slept == [10.0]


def test_remaining_requests_include_the_answered_one(limiter: RateLimiter, clock: Clock) -> None:
    """The first response of a window has as many remaining as the limit, this second one fewer."""
    send(limiter, 1, headers(2, 1, clock))

    limiter.acquire()

    assert clock.slept == [10.0]


def test_requests_in_flight_are_counted(limiter: RateLimiter, clock: Clock) -> None:
    for _ in range(3):
        limiter.acquire()
    limiter.release(headers(3, 2, clock))

    limiter.acquire()

    assert clock.slept == [10.0]


def test_responses_out_of_order_count_once(limiter: RateLimiter, clock: Clock) -> None:
    for _ in range(40):
        limiter.acquire()
    for remaining in reversed(range(60, 100)):
        limiter.release(headers(100, min(remaining, 60), clock))

    send(limiter, 60)
    before = list(clock.slept)
    limiter.acquire()

    assert (before, clock.slept) == ([], [10.0])


def test_late_response_leaves_the_new_window_open(limiter: RateLimiter, clock: Clock) -> None:
    limiter.acquire()
    limiter.acquire()
    late = headers(100, 0, clock)
    clock.now += 10

    limiter.release(headers(100, 99, clock))
    limiter.release(late)
    limiter.acquire()

    assert clock.slept == []


def test_threads_share_each_window(limiter: RateLimiter, clock: Clock) -> None:
    send(limiter, 1, headers(50, 49, clock))
    sent = Counter({START: 1})
    lock = threading.Lock()

    def send_twenty() -> None:
        for _ in range(20):
            with lock:
                limiter.acquire()
                sent[int(clock.now)] += 1
            limiter.release({})

    threads = [threading.Thread(target=send_twenty) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sent == {START: 50, START + 10: 50, START + 20: 1}


def test_reset_is_read_on_intercoms_clock(limiter: RateLimiter, clock: Clock) -> None:
    send(limiter, 1, headers(10, 0, clock, ahead=-7203))

    limiter.acquire()

    assert clock.slept == [3]


def test_late_date_does_not_put_the_clock_back(limiter: RateLimiter, clock: Clock) -> None:
    limiter.acquire()
    limiter.acquire()
    late = formatdate(clock.now - 8, usegmt=True)

    limiter.release(headers(10, 9, clock))
    limiter.release(headers(10, 0, clock, Date=late))
    limiter.acquire()

    assert clock.slept == [10.0]


def test_date_alone_does_not_end_a_window(limiter: RateLimiter, clock: Clock) -> None:
    send(limiter, DEFAULT_LIMIT - 1)
    send(limiter, 1, {"Date": formatdate(clock.now + 9, usegmt=True)})

    limiter.acquire()

    assert clock.slept == [pytest.approx(UNREPORTED_WINDOW)]


def test_late_response_counts_in_its_own_window(limiter: RateLimiter, clock: Clock) -> None:
    for _ in range(10):
        limiter.acquire()
    late = headers(10, 1, clock)
    clock.now += 10
    limiter.release(headers(10, 10, clock))

    for _ in range(9):
        limiter.release(late)
    send(limiter, 9)

    assert clock.slept == []


def test_response_after_its_reset_tells_the_limit(limiter: RateLimiter, clock: Clock) -> None:
    late = headers(1, 1, clock, X_RateLimit_Reset=str(START - 1))
    send(limiter, 1, late)

    send(limiter, 2)

    assert clock.slept == [pytest.approx(UNREPORTED_WINDOW)]


@pytest.mark.parametrize("offset", [0, 2, 6])
def test_window_ends_before_its_reset(limiter: RateLimiter, clock: Clock, offset: int) -> None:
    clock.now += 4
    reset = {"X-RateLimit-Reset": str(START + 10 + offset)}
    send(limiter, 1, headers(10, 0, clock) | reset)

    limiter.acquire()

    assert clock.slept == [6.0]


@pytest.mark.parametrize("spelling", [str.lower, str.upper, str.title])
def test_header_names_ignore_case(
    limiter: RateLimiter, clock: Clock, spelling: Callable[[str], str]
) -> None:
    response = headers(10, 0, clock)

    send(limiter, 1, HTTPHeaderDict({spelling(name): response[name] for name in response}))
    limiter.acquire()

    assert clock.slept == [10.0]


@pytest.mark.parametrize(
    "senseless",
    [
        {"X-RateLimit-Limit": "1e999"},
        {"X-RateLimit-Limit": "0.5"},
        {"X-RateLimit-Remaining": "1e999"},
        {"X-RateLimit-Reset": "nan"},
        {"X-RateLimit-Reset": str(START + 86_400)},
        {"X-RateLimit-Reset": str(START - 86_400)},
        {"Date": "Mon, 99999999999999999999 Jan 2024 00:00:00 GMT"},
    ],
    ids=str,
)
def test_senseless_headers_are_ignored(
    limiter: RateLimiter, clock: Clock, senseless: dict[str, str]
) -> None:
    send(limiter, 1, headers(10, 0, clock) | senseless)

    limiter.acquire()

    assert 0 <= limiter.use <= 1
    assert clock.slept == []


def test_rate_limited_request_closes_the_window_once(limiter: RateLimiter, clock: Clock) -> None:
    send_in_vain(limiter, headers(10, 0, clock))

    send(limiter, 10)

    assert clock.slept == [10.0]


@pytest.mark.parametrize(("retry_after", "wait"), [("0", 1.0), ("30", 30.0), ("9000", 60.0)])
def test_retry_after_outlasts_a_past_reset(
    limiter: RateLimiter, clock: Clock, retry_after: str, wait: float
) -> None:
    past = {"X-RateLimit-Reset": str(START - 60)}
    response = headers(10, 0, clock, Retry_After=retry_after) | past

    for _ in range(3):
        send_in_vain(limiter, response)
    limiter.acquire()

    assert clock.slept == [wait] * 3


def test_response_on_its_way_does_not_shorten_a_wait(limiter: RateLimiter, clock: Clock) -> None:
    limiter.acquire()
    send_in_vain(limiter, headers(100, 50, clock, Retry_After="30"))

    limiter.release(headers(100, 50, clock))
    limiter.acquire()

    assert sum(clock.slept) == 30


def test_usual_limit_is_assumed_without_headers(limiter: RateLimiter, clock: Clock) -> None:
    send(limiter, DEFAULT_LIMIT)
    before = list(clock.slept)

    limiter.acquire()

    assert (before, clock.slept) == ([], [pytest.approx(UNREPORTED_WINDOW)])


@pytest.mark.parametrize("response", [{}, {"Retry-After": "soon"}], ids=str)
def test_rate_limited_request_without_headers_waits_a_window(
    limiter: RateLimiter, clock: Clock, response: dict[str, str]
) -> None:
    send_in_vain(limiter, response)

    send(limiter, DEFAULT_LIMIT)

    assert clock.slept == [WINDOW_SECONDS]


@pytest.mark.parametrize("retry_after", ["4", formatdate(START + 4, usegmt=True)])
def test_retry_after_is_obeyed_without_other_headers(
    limiter: RateLimiter, clock: Clock, retry_after: str
) -> None:
    date = formatdate(START, usegmt=True)

    send_in_vain(limiter, {"Date": date, "Retry-After": retry_after})

    limiter.acquire()

    assert clock.slept == [4.0]
