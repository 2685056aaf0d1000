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
from tap_intercom.errors import IntercomError, NotFoundError, PermissionDeniedError
from tap_intercom.look_ahead import LookAhead
from tap_intercom.pagination import pages, records_of
from tap_intercom.progress import Progress, WarningCounter
from tap_intercom.stream import IntercomStream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from singer_sdk.helpers.types import Context, Record
    from singer_sdk.metrics import Counter

    from tap_intercom.client import Request
    from tap_intercom.step import Step

RECORDS_PER_STATE = 50
"""Root records between two STATE messages: few, so that little is read twice."""

INDEX_LAG_SECONDS = 900
"""Records younger than this may stand at any place in a search: its index is minutes behind."""

SINGLE_RECORD_CODE = "forbidden"
"""What Intercom answers where an admin may not see one conversation (OpenAPI 2.16, 403)."""

FORBIDDEN_IN_A_ROW = 20
"""Forbidden records, and not one allowed, after which the whole stream is taken as denied."""

Answers = dict[str, "list[Any] | IntercomError"]
"""What was fetched for a root record: by path, the pages, or why they are not to be had."""


class ChildStream(IntercomStream):
    """Rows that belong to the records of a root stream.

    A row is an item of a list, with the root record's id under `root_key` and its `updated_at`
    under the replication key. The item's own `id` goes under `item_key`.
    """

    root_key: ClassVar[str]
    item_key: ClassVar[str] = "id"

    @override
    def get_records(self, context: Context | None) -> Iterable[Record]:
        """Return nothing: the walk of the root stream writes the rows."""
        return ()

    def requests(self, record: Record) -> Sequence[Request]:  # noqa: ARG002  # subclasses use it
        """Return what has to be fetched for a root record before its rows can be made."""
        return ()

    def items(self, record: Record, answers: dict[str, list[Any]]) -> Iterable[Record]:
        """Return the list's items of a root record.

        Args:
            record: The root record as Intercom sent it.
            answers: The pages of what `requests` asked for, by path.
        """
        raise NotImplementedError

    def rows(self, record: Record, answers: dict[str, list[Any]]) -> Iterator[Record]:
        """Yield the rows of a root record."""
        keys = {self.root_key: record["id"]}
        if self.replication_key:
            keys[self.replication_key] = record.get("updated_at")
        for item in self.items(record, answers):
            row = {**item, **keys}
            if self.item_key != "id":
                row[self.item_key] = row.pop("id", None)
            yield self.normalize(row)


class ListedStream(ChildStream):
    """Rows out of a list that lies within a record; `field` is the path to it."""

    field: ClassVar[tuple[str, ...]]

    def items_in(self, record: Record, root_id: object) -> list[Record]:
        """Return the list's items, and warn if Intercom tells of more than it hands out."""
        holder, found = value_at(record, self.field[:-1]), value_at(record, self.field)
        items = [item for item in found if isinstance(item, dict)] if _is_list(found) else []
        total = holder.get("total_count") if isinstance(holder, dict) else None
        if isinstance(total, int) and total > len(items):
            self.logger.warning(
                "%s %s has %d %s, of which Intercom hands out %d; others that were loaded before "
                "stay as they are",
                *(self.root_key, root_id, total, self.name, len(items)),
            )
        return items


class EmbeddedStream(ListedStream):
    """Rows out of a list within the root record, such as a conversation's tags.

    Where Intercom cuts it off (`has_more`), it is read whole
    from `whole_list`, in which `{id}` stands for the root record's id.
    """

    whole_list: ClassVar[Request | None] = None

    @override
    def requests(self, record: Record) -> Sequence[Request]:
        holder = value_at(record, self.field[:-1])
        if self.whole_list is None or not isinstance(holder, dict) or not holder.get("has_more"):
            return ()
        return (self.whole_list.about(record["id"]),)

    @override
    def items(self, record: Record, answers: dict[str, list[Any]]) -> Iterable[Record]:
        for request in self.requests(record):
            return [item for page in answers[request.path] for item in records_of(request, page)]
        return self.items_in(record, record["id"])


class ReferenceStream(EmbeddedStream):
    """Rows that say which record is linked to which, and nothing else about either."""

    @override
    def items(self, record: Record, answers: dict[str, list[Any]]) -> Iterable[Record]:
        return [{"id": item.get("id")} for item in super().items(record, answers)]


class FetchedStream(ListedStream):
    """Rows out of a list in an answer that has to be fetched for each root record.

    `detail` is what is asked, in which `{id}` stands for the root record's id.
    """

    detail: ClassVar[Request]

    @override
    def requests(self, record: Record) -> Sequence[Request]:
        return (self.detail.about(record["id"]),)

    @override
    def items(self, record: Record, answers: dict[str, list[Any]]) -> Iterable[Record]:
        (request,) = self.requests(record)
        (detail,) = answers[request.path]
        return self.items_in(detail, record["id"])


class RootStream(IntercomStream):
    """A stream that is walked by itself, and feeds the child streams that name it as parent.

    `omitted` are fields of a record that are left out of its row, because a child stream has them.
    A walk sets `expected_records` when it learns how many there are.
    """

    omitted: ClassVar[tuple[str, ...]] = ()
    expected_records = 0

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
        except PermissionDeniedError as error:
            for member in members:
                member.deny(error)
        finally:
            for member in members:
                member.report(progress)

    def _emit(self, members: list[_Member], progress: Progress) -> Iterator[Record]:
        children = [member for member in members if member.stream is not self]
        takes_root_records = len(children) < len(members)
        youngest, earliest = 0, math.inf
        with ExitStack() as stack:
            for child in children:
                child.begin(stack)
            for number, (step, answers) in enumerate(self._steps(members), 1):
                for child in children:
                    child.write(step, answers or {})
                if takes_root_records and members[0].wants(step):
                    members[0].records += 1
                    yield step.record
                progress.step(self.expected_records)
                youngest, earliest = max(youngest, step.moment), min(earliest, step.moment)
                if number % RECORDS_PER_STATE == 0:
                    self._write_state(members, earliest)
                    earliest = math.inf
        for child in children:
            child.deny_if_never_answered()
        self._move_bookmarks(members, youngest)

    def _steps(self, members: list[_Member]) -> Iterator[tuple[Step, Answers | None]]:
        """Yield the walk's steps, each with what its members asked for."""

        def task_of(step: Step) -> Callable[[], Answers] | None:
            requests = {
                request.path: request
                for member in members
                if isinstance(member.stream, ChildStream) and member.wants(step)
                for request in member.stream.requests(step.record)
            }
            return (lambda: self._fetch_all(requests.values())) if requests else None

        since = min(member.starting_moment for member in members)
        return LookAhead(self.settings.concurrency).map(self.walk(since), task_of)

    def _fetch_all(self, requests: Iterable[Request]) -> Answers:
        """Fetch what one root record needs; this runs in a thread of the look-ahead."""
        answers: Answers = {}
        for request in requests:
            try:
                answers[request.path] = list(pages(self.client, request))
            except (NotFoundError, PermissionDeniedError) as error:
                answers[request.path] = error
        return answers

    def _write_state(self, members: list[_Member], earliest: float) -> None:
        """Write a STATE within a walk, for a bookmark that nothing outstanding lies before.

        That is the earliest moment of the last records, not the latest: a search may show a
        record that is far younger than its place in the index. Where all of them are that young,
        they don't tell how far the walk has come, and the bookmarks stay.
        """
        if earliest <= self.began_at - INDEX_LAG_SECONDS:
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
    denied: bool = False
    answered: int = 0
    vanished: int = 0
    forbidden: int = 0
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
        return not self.denied and (self.answered > 0 or self.forbidden == 0)

    def wants(self, step: Step) -> bool:
        return not self.denied and step.moment >= self.starting_moment

    def write(self, step: Step, answers: Answers) -> None:
        if not self.wants(step):
            return
        found: dict[str, list[Any]] = {}
        for request in self.stream.requests(step.record):
            answer = answers[request.path]
            if isinstance(answer, IntercomError):
                self._go_without(answer)
                return
            found[request.path] = answer
            self.answered += 1
        written = self.stream.write_rows(self.stream.rows(step.record, found))
        self.records += written
        self.counter.increment(written)

    def deny(self, error: PermissionDeniedError) -> None:
        self.denied = True
        self.stream.refuse(error)

    def deny_if_never_answered(self) -> None:
        if self.last_error and not self.is_complete:
            self.deny(self.last_error)

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
        if self.forbidden and not self.denied:
            self.stream.logger.warning(
                "Intercom does not let this token read the %s of %d records (%s)",
                self.stream.name,
                self.forbidden,
                self.last_error,
            )
        if self.vanished:
            self.stream.logger.warning(
                "%d records were deleted or merged between their listing and the request for "
                "their %s, and have none",
                self.vanished,
                self.stream.name,
            )

    def _go_without(self, error: IntercomError) -> None:
        if not isinstance(error, PermissionDeniedError):
            self.vanished += 1
            return
        self.forbidden += 1
        self.last_error = error
        if error.code != SINGLE_RECORD_CODE or self.forbidden >= FORBIDDEN_IN_A_ROW > self.answered:
            self.deny(error)


def _is_list(value: Any) -> bool:
    return isinstance(value, list)


def value_at(record: Any, path: Sequence[str]) -> Any:
    """Return the value at a path of field names; None where a step of it is missing or null."""
    for name in path:
        record = record.get(name) if isinstance(record, dict) else None
    return record
