"""Work done ahead of time by threads, handed out in order."""

from __future__ import annotations

import threading
from collections import deque
from concurrent.futures import Future
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Item = TypeVar("Item")
Result = TypeVar("Result")

ITEMS_PER_WORKER = 16
"""Items that may wait for their turn, per worker; most of them may need no work."""


class LookAhead:
    """A bounded number of daemon threads that work on the items to come.

    Results come in the order of the items, so output, order and state are those of a sequential
    run. The threads are daemons: a thread pool of `concurrent.futures` would hold up the exit of
    an interrupted run until its requests have ended.
    """

    def __init__(self, workers: int) -> None:
        """Prepare for a number of threads; they start when there is work for them."""
        self._workers = workers
        self._tasks: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._threads = 0

    def map(
        self,
        items: Iterable[Item],
        task_of: Callable[[Item], Callable[[], Result] | None],
    ) -> Iterator[tuple[Item, Result | None]]:
        """Yield each item with the result of its task, or None where there is no task.

        At most twice as many tasks as workers are under way. The first failure is raised at its
        item's turn.
        """
        waiting = deque[tuple[Item, Future[Result] | None]]()
        unfinished = 0

        def oldest() -> tuple[Item, Result | None]:
            item, future = waiting.popleft()
            return item, future.result() if future else None

        try:
            for item in items:
                task = task_of(item)
                waiting.append((item, None if task is None else self.submit(task)))
                unfinished += task is not None
                while waiting and (
                    waiting[0][1] is None
                    or unfinished >= 2 * self._workers
                    or len(waiting) >= ITEMS_PER_WORKER * self._workers
                ):
                    unfinished -= waiting[0][1] is not None
                    yield oldest()
            while waiting:
                yield oldest()
        finally:
            self.stop()

    def submit(self, task: Callable[[], Result]) -> Future[Result]:
        """Let a thread run a task, after those submitted before it."""
        future: Future[Result] = Future()
        self._tasks.put(lambda: _run(task, future))
        if self._threads < self._workers:
            self._threads += 1
            threading.Thread(target=self._work, name="look-ahead", daemon=True).start()
        return future

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            task()

    def stop(self) -> None:
        """Let the threads end after their present tasks; the others are dropped."""
        with suppress(Empty):
            while True:
                self._tasks.get_nowait()
        for _ in range(self._threads):
            self._tasks.put(None)


def _run(task: Callable[[], Result], future: Future[Result]) -> None:
    try:
        future.set_result(task())
    except BaseException as error:  # noqa: BLE001  # it is raised where the result is awaited
        future.set_exception(error)
