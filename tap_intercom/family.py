"""One walk over a root resource that feeds its child streams.

Each root record is handed to every selected member of the family: the root stream itself and the
child streams, which take rows out of the record or out of what was fetched for it. Every member
has a bookmark of its own; the walk starts where the member that is furthest behind needs it, and
a member takes only the records that it has not had. So a child selected later gets its whole
history, and a child selected without its root is incremental.
"""

from __future__ import annotations

import math
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from tap_intercom.compat import override
from tap_intercom.errors import (
    AccessTokenRefusedError,
    IntercomError,
    NotFoundError,
    PermissionDeniedError,
)
from tap_intercom.look_ahead import LookAhead
from tap_intercom.pagination import pages
from tap_intercom.progress import Progress, WarningCounter
from tap_intercom.stream import IntercomStream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from singer_sdk.helpers.types import Context, Record
    from singer_sdk.metrics import Counter

    from tap_intercom.client import Request
    from tap_intercom.page import Page
    from tap_intercom.step import Step

RECORDS_PER_STATE = 50
"""Root records between two STATE messages: few, so that little is read twice."""

INDEX_LAG_SECONDS = 900
"""Records younger than this, at least, may stand at any place in a search: its index runs late."""

SINGLE_RECORD_CODE = "forbidden"
"""What Intercom answers where an admin may not see one conversation (OpenAPI 2.16, 403)."""

FORBIDDEN_IN_A_ROW = 20
"""Forbidden records, and not one allowed, after which the whole stream is taken as denied."""

MISSED_IN_A_ROW = 3
"""Records that failed one after the other, after which a stream asks for no further one."""

Asked = list["Request | None"]
"""What each child stream wants to be fetched for a root record."""

Answers = dict[str, "list[Page] | IntercomError"]
"""What was fetched for a root record: by place, the pages, or why they are not to be had."""


class RootStream(IntercomStream):
    """A stream that is walked by itself, and feeds the child streams that name it as parent.

    `omitted` are fields of a record that are left out of its row, because a child stream has them.
    A walk sets `expected_records` when it learns how many there are.
    """

    omitted: ClassVar[tuple[str, ...]] = ()
    expected_records = 0

    @property
    def settled(self) -> int:
        """A moment (epoch seconds): where older records stand in a search tells how far it is.

        Younger ones are what the next run's lookback is for.
        """
        return self.began_at - max(self.settings.lookback_seconds, INDEX_LAG_SECONDS)

    @override
    def post_process(self, row: Record, context: Context | None = None) -> Record | None:
        for name in self.omitted:
            row.pop(name, None)
        return self.normalize(row) if self.has_key(row) else None

    def walk(self, since: int) -> Iterator[Step]:
        """Yield the records updated at `since` (epoch seconds) or later, oldest first.

        A stream without a replication key yields all of its records, in any order.

        Raises:
            IntercomError: Intercom refused a request or kept failing.
        """
        raise NotImplementedError

    @override
    def generate_child_contexts(
        self, record: Record, context: Context | None
    ) -> Iterable[Context | None]:
        """Return nothing: the walk itself writes the children's rows.

        The SDK would sync each child anew for each record, with a SCHEMA and a STATE every time.
        """
        return ()

    @override
    def _increment_stream_state(
        self, latest_record: Record, *, context: Context | None = None
    ) -> None:
        """Do nothing: the walk moves the bookmarks of all members of the family."""

    @override
    def get_records(self, context: Context | None) -> Iterator[Record]:
        streams = [self, *self.child_streams]
        members = [_Member(stream) for stream in streams if stream.selected]
        progress = Progress(self.name, self.logger, self.client)
        try:
            yield from self._emit(members, progress)
        except IntercomError as error:
            if self._ends_the_run(error):
                raise
            for member in members:
                member.fail(error)
        finally:
            for member in members:
                member.report(progress)

    def _ends_the_run(self, error: IntercomError) -> bool:
        """Whether an error concerns more than this family: no other will be answered either."""
        if isinstance(error, PermissionDeniedError):
            return False
        return isinstance(error, AccessTokenRefusedError) or not self.client.is_served()

    def _emit(self, members: list[_Member], progress: Progress) -> Iterator[Record]:
        children = [member for member in members if member.stream is not self]
        takes_root_records = len(children) < len(members)
        youngest, earliest = 0, math.inf
        with ExitStack() as stack:
            for child in children:
                child.begin(stack)
            for number, ((step, asked), answers) in enumerate(self._steps(members, children), 1):
                for child, request in zip(children, asked, strict=True):
                    child.write(step, request, answers or {})
                if takes_root_records and members[0].wants(step):
                    members[0].records += 1
                    yield step.record
                progress.step(self.expected_records)
                youngest, earliest = max(youngest, step.moment), min(earliest, step.moment)
                if number % RECORDS_PER_STATE == 0:
                    self._write_state(members, earliest)
                    earliest = math.inf
        for child in children:
            child.fail_if_never_answered()
        self._move_bookmarks(members, youngest)

    def _steps(
        self, members: list[_Member], children: list[_Member]
    ) -> Iterator[tuple[tuple[Step, Asked], Answers | None]]:
        """Yield the walk's steps, each with what its children asked for, and the answers."""

        def task_of(item: tuple[Step, Asked]) -> Callable[[], Answers] | None:
            requests = {request.place: request for request in item[1] if request}
            return (lambda: self._fetch_all(requests.values())) if requests else None

        since = min(member.starting_moment for member in members)
        steps = ((step, [child.request(step) for child in children]) for step in self.walk(since))
        ahead = LookAhead(self.settings.concurrency, lambda: self.client.received)
        return ahead.map(steps, task_of)

    def _fetch_all(self, requests: Iterable[Request]) -> Answers:
        """Fetch what one root record needs; this runs in a thread of the look-ahead."""
        answers: Answers = {}
        for request in requests:
            try:
                answers[request.place] = list(pages(self.client, request))
            except AccessTokenRefusedError:
                raise
            except IntercomError as error:
                answers[request.place] = error
        return answers

    def _write_state(self, members: list[_Member], earliest: float) -> None:
        """Write a STATE within a walk; its bookmarks go no further than the walk is sure to be.

        That is the earliest moment of the last records, not the latest: a search may show a
        record that is far younger than its place in the index. Where all of them are that young,
        they don't tell how far the walk has come, and the bookmarks stay.
        """
        if earliest < self.settled:
            self._move_bookmarks(members, int(earliest))
        self._tap.state_writer.write_state(self.tap_state)

    def _move_bookmarks(self, members: list[_Member], moment: int) -> None:
        """Move the bookmarks of all members to a moment (epoch seconds)."""
        for member in members:
            if member.is_complete:
                member.stream.move_bookmark(moment)


@dataclass
class _Member:
    """A selected stream of a family during one walk."""

    stream: Any
    failed: bool = False
    missed: int = 0
    missed_in_a_row: int = 0
    answered: int = 0
    vanished: int = 0
    forbidden: int = 0
    keyless: int = 0
    last_error: PermissionDeniedError | None = None
    records: int = 0

    def __post_init__(self) -> None:
        self.starting_moment: int = self.stream.starting_moment
        self.counter: Counter = self.stream.get_record_counter()
        self.warnings = WarningCounter()
        self.stream.logger.addHandler(self.warnings)

    def begin(self, stack: ExitStack) -> None:
        self.stream.write_schema()
        stack.enter_context(self.counter)

    @property
    def is_complete(self) -> bool:
        """Whether nothing that Intercom might still hand out is missing so far."""
        is_whole = not self.failed and not self.missed
        return is_whole and (self.answered > 0 or self.forbidden == 0)

    def wants(self, step: Step) -> bool:
        return not self.failed and step.moment >= self.starting_moment

    def request(self, step: Step) -> Request | None:
        """Return what this child stream wants to be fetched for a record."""
        request: Request | None = None
        if self.wants(step) and _has_id(step):
            request = self.stream.request(step.record)
        return request

    def write(self, step: Step, request: Request | None, answers: Answers) -> None:
        if not self.wants(step):
            return
        if not _has_id(step):
            self.keyless += 1
            return
        answer = answers[request.place] if request else []
        if isinstance(answer, IntercomError):
            self._go_without(answer)
            return
        try:
            written = self.stream.write_rows(self.stream.rows(step.record, answer))
        except IntercomError as error:
            self._miss(error)
            return
        if request:
            self.answered += 1
            self.missed_in_a_row = 0
        self.records += written
        self.counter.increment(written)

    def fail(self, error: IntercomError) -> None:
        """End this stream: it takes no further record, and its bookmark stays."""
        if not self.failed:
            self.failed = True
            self.stream.fail(error)

    def fail_if_never_answered(self) -> None:
        if self.last_error and not self.is_complete:
            self.fail(self.last_error)

    def report(self, progress: Progress) -> None:
        """Say at the end of the walk what was left out, and keep its figures for the summary."""
        self._warn()
        self.stream.logger.removeHandler(self.warnings)
        summary = self.stream.summary
        summary.records, summary.warnings = self.records, self.warnings.count
        summary.skipped = self.vanished + self.forbidden
        summary.requests, summary.retries = progress.requests, progress.retries
        summary.seconds = round(progress.seconds, 1)

    def _warn(self) -> None:
        self.stream.report()
        if self.forbidden and not self.failed:
            self.stream.logger.warning(
                "Intercom does not let this token read the %s of %d records (%s)",
                self.stream.name,
                self.forbidden,
                self.last_error,
            )
        if self.missed:
            self.stream.logger.warning(
                "The %s of %d records are missing; the next run asks for them again",
                *(self.stream.name, self.missed),
            )
        if self.keyless:
            self.stream.logger.warning(
                "%d records came without an id, so their %s were left out",
                self.keyless,
                self.stream.name,
            )
        if self.vanished:
            self.stream.logger.warning(
                "%d records were deleted or merged between their listing and the request for "
                "their %s, and have none",
                self.vanished,
                self.stream.name,
            )

    def _go_without(self, error: IntercomError) -> None:
        if isinstance(error, NotFoundError):
            self.vanished += 1
            return
        if not isinstance(error, PermissionDeniedError):
            self._miss(error)
            return
        self.forbidden += 1
        self.last_error = error
        if error.code != SINGLE_RECORD_CODE or self.forbidden >= FORBIDDEN_IN_A_ROW > self.answered:
            self.fail(error)

    def _miss(self, error: IntercomError) -> None:
        """Go on without the rows of one record; the bookmark stays, so the next run tries again."""
        if not self.missed:
            self.stream.fail(error)
        self.missed += 1
        self.missed_in_a_row += 1
        self.failed = self.missed_in_a_row >= MISSED_IN_A_ROW


def _has_id(step: Step) -> bool:
    return step.record.get("id") is not None
