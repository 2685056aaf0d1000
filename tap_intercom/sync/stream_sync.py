"""The sync of one selected stream: what it needs, what became of its requests, its figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_intercom.compat import override
from tap_intercom.errors import IntercomError
from tap_intercom.sync.child_stream import EmbeddedChildStream
from tap_intercom.sync.outcomes import Outcome, Outcomes
from tap_intercom.sync.progress import WarningCounter

if TYPE_CHECKING:
    from tap_intercom.api.request import Request
    from tap_intercom.api.response import Page
    from tap_intercom.sync.bookmarks import Bookmark
    from tap_intercom.sync.child_stream import ChildStream
    from tap_intercom.sync.progress import Progress
    from tap_intercom.sync.stream import IntercomStream
    from tap_intercom.timestamps import TimestampedRecord

    Detail = list[Page] | IntercomError | None


class StreamSync:
    """One selected stream during the sync of a parent and its children.

    Attributes:
        ended_by: Why the stream processes no further record; None while it goes on.
    """

    def __init__(self, stream: IntercomStream, bookmark: Bookmark) -> None:
        """Start counting the stream's records and warnings."""
        self.stream = stream
        self.bookmark = bookmark
        self.start_timestamp = bookmark.start_timestamp
        self.records = 0
        self.ended_by: IntercomError | None = None
        self.audit = stream.audit
        self._warnings = WarningCounter()
        stream.logger.addHandler(self._warnings)
        stream.begin_version()

    @property
    def is_complete(self) -> bool:
        """Whether every record so far was written or is known to be gone.

        Only then the bookmark may advance.
        """
        return self.ended_by is None

    def needs(self, item: TimestampedRecord) -> bool:
        """Whether the stream has yet to process a record."""
        return self.ended_by is None and item.timestamp >= self.start_timestamp

    def fail(self, error: IntercomError) -> None:
        """End this stream: it processes no further record, and its bookmark stays."""
        if self.ended_by is None:
            self.ended_by = error
            self.stream.fail(error)

    def finish(self, progress: Progress) -> None:
        """Log warnings, activate the version, and keep the figures for the stream's summary."""
        self.stream.log_warnings()
        self.stream.activate_version()
        self.stream.logger.removeHandler(self._warnings)
        self.audit.is_tried = self._is_tried(progress.records)
        summary = self.stream.summary
        summary.records, summary.warnings = self.records, self._warnings.count
        summary.requests, summary.retries = progress.requests, progress.retries
        summary.seconds = round(progress.seconds, 1)

    def _is_tried(self, parent_records: int) -> bool:
        return parent_records > 0


class ChildStreamSync(StreamSync):
    """One selected child stream during the sync of its parent."""

    stream: ChildStream

    def __init__(self, stream: ChildStream, bookmark: Bookmark, parent: IntercomStream) -> None:
        """Start counting the stream's records, warnings and outcomes."""
        super().__init__(stream, bookmark)
        self.record_counter = stream.get_record_counter()
        self.outcomes = Outcomes(stream, parent, "parent")

    @property
    @override
    def is_complete(self) -> bool:
        """Whether every record so far was written or is known to be gone or denied alone."""
        return super().is_complete and self.outcomes.is_complete

    def request(self, item: TimestampedRecord) -> Request | None:
        """Return what has to be fetched for a record, if anything."""
        is_needed = self.needs(item) and _has_id(item)
        return self.stream.request(item.record) if is_needed else None

    def write(self, item: TimestampedRecord, detail: Detail) -> None:
        """Write the rows of a record.

        Args:
            item: The parent's record.
            detail: The response to `request`, an error, or None if nothing was requested.
        """
        if not self.needs(item):
            return
        if not _has_id(item):
            self.outcomes.counts[Outcome.NO_ID] += 1
            return
        try:
            if isinstance(detail, IntercomError):
                raise detail
            for page in detail or ():
                self.stream.note_missing(page.missing)
                self.stream.summary.skipped += page.left_out
            written = self.stream.write_rows(self.stream.rows(item.record, detail or []))
            self.audit.count_list(detail[-1] if detail else None)
        except IntercomError as error:
            self.outcomes.add_error(str(item.record["id"]), error)
            self.ended_by = self.outcomes.ended_by
        else:
            if detail is not None:
                self.outcomes.add_response(str(item.record["id"]))
            self.records += written
            self.record_counter.increment(written)

    def conclude(self) -> None:
        """Decide what the last responses mean, now that no other will follow."""
        self.outcomes.conclude()
        self.ended_by = self.ended_by or self.outcomes.ended_by

    @override
    def finish(self, progress: Progress) -> None:
        """Log what was left out, and keep the figures for the stream's summary."""
        self.outcomes.log_summary()
        super().finish(progress)

    @override
    def _is_tried(self, parent_records: int) -> bool:
        """Whether a response came, unless the records of the parent are all that is needed."""
        is_embedded = isinstance(self.stream, EmbeddedChildStream)
        return (
            self.outcomes.responses > 0 or self.records > 0 or (is_embedded and parent_records > 0)
        )


def _has_id(item: TimestampedRecord) -> bool:
    return item.record.get("id") is not None
