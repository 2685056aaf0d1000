"""The one clock that everything in the sandbox goes by."""

from __future__ import annotations

import time


class Clock:
    """Real time by default; it can be set, moved and stopped."""

    def __init__(self) -> None:
        """Start with the real time."""
        self._offset = 0.0
        self._frozen_at: float | None = None

    @property
    def frozen(self) -> bool:
        """Whether the clock stands still."""
        return self._frozen_at is not None

    def now(self) -> float:
        """The time in unix seconds."""
        return time.time() + self._offset if self._frozen_at is None else self._frozen_at

    def set(self, at: float) -> None:
        """Put the clock to a time, running or standing as it was.

        Args:
            at: unix seconds.
        """
        if self._frozen_at is None:
            self._offset = at - time.time()
        else:
            self._frozen_at = at

    def advance(self, seconds: float) -> None:
        """Move the clock.

        Args:
            seconds: how far; negative moves it back.
        """
        self.set(self.now() + seconds)

    def freeze(self) -> None:
        """Stop the clock at the time it shows."""
        self._frozen_at = self.now()

    def run(self) -> None:
        """Let the clock run on from the time it shows."""
        now = self.now()
        self._frozen_at = None
        self._offset = now - time.time()
