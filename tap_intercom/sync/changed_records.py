"""Records that notifications name as changed, read one by one by their ids."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_intercom.errors import RUN_ENDING_ERRORS, IntercomError, NotFoundError
from tap_intercom.sync import workspace
from tap_intercom.sync.outcomes import Outcome, Outcomes
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

    An id that fails is kept in the stream's state, and read again by the next run. It is read last
    then, so that records that always fail keep no other from being read.
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
        failed = dict.fromkeys(saved.get("failed_ids", ()))
        workspace_id = workspace.id_in(stream.tap_state)
        self._changed = feed.changed_ids(record_type, saved.get("position"), workspace_id)
        new = (record_id for record_id in self._changed.ids if record_id not in failed)
        self._unread = dict.fromkeys([*new, *failed])
        self._request_record = request_record
        self._read_again = list[str]()
        self._stream = stream
        self._deleted = 0
        self.outcomes = Outcomes(stream, stream, "record")
        self.pages: dict[str, list[Page]] = {}

    def iterate(self) -> Iterator[TimestampedRecord]:
        """Yield the records, those that failed before last; a record that is gone is only counted.

        The response to each record's request is kept in `pages` until its children have used it.

        Raises:
            IntercomError: No other request would be answered.
        """
        client = self._stream.client
        prefetcher = Prefetcher(self._stream.settings.concurrency, lambda: client.received)
        requests = [(one, self._request_record(one)) for one in self._unread]
        for (record_id, request), found in prefetcher.prefetch(requests, self._fetch_task):
            del self._unread[record_id]
            if isinstance(found, IntercomError):
                self._add_error(record_id, found)
            elif found is not None:
                self.pages[request.cache_key] = found
                record = found[0].copy().as_dict()
                self.outcomes.add_response(str(record.get("id")))
                yield TimestampedRecord(record, parse_timestamp(record.get("updated_at"), 0))
                self.pages.pop(request.cache_key, None)
            if self.outcomes.ended_by:
                break
        self.outcomes.conclude()

    def read_again(self, item: TimestampedRecord) -> None:
        """Let the next run read a record again."""
        if (record_id := item.record.get("id")) is not None:
            self._read_again.append(str(record_id))

    def save_state(self, failed_ids: Iterable[str]) -> None:
        """Move the position in the stream's state; all rows have been written.

        Args:
            failed_ids: The records of which a child stream's request failed.
        """
        again = [*self._unread, *self._read_again, *failed_ids, *self.outcomes.failed_ids]
        self._stream.stream_state[STATE_KEY] = {
            "position": self._changed.position,
            "failed_ids": list(dict.fromkeys(again)),
        }

    def log_summary(self) -> None:
        """Log how many records were read, and how many of them are gone or left out."""
        self.outcomes.log_summary()
        self._stream.logger.info(
            "%s: read %d records that notifications name; %d others no longer exist",
            self._stream.name,
            self.outcomes.responses,
            self._deleted + self.outcomes.counts[Outcome.NOT_FOUND],
        )

    def _fetch_task(self, item: tuple[str, Request]) -> Callable[[], list[Page] | IntercomError]:
        def fetch() -> list[Page] | IntercomError:
            try:
                return self._stream.read(item[1])
            except IntercomError as error:
                return error

        return fetch

    def _add_error(self, record_id: str, error: IntercomError) -> None:
        """Note that a record was not read; it was to be expected of one that is said to be gone.

        Raises:
            IntercomError: No other request would be answered.
        """
        if isinstance(error, NotFoundError) and record_id in self._changed.deleted_ids:
            self._deleted += 1
        elif isinstance(error, RUN_ENDING_ERRORS) or not self._stream.client.is_reachable():
            raise error
        else:
            self.outcomes.add_error(record_id, error)
