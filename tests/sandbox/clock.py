"""The clock that everything in the sandbox reads."""

from __future__ import annotations

import time


class Clock:
    """Real time by default; it can be set, moved and stopped. Times are in epoch seconds."""

    def __init__(self) -> None:
        self._offset_seconds = 0.0
        self._frozen_at: float | None = None

    def now(self) -> float:
        """The time."""
        return time.time() + self._offset_seconds if self._frozen_at is None else self._frozen_at

    def set(self, at: float) -> float:
        """Set the time; the clock goes on running, or stays frozen."""
        if self._frozen_at is None:
            self._offset_seconds = at - time.time()
        else:
            self._frozen_at = at
        return self.now()

    def advance(self, seconds: float) -> float:
        """Move the clock forward, or back by a negative number."""
        return self.set(self.now() + seconds)

    def freeze(self) -> float:
        """Stop the clock."""
        self._frozen_at = self.now()
        return self._frozen_at

    def run(self) -> float:
        """Let the clock run on from the time it shows."""
        now = self.now()
        self._frozen_at = None
        return self.set(now)
