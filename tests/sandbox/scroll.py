"""The one scroll over companies that a workspace can have open."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Final

from tests.sandbox.errors import bad_request, not_found

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.sandbox.clock import Clock
    from tests.sandbox.records import Record

PAGE: Final = 100
IDLE_SECONDS: Final = 60.0


class Scroll:
    """The workspace's scroll: open, or not.

    It walks the companies as they were when it was opened, keeps one parameter for all of its
    pages, dies 60 seconds after its last use, and ends with an empty page.
    """

    def __init__(self, clock: Clock) -> None:
        """Start with none open.

        Args:
            clock: what expiry goes by.
        """
        self._clock = clock
        self._parameter: str | None = None
        self._remaining: list[Record] = []
        self._last_used = 0.0

    @property
    def is_open(self) -> bool:
        """Whether a scroll is open and has not expired."""
        return self._parameter is not None and self._clock.now() < self._last_used + IDLE_SECONDS

    def open(self, companies: Iterable[Record]) -> tuple[str, list[Record]]:
        """Open a scroll.

        Args:
            companies: all of them; they are remembered as they are.

        Returns:
            The scroll parameter and the first page.

        Raises:
            ApiError: 400 `scroll_exists`, while one is open.
        """
        if self.is_open:
            message = "scroll already exists for this workspace"
            raise bad_request("scroll_exists", message)
        self._parameter = str(uuid.uuid4())
        self._remaining = sorted(companies, key=lambda record: record.number)
        return self._parameter, self._page()

    def proceed(self, parameter: str) -> tuple[str, list[Record]]:
        """Take the next page.

        Args:
            parameter: that of the open scroll.

        Returns:
            The scroll parameter and the page.

        Raises:
            ApiError: 404, if it is not that of an open scroll.
        """
        if not self.is_open or parameter != self._parameter:
            message = "scroll parameter not found"
            raise not_found(message)
        return parameter, self._page()

    def close(self) -> None:
        """End the scroll, as an internal error does."""
        self._parameter = None
        self._remaining = []

    def _page(self) -> list[Record]:
        self._last_used = self._clock.now()
        page, self._remaining = self._remaining[:PAGE], self._remaining[PAGE:]
        if not page:
            self.close()
        return page
