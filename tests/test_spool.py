"""Records in a file until all of them are read."""

from __future__ import annotations

from tempfile import TemporaryFile

from tap_intercom.sync.spool import BLOCK_SIZE, Spool
from tap_intercom.timestamps import TimestampedRecord


def test_equal_timestamps_keep_their_order() -> None:
    with Spool(TemporaryFile()) as spool:
        for number in (3, 1, 2):
            spool.add(TimestampedRecord({"id": number}, 100))

        ids = [item.record["id"] for item in spool.oldest_first()]

    assert ids == [3, 1, 2]


def test_cleared_spool_is_empty() -> None:
    """Of more records than are sorted at a time, none stays."""
    with Spool(TemporaryFile()) as spool:
        for number in range(BLOCK_SIZE + 1):
            spool.add(TimestampedRecord({"id": number}, number))

        spool.clear()
        spool.add(TimestampedRecord({"id": "new"}, 7))

        assert len(spool) == 1
        assert list(spool.oldest_first()) == [TimestampedRecord({"id": "new"}, 7)]
