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
    from collections.abc import Callable, Sequence

    from tap_intercom.webhooks.stop_request import StopRequest
    from tap_intercom.webhooks.store import NotificationStore

logger = logging.getLogger("tap-intercom-webhooks")

POLL_SECONDS = 0.5
"""How often the store is asked for new notifications."""

NOT_STARTED = 127
"""The exit code that shells give for a command that can't be run."""

FIRST_DELAY_SECONDS = 5.0
MAX_DELAY_SECONDS = 300.0
"""The wait after a command that failed; it doubles with each further failure."""

RECENT_SEQUENCES = 100_000
"""How far back a notification may still be committed late. A transaction lasts seconds, in which a
receiver stores some thousand notifications."""


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
        stopping: StopRequest,
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
        self._read = Position()
        self._tried = Position()
        self._failures = 0
        self._database_is_away = False

    def run(self) -> None:
        """Run the command as often as needed, one at a time, until it is stopped."""
        if not self._stopping.is_set():
            self._read = self._tried = self._first_position()
            self._run_once()
        while not self._stopping.is_set():
            self._read, news = self._unread(self._read)
            if self._failures or news:
                self._wait()
                if not self._stopping.is_set():
                    self._run_once()
            self._stopping.wait(POLL_SECONDS)

    def _first_position(self) -> Position:
        """Return where to count from: the first run reads what is there, whatever it is."""
        try:
            return Position(max(0, self._store.latest_sequence() - RECENT_SEQUENCES))
        except StoreError:
            return Position()

    def _unread(self, position: Position) -> tuple[Position, list[int]]:
        """Return a position in the store as it is now, and the sequences that it lacks."""
        try:
            resumed = self._store.resume(position)
            sequences = self._store.unread(resumed)
        except StoreError as error:
            if not self._database_is_away:
                logger.warning("%s; looking again every %g s", error, POLL_SECONDS)
            self._database_is_away = True
            return position, []
        self._database_is_away = False
        return resumed, sequences

    def _wait(self) -> None:
        """Wait before the next run: for more notifications, or longer after a failure.

        Other notifications end the wait after a failure: what fails may be one record of many.
        """
        if not self._failures:
            self._stopping.wait(self._debounce_seconds)
            return
        left = self._delay_seconds
        while left > 0 and not self._stopping.is_set():
            self._stopping.wait(min(left, FIRST_DELAY_SECONDS))
            left -= FIRST_DELAY_SECONDS
            self._tried, news = self._unread(self._tried)
            if news:
                return

    @property
    def _delay_seconds(self) -> float:
        return min(FIRST_DELAY_SECONDS * 2.0 ** (self._failures - 1), MAX_DELAY_SECONDS)

    def _run_once(self) -> None:
        position, sequences = self._unread(self._read)
        self._tried = position.after(sequences)
        started_at = time.monotonic()
        exit_code = self._run_command()
        seconds = time.monotonic() - started_at
        if exit_code == 0:
            self._read, self._failures = self._tried, 0
            logger.info("command ended after %.1f s", seconds)
            return
        self._failures += 1
        logger.warning(
            "command failed with exit code %d after %.1f s; next try in %g s, or sooner if "
            "notifications come",
            exit_code,
            seconds,
            self._delay_seconds,
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
