"""One page of a search, and the window of time that it is a page of."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import compress
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from tap_intercom.api.seen_records import SeenRecords
from tap_intercom.timestamps import TimestampedRecord, parse_timestamp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tap_intercom.api.response import Page


class RecordMetadata(NamedTuple):
    """The id and timestamps (epoch seconds) of a search result, decoded without the rest of it.

    `created_at` is 0 where the record has none.
    """

    id: str
    updated_at: int
    created_at: int


class _MetadataFields(msgspec.Struct):
    id: Any = None
    updated_at: Any = None
    created_at: Any = None


@dataclass(frozen=True)
class SearchPage:
    """One page of a search.

    The search sorts by its index, which may lag behind, so a record can be far younger than its
    position suggests.

    Attributes:
        page: The page itself; its records are decoded when they are first used.
        metadata: Ids and timestamps of all records.
        total: How many records match the search (`total_count`).
        cursor: Where the next page begins; None after the last.
        stable_before: Records updated before this timestamp (epoch seconds) have reached their
            final position in the search index.
        left_out: Whether its only record was too large to be read.
    """

    page: Page
    metadata: list[RecordMetadata]
    total: int
    cursor: str | None
    stable_before: int
    left_out: bool = False

    @property
    def stable_timestamps(self) -> list[int]:
        """The timestamps of the records whose position is final, in order."""
        timestamps = (record.updated_at for record in self.metadata)
        return sorted(timestamp for timestamp in timestamps if timestamp < self.stable_before)

    @property
    def complete_through(self) -> int:
        """A timestamp (epoch seconds) that no later page's record precedes; 0 if unknown.

        That holds while the index lags less than the run allows for. In case it lags more, the
        timestamp lies a little before the page's end: a few recent records can't push it further.
        """
        timestamps = self.stable_timestamps
        return timestamps[len(timestamps) * 4 // 5] if timestamps else 0

    def records(self, contains: Callable[[RecordMetadata], bool]) -> Iterator[TimestampedRecord]:
        """Yield the records whose metadata is accepted; if none is, nothing is decoded.

        Raises:
            RetriableError: The records are not JSON.
        """
        accepted = [contains(record) for record in self.metadata]
        if any(accepted) and not self.left_out:
            pairs = zip(self.metadata, self.page.records(), strict=True)
            for metadata, record in compress(pairs, accepted):
                yield TimestampedRecord(record, metadata.updated_at)


@dataclass(frozen=True)
class Window:
    """A period to search, and how far it has been read.

    Attributes:
        start: First timestamp (epoch seconds).
        end: First timestamp after the period; None for an open end.
        cursor: Where the next page begins.
        seen: The records on the pages before the cursor; the margins' are among them.
        complete_through: A timestamp up to which those pages hold everything.
        repeats: How often the page that the cursor points to has been asked for already.
        exclude_ids: Ids that an earlier window has returned.
    """

    start: int
    end: int | None = None
    cursor: str | None = None
    seen: SeenRecords = field(default_factory=SeenRecords)
    complete_through: int = 0
    repeats: int = 0
    exclude_ids: frozenset[str] = field(default_factory=frozenset)

    def contains(self, record: RecordMetadata) -> bool:
        """Whether a record belongs to this window."""
        is_early = record.updated_at < self.start
        is_late = self.end is not None and record.updated_at >= self.end
        return not is_early and not is_late and record.id not in self.exclude_ids

    def ends_before(self, page: SearchPage) -> bool:
        """Whether a whole page lies after the window's end, in the margin that was added.

        A page whose records have no final position yet may lie anywhere.
        """
        timestamps = page.stable_timestamps
        return self.end is not None and bool(timestamps) and timestamps[0] >= self.end

    def after(self, page: SearchPage) -> Window:
        """Return the window as it is once a page of it has been read; call it once per page."""
        self.seen.add_page((record.id, record.updated_at) for record in page.metadata)
        return replace(
            self,
            cursor=page.cursor,
            complete_through=max(self.complete_through, page.complete_through),
            repeats=0,
        )

    def restarted(self) -> Window:
        """Return what is left of the window from its last completed timestamp, without a cursor."""
        start = max(self.start, self.complete_through)
        return replace(self, start=start, cursor=None, seen=SeenRecords(), repeats=0)

    def repeated(self) -> Window:
        """Return the window with the same page to be read once more."""
        return replace(self, repeats=self.repeats + 1)


def record_metadata(page: Page, default: int) -> list[RecordMetadata]:
    """Return the metadata of a page's records.

    Args:
        page: A page of a search.
        default: Stands for an `updated_at` that can't be read (epoch seconds).

    Raises:
        RetriableError: The page has no list of records, or is not JSON.
    """
    return [
        RecordMetadata(
            str(fields.id),
            parse_timestamp(fields.updated_at, default),
            parse_timestamp(fields.created_at, 0),
        )
        for fields in page.record_fields(_MetadataFields)
    ]
