"""Root streams that are read by search, from their bookmark on."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from tap_intercom.compat import override
from tap_intercom.family import RootStream
from tap_intercom.search import Search, SearchEndpoint
from tap_intercom.windows import WindowedSearch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_intercom.audit import Audit
    from tap_intercom.step import Step


class SearchStream(RootStream):
    """Records found by their `updated_at`, oldest first."""

    endpoint: ClassVar[SearchEndpoint]

    @override
    def walk(self, since: int) -> Iterator[Step]:
        return self.search_oldest_first(self.endpoint, since)

    def search_oldest_first(self, endpoint: SearchEndpoint, since: int) -> Iterator[Step]:
        """Yield what a search finds, and log at its end whether all that was promised came.

        Raises:
            IntercomError: Intercom refused the search or kept failing.
        """
        search = Search(self.client, endpoint, self.settings.page_size, self.settled)
        walk = WindowedSearch(search, self.began_at, self.settings.concurrency)
        for step in walk.oldest_first(since):
            self.expected_records = search.audit.promised
            yield step
        self._report(search.audit)

    def _report(self, audit: Audit) -> None:
        self.logger.info(
            "Intercom promised %d %s, and %d came", audit.promised, self.name, audit.arrived
        )
        if audit.missing:
            self.logger.warning(
                "%d %s fewer came than Intercom promised (%d of %d): they were changed during the "
                "run or shortly before, and the next one loads them, or they were deleted. If "
                "that does not explain the number, load the stream anew",
                *(audit.missing, self.name, audit.arrived, audit.promised),
            )
