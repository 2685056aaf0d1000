"""The sync of a parent stream and its child streams, in one pass.

Each of the parent's records is handed to every selected stream: the parent itself and its child
streams, which take rows out of the record or out of what was fetched for it. Every stream has a
bookmark of its own; the sync starts where the stream that is furthest behind needs it, and a
stream takes only the records that it still needs. So a child selected later gets its whole
history, and a child selected without its parent is incremental.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, cast

from tap_intercom.errors import RUN_ENDING_ERRORS, IntercomError, PermissionDeniedError
from tap_intercom.sync.checkpoint import Checkpoint
from tap_intercom.sync.prefetch import Prefetcher
from tap_intercom.sync.progress import Progress
from tap_intercom.sync.read_position import store_position
from tap_intercom.sync.stream_sync import ChildStreamSync, StreamSync

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from types import TracebackType
    from typing import Self

    from singer_sdk.helpers.types import Record

    from tap_intercom.api.request import Request
    from tap_intercom.api.response import Page
    from tap_intercom.sync.bookmarks import Bookmark
    from tap_intercom.sync.child_stream import ChildStream
    from tap_intercom.sync.read_position import ReadPosition
    from tap_intercom.sync.stream import IntercomStream
    from tap_intercom.sync.stream_sync import Detail
    from tap_intercom.timestamps import TimestampedRecord

    Responses = dict[str, list[Page] | IntercomError]
    Requests = list[Request | None]

RECORDS_PER_STATE = 50
"""Parent records between two STATE messages: few, so that little is read twice."""


class ParentChildSync:
    """One sync of a parent stream and its selected child streams."""

    def __init__(
        self,
        parent: IntercomStream,
        stable_before: int,
        bookmark_of: Callable[[IntercomStream], Bookmark],
    ) -> None:
        """Find the selected streams; no request is made.

        Args:
            parent: The parent stream, which need not be selected itself.
            stable_before: Records updated before this timestamp (epoch seconds) are read in order.
            bookmark_of: Returns the bookmark of one of the streams.
        """
        self._parent = parent
        self._parent_sync = StreamSync(parent, bookmark_of(parent)) if parent.selected else None
        children = cast("Sequence[ChildStream]", parent.child_streams)
        self._children = [
            ChildStreamSync(child, bookmark_of(child), parent)
            for child in children
            if child.selected
        ]
        self._progress = Progress(parent.name, parent.logger, parent.client)
        self._exit_stack = ExitStack()
        self._received: dict[str, list[Page]] = {}
        self._checkpoint = Checkpoint(self.start_timestamp, stable_before)

    def __enter__(self) -> Self:
        """Write the child streams' SCHEMA messages, and start their record counters."""
        for child in self._children:
            child.stream.write_schema()
            self._exit_stack.enter_context(child.record_counter)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop the record counters, and note if the streams were read to their end."""
        for stream in self._streams:
            if kind is None:
                stream.audit.is_done = True
            else:
                stream.stream.note_missing("the stream was not read to its end")
        self._exit_stack.__exit__(kind, error, trace)

    @property
    def _streams(self) -> Sequence[StreamSync]:
        return [*filter(None, [self._parent_sync]), *self._children]

    @property
    def start_timestamp(self) -> int:
        """Where the stream that is furthest behind starts (epoch seconds)."""
        return min(stream.start_timestamp for stream in self._streams)

    @property
    def has_ended(self) -> bool:
        """Whether a stream has ended before all of its records were processed."""
        return any(stream.ended_by for stream in self._streams)

    @property
    def is_denied(self) -> bool:
        """Whether the token may not read one of the streams."""
        return any(isinstance(stream.ended_by, PermissionDeniedError) for stream in self._streams)

    @property
    def failed_ids(self) -> list[str]:
        """The ids of the records for which a child stream's requests failed."""
        return [one for child in self._children for one in child.outcomes.failed_ids]

    def prefetch_details(
        self,
        records: Iterable[TimestampedRecord],
        received: dict[str, list[Page]] | None = None,
    ) -> Iterator[tuple[TimestampedRecord, Sequence[Detail]]]:
        """Yield each record with one detail per child stream: pages, an error, or None.

        Args:
            records: The parent's records.
            received: Responses that are there already, by the cache key of their request; each is
                taken out with its record.
        """
        self._received = {} if received is None else received
        client = self._parent.client
        prefetcher = Prefetcher(self._parent.settings.concurrency, lambda: client.received)
        items = ((item, [child.request(item) for child in self._children]) for item in records)
        for (item, requests), responses in prefetcher.prefetch(items, self._fetch_task):
            found = responses or {}
            yield (
                item,
                [found[request.cache_key] if request else None for request in requests],
            )

    def _fetch_task(
        self, item: tuple[TimestampedRecord, Requests]
    ) -> Callable[[], Responses] | None:
        """Return a function that fetches what the child streams need, each request once."""
        requests = {request.cache_key: request for request in item[1] if request}
        received: Responses = {
            key: self._received.pop(key) for key in requests if key in self._received
        }
        missing = [request for key, request in requests.items() if key not in received]
        read = self._parent.read
        return (lambda: received | _fetch_all(read, missing)) if requests else None

    def write(self, item: TimestampedRecord, details: Sequence[Detail]) -> Iterator[Record]:
        """Write the rows of a record in all child streams; yield it if the parent needs it."""
        for child, detail in zip(self._children, details, strict=True):
            child.write(item, detail)
        if self._parent_sync is not None and self._parent_sync.needs(item):
            self._parent_sync.records += 1
            yield item.record

    def write_state_if_due(self, item: TimestampedRecord, expected_records: int) -> None:
        """Count a record, and write a STATE after every `RECORDS_PER_STATE` of them."""
        self._progress.count_record(expected_records)
        self._checkpoint.pass_record(item)
        if self._progress.records % RECORDS_PER_STATE == 0:
            self._update_state(self._checkpoint.take_bookmark(), self._checkpoint.position)
            self._parent.write_state()

    def conclude(self) -> None:
        """Decide what the last responses mean, now that no other will follow."""
        for child in self._children:
            child.conclude()

    def finalize_state(self) -> None:
        """Advance the bookmarks to the last record, of all streams that are complete."""
        self.conclude()
        self._update_state(self._checkpoint.final_bookmark, None)
        for stream in self._streams:
            if stream.is_complete:
                stream.bookmark.finish()

    def fail(self, error: IntercomError) -> None:
        """End all streams; their bookmarks stay."""
        for stream in self._streams:
            stream.fail(error)

    def log_summaries(self) -> None:
        """Log what was left out, and keep the figures for the summaries."""
        for stream in self._streams:
            stream.finish(self._progress)

    def _update_state(self, bookmark: int, position: ReadPosition | None) -> None:
        for stream in self._streams:
            if stream.is_complete:
                stream.bookmark.advance(bookmark)
                store_position(stream.stream, position)


def _fetch_all(read: Callable[[Request], list[Page]], requests: Iterable[Request]) -> Responses:
    """Fetch what one record needs; this runs in a thread of the prefetcher.

    Raises:
        IntercomError: It ends the run; other errors are returned.
    """
    responses: Responses = {}
    for request in requests:
        try:
            responses[request.cache_key] = read(request)
        except RUN_ENDING_ERRORS:
            raise
        except IntercomError as error:
            responses[request.cache_key] = error
    return responses
