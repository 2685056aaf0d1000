"""The limiter, on a clock that only moves when somebody sleeps."""

from __future__ import annotations

import threading
from collections import Counter
from email.utils import formatdate
from typing import TYPE_CHECKING

import pytest

from tap_intercom.api.rate_limit import RateLimiter

if TYPE_CHECKING:
    from collections.abc import Callable

START = 1_700_000_000


class Clock:
    """Seconds since the epoch that pass by sleeping alone; `at` is what happens at a timestamp."""

    def __init__(self) -> None:
        self.now = float(START)
        self.slept: list[float] = []
        self.at: dict[float, Callable[[], None]] = {}

    def time(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        self.at.pop(self.now, lambda: None)()


@pytest.fixture
def clock() -> Clock:
    return Clock()


def limiter_on(clock: Clock, share: float = 1.0) -> RateLimiter:
    return RateLimiter(share, clock=clock.time, sleep=clock.sleep)


def headers(limit: int, remaining: int, clock: Clock, ahead: float = 0) -> dict[str, str]:
    """Answer as Intercom does, whose clock is `ahead` of ours."""
    now = clock.now + ahead
    return {
        "Date": formatdate(now, usegmt=True),
        "X-RateLimit-Limit": str(limit),
        "X-RateLimit-Remaining": str(remaining),
        "X-RateLimit-Reset": str(int(now // 10 + 1) * 10),
    }


def answer(limiter: RateLimiter, requests: int, *, is_refused: bool = False) -> None:
    """Send requests one after the other; Intercom answers, or refuses the last of them."""
    for _ in range(requests):
        limiter.acquire()
        limiter.release({})
    if is_refused:
        limiter.on_rate_limited({})


def test_a_window_is_used_up_to_the_share_and_no_further(clock: Clock) -> None:
    limiter = limiter_on(clock, share=0.5)
    for sent in range(1, 6):
        limiter.acquire()
        limiter.release(headers(10, 10 - sent, clock))
    assert clock.slept == []
    limiter.acquire()
    assert clock.slept == [10.0]


def test_requests_of_other_programs_count_as_used(clock: Clock) -> None:
    limiter = limiter_on(clock, share=0.9)
    limiter.acquire()
    limiter.release(headers(100, 10, clock))
    assert clock.slept == []
    limiter.acquire()
    assert clock.slept == [10.0]


def test_requests_in_flight_count_before_they_are_answered(clock: Clock) -> None:
    limiter = limiter_on(clock)
    limiter.acquire()
    limiter.acquire()
    limiter.acquire()
    limiter.release(headers(3, 2, clock))
    limiter.acquire()
    assert clock.slept == [10.0]


def test_a_late_answer_from_the_last_window_does_not_close_the_new_one(clock: Clock) -> None:
    limiter = limiter_on(clock)
    limiter.acquire()
    limiter.acquire()
    late = headers(100, 0, clock)
    clock.now += 10
    limiter.release(headers(100, 99, clock))
    limiter.release(late)
    limiter.acquire()
    assert clock.slept == []


def test_the_reset_is_read_on_intercoms_clock(clock: Clock) -> None:
    limiter = limiter_on(clock)
    limiter.acquire()
    limiter.release(headers(10, 0, clock, ahead=-7203))
    limiter.acquire()
    assert clock.slept == [pytest.approx(3)]


def test_without_headers_the_usual_limit_is_assumed(clock: Clock) -> None:
    limiter = limiter_on(clock)
    answer(limiter, 1666)
    assert clock.slept == []
    limiter.acquire()
    assert clock.slept == [10.0]


@pytest.mark.parametrize(
    ("info_lines", "wait"), [({}, 1.0), ({"Retry-After": "4"}, 4.0), ({"Retry-After": "soon"}, 1.0)]
)
def test_a_429_without_headers_closes_the_window(
    clock: Clock, info_lines: dict[str, str], wait: float
) -> None:
    limiter = limiter_on(clock)
    limiter.acquire()
    limiter.release(info_lines)
    limiter.on_rate_limited(info_lines)
    limiter.acquire()
    assert clock.slept == [wait]


def test_a_429_makes_everybody_wait_for_the_reset_once(clock: Clock) -> None:
    limiter = limiter_on(clock)
    limiter.acquire()
    info_lines = headers(10, 0, clock)
    limiter.release(info_lines)
    limiter.on_rate_limited(info_lines)
    for _ in range(10):
        limiter.acquire()
    assert clock.slept == [10.0]


def test_a_reset_in_the_far_future_is_not_believed(clock: Clock) -> None:
    limiter = limiter_on(clock)
    limiter.acquire()
    limiter.release(headers(10, 0, clock) | {"X-RateLimit-Reset": str(START + 86_400)})
    limiter.acquire()
    assert clock.slept == [60.0]


def test_threads_never_get_more_than_the_window_holds(clock: Clock) -> None:
    limiter = limiter_on(clock)
    limiter.acquire()
    limiter.release(headers(50, 49, clock))
    sent = Counter({START: 1})
    lock = threading.Lock()

    def send() -> None:
        for _ in range(20):
            with lock:
                limiter.acquire()
                sent[clock.now] += 1
            limiter.release({})

    threads = [threading.Thread(target=send) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sent == {START: 50, START + 10: 50, START + 20: 1}


@pytest.mark.parametrize(
    ("info_lines", "wait"),
    [({}, 1.0), ({"Retry-After": "30"}, 30.0), ({"Retry-After": "9000"}, 60.0)],
)
def test_a_429_whose_reset_is_over_is_waited_for_all_the_same(
    clock: Clock, info_lines: dict[str, str], wait: float
) -> None:
    limiter = limiter_on(clock)
    info_lines = headers(10, 0, clock) | {"X-RateLimit-Reset": str(START - 60)} | info_lines
    for _ in range(3):
        limiter.acquire()
        limiter.release(info_lines)
        limiter.on_rate_limited(info_lines)
    limiter.acquire()
    assert clock.slept == [wait] * 3


def test_an_answer_that_was_under_way_does_not_shorten_the_wait_after_a_429(clock: Clock) -> None:
    limiter = limiter_on(clock)
    limiter.acquire()
    limiter.acquire()
    info_lines = headers(100, 50, clock)
    limiter.release(info_lines | {"Retry-After": "30"})
    limiter.on_rate_limited(info_lines | {"Retry-After": "30"})
    limiter.release(info_lines)
    limiter.acquire()
    assert sum(clock.slept) == 30


def test_without_headers_one_request_a_second_tries_if_the_window_is_over(clock: Clock) -> None:
    limiter = limiter_on(clock)
    answer(limiter, 1_001, is_refused=True)
    for _ in range(4):
        answer(limiter, 1, is_refused=True)
    answer(limiter, 900)
    assert clock.slept == [1.0] * 5


def test_without_headers_the_others_wait_until_the_one_that_tries_is_answered(clock: Clock) -> None:
    limiter = limiter_on(clock)
    answer(limiter, 1_001, is_refused=True)
    limiter.acquire()
    opened = clock.now
    clock.at[opened + 3] = lambda: limiter.release({})
    limiter.acquire()
    assert clock.now == opened + 3


def test_without_headers_the_limit_is_learnt_from_what_was_answered(clock: Clock) -> None:
    limiter = limiter_on(clock)
    answer(limiter, 1_001, is_refused=True)
    for _ in range(9):
        answer(limiter, 1, is_refused=True)
    answer(limiter, 1)
    opened = clock.now
    answer(limiter, 999)
    assert clock.now == opened, "what was answered fits again"
    answer(limiter, 1)
    assert clock.now == opened + 10, "what was refused taught nothing more"
    answer(limiter, 1_010)
    assert clock.now == opened + 10, "a window without a 429 raises the limit a little"
    answer(limiter, 1)
    assert clock.now == opened + 20


def test_without_headers_a_429_in_a_known_window_closes_it_to_its_end(clock: Clock) -> None:
    limiter = limiter_on(clock)
    answer(limiter, 1_001, is_refused=True)
    answer(limiter, 1)
    opened = clock.now
    clock.sleep(4)
    for _ in range(3):
        limiter.acquire()
    for _ in range(3):
        limiter.release({})
        limiter.on_rate_limited({})
    limiter.acquire()
    assert clock.now == opened + 10


def test_without_headers_a_window_is_known_to_end_though_the_tap_began_late_in_it(
    clock: Clock,
) -> None:
    limiter = limiter_on(clock)
    answer(limiter, 1_001, is_refused=True)
    answer(limiter, 1)
    opened = clock.now
    clock.sleep(13)
    answer(limiter, 3, is_refused=True)
    limiter.acquire()
    assert clock.now == opened + 20


def test_without_headers_one_early_429_does_not_slow_the_run_down_to_a_crawl(clock: Clock) -> None:
    limiter = limiter_on(clock)
    answer(limiter, 2, is_refused=True)
    answer(limiter, 2)
    start = clock.now
    answer(limiter, 800)
    assert clock.now == start


def test_without_headers_late_answers_to_a_burst_do_not_lower_the_limit_again(clock: Clock) -> None:
    limiter = limiter_on(clock)
    answer(limiter, 1_000)
    for _ in range(20):
        limiter.acquire()
    for _ in range(10):
        limiter.release({})
        limiter.release({})
        limiter.on_rate_limited({})
    answer(limiter, 2)
    start = clock.now
    answer(limiter, 900)
    assert clock.now == start


def test_answers_out_of_order_do_not_count_requests_twice(clock: Clock) -> None:
    limiter = limiter_on(clock)
    for _ in range(40):
        limiter.acquire()
    for remaining in reversed(range(60, 100)):
        limiter.release(headers(100, min(remaining, 60), clock))
    for _ in range(60):
        limiter.acquire()
    assert clock.slept == []
    limiter.acquire()
    assert clock.slept == [10.0]


def test_a_date_that_comes_late_does_not_put_the_clock_back(clock: Clock) -> None:
    limiter = limiter_on(clock)
    limiter.acquire()
    limiter.acquire()
    limiter.release(headers(10, 9, clock))
    late = {"Date": formatdate(clock.now - 8, usegmt=True)}
    limiter.release(headers(10, 0, clock) | late)
    limiter.acquire()
    assert clock.slept == [10.0]


def test_after_a_reset_in_the_far_future_true_ones_are_believed_again(clock: Clock) -> None:
    limiter = limiter_on(clock)
    limiter.acquire()
    limiter.release(headers(10, 0, clock) | {"X-RateLimit-Reset": str(START + 86_400)})
    limiter.acquire()
    limiter.release(headers(10, 0, clock))
    limiter.acquire()
    assert clock.slept == [60.0, 10.0]


@pytest.mark.parametrize(
    "senseless",
    [
        {"X-RateLimit-Limit": "1e999"},
        {"X-RateLimit-Limit": "0.5"},
        {"X-RateLimit-Remaining": "1e999"},
        {"X-RateLimit-Reset": "nan"},
        {"Date": "Mon, 99999999999999999999 Jan 2024 00:00:00 GMT"},
    ],
    ids=str,
)
def test_senseless_headers_tell_nothing(clock: Clock, senseless: dict[str, str]) -> None:
    limiter = limiter_on(clock)
    limiter.acquire()
    limiter.release(headers(10, 9, clock) | senseless)
    assert 0 <= limiter.use <= 1
    limiter.acquire()
    assert clock.slept == []


def test_a_date_that_jumps_by_a_second_does_not_end_a_window(clock: Clock) -> None:
    limiter = limiter_on(clock)
    answer(limiter, 1_665)
    limiter.acquire()
    limiter.release({"Date": formatdate(clock.now + 9, usegmt=True)})
    limiter.acquire()
    assert clock.slept == [10.0]
