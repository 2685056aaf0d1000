"""One watch and one command at a time: a lock that is held until both have ended.

The command inherits it, so a watch that is started again after `kill -9` waits for the command that
the earlier one left behind. On Windows there is no lock.
"""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from tap_intercom.webhooks.store import StoreError

with suppress(ModuleNotFoundError):
    import fcntl

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_intercom.webhooks.stop_request import StopRequest

logger = logging.getLogger("tap-intercom-webhooks")

WAIT_SECONDS = 1.0
"""How long to wait before the lock is tried again."""


@contextmanager
def locked(store_id: str, stopping: StopRequest) -> Iterator[int]:
    """Hold the lock of a store for the block; without effect on Windows.

    Args:
        store_id: The id that the store gave itself, however its URL is written.
        stopping: Ends the waiting once it is set; the lock is then not held.

    Yields:
        The file descriptor that holds the lock, for the command to inherit.

    Raises:
        StoreError: The lock's file can't be opened.
    """
    file = _lock_file(store_id)
    try:
        descriptor = os.open(file, os.O_CREAT | os.O_RDWR, 0o600)
    except OSError as error:
        message = f"can't open the lock {file}: {error.strerror}"
        raise StoreError(message) from None
    try:
        _acquire(descriptor, stopping)
        yield descriptor
    finally:
        os.close(descriptor)


def _acquire(descriptor: int, stopping: StopRequest) -> None:
    if os.name != "posix":
        return
    is_waiting = False
    while not stopping.is_set():
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if not is_waiting:
                logger.warning("waiting for another watch, or a command that it started, to end")
            is_waiting = True
            stopping.wait(WAIT_SECONDS)
        else:
            return


def _lock_file(store_id: str) -> Path:
    """Return a file of this user's own."""
    digest = hashlib.sha256(f"{Path.home()} {store_id}".encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir(), f"tap-intercom-watch-{digest}.lock")
