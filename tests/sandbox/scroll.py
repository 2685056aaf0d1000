"""The one scroll over companies that a workspace can have open."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Final

from tests.sandbox.errors import bad_request, not_found

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.sandbox.clock import Clock
    from tests.sandbox.records import Record

PER_PAGE: Final = 100
IDLE_SECONDS: Final = 60.0


class Scroll:
    """The workspace's scroll, open or not.

    It returns the companies as they were when it was opened, has one parameter for all of its
    pages, expires 60 seconds after its last use, and ends with an empty page.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._parameter: str | None = None
        self._remaining: list[Record] = []
        self._last_used = 0.0

    @property
    def is_open(self) -> bool:
        """Whether a scroll is open and has not expired."""
        return self._parameter is not None and self._clock.now() < self._last_used + IDLE_SECONDS

    def open(self, companies: Iterable[Record]) -> tuple[str, list[Record]]:
        """Open a scroll; returns its parameter and the first page."""
        if self.is_open:
            raise bad_request("scroll_exists", "scroll already exists for this workspace")
        self._parameter = str(uuid.uuid4())
        self._remaining = sorted(companies, key=lambda record: record.number)
        return self._parameter, self._page()

    def proceed(self, parameter: str) -> tuple[str, list[Record]]:
        """Return the parameter and the next page."""
        if not self.is_open or parameter != self._parameter:
            raise not_found("scroll parameter not found")
        return parameter, self._page()

    def close(self) -> None:
        """End the scroll, as an internal error does."""
        self._parameter = None
        self._remaining = []

    def _page(self) -> list[Record]:
        self._last_used = self._clock.now()
        page, self._remaining = self._remaining[:PER_PAGE], self._remaining[PER_PAGE:]
        if not page:
            self.close()
        return page
