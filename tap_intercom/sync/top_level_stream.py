"""Streams that are read by themselves, and feed the child streams that name them as parent."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, ClassVar, cast

from tap_intercom.api import pagination
from tap_intercom.compat import override
from tap_intercom.errors import RUN_ENDING_ERRORS, IntercomError, PermissionDeniedError
from tap_intercom.sync.bookmarks import Bookmark
from tap_intercom.sync.changed_records import ChangedRecords
from tap_intercom.sync.parent_child_sync import ParentChildSync
from tap_intercom.sync.stream import IntercomStream

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from singer_sdk.helpers.types import Context, Record

    from tap_intercom.api.request import Request
    from tap_intercom.api.response import Page
    from tap_intercom.sync.change_feed import ChangeFeed
    from tap_intercom.timestamps import TimestampedRecord

INDEX_LAG_SECONDS = 900
"""Records younger than this, at least, may be at any position in a search: its index lags."""


class TopLevelStream(IntercomStream):
    """A stream that is read by itself, and feeds the child streams that name it as parent.

    Attributes:
        exclude_fields: Fields that are left out of a row, because a child stream has them.
        singular: What notifications call one record; empty if they name none.
        record_request: The request for one record; `{id}` stands for its id. None if records can't
            be read one by one.
        expected_records: How many records the sync will process; 0 while that is unknown.
    """

    exclude_fields: ClassVar[tuple[str, ...]] = ()
    singular: ClassVar[str] = ""
    record_request: ClassVar[Request | None] = None
    expected_records = 0

    @property
    def stable_before(self) -> int:
        """Records updated before this timestamp have reached their final position in the index.

        It is in epoch seconds. Younger ones are what the next run's lookback is for.
        """
        return self.run.started_at - max(self.settings.lookback_seconds, INDEX_LAG_SECONDS)

    @property
    def selected_streams(self) -> list[IntercomStream]:
        """This stream and its child streams, as far as they are selected."""
        streams = cast("Iterable[IntercomStream]", (self, *self.child_streams))
        return [stream for stream in streams if stream.selected]

    def pages(self, request: Request) -> Iterator[Page]:
        """Yield the pages of a list, count its records, and note if it lacks some."""
        yield from self.counting(pagination.pages(self.client, request))

    def counting(self, pages: Iterable[Page]) -> Iterator[Page]:
        """Yield the pages of a list, count its records, and note if it lacks some."""
        for page in self.audit.counting(pages):
            if page.missing:
                self.note_missing(page.missing)
            self.count_skipped(page.left_out)
            yield page

    def count_skipped(self, count: int) -> None:
        """Count records whose rows are missing, here and in the child streams."""
        for stream in self.selected_streams:
            stream.summary.skipped += count

    @override
    def note_missing(self, reason: str) -> None:
        """Note why rows are missing, here and in the child streams."""
        super().note_missing(reason)
        for stream in self.selected_streams:
            if stream is not self:
                stream.note_missing(reason)

    @property
    def has_version(self) -> bool:
        """Whether rows of this stream or its child streams are to be all that there are."""
        return any(stream.version is not None for stream in self.selected_streams)

    def iterate(self, since: int) -> Iterator[TimestampedRecord]:
        """Yield the records updated at `since` (epoch seconds) or later, oldest first.

        A stream without a replication key yields all of its records, in any order.

        Raises:
            IntercomError: Intercom refused a request or kept failing.
        """
        raise NotImplementedError

    def bookmark_of(self, stream: IntercomStream) -> Bookmark:
        """Return the bookmark of this stream, or of a child stream of it."""
        return Bookmark(stream)

    @property
    @override
    def reads_changes(self) -> bool:
        return self.record_request is not None

    def request_record(self, record_id: str) -> Request:
        """Return the request for a record of this stream.

        Raises:
            NotImplementedError: The stream has no `record_request`.
        """
        if self.record_request is None:
            raise NotImplementedError
        return self.record_request.for_id(record_id)

    @override
    def get_records(self, context: Context | None) -> Iterator[Record]:
        """Yield this stream's records; records of its child streams are written on the way."""
        if not self.is_read:
            return
        sync = ParentChildSync(self, self.stable_before, self.bookmark_of)
        try:
            with sync:
                if self.run.changes is None or self.record_request is None:
                    yield from self._updated_records(sync)
                else:
                    yield from self._changed_records(sync, self.run.changes)
        except IntercomError as error:
            if self.ends_run(error):
                raise
            sync.fail(error)
        finally:
            sync.log_summaries()

    def _updated_records(self, sync: ParentChildSync) -> Iterator[Record]:
        """Yield the records updated since the bookmarks, and advance these; in `--test`, a few."""
        records = islice(self.iterate(sync.start_timestamp), self.ABORT_AT_RECORD_COUNT)
        for item, details in sync.prefetch_details(records):
            yield from sync.write(item, details)
            sync.write_state_if_due(item, self.expected_records)
        sync.finalize_state()

    def _changed_records(self, sync: ParentChildSync, feed: ChangeFeed) -> Iterator[Record]:
        """Yield the records that notifications name, in `--test` a few; the bookmarks stay."""
        changed = ChangedRecords(self, feed, self.singular, self.request_record)
        records = islice(changed.iterate(), self.ABORT_AT_RECORD_COUNT)
        for item, details in sync.prefetch_details(records, changed.pages):
            yield from sync.write(item, details)
            if sync.has_ended:
                changed.read_again(item)
        sync.conclude()
        if error := changed.outcomes.ended_by:
            sync.fail(error)
        if not sync.is_denied:
            changed.save_state(sync.failed_ids)
        changed.log_summary()

    @override
    def post_process(self, row: Record, context: Context | None = None) -> Record | None:
        for name in self.exclude_fields:
            row.pop(name, None)
        return self.normalize(row) if self.has_key(row) else None

    @override
    def generate_child_contexts(
        self, record: Record, context: Context | None
    ) -> Iterable[Context | None]:
        """Return nothing: `get_records` itself writes the children's rows.

        The SDK would sync each child again for each record, with a SCHEMA and a STATE every time.
        """
        return ()

    @override
    def _increment_stream_state(
        self, latest_record: Record, *, context: Context | None = None
    ) -> None:
        """Do nothing: `ParentChildSync` advances the bookmarks of parent and children."""

    def ends_run(self, error: IntercomError) -> bool:
        """Whether an error concerns all streams: no other would be answered either."""
        if isinstance(error, PermissionDeniedError):
            return False
        return isinstance(error, RUN_ENDING_ERRORS) or not self.client.is_reachable()
