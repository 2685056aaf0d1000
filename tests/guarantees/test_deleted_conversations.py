"""What was deleted in Intercom is reported, so that a warehouse can follow."""

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
    for record in harness.sandbox.records("conversations")[:count]:
        harness.sandbox.clock.advance(seconds)
        harness.sandbox.delete("conversations", record["id"])


def test_every_deletion_arrives_with_its_moment(harness: SyncHarness) -> None:
    delete(harness, 150)
    run = harness.sync(select=[STREAM])
    assert harness.missing_rows(run, [STREAM]) == {}
    assert len(run.records(STREAM)) == 150


def test_the_next_run_reads_new_deletions_only(harness: SyncHarness) -> None:
    delete(harness, 150, seconds=120)
    first = harness.sync(select=[STREAM])
    harness.sandbox.clock.advance(86_400)
    delete(harness, 5)
    harness.sandbox.clear_requests()
    later = harness.sync(first.state, select=[STREAM])
    assert harness.missing_rows(first + later, [STREAM]) == {}
    # the second page is the first that holds nothing new
    assert len(harness.requests(PATH)) == 2
    assert len(later.records(STREAM)) < 40


def test_deletions_during_the_walk_shift_its_pages_and_none_is_missed(harness: SyncHarness) -> None:
    delete(harness, 130)

    def delete_more(request: Request) -> None:
        if request.path == PATH:
            delete(harness, 3)

    harness.before_each_request(delete_more)
    first = harness.sync(select=[STREAM])
    harness.clear_actions()
    assert harness.missing_rows(first + harness.sync(first.state, select=[STREAM]), [STREAM]) == {}


def test_many_deletions_in_one_second_and_a_kill_among_them(harness: SyncHarness) -> None:
    delete(harness, 200, seconds=0)
    for messages in (2, 60, 150, 170, 230):
        cut = harness.try_sync(select=[STREAM], pipe=Pipe(messages=messages), lookback_seconds=0)
        rest = harness.sync(cut.state, select=[STREAM], lookback_seconds=0)
        assert harness.missing_rows(cut + rest, [STREAM]) == {}


def test_a_conversation_that_is_deleted_after_it_was_loaded_is_told(harness: SyncHarness) -> None:
    first = harness.sync()
    harness.sandbox.clock.advance(600)
    deleted = harness.sandbox.records("conversations")[3]["id"]
    harness.sandbox.delete("conversations", deleted)
    later = harness.sync(first.state)
    assert deleted in {row["id"] for row in first.records("conversations")}
    assert [row["id"] for row in later.records(STREAM)] == [deleted]


def test_an_older_api_version_has_no_such_stream_and_is_asked_for_none(
    harness: SyncHarness,
) -> None:
    run = harness.sync(api_version="2.15")
    assert STREAM not in {schema["stream"] for schema in run.schemas}
    assert harness.requests(PATH) == []


def test_one_entry_older_than_its_place_does_not_end_the_list(harness: SyncHarness) -> None:
    delete(harness, 3)
    first = harness.sync(select=[STREAM])
    delete(harness, 150)
    changed: list[str] = []

    def with_one_stale_row(request: Request, page: dict[str, Any]) -> None:
        if request.path == PATH and not changed:
            entry = page["conversations"][5]
            changed.append(entry["id"])
            entry["deleted_at"] = 1_600_000_000

    harness.change_responses(with_one_stale_row)
    second = harness.sync(first.state, select=[STREAM])
    missing_rows = harness.missing_rows(first + second, [STREAM]).get(STREAM, {})
    assert {key[0] for key in missing_rows} <= set(changed)


def test_a_deletion_in_the_second_of_the_bookmark_arrives(harness: SyncHarness) -> None:
    delete(harness, 3)
    first = harness.sync(select=[STREAM], lookback_seconds=0)
    delete(harness, 3, seconds=0)
    later = harness.sync(first.state, select=[STREAM], lookback_seconds=0)
    assert harness.missing_rows(first + later, [STREAM]) == {}
