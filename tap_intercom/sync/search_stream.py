"""Top-level streams that are read by search, from their bookmark on."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from tap_intercom.api.request import Request
from tap_intercom.api.search import CursorRefusedError, Search, SearchEndpoint
from tap_intercom.api.transport import MAX_BODY_BYTES
from tap_intercom.compat import override
from tap_intercom.sync.newest_first import newest_first
from tap_intercom.sync.read_position import ReadPosition, common_position
from tap_intercom.sync.record_count import RecordCount
from tap_intercom.sync.search_windows import WindowedSearch
from tap_intercom.sync.top_level_stream import TopLevelStream

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from tap_intercom.timestamps import TimestampedRecord


class SearchStream(TopLevelStream):
    """Records found by their `updated_at`, oldest first.

    Attributes:
        endpoint: Where to search.
    """

    endpoint: ClassVar[SearchEndpoint]

    @classmethod
    @override
    def describe_endpoint(cls) -> str:
        return f"`POST {cls.endpoint.path}`"

    @override
    def iterate(self, since: int) -> Iterator[TimestampedRecord]:
        return self.search_oldest_first(self.endpoint, since)

    @override
    def listed_ids(self, ids: Collection[str]) -> set[str]:
        filters = [{"field": "id", "operator": "=", "value": one} for one in ids]
        body = {
            "query": {"operator": "OR", "value": filters},
            "pagination": {"per_page": len(filters)},
        }
        request = Request(self.endpoint.path, body=body, record_keys=self.endpoint.record_keys)
        return {str(record.get("id")) for record in self.client.fetch(request).records()}

    def search_oldest_first(
        self, endpoint: SearchEndpoint, since: int
    ) -> Iterator[TimestampedRecord]:
        """Yield the results of a search, and log at its end whether all of them were received.

        Where all that exist have to be among them, those that changed meanwhile, or shortly before,
        are searched once more: they may have moved in the index while it was read.

        Raises:
            IntercomError: Intercom refused the search or kept failing.
        """
        count = RecordCount()
        try:
            for item in self._windows(endpoint, count).oldest_first(since):
                self.expected_records = count.expected
                yield item
            if self.has_version:
                again = count.started_again()
                yield from self._windows(endpoint, again).oldest_first(
                    max(since, self.stable_before)
                )
                count.add_repeated(again)
            self._log_count(count)
        finally:
            if count.is_answered:
                self.audit.count(count.expected, count.received)

    def search_newest_first(
        self, endpoint: SearchEndpoint, since: int
    ) -> Iterator[TimestampedRecord]:
        """Yield the results of a search, newest first; a read that was killed goes on.

        The search that reads oldest first takes over where Intercom refuses a cursor, or where the
        search ends early.

        Raises:
            IntercomError: Intercom refused the search or kept failing.
        """
        started_at, received = self.run.started_at, 0
        position = common_position(self.selected_streams) or ReadPosition(since, started_at)
        try:
            search = self.search(endpoint)
            for item in newest_first(search, position, started_at, self.audit.count):
                received += 1
                yield item
        except CursorRefusedError as error:
            self.logger.warning("%s; searching %s again, oldest first", error, self.name)
            yield from self.search_oldest_first(endpoint, since)
            return
        self.logger.info(
            "%s: received the newest %d records; all others are older",
            self.name,
            received,
            extra={"stream": self.name, "received": received},
        )

    def _windows(self, endpoint: SearchEndpoint, count: RecordCount) -> WindowedSearch:
        """Prepare a search in windows; no request is made."""
        return WindowedSearch(
            self.search(endpoint), count, self.run.started_at, self.settings.concurrency
        )

    def search(self, endpoint: SearchEndpoint) -> Search:
        """Prepare a search; no request is made."""
        return Search(
            self.client,
            endpoint,
            self.settings.page_size,
            self.stable_before,
            self._count_left_out,
        )

    def _count_left_out(self, identifier: str) -> None:
        """Count a record that is too large to be read where its rows are missing; log its id."""
        self.count_skipped(1)
        self.note_missing(f"the record {identifier} is too large")
        self.logger.warning(
            "%s: left out the record %s, whose response is larger than %d MB",
            self.name,
            identifier,
            MAX_BODY_BYTES // 2**20,
        )

    def _log_count(self, count: RecordCount) -> None:
        fields = {"stream": self.name, "received": count.received, "expected": count.expected}
        self.logger.info(
            "%s: received %d of %d records", self.name, count.received, count.expected, extra=fields
        )
        if count.missing:
            self.note_missing(f"{count.missing} of {count.expected} records were not received")
            self.logger.warning(
                "%s: received %d of %d records. The %d others changed during the run or shortly "
                "before, and the next run loads them, or they were deleted, or Intercom's count is "
                "off: the rest was searched again. If that does not explain the number, load the "
                "stream from its start",
                self.name,
                count.received,
                count.expected,
                count.missing,
                extra=fields,
            )
