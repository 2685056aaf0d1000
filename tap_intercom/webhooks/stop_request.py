"""The request to stop that a signal makes."""

from __future__ import annotations

from contextlib import suppress
from queue import Empty, SimpleQueue


class StopRequest:
    """Can be made in a signal handler, and waited for by what the signal interrupts.

    `threading.Event` can't: its lock may be held by the very wait that the handler interrupts. The
    queue is documented as reentrant.
    """

    def __init__(self) -> None:
        """Start without a request."""
        self._queue = SimpleQueue[None]()
        self._is_set = False

    def set(self) -> None:
        """Make the request."""
        self._is_set = True
        self._queue.put(None)

    def is_set(self) -> bool:
        """Whether the request was made."""
        return self._is_set

    def wait(self, seconds: float) -> None:
        """Wait for the request, at most for some seconds."""
        if not self._is_set:
            with suppress(Empty):
                self._queue.get(timeout=seconds)
