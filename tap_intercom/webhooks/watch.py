"""`tap-intercom-webhooks watch`: runs a command whenever notifications were committed."""

from __future__ import annotations

import logging
import os
import subprocess
import time
from typing import TYPE_CHECKING

from tap_intercom.webhooks.position import Position
from tap_intercom.webhooks.store import StoreError

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Sequence

    from tap_intercom.webhooks.store import NotificationStore

logger = logging.getLogger("tap-intercom-webhooks")

POLL_SECONDS = 0.5
"""How often the store is asked for new notifications."""

NOT_STARTED = 127
"""The exit code that shells give for a command that can't be run."""

FIRST_DELAY_SECONDS = 5.0
MAX_DELAY_SECONDS = 300.0
"""The wait after a command that failed; it doubles with each further failure."""


class Watch:
    """Runs a command at the start, and again when there is something new for it to read.

    What is new is counted from the start of the last command that succeeded, so nothing that is
    committed while a command runs, or after an earlier one failed, is missed.
    """

    def __init__(
        self,
        store: NotificationStore,
        run_command: Callable[[], int],
        debounce_seconds: float,
        stopping: threading.Event,
    ) -> None:
        """Prepare a watch.

        Args:
            store: Where notifications are committed.
            run_command: Runs the command and returns its exit code.
            debounce_seconds: How long further notifications are waited for after the first.
            stopping: Ends the watch once it is set.
        """
        self._store = store
        self._run_command = run_command
        self._debounce_seconds = debounce_seconds
        self._stopping = stopping
        self._position = Position()
        self._failures = 0

    def run(self) -> None:
        """Run the command as often as needed, one at a time, until it is stopped."""
        if not self._stopping.is_set():
            self._run_once()
        while not self._stopping.is_set():
            if self._failures or self._has_news():
                self._stopping.wait(self._delay_seconds())
                if not self._stopping.is_set():
                    self._run_once()
            self._stopping.wait(POLL_SECONDS)

    def _has_news(self) -> bool:
        try:
            self._position = self._store.resume(self._position)
            return bool(self._store.unread(self._position))
        except StoreError as error:
            logger.warning("%s; looking again in %g s", error, POLL_SECONDS)
            return False

    def _delay_seconds(self) -> float:
        if not self._failures:
            return self._debounce_seconds
        return min(FIRST_DELAY_SECONDS * 2.0 ** (self._failures - 1), MAX_DELAY_SECONDS)

    def _run_once(self) -> None:
        try:
            self._position = self._store.resume(self._position)
            position = self._position.after(self._store.unread(self._position))
        except StoreError as error:
            logger.warning("%s", error)
            position = self._position
        started_at = time.monotonic()
        exit_code = self._run_command()
        seconds = time.monotonic() - started_at
        if exit_code == 0:
            self._position, self._failures = position, 0
            logger.info("command ended after %.1f s", seconds)
            return
        self._failures += 1
        logger.warning(
            "command failed with exit code %d after %.1f s; next try in %g s",
            exit_code,
            seconds,
            self._delay_seconds(),
        )


def run_command(command: Sequence[str], lock: int) -> int:
    """Run a command to its end and return its exit code; it inherits a lock's file descriptor.

    It runs in a session of its own, so that Ctrl-C ends the watch, not the load in the middle. If
    it can't be started now, such as during its own upgrade, it has failed as in a shell.
    """
    try:
        return subprocess.run(  # noqa: S603  # the user's own command
            command,
            check=False,
            start_new_session=True,
            pass_fds=(lock,) if os.name == "posix" else (),
        ).returncode
    except OSError as error:
        logger.warning("can't run %s: %s", command[0], error.strerror)
        return NOT_STARTED
