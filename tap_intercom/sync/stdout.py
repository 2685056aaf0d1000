"""The pipe to the target: its buffer, and what happens when nobody reads it any more."""

from __future__ import annotations

import io
import os
import select
import signal
import sys
import threading
import time
from pathlib import Path

BUFFER_BYTES = 256 * 1024

SECONDS_TO_NOTICE = 1
"""How long a run has to notice by itself that the target is gone."""


def is_file() -> bool:
    """Whether stdout is a file, a pipe or a terminal; within tests it may be none of them."""
    try:
        sys.stdout.fileno()
    except io.UnsupportedOperation:
        return False
    return True


def enlarge_buffer() -> None:
    """Write rows in blocks: with Python's 8 KB each row is a system call of its own.

    Each such call also lets another thread run, which costs more than the call.
    """
    file = io.FileIO(sys.stdout.fileno(), "w", closefd=False)
    sys.stdout = io.TextIOWrapper(io.BufferedWriter(file, BUFFER_BYTES), encoding="utf-8")


def interrupt_when_closed() -> None:
    """Start a thread that interrupts this one, as Ctrl-C does, when the target is gone.

    A run that writes notices by itself; one that waits for Intercom would go on waiting.
    """
    interrupted = threading.get_ident()

    def watch() -> None:
        if is_closed(timeout=None):
            time.sleep(SECONDS_TO_NOTICE)
            signal.pthread_kill(interrupted, signal.SIGINT)

    threading.Thread(target=watch, name="stdout", daemon=True).start()


def is_closed(timeout: float | None = 0) -> bool:
    """Return whether nobody reads stdout any more.

    Args:
        timeout: How long to wait for that (milliseconds); without end if None.
    """
    if not hasattr(select, "poll"):  # on Windows only a failed write shows it
        return False
    poll = select.poll()
    poll.register(sys.stdout.fileno(), 0)
    events = poll.poll(timeout)
    return any(event & (select.POLLERR | select.POLLHUP) for _, event in events)


def discard() -> None:
    """Send what is left in the buffer nowhere, since Python would fail to write it at exit."""
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())
