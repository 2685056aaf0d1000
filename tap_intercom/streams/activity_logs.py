"""What teammates did to the workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_intercom.client import Request
from tap_intercom.compat import override
from tap_intercom.errors import TemporaryError
from tap_intercom.family import RootStream
from tap_intercom.normalize import DAY
from tap_intercom.pagination import pages
from tap_intercom.step import Step, moment_of

if TYPE_CHECKING:
    from collections.abc import Iterator

WINDOW_SECONDS = 5 * DAY
"""Longer windows were answered with 500 (airbyte#38626)."""

NARROWEST_SECONDS = 3600

LOG = Request("/admins/activity_logs", holds=("activity_logs",))


class ActivityLogs(RootStream):
    """Activities, appended by `created_at` in windows of time, oldest first."""

    name = "activity_logs"
    primary_keys = ("id",)
    replication_key = "created_at"
    permission = "Read admin activity logs"
    selected_by_default = False

    @override
    def walk(self, since: int) -> Iterator[Step]:
        start = since or moment_of(self.client.workspace.get("created_at"), 0)
        while start <= self.began_at:
            end = min(start + WINDOW_SECONDS, self.began_at + 1)
            yield from self._between(start, end)
            start = end

    def _between(self, start: int, end: int) -> Iterator[Step]:
        """Yield what happened from `start` to before `end`, in halves if Intercom fails."""
        try:
            steps = self._read(start, end)
        except TemporaryError as error:
            if end - start <= NARROWEST_SECONDS:
                raise
            self.logger.warning("%s; the window of time is halved", error)
            middle = (start + end) // 2
            yield from self._between(start, middle)
            yield from self._between(middle, end)
        else:
            yield from steps

    def _read(self, start: int, end: int) -> list[Step]:
        """Read a window, and a second more on both sides: no page tells if they are included."""
        request = LOG.with_params(created_at_after=start - 1, created_at_before=end)
        steps = [
            Step(record, moment_of(record.get("created_at"), start))
            for page in pages(self.client, request)
            for record in page.records()
        ]
        return sorted((step for step in steps if start <= step.moment < end), key=_moment)


def _moment(step: Step) -> int:
    return step.moment
