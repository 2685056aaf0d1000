"""Tasks that threads run ahead of time, with their results in the order of the items."""

from __future__ import annotations

import threading
import time
from collections import deque
from concurrent.futures import Future, wait
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

Item = TypeVar("Item")
Result = TypeVar("Result")

TASKS_PER_THREAD = 2
"""Tasks that may be submitted before the oldest result is used, per thread."""

ITEMS_PER_THREAD = 16
"""Items that may wait for their turn, per thread; most of them may need no task."""

MIN_THREADS = 2
"""One thread waits for a response while another works."""

SECONDS_PER_THREAD = 0.001
"""How much longer a task has to take for one more thread: in about a millisecond of each task a
thread keeps the interpreter busy, and more threads than can wait only interrupt each other."""

RECENT_TASKS = 8
"""Tasks over which the duration of a task is averaged."""

MAX_BYTES = 20 * 1024 * 1024
"""Bytes received for results that wait for their turn."""


class Work(Future[Result]):
    """A pending result, and how many bytes were received for it."""

    size = 0


class Prefetcher:
    """A bounded number of daemon threads that run tasks in the order of their submission.

    The threads are daemons: a thread pool of `concurrent.futures` would hold up the exit of an
    interrupted run until its requests have ended.
    """

    def __init__(
        self,
        max_threads: int,
        received: Callable[[], int] = lambda: 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare; threads are started for tasks, the more the longer a task takes.

        Args:
            max_threads: Threads at most.
            received: Returns how many bytes the current thread has received so far.
            clock: Seconds that only grow.
        """
        self._max_threads = max_threads
        self._received = received
        self._clock = clock
        self._task_seconds = max_threads * SECONDS_PER_THREAD  # until tasks prove to be shorter
        self._lock = threading.Lock()
        self._tasks: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._threads = 0
        self._unfinished = 0
        self._held_bytes = 0
        self._max_size = 0

    def prefetch(
        self,
        items: Iterable[Item],
        task_of: Callable[[Item], Callable[[], Result] | None],
    ) -> Iterator[tuple[Item, Result | None]]:
        """Yield each item with the result of its task, or None where there is no task.

        Results come in the order of the items, so output, order and state are those of a
        sequential run. At most twice as many tasks as threads are ahead, and fewer if their results
        are large. The first failure is raised at its item's turn.
        """
        waiting = deque[tuple[Item, Work[Result] | None]]()
        tasks = 0

        def oldest() -> tuple[Item, Result | None]:
            item, work = waiting.popleft()
            if work is not None and not work.done():
                _wait_for_half([later for _, later in waiting if later is not None])
            return item, None if work is None else self.take(work)

        try:
            for item in items:
                task = task_of(item)
                waiting.append((item, None if task is None else self.submit(task)))
                tasks += task is not None
                while waiting and (
                    waiting[0][1] is None
                    or tasks >= TASKS_PER_THREAD * self._max_threads
                    or len(waiting) >= ITEMS_PER_THREAD * self._max_threads
                    or not self.has_room
                ):
                    tasks -= waiting[0][1] is not None
                    yield oldest()
            while waiting:
                yield oldest()
        finally:
            self.stop()

    @property
    def has_room(self) -> bool:
        """Whether one more result fits into memory, if it is as large as the largest so far."""
        return self._held_bytes + (self._unfinished + 1) * self._max_size <= MAX_BYTES

    def submit(self, task: Callable[[], Result]) -> Work[Result]:
        """Let a thread run a task, after those submitted before it."""
        work: Work[Result] = Work()
        with self._lock:
            self._unfinished += 1
            self._tasks.put(lambda: self._run(task, work))
            if self._threads < min(self._useful_threads, self._unfinished):
                self._threads += 1
                threading.Thread(target=self._run_tasks, name="prefetch", daemon=True).start()
        return work

    def take(self, work: Work[Result]) -> Result:
        """Wait for a result and return it; it counts no longer as held.

        Raises:
            Exception: What the task raised.
        """
        result = work.result()
        with self._lock:
            self._held_bytes -= work.size
        return result

    def stop(self) -> None:
        """Let the threads end after their current tasks; drop the others."""
        with suppress(Empty):
            while True:
                self._tasks.get_nowait()
        for _ in range(self._threads):
            self._tasks.put(None)

    @property
    def _useful_threads(self) -> int:
        useful = round(self._task_seconds / SECONDS_PER_THREAD)
        return min(self._max_threads, max(MIN_THREADS, useful))

    def _run_tasks(self) -> None:
        while self._run_next() and not self._ends_thread():
            pass

    def _ends_thread(self) -> bool:
        """Whether the current thread has to end, because fewer are useful."""
        with self._lock:
            is_superfluous = self._threads > self._useful_threads
            self._threads -= is_superfluous
        return is_superfluous

    def _run_next(self) -> bool:
        """Run the next task, and keep nothing of it: an idle thread must not hold its result."""
        task = self._tasks.get()
        if task is None:
            return False
        task()
        return True

    def _run(self, task: Callable[[], Result], work: Work[Result]) -> None:
        before, started = self._received(), self._clock()
        try:
            result = task()
        except BaseException as error:  # noqa: BLE001  # it is raised where the result is awaited
            self._on_finished(work, self._clock() - started)
            work.set_exception(error)
        else:
            work.size = self._received() - before
            self._on_finished(work, self._clock() - started)
            work.set_result(result)

    def _on_finished(self, work: Work[Result], seconds: float) -> None:
        with self._lock:
            self._task_seconds += (seconds - self._task_seconds) / RECENT_TASKS
            self._unfinished -= 1
            self._held_bytes += work.size
            self._max_size = max(self._max_size, work.size)


def _wait_for_half(pending: Sequence[Work[Result]]) -> None:
    """Wait until half of the pending results are there.

    A reader that is woken for each result takes the interpreter from the threads each time.
    """
    if pending:
        wait([pending[len(pending) // 2]])
