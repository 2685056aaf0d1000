"""Work done ahead of time by threads, handed out in order."""

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

ITEMS_PER_WORKER = 16
"""Items that may wait for their turn, per worker; most of them may need no work."""

BYTES_HELD = 20 * 1024 * 1024
"""Bytes of answers that may wait for their turn."""

THREADS_PER_SECOND = 1000
"""Threads that pay for each second that a task takes: most of a millisecond of that, it keeps the
interpreter busy, and while it does, further threads can only get in each other's way."""

FEWEST_THREADS = 2
"""Threads that pay in any case: one waits for an answer while another works."""

RECENT_TASKS = 8
"""Tasks over which the time that one takes is averaged."""


class Work(Future[Result]):
    """A result to come, and how many bytes were received for it."""

    size = 0


class Prefetcher:
    """A bounded number of daemon threads that work on the items to come.

    Results come in the order of the items, so output, order and state are those of a sequential
    run. The threads are daemons: a thread pool of `concurrent.futures` would hold up the exit of
    an interrupted run until its requests have ended.
    """

    def __init__(
        self,
        workers: int,
        received: Callable[[], int] = lambda: 0,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare for a number of threads; they start when there is work for them.

        Args:
            workers: Threads at most; there are fewer while tasks take too little time for them.
            received: Tells how many bytes the present thread has received so far.
            clock: Seconds that only grow.
        """
        self._workers = workers
        self._received = received
        self._clock = clock
        self._lock = threading.Lock()
        self._held = 0
        self._unfinished = 0
        self._largest = 0
        self._tasks: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._threads = 0
        self._seconds = workers / THREADS_PER_SECOND

    def prefetch(
        self,
        items: Iterable[Item],
        task_of: Callable[[Item], Callable[[], Result] | None],
    ) -> Iterator[tuple[Item, Result | None]]:
        """Yield each item with the result of its task, or None where there is no task.

        At most twice as many tasks as workers are under way, and fewer if their results are
        large. The first failure is raised at its item's turn.
        """
        waiting = deque[tuple[Item, Work[Result] | None]]()
        unfinished = 0

        def oldest() -> tuple[Item, Result | None]:
            item, work = waiting.popleft()
            if work and not work.done():
                _gather([later for _, later in waiting if later])
            return item, self.take(work) if work else None

        try:
            for item in items:
                task = task_of(item)
                waiting.append((item, None if task is None else self.submit(task)))
                unfinished += task is not None
                while waiting and (
                    waiting[0][1] is None
                    or unfinished >= 2 * self._workers
                    or len(waiting) >= ITEMS_PER_WORKER * self._workers
                    or not self.has_room
                ):
                    unfinished -= waiting[0][1] is not None
                    yield oldest()
            while waiting:
                yield oldest()
        finally:
            self.stop()

    @property
    def has_room(self) -> bool:
        """Whether there is memory for one more result, taken to be as large as the largest."""
        return self._held + (self._unfinished + 1) * self._largest <= BYTES_HELD

    def take(self, work: Work[Result]) -> Result:
        """Return a result, once it is there, to be held no longer."""
        result = work.result()
        with self._lock:
            self._held -= work.size
        return result

    def submit(self, task: Callable[[], Result]) -> Work[Result]:
        """Let a thread run a task, after those submitted before it."""
        work: Work[Result] = Work()
        with self._lock:
            self._unfinished += 1
            self._tasks.put(lambda: self._run(task, work))
            if self._threads < self._worthwhile_threads:
                self._threads += 1
                threading.Thread(target=self._work, name="look-ahead", daemon=True).start()
        return work

    @property
    def _worthwhile_threads(self) -> int:
        needed = round(self._seconds * THREADS_PER_SECOND)
        return min(self._workers, max(FEWEST_THREADS, needed))

    def _run(self, task: Callable[[], Result], work: Work[Result]) -> None:
        before, begun = self._received(), self._clock()
        try:
            result = task()
        except BaseException as error:  # noqa: BLE001  # it is raised where the result is awaited
            self._note(work, begun)
            work.set_exception(error)
        else:
            work.size = self._received() - before
            self._note(work, begun)
            work.set_result(result)

    def _note(self, work: Work[Result], begun: float) -> None:
        with self._lock:
            self._unfinished -= 1
            self._held += work.size
            self._largest = max(self._largest, work.size)
            self._seconds += (self._clock() - begun - self._seconds) / RECENT_TASKS

    def _work(self) -> None:
        while self._do_one() and not self._is_superfluous():
            pass

    def _do_one(self) -> bool:
        """Run the next task, and keep nothing of it: an idle thread must not hold its result."""
        task = self._tasks.get()
        if task is None:
            return False
        task()
        return True

    def _is_superfluous(self) -> bool:
        """Whether the present thread is to end, since fewer will do."""
        with self._lock:
            is_superfluous = self._threads > self._worthwhile_threads
            self._threads -= is_superfluous
        return is_superfluous

    def stop(self) -> None:
        """Let the threads end after their present tasks; the others are dropped."""
        with suppress(Empty):
            while True:
                self._tasks.get_nowait()
        for _ in range(self._threads):
            self._tasks.put(None)


def _gather(later: Sequence[Work[Result]]) -> None:
    """Wait until half of what is still to come is there.

    Whoever is woken for each result by itself takes the interpreter from the threads as often.
    """
    if later:
        wait([later[len(later) // 2]])
