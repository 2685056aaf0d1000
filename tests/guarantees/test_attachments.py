"""A file is one row, although Intercom signs its URL anew whenever it is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.expected_rows import KEYS

if TYPE_CHECKING:
    from tests.guarantees.harness import SyncHarness, SyncResult

STREAMS = (
    "conversation_attachments",
    "conversation_part_attachments",
    "ticket_part_attachments",
)


def keys(result: SyncResult, stream: str) -> set[tuple[str, ...]]:
    return {tuple(row[key] for key in KEYS[stream]) for row in result.records(stream)}


@pytest.mark.parametrize("stream", STREAMS)
def test_file_read_twice_is_one_row(harness: SyncHarness, stream: str) -> None:
    first = harness.sync(select=[stream])
    harness.sandbox.clock.advance(86_400)

    second = harness.sync(select=[stream])

    signed = set(first.values(stream, "signed_url")), set(second.values(stream, "signed_url"))
    assert signed[0].isdisjoint(signed[1])
    assert keys(first, stream) == keys(second, stream) != set()


@pytest.mark.parametrize("stream", STREAMS)
def test_signed_url_is_kept_as_sent(harness: SyncHarness, stream: str) -> None:
    result = harness.sync(select=[stream])

    for row in result.records(stream):
        assert row["signed_url"].startswith(f"{row['url']}?expires=")
        assert "signature=" in row["signed_url"]
