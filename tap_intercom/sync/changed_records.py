"""Records that notifications name as changed, read one by one by their ids."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_intercom.errors import (
    RUN_ENDING_ERRORS,
    IntercomError,
    NotFoundError,
    PermissionDeniedError,
)
from tap_intercom.sync.prefetch import Prefetcher
from tap_intercom.timestamps import TimestampedRecord, parse_timestamp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tap_intercom.api.request import Request
    from tap_intercom.api.response import Page
    from tap_intercom.sync.change_feed import ChangeFeed
    from tap_intercom.sync.stream import IntercomStream

STATE_KEY = "webhooks"
"""In a stream's bookmark: which notifications were read, and which ids have to be read again."""


class ChangedRecords:
    """The changed records of one stream, and what became of their ids.

    An id that fails is kept in the stream's state, and read again by the next run.
    """

    def __init__(
        self,
        stream: IntercomStream,
        feed: ChangeFeed,
        record_type: str,
        request_record: Callable[[str], Request],
    ) -> None:
        """Find the ids that the stream's state lacks.

        Args:
            stream: The stream of the records.
            feed: Names the records that changed.
            record_type: What the feed calls a record of this stream.
            request_record: Returns the request for a record.
        """
        saved = stream.stream_state.get(STATE_KEY) or {}
        self._changed = feed.changed_ids(record_type, saved.get("position"))
        self._request_record = request_record
        self._ids = list(dict.fromkeys([*saved.get("failed_ids", ()), *self._changed.ids]))
        self._stream = stream
        self._failed_ids = list[str]()
        self.pages: dict[str, list[Page]] = {}
        self.not_found = 0

    def iterate(self) -> Iterator[TimestampedRecord]:
        """Yield the records in the order of their ids; a record that is gone is only counted.

        The response to each record's request is kept in `pages` until its children have used it.

        Raises:
            IntercomError: Intercom refuses all requests of this kind.
        """
        client = self._stream.client
        prefetcher = Prefetcher(self._stream.settings.concurrency, lambda: client.received)
        requests = ((record_id, self._request_record(record_id)) for record_id in self._ids)
        for (record_id, request), found in prefetcher.prefetch(requests, self._fetch_task):
            if isinstance(found, NotFoundError) and not found.is_doubtful:
                self.not_found += 1
            elif isinstance(found, IntercomError):
                self._fail(record_id, found)
            elif found is not None:
                self.pages[request.cache_key] = found
                record = found[0].copy().as_dict()
                yield TimestampedRecord(record, parse_timestamp(record.get("updated_at"), 0))
                self.pages.pop(request.cache_key, None)

    def add_failure(self, item: TimestampedRecord, details: Iterable[object]) -> None:
        """Keep the id of a record of which a child stream's request failed."""
        if any(isinstance(detail, IntercomError) and is_failure(detail) for detail in details):
            self._failed_ids.append(str(item.record["id"]))

    def save_state(self) -> None:
        """Move the position in the stream's state; all rows have been written."""
        self._stream.stream_state[STATE_KEY] = {
            "position": self._changed.position,
            "failed_ids": self._failed_ids,
        }

    def log_summary(self) -> None:
        """Log how many records were asked for, and how many of them are gone."""
        self._stream.logger.info(
            "%s: read %d records that notifications name; %d others no longer exist",
            self._stream.name,
            len(self._ids) - self.not_found,
            self.not_found,
        )

    def _fetch_task(self, item: tuple[str, Request]) -> Callable[[], list[Page] | IntercomError]:
        def fetch() -> list[Page] | IntercomError:
            try:
                return self._stream.read(item[1])
            except IntercomError as error:
                return error

        return fetch

    def _fail(self, record_id: str, error: IntercomError) -> None:
        is_denied = isinstance(error, (*RUN_ENDING_ERRORS, PermissionDeniedError))
        if is_denied or not self._stream.client.is_reachable():
            raise error
        self._stream.fail(error)
        self._failed_ids.append(record_id)


def is_failure(error: IntercomError) -> bool:
    """Whether an error may go away, other than a record that is gone or may not be read."""
    return not isinstance(error, NotFoundError | PermissionDeniedError)
