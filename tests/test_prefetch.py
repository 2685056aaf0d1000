"""Tasks run ahead of time, with results in order."""

from __future__ import annotations

import itertools
import threading
import weakref
from itertools import count
from typing import TYPE_CHECKING

import pytest

from tap_intercom.sync.prefetch import ITEMS_PER_THREAD, MAX_BYTES, Prefetcher

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


MAX_WAIT_SECONDS = 60
"""Passes only if a thread hangs."""


def prefetch_threads() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name == "prefetch"}


def test_results_come_in_order() -> None:
    second_is_done = threading.Event()

    def task(item: int) -> int:
        if item == 0:
            assert second_is_done.wait(MAX_WAIT_SECONDS)
        else:
            second_is_done.set()
        return item * 10

    results = list(Prefetcher(2).prefetch(range(3), lambda item: lambda: task(item)))

    assert results == [(0, 0), (1, 10), (2, 20)]


def test_items_without_task_need_no_thread() -> None:
    before = prefetch_threads()

    results = list(Prefetcher(4).prefetch("abc", lambda _: None))

    assert results == [("a", None), ("b", None), ("c", None)]
    assert prefetch_threads() == before


def test_tasks_ahead_are_bounded() -> None:
    begun: list[int] = []
    results = Prefetcher(2).prefetch(count(), lambda item: lambda: begun.append(item))

    next(results)
    results.close()

    assert max(begun) < 4


def test_items_ahead_are_bounded() -> None:
    drawn: list[int] = []
    release = threading.Event()

    def items() -> Iterator[int]:
        for item in count():
            drawn.append(item)
            if len(drawn) == 2 * ITEMS_PER_THREAD:
                release.set()
            yield item

    def task_of(item: int) -> Callable[[], bool] | None:
        return (lambda: release.wait(MAX_WAIT_SECONDS)) if item == 0 else None

    results = Prefetcher(2).prefetch(items(), task_of)
    next(results)
    results.close()

    assert len(drawn) == 2 * ITEMS_PER_THREAD


def test_failure_is_raised_at_its_turn() -> None:
    results = Prefetcher(3).prefetch(range(5), lambda item: lambda: 1 // (item - 2))

    before = [next(results)[0], next(results)[0]]

    assert before == [0, 1]
    with pytest.raises(ZeroDivisionError):
        next(results)


def test_threads_are_daemons() -> None:
    before = prefetch_threads()
    results = Prefetcher(3).prefetch(range(9), lambda item: lambda: item)

    next(results)
    threads = prefetch_threads() - before
    results.close()

    assert threads
    assert all(thread.daemon for thread in threads)


def test_threads_end_with_the_items() -> None:
    before = prefetch_threads()
    results = Prefetcher(3).prefetch(range(9), lambda item: lambda: item)
    next(results)
    threads = prefetch_threads() - before

    list(results)

    for thread in threads:
        thread.join(MAX_WAIT_SECONDS)
    assert not any(thread.is_alive() for thread in threads)


def test_idle_thread_takes_the_next_task() -> None:
    prefetcher = Prefetcher(8)

    threads = {prefetcher.take(prefetcher.submit(threading.get_ident)) for _ in range(20)}
    prefetcher.stop()

    assert len(threads) == 1


def test_long_tasks_get_all_threads() -> None:
    all_at_once = threading.Barrier(8)
    seconds = itertools.count()
    prefetcher = Prefetcher(8, clock=lambda: float(next(seconds)))

    prefetcher.take(prefetcher.submit(lambda: None))
    work = [prefetcher.submit(lambda: all_at_once.wait(MAX_WAIT_SECONDS)) for _ in range(8)]
    arrived = sorted(prefetcher.take(one) for one in work)
    prefetcher.stop()

    assert arrived == list(range(8))


def test_short_tasks_get_two_threads() -> None:
    prefetcher = Prefetcher(8, clock=lambda: 0.0)

    results = list(prefetcher.prefetch(range(400), lambda _: threading.get_ident))
    threads_at_end = {thread for _, thread in results[-100:]}

    assert len(threads_at_end) <= 2


def test_threads_are_never_more_than_allowed() -> None:
    results = Prefetcher(3).prefetch(range(200), lambda _: threading.get_ident)

    threads = {thread for _, thread in results}

    assert len(threads) <= 3


def test_large_results_are_prefetched_sparingly() -> None:
    begun: list[int] = []
    received = threading.local()

    def task(item: int) -> None:
        begun.append(item)
        received.total = getattr(received, "total", 0) + MAX_BYTES // 2

    prefetcher = Prefetcher(8, lambda: getattr(received, "total", 0))
    results = prefetcher.prefetch(count(), lambda item: lambda: task(item))

    ahead = []
    for item in range(40):
        next(results)
        ahead.append(max(begun) - item)
    results.close()

    assert max(ahead[:16]) < 16, "begun before any size was known"
    assert max(ahead[16:]) <= 2


def test_used_results_make_room() -> None:
    """More is received in all than may wait for its turn at once."""
    received = itertools.count(step=MAX_BYTES // 2)
    prefetcher = Prefetcher(1, lambda: next(received))

    for _ in range(10):
        prefetcher.take(prefetcher.submit(lambda: None))
    prefetcher.stop()

    assert prefetcher.has_room


def test_idle_thread_holds_no_result() -> None:
    """24 idle threads with a page each were a quarter of a run's memory."""

    class Result:
        pass

    gone = threading.Event()
    prefetcher = Prefetcher(1)
    result = prefetcher.take(prefetcher.submit(Result))
    weakref.finalize(result, gone.set)

    del result

    assert gone.wait(MAX_WAIT_SECONDS)
    prefetcher.stop()
