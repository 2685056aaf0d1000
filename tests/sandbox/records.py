"""Records as they are, and as the search index shows them."""

from __future__ import annotations

import functools
import heapq
import itertools
from bisect import bisect_left, insort
from typing import TYPE_CHECKING, Any

import msgspec

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
        # `number` orders records of the same second and is part of cursors
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

    def built_once(self) -> Record:
        """The same record, whose body is built when first needed, and copied from then on."""
        encode = functools.cache(lambda: msgspec.json.encode(self.body()))
        times = self.created_at, self.updated_at
        decode = msgspec.json.decode
        return Record(
            self.id, self.number, *times, lambda _: decode(encode()), is_ticket=self.is_ticket
        )


class SortedRecords:
    """Records found by id, and kept in order of (updated_at, number)."""

    def __init__(self, records: Iterable[Record] = ()) -> None:
        self._by_id = {record.id: record for record in records}
        self._by_number = {record.number: record for record in self._by_id.values()}
        self.keys = sorted(record.key for record in self._by_id.values())

    def __len__(self) -> int:
        return len(self._by_id)

    def __iter__(self) -> Iterator[Record]:
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
        """Remove a record, if it is there."""
        record = self._by_id.pop(record_id, None)
        if record is not None:
            del self._by_number[record.number]
            del self.keys[bisect_left(self.keys, record.key)]


class Collection:
    """All records of one kind, with a search index that may be late; changes alter `revision`."""

    def __init__(self, records: list[Record], indexed_until: float) -> None:
        self.records = SortedRecords(records)
        self.revision = 0
        self._index = SortedRecords(r for r in records if r.updated_at <= indexed_until)
        self._sequence = itertools.count()
        self._indexed: dict[str, int] = {}
        self._waiting: list[tuple[float, int, str, Record | None]] = []
        for record in records:
            if record.updated_at > indexed_until:
                self._await(record.updated_at, record.id, record)

    def put(self, record: Record) -> None:
        """Add or change a record; searches show it once the index has caught up."""
        self.records.put(record)
        self.revision += 1
        self._await(record.updated_at, record.id, record)

    def remove(self, record_id: str, at: float) -> None:
        """Delete a record; searches show it until the index has caught up."""
        self.records.remove(record_id)
        self.revision += 1
        self._await(at, record_id, None)

    def index(self, until: float) -> SortedRecords:
        """What searches see, if changes up to a timestamp (epoch seconds) have been indexed."""
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
