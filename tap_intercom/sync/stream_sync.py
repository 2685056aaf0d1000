"""The sync of one selected stream: what it needs, what became of its requests, its figures."""

from __future__ import annotations

from collections import Counter
from enum import Enum, auto
from typing import TYPE_CHECKING

from tap_intercom.compat import override
from tap_intercom.errors import (
    RUN_ENDING_ERRORS,
    IntercomError,
    NotFoundError,
    PermissionDeniedError,
    ResponseTooLargeError,
)
from tap_intercom.sync.child_stream import EmbeddedChildStream
from tap_intercom.sync.progress import WarningCounter, counted

if TYPE_CHECKING:
    from tap_intercom.api.request import Request
    from tap_intercom.api.response import Page
    from tap_intercom.sync.bookmarks import Bookmark
    from tap_intercom.sync.child_stream import ChildStream
    from tap_intercom.sync.progress import Progress
    from tap_intercom.sync.stream import IntercomStream
    from tap_intercom.timestamps import TimestampedRecord

    Detail = list[Page] | IntercomError | None

SINGLE_RECORD_CODE = "forbidden"
"""What Intercom answers where an admin may not see one conversation (OpenAPI 2.16, 403)."""

MAX_DENIED_RECORDS = 20
"""Denied records without one that is allowed, after which the whole stream counts as denied."""

MAX_FAILURES_IN_A_ROW = 3
"""Failed requests in a row, after which a stream makes no further one."""


MAX_NOT_FOUND_IN_A_ROW = 3
"""Records not found, without one that is, after which they are not taken for deleted unseen."""


class Outcome(Enum):
    """Why a parent's record has no rows in a child stream."""

    DENIED = auto()
    FAILED = auto()
    NO_ID = auto()
    NOT_FOUND = auto()
    TOO_LARGE = auto()


MESSAGES = {
    Outcome.DENIED: ("%s: skipped %s that the token may not read", "parent"),
    Outcome.FAILED: ("%s: %s failed, to be retried by the next run", "request"),
    Outcome.NO_ID: ("%s: skipped %s without an id", "parent"),
    Outcome.NOT_FOUND: ("%s: skipped %s, deleted or merged during the sync", "parent"),
    Outcome.TOO_LARGE: ("%s: skipped %s whose response is too large", "parent"),
}
"""What is logged at the end of a sync, with the stream's name, and what is counted."""


SKIPPED = (Outcome.DENIED, Outcome.NOT_FOUND, Outcome.TOO_LARGE)
"""Outcomes that the next run does not change."""


class StreamSync:
    """One selected stream during the sync of a parent and its children."""

    def __init__(self, stream: IntercomStream, bookmark: Bookmark) -> None:
        """Start counting the stream's records and warnings."""
        self.stream = stream
        self.bookmark = bookmark
        self.start_timestamp = bookmark.start_timestamp
        self.records = 0
        self.has_ended = False
        self.audit = stream.audit
        self._warnings = WarningCounter()
        stream.logger.addHandler(self._warnings)
        stream.begin_version()

    @property
    def is_complete(self) -> bool:
        """Whether every record so far was written or is known to be gone.

        Only then the bookmark may advance.
        """
        return not self.has_ended

    def needs(self, item: TimestampedRecord) -> bool:
        """Whether the stream has yet to process a record."""
        return not self.has_ended and item.timestamp >= self.start_timestamp

    def fail(self, error: IntercomError) -> None:
        """End this stream: it processes no further record, and its bookmark stays."""
        if not self.has_ended:
            self.has_ended = True
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
        self._parent = parent
        self.record_counter = stream.get_record_counter()
        self._outcomes = Counter[Outcome]()
        self._responses = 0
        self._failures_in_a_row = 0
        self._denial: PermissionDeniedError | None = None
        self._found = ""
        self._not_found: list[str] = []
        self._last_not_found: NotFoundError | None = None

    @property
    def is_complete(self) -> bool:
        """Whether every record so far was written or is known to be gone or denied alone."""
        is_denied = self._outcomes[Outcome.DENIED] > 0 and self._responses == 0
        is_uncertain = is_denied or bool(self._not_found)
        return super().is_complete and not self._outcomes[Outcome.FAILED] and not is_uncertain

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
            self._outcomes[Outcome.NO_ID] += 1
            return
        try:
            if isinstance(detail, IntercomError):
                raise detail
            for page in detail or ():
                self.stream.note_missing(page.missing)
            written = self.stream.write_rows(self.stream.rows(item.record, detail or []))
            self.audit.count_list(detail[-1] if detail else None)
        except NotFoundError as error:
            self._skip_not_found(item, error)
        except PermissionDeniedError as error:
            self._deny(error)
        except ResponseTooLargeError as error:
            self._outcomes[Outcome.TOO_LARGE] += 1
            self.stream.logger.warning(
                "%s: left out parent %s: %s", self.stream.name, item.record["id"], error
            )
        except IntercomError as error:
            self._skip_until_next_run(error)
        else:
            self._count(item, written, is_response=detail is not None)

    def conclude(self) -> None:
        """Decide what the last responses mean, now that no other will follow.

        The stream fails if the token was not allowed to read a single record, or if all that came
        were pages of HTML that say "not found": those are not Intercom's.
        """
        error = self._last_not_found
        if error and error.is_doubtful and not self._responses:
            self._skip_until_next_run(error, len(self._not_found))
            self._not_found.clear()
        self._skip_deleted()
        if self._denial and not self.is_complete:
            self.fail(self._denial)

    def finish(self, progress: Progress) -> None:
        """Log what was left out, and keep the figures for the stream's summary."""
        for outcome, (message, noun) in MESSAGES.items():
            is_explained = outcome is Outcome.DENIED and self.has_ended
            if (count := self._outcomes[outcome]) and not is_explained:
                self.stream.logger.warning(message, self.stream.name, counted(count, noun))
            if count and outcome is not Outcome.NOT_FOUND:
                self.stream.note_missing(f"rows of {counted(count, 'parent')} are missing")
        self.stream.summary.skipped += sum(self._outcomes[outcome] for outcome in SKIPPED)
        super().finish(progress)

    @override
    def _is_tried(self, parent_records: int) -> bool:
        """Whether a response came, unless the records of the parent are all that is needed."""
        is_embedded = isinstance(self.stream, EmbeddedChildStream)
        return self._responses > 0 or self.records > 0 or (is_embedded and parent_records > 0)

    def _count(self, item: TimestampedRecord, written: int, *, is_response: bool) -> None:
        if is_response:
            self._responses += 1
            self._failures_in_a_row = 0
            self._skip_deleted()
            self._found = str(item.record["id"])
        self.records += written
        self.record_counter.increment(written)

    def _deny(self, error: PermissionDeniedError) -> None:
        self._outcomes[Outcome.DENIED] += 1
        self._denial = error
        is_all_denied = self._outcomes[Outcome.DENIED] >= MAX_DENIED_RECORDS > self._responses
        if error.code != SINGLE_RECORD_CODE or is_all_denied:
            self.fail(error)

    def _skip_not_found(self, item: TimestampedRecord, error: NotFoundError) -> None:
        """Skip a record that was deleted meanwhile, unless it is rather the requests that fail.

        A wrong host or region answers 404 too, for every record. So if several are not found in a
        row, they only count as deleted if Intercom doesn't list them any more either.
        """
        self._not_found.append(str(item.record["id"]))
        self._last_not_found = error
        count = len(self._not_found)
        if count < MAX_NOT_FOUND_IN_A_ROW:
            return
        if self._are_deleted():
            self._skip_deleted()
            return
        message = f"{count} requests in a row were answered that nothing was found, at last {error}"
        advice = error.advice or "Check the setting region"
        self._skip_until_next_run(NotFoundError(message, status=error.status, advice=advice), count)
        self._not_found.clear()

    def _are_deleted(self) -> bool:
        """Whether the parent's list has a record that was found, but none that was not."""
        if not self._found:
            return False
        try:
            listed = self._parent.listed_ids([self._found, *self._not_found])
        except RUN_ENDING_ERRORS:
            raise
        except IntercomError:
            return False
        return listed == {self._found}

    def _skip_deleted(self) -> None:
        self._outcomes[Outcome.NOT_FOUND] += len(self._not_found)
        self._not_found.clear()

    def _skip_until_next_run(self, error: IntercomError, requests: int = 1) -> None:
        """Go on without the rows of some records; the bookmark stays, so the next run has them."""
        if not self._outcomes[Outcome.FAILED]:
            self.stream.fail(error)
        self._outcomes[Outcome.FAILED] += requests
        self._failures_in_a_row += 1
        self.has_ended = self._failures_in_a_row >= MAX_FAILURES_IN_A_ROW


def _has_id(item: TimestampedRecord) -> bool:
    return item.record.get("id") is not None
