"""Conversations that were deleted in Intercom are reported, so that a warehouse can follow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.guarantees.harness import Pipe
from tests.sandbox.options import SandboxOptions

if TYPE_CHECKING:
    from tap_intercom.api.request import Request
    from tests.guarantees.harness import SyncHarness

STREAM = "deleted_conversations"
PATH = "/conversations/deleted"


@pytest.fixture
def options() -> SandboxOptions:
    return SandboxOptions(contacts=5, companies=0, conversations=260, tickets=0)


def delete(harness: SyncHarness, count: int, *, seconds: int = 7) -> None:
    """Delete some conversations, each a number of seconds after the one before."""
    for record in harness.sandbox.records("conversations")[:count]:
        harness.sandbox.clock.advance(seconds)
        harness.sandbox.delete("conversations", record["id"])


def test_every_deletion_is_reported(harness: SyncHarness) -> None:
    delete(harness, 150)

    result = harness.sync(select=[STREAM])

    assert harness.missing_rows(result, [STREAM]) == {}
    assert len(result.records(STREAM)) == 150


def test_next_sync_reads_new_deletions_only(harness: SyncHarness) -> None:
    delete(harness, 150, seconds=120)
    first = harness.sync(select=[STREAM])
    harness.sandbox.clock.advance(86_400)
    delete(harness, 5)
    harness.sandbox.clear_requests()

    second = harness.sync(first.state, select=[STREAM])

    # the second page is the first that holds nothing new
    assert len(harness.requests(PATH)) == 2
    assert len(second.records(STREAM)) < 40
    assert harness.missing_rows(first + second, [STREAM]) == {}


def test_deletions_during_sync_are_reported(harness: SyncHarness) -> None:
    """They shift the pages of the list while it is read."""
    delete(harness, 130)

    def delete_more(request: Request) -> None:
        if request.path == PATH:
            delete(harness, 3)

    harness.before_each_request(delete_more)
    first = harness.sync(select=[STREAM])
    harness.clear_actions()

    second = harness.sync(first.state, select=[STREAM])

    assert harness.missing_rows(first + second, [STREAM]) == {}


@pytest.mark.parametrize("messages", [2, 60, 150, 170, 230])
def test_deletions_of_one_second_survive_kills(harness: SyncHarness, messages: int) -> None:
    delete(harness, 200, seconds=0)
    killed = harness.try_sync(select=[STREAM], pipe=Pipe(messages=messages), lookback_seconds=0)

    resumed = harness.sync(killed.state, select=[STREAM], lookback_seconds=0)

    assert harness.missing_rows(killed + resumed, [STREAM]) == {}


def test_conversation_deleted_after_loading_is_reported(harness: SyncHarness) -> None:
    first = harness.sync(select=["conversations", STREAM])
    harness.sandbox.clock.advance(600)
    deleted = harness.sandbox.records("conversations")[3]["id"]
    harness.sandbox.delete("conversations", deleted)

    second = harness.sync(first.state, select=["conversations", STREAM])

    assert deleted in first.values("conversations", "id")
    assert second.values(STREAM, "id") == [deleted]


def test_older_api_version_lacks_the_stream(harness: SyncHarness) -> None:
    result = harness.sync(api_version="2.15")

    assert STREAM not in {schema["stream"] for schema in result.schemas}
    assert harness.requests(PATH) == []


def test_stale_timestamp_ends_no_list(harness: SyncHarness) -> None:
    delete(harness, 3)
    first = harness.sync(select=[STREAM])
    delete(harness, 150)
    stale: set[str] = set()

    def make_one_stale(request: Request, page: dict[str, Any]) -> None:
        if request.path == PATH and not stale:
            entry = page["conversations"][5]
            stale.add(entry["id"])
            entry["deleted_at"] = 1_600_000_000

    harness.change_responses(make_one_stale)

    second = harness.sync(first.state, select=[STREAM])

    missing = harness.missing_rows(first + second, [STREAM]).get(STREAM, {})
    assert {conversation_id for (conversation_id,) in missing} <= stale


def test_deletion_in_bookmark_second_is_reported(harness: SyncHarness) -> None:
    delete(harness, 3)
    first = harness.sync(select=[STREAM], lookback_seconds=0)
    delete(harness, 3, seconds=0)

    second = harness.sync(first.state, select=[STREAM], lookback_seconds=0)

    assert harness.missing_rows(first + second, [STREAM]) == {}
