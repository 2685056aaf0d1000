"""Group commit: notifications that arrive together are committed together."""

from __future__ import annotations

import asyncio
import logging
import math
import threading
import time
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, NamedTuple

from tap_intercom.webhooks.store import TIMEOUT_SECONDS, StoreError

if TYPE_CHECKING:
    from tap_intercom.webhooks.notifications import Notification
    from tap_intercom.webhooks.store import NotificationStore

logger = logging.getLogger("tap-intercom-webhooks")

BATCH_SIZE = 200
"""Notifications in one transaction at most."""

FAILURE_SECONDS = 60
"""How long a failed commit is reported, unless a later one succeeds.

On a full disk a small write may still succeed, so that a check alone would find nothing wrong.
"""


class _Waiting(NamedTuple):
    """A notification that waits for its commit; without one, the database is only checked."""

    notification: Notification | None
    is_committed: asyncio.Future[None]


class Committer:
    """Commits notifications from one thread, as many at once as have arrived meanwhile."""

    def __init__(self, store: NotificationStore) -> None:
        """Prepare a committer for an open store; call `start` within the event loop."""
        self._store = store
        self._queue = SimpleQueue[_Waiting | None]()
        self._thread = threading.Thread(target=self._run, name="committer", daemon=True)
        self._failed_at = -math.inf

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Commit what has arrived, then end the thread and close the store.

        It waits no longer for the database than requests do: they have had their answers.
        """
        self._queue.put(None)
        self._thread.join(TIMEOUT_SECONDS)
        self._store.close()

    async def commit(self, notification: Notification) -> None:
        """Return once a notification is on the disk.

        Raises:
            StoreError: It could not be stored.
        """
        await self._put(notification)

    async def check(self) -> None:
        """Return if the database accepts writes.

        Raises:
            StoreError: It does not, or did not store the latest notifications of the last minute.
        """
        if time.monotonic() < self._failed_at + FAILURE_SECONDS:
            message = "the latest notifications were not stored"
            raise StoreError(message)
        await self._put(None)

    async def _put(self, notification: Notification | None) -> None:
        future = asyncio.get_running_loop().create_future()
        self._queue.put(_Waiting(notification, future))
        await future

    def _run(self) -> None:
        is_open = True
        while is_open:
            batch = [self._queue.get()]
            try:
                while len(batch) < BATCH_SIZE:
                    batch.append(self._queue.get_nowait())
            except Empty:
                pass
            is_open = None not in batch
            self._commit([waiting for waiting in batch if waiting])

    def _commit(self, batch: list[_Waiting]) -> None:
        error: StoreError | None = None
        found = [waiting.notification for waiting in batch if waiting.notification]
        try:
            if found:
                self._store.append(found)
            elif batch:
                self._store.check()
        except StoreError as caught:
            error = caught
        except Exception as caught:  # noqa: BLE001  # the thread has to go on, whatever it was
            error = StoreError(f"unexpected {type(caught).__name__}")
        if found:
            self._failed_at = time.monotonic() if error else -math.inf
        if error and found:
            logger.error("%d notifications not stored: %s", len(found), error)
        for waiting in batch:
            loop = waiting.is_committed.get_loop()
            with suppress(RuntimeError):  # the loop is closed: the receiver has ended meanwhile
                loop.call_soon_threadsafe(_finish, waiting.is_committed, error)


def _finish(future: asyncio.Future[None], error: StoreError | None) -> None:
    if future.done():  # its request was answered with 503, or its sender has gone
        return
    if error:
        future.set_exception(error)
    else:
        future.set_result(None)
