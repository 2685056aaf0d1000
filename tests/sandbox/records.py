"""Records, and the two views on them: the truth, and what the search index shows."""

from __future__ import annotations

import heapq
import itertools
from bisect import bisect_left, insort
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Body = dict[str, Any]


class Record:
    """One state of one record; a change makes a new one.

    A generated body is built from the seed again whenever it is needed, so that a workspace of
    half a million records costs little to make and to hold.
    """

    __slots__ = ("_build", "created_at", "id", "is_ticket", "number", "updated_at")

    def __init__(  # noqa: PLR0913 - the columns of the index
        self,
        record_id: str,
        number: int,
        created_at: int,
        updated_at: int,
        build: Callable[[Record], Body],
        *,
        is_ticket: bool = False,
    ) -> None:
        """Describe a record.

        Args:
            record_id: the id that the API shows.
            number: the number that orders records of the same second and stands in cursors.
            created_at: unix seconds.
            updated_at: unix seconds.
            build: makes the body; the result is the caller's to change.
            is_ticket: whether a conversation is a ticket.
        """
        self.id = record_id
        self.number = number
        self.created_at = created_at
        self.updated_at = updated_at
        self.is_ticket = is_ticket
        self._build = build

    @property
    def key(self) -> tuple[int, int]:
        """Where the record stands in the order by `updated_at`."""
        return (self.updated_at, self.number)

    def body(self) -> Body:
        """A fresh copy of the whole record."""
        return self._build(self)


class SortedRecords:
    """Records found by id, and kept in order of (updated_at, number)."""

    def __init__(self, records: Iterable[Record] = ()) -> None:
        """Take in records.

        Args:
            records: in any order, ids unique.
        """
        self._by_id = {record.id: record for record in records}
        self._by_number = {record.number: record for record in self._by_id.values()}
        self.keys = sorted(record.key for record in self._by_id.values())

    def __len__(self) -> int:
        """How many records there are."""
        return len(self._by_id)

    def __iter__(self) -> Iterator[Record]:
        """All records, oldest `updated_at` first."""
        return (self._by_number[number] for _, number in self.keys)

    def get(self, record_id: str) -> Record | None:
        """The record with an id."""
        return self._by_id.get(record_id)

    def numbered(self, number: int) -> Record:
        """The record with a number."""
        return self._by_number[number]

    def put(self, record: Record) -> None:
        """Add a record, or replace the one with its id."""
        self.remove(record.id)
        self._by_id[record.id] = record
        self._by_number[record.number] = record
        insort(self.keys, record.key)

    def remove(self, record_id: str) -> None:
        """Take a record out, if it is there."""
        record = self._by_id.pop(record_id, None)
        if record is not None:
            del self._by_number[record.number]
            del self.keys[bisect_left(self.keys, record.key)]


class Collection:
    """All records of one kind, with a search index that may lag behind.

    Attributes:
        truth: the records as they are.
        revision: a number that differs whenever the truth or the index does.
    """

    def __init__(self, records: list[Record], indexed_until: float) -> None:
        """Take in the records of a workspace.

        Args:
            records: in any order.
            indexed_until: records with a later `updated_at` are not in the search index yet.
        """
        self.truth = SortedRecords(records)
        self.revision = 0
        self._index = SortedRecords(r for r in records if r.updated_at <= indexed_until)
        self._sequence = itertools.count()
        self._indexed: dict[str, int] = {}
        self._waiting: list[tuple[float, int, str, Record | None]] = []
        for record in records:
            if record.updated_at > indexed_until:
                self._await(record.updated_at, record.id, record)

    def put(self, record: Record) -> None:
        """Add or change a record; the search shows it once the index has caught up."""
        self.truth.put(record)
        self.revision += 1
        self._await(record.updated_at, record.id, record)

    def remove(self, record_id: str, at: float) -> None:
        """Delete a record; the search shows it until the index has caught up.

        Args:
            record_id: the record's id.
            at: unix seconds of the deletion.
        """
        self.truth.remove(record_id)
        self.revision += 1
        self._await(at, record_id, None)

    def index(self, until: float) -> SortedRecords:
        """What the search sees.

        Args:
            until: unix seconds up to which changes have reached the index.
        """
        while self._waiting and self._waiting[0][0] <= until:
            _, sequence, record_id, record = heapq.heappop(self._waiting)
            if sequence < self._indexed.get(record_id, -1):
                continue
            self._indexed[record_id] = sequence
            self.revision += 1
            if record is None:
                self._index.remove(record_id)
            else:
                self._index.put(record)
        return self._index

    def _await(self, at: float, record_id: str, record: Record | None) -> None:
        heapq.heappush(self._waiting, (at, next(self._sequence), record_id, record))
