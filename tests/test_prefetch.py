"""Work ahead of time, handed out in order."""

from __future__ import annotations

import threading
import weakref
from itertools import count

import pytest

from tap_intercom.sync.prefetch import BYTES_HELD, FEWEST_THREADS, ITEMS_PER_WORKER, Prefetcher

WORKERS = 12


class Clock:
    """Seconds that pass only where a test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def time(self) -> float:
        return self.now


def test_results_come_in_the_order_of_the_items_whatever_finishes_first() -> None:
    second_is_done = threading.Event()

    def task(item: int) -> int:
        if item == 0:
            assert second_is_done.wait(5)
        else:
            second_is_done.set()
        return item * 10

    results = list(Prefetcher(2).prefetch(range(3), lambda item: lambda: task(item)))
    assert results == [(0, 0), (1, 10), (2, 20)]


def test_an_item_without_work_costs_no_thread() -> None:
    before = threading.active_count()
    results = list(Prefetcher(4).prefetch("abc", lambda _: None))
    assert results == [("a", None), ("b", None), ("c", None)]
    assert threading.active_count() == before


def test_no_more_than_twice_the_workers_are_begun_ahead() -> None:
    begun: list[int] = []
    ahead = Prefetcher(2).prefetch(count(), lambda item: lambda: begun.append(item))
    next(ahead)
    ahead.close()
    assert max(begun) < 4


def test_items_without_work_do_not_pile_up_behind_a_slow_one() -> None:
    drawn: list[int] = []
    let_go = threading.Event()

    def items() -> object:
        for item in count():
            drawn.append(item)
            yield item

    def task_of(item: int) -> object:
        return (lambda: let_go.wait(5)) if item == 0 else None

    ahead = Prefetcher(2).prefetch(items(), task_of)  # type: ignore[arg-type]
    threading.Timer(0.05, let_go.set).start()
    next(ahead)
    ahead.close()
    assert len(drawn) == 2 * ITEMS_PER_WORKER


def test_a_failure_is_raised_at_its_own_turn() -> None:
    def task(item: int) -> int:
        return 1 // (item - 2)

    ahead = Prefetcher(3).prefetch(range(5), lambda item: lambda: task(item))
    assert [next(ahead)[0], next(ahead)[0]] == [0, 1]
    with pytest.raises(ZeroDivisionError):
        next(ahead)


def test_threads_are_daemons_and_end_with_the_walk() -> None:
    ahead = Prefetcher(3).prefetch(range(9), lambda item: lambda: item)
    next(ahead)
    threads = [thread for thread in threading.enumerate() if thread.name == "look-ahead"]
    assert threads
    assert all(thread.daemon for thread in threads)
    list(ahead)
    for thread in threads:
        thread.join(5)
        assert not thread.is_alive()


def test_results_that_are_large_are_begun_one_after_the_other() -> None:
    begun: list[int] = []
    received = threading.local()

    def task(item: int) -> None:
        begun.append(item)
        received.total = getattr(received, "total", 0) + BYTES_HELD // 2

    ahead = Prefetcher(8, lambda: getattr(received, "total", 0)).prefetch(
        count(), lambda item: lambda: task(item)
    )
    for item in range(40):
        assert next(ahead)[0] == item
        # those that were begun before anything was known of their size
        assert max(begun) <= max(item + 2, 16)
    ahead.close()


def test_a_thread_without_work_holds_no_result() -> None:
    """24 idle threads with a page each were a quarter of a run's memory."""

    class Result:
        pass

    gone = threading.Event()
    ahead = Prefetcher(1)
    result = ahead.take(ahead.submit(Result))
    weakref.finalize(result, gone.set)
    del result
    assert gone.wait(10)
    ahead.stop()


def test_tasks_that_take_no_time_are_left_to_few_threads() -> None:
    """More of them would only take the interpreter from each other."""
    ahead = Prefetcher(WORKERS, clock=Clock().time)
    results = ahead.prefetch(range(300), lambda _: threading.get_ident)
    threads = [thread for _, thread in results]
    assert len(threads) == 300
    assert len(set(threads[-100:])) <= FEWEST_THREADS


def test_all_threads_are_there_for_tasks_that_take_long_whatever_came_before() -> None:
    clock = Clock()
    all_at_once = threading.Barrier(WORKERS)

    def task(item: int) -> None:
        if item >= 100:
            clock.now += 0.1
        if item >= 300:
            all_at_once.wait(5)

    items = range(300 + 4 * WORKERS)
    results = Prefetcher(WORKERS, clock=clock.time).prefetch(items, lambda item: lambda: task(item))
    assert [item for item, _ in results] == list(items)


def test_whoever_has_to_wait_for_a_result_waits_for_half_of_those_to_come() -> None:
    """To be woken for each of them would cost more than it brings."""
    first, sixth = threading.Event(), threading.Event()
    done: list[int] = []

    def task(item: int) -> None:
        if item == 0:
            assert first.wait(5)
            threading.Timer(0.05, sixth.set).start()
        if item == 5:
            assert sixth.wait(5)
        done.append(item)

    results = Prefetcher(9).prefetch(range(9), lambda item: lambda: task(item))
    threading.Timer(0.05, first.set).start()
    assert next(results)[0] == 0
    assert 5 in done
    results.close()
