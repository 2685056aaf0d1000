"""What became of the requests for single records, and what that means for their stream."""

from __future__ import annotations

from collections import Counter
from enum import Enum, auto
from typing import TYPE_CHECKING

from tap_intercom.errors import (
    RUN_ENDING_ERRORS,
    IntercomError,
    NotFoundError,
    PermissionDeniedError,
    ResponseTooLargeError,
)
from tap_intercom.sync.progress import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tap_intercom.sync.stream import IntercomStream

SINGLE_RECORD_CODE = "forbidden"
"""What Intercom answers where an admin may not see one conversation (OpenAPI 2.16, 403)."""

MAX_DENIED_RECORDS = 20
"""Denied records without one that is allowed, after which the whole stream counts as denied."""

MAX_FAILURES_IN_A_ROW = 3
"""Failed requests in a row, after which a stream makes no further one."""

MAX_NOT_FOUND_IN_A_ROW = 3
"""Records not found, without one that is, after which they are not taken for deleted unseen."""


class Outcome(Enum):
    """Why a record has no rows in a stream."""

    DENIED = auto()
    FAILED = auto()
    NO_ID = auto()
    NOT_FOUND = auto()
    TOO_LARGE = auto()


MESSAGES = {
    Outcome.DENIED: "%s: skipped %s that the token may not read",
    Outcome.FAILED: "%s: %s failed, to be retried by the next run",
    Outcome.NO_ID: "%s: skipped %s without an id",
    Outcome.NOT_FOUND: "%s: skipped %s, deleted or merged during the sync",
    Outcome.TOO_LARGE: "%s: skipped %s whose response is too large",
}
"""What is logged at the end of a sync, with the stream's name and a number of records."""

SKIPPED = (Outcome.DENIED, Outcome.NOT_FOUND, Outcome.TOO_LARGE)
"""Outcomes that the next run does not change."""


class Outcomes:
    """What became of the requests that a stream makes for single records, one after the other.

    Attributes:
        responses: How many records were read.
        counts: How many records have no rows, by the reason.
        failed_ids: The records that the next run has to ask for again.
        ended_by: Why the stream makes no further request; None while it goes on.
    """

    def __init__(self, stream: IntercomStream, listing: IntercomStream, noun: str) -> None:
        """Start without an outcome.

        Args:
            stream: The stream that needs the responses.
            listing: The stream that can tell which of the records Intercom lists.
            noun: What log lines call a record.
        """
        self.responses = 0
        self.counts = Counter[Outcome]()
        self.failed_ids: list[str] = []
        self.ended_by: IntercomError | None = None
        self._stream = stream
        self._listing = listing
        self._noun = noun
        self._failures_in_a_row = 0
        self._denial: PermissionDeniedError | None = None
        self._found = ""
        self._not_found: list[str] = []
        self._last_not_found: NotFoundError | None = None

    @property
    def is_complete(self) -> bool:
        """Whether every record so far was read or is known to be gone or denied alone."""
        is_denied = self.counts[Outcome.DENIED] > 0 and self.responses == 0
        return not (is_denied or self.counts[Outcome.FAILED] or self._not_found)

    def add_response(self, record_id: str) -> None:
        """Note that a record was read."""
        self.responses += 1
        self._settle_not_found()
        self._failures_in_a_row = 0
        self._found = record_id

    def add_error(self, record_id: str, error: IntercomError) -> None:
        """Note that a record was not read, and decide what that means."""
        if isinstance(error, NotFoundError):
            self._add_not_found(record_id, error)
        elif isinstance(error, PermissionDeniedError):
            self._add_denial(error)
        elif isinstance(error, ResponseTooLargeError):
            self.counts[Outcome.TOO_LARGE] += 1
            self._stream.logger.warning(
                "%s: left out %s %s: %s", self._stream.name, self._noun, record_id, error
            )
        else:
            self._add_failure([record_id], error)

    def conclude(self) -> None:
        """Decide what the last responses mean, now that no other will follow.

        The stream fails if the token was not allowed to read a single record, or if all that came
        were pages of HTML that say "not found": those are not Intercom's.
        """
        self._settle_not_found()
        if self._denial and not self.responses:
            self._end(self._denial)

    def log_summary(self) -> None:
        """Log what was left out, and add it to the stream's summary."""
        for outcome, message in MESSAGES.items():
            count = self.counts[outcome]
            noun = "request" if outcome is Outcome.FAILED else self._noun
            is_explained = outcome is Outcome.DENIED and self.ended_by is not None
            if count and not is_explained:
                self._stream.logger.warning(message, self._stream.name, counted(count, noun))
            if count and outcome is not Outcome.NOT_FOUND:
                self._stream.note_missing(f"rows of {counted(count, self._noun)} are missing")
        self._stream.summary.skipped += sum(self.counts[outcome] for outcome in SKIPPED)

    def _add_denial(self, error: PermissionDeniedError) -> None:
        self.counts[Outcome.DENIED] += 1
        self._denial = error
        is_all_denied = self.counts[Outcome.DENIED] >= MAX_DENIED_RECORDS > self.responses
        if error.code != SINGLE_RECORD_CODE or is_all_denied:
            self._end(error)

    def _add_not_found(self, record_id: str, error: NotFoundError) -> None:
        """Skip a record that was deleted meanwhile, unless it is rather the requests that fail.

        A wrong host or region answers 404 too, for every record. So if several are not found in a
        row, they only count as deleted if Intercom doesn't list them any more either.
        """
        self._not_found.append(record_id)
        self._last_not_found = error
        count = len(self._not_found)
        if count < MAX_NOT_FOUND_IN_A_ROW:
            return
        if self._are_deleted():
            self._skip_deleted()
            return
        message = f"{count} requests in a row were answered that nothing was found, at last {error}"
        advice = error.advice or "Check the setting region"
        failure = NotFoundError(message, status=error.status, advice=advice)
        self._add_failure(self._not_found, failure)
        self._not_found.clear()

    def _are_deleted(self) -> bool:
        """Whether Intercom lists none of the records that were not found, but one that was."""
        found = {self._found} if self._found else set[str]()
        try:
            return self._listing.listed_ids([*found, *self._not_found]) == found
        except RUN_ENDING_ERRORS:
            raise
        except IntercomError:
            return False

    def _settle_not_found(self) -> None:
        """Decide about the last records that were not found, too few to be looked up.

        They were deleted, unless those before them are known not to be.
        """
        error = self._last_not_found
        if error is None or not self._not_found:
            return
        if self._failures_in_a_row or (error.is_doubtful and not self.responses):
            self._keep_failed(self._not_found, error)
            self._not_found.clear()
        self._skip_deleted()

    def _skip_deleted(self) -> None:
        self.counts[Outcome.NOT_FOUND] += len(self._not_found)
        self._not_found.clear()

    def _add_failure(self, record_ids: Sequence[str], error: IntercomError) -> None:
        """Go on without the rows of some records, unless too many in a row have failed."""
        self._keep_failed(record_ids, error)
        self._failures_in_a_row += 1
        if self._failures_in_a_row >= MAX_FAILURES_IN_A_ROW:
            self.ended_by = error

    def _keep_failed(self, record_ids: Sequence[str], error: IntercomError) -> None:
        """Leave some records to the next run."""
        if not self.failed_ids:
            self._stream.fail(error)
        self.failed_ids.extend(record_ids)
        self.counts[Outcome.FAILED] += len(record_ids)

    def _end(self, error: IntercomError) -> None:
        if self.ended_by is None:
            self.ended_by = error
            self._stream.fail(error)
