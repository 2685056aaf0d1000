"""What was deleted in Intercom is told, so that a warehouse can follow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.guard.stage import Pipe
from tests.sandbox.options import SandboxOptions

if TYPE_CHECKING:
    from tap_intercom.client import Request
    from tests.guard.stage import Stage

STREAM = "deleted_conversations"
PATH = "/conversations/deleted"


@pytest.fixture
def options() -> SandboxOptions:
    return SandboxOptions(contacts=5, companies=0, conversations=260, tickets=0)


def delete(stage: Stage, count: int, *, seconds: int = 7) -> None:
    for record in stage.control.records("conversations")[:count]:
        stage.control.clock.advance(seconds)
        stage.control.delete("conversations", record["id"])


def test_every_deletion_arrives_with_its_moment(stage: Stage) -> None:
    delete(stage, 150)
    run = stage.run(select=[STREAM])
    assert stage.lost(run, [STREAM]) == {}
    assert len(run.records(STREAM)) == 150


def test_the_next_run_reads_new_deletions_only(stage: Stage) -> None:
    delete(stage, 150, seconds=120)
    first = stage.run(select=[STREAM])
    stage.control.clock.advance(86_400)
    delete(stage, 5)
    stage.control.clear_requests()
    later = stage.run(first.state, select=[STREAM])
    assert stage.lost(first + later, [STREAM]) == {}
    # the second page is the first that holds nothing new
    assert len(stage.requests(PATH)) == 2
    assert len(later.records(STREAM)) < 40


def test_deletions_during_the_walk_shift_its_pages_and_none_is_missed(stage: Stage) -> None:
    delete(stage, 130)

    def delete_more(request: Request) -> None:
        if request.path == PATH:
            delete(stage, 3)

    stage.before_request = delete_more
    first = stage.run(select=[STREAM])
    stage.before_request = lambda _: None
    assert stage.lost(first + stage.run(first.state, select=[STREAM]), [STREAM]) == {}


def test_many_deletions_in_one_second_and_a_kill_among_them(stage: Stage) -> None:
    delete(stage, 200, seconds=0)
    for messages in (2, 60, 150, 170, 230):
        cut = stage.attempt(select=[STREAM], pipe=Pipe(messages=messages), lookback_seconds=0)
        rest = stage.run(cut.state, select=[STREAM], lookback_seconds=0)
        assert stage.lost(cut + rest, [STREAM]) == {}


def test_a_conversation_that_is_deleted_after_it_was_loaded_is_told(stage: Stage) -> None:
    first = stage.run()
    stage.control.clock.advance(600)
    deleted = stage.control.records("conversations")[3]["id"]
    stage.control.delete("conversations", deleted)
    later = stage.run(first.state)
    assert deleted in {row["id"] for row in first.records("conversations")}
    assert [row["id"] for row in later.records(STREAM)] == [deleted]


def test_an_older_api_version_has_no_such_stream_and_is_asked_for_none(stage: Stage) -> None:
    run = stage.run(api_version="2.15")
    assert STREAM not in {schema["stream"] for schema in run.schemas}
    assert stage.requests(PATH) == []


def test_one_entry_older_than_its_place_does_not_end_the_list(stage: Stage) -> None:
    delete(stage, 3)
    first = stage.run(select=[STREAM])
    delete(stage, 150)
    changed: list[str] = []

    def with_one_stale_row(request: Request, page: dict[str, Any]) -> None:
        if request.path == PATH and not changed:
            entry = page["conversations"][5]
            changed.append(entry["id"])
            entry["deleted_at"] = 1_600_000_000

    stage.rewrite = with_one_stale_row
    second = stage.run(first.state, select=[STREAM])
    lost = stage.lost(first + second, [STREAM]).get(STREAM, {})
    assert {key[0] for key in lost} <= set(changed)


def test_a_deletion_in_the_second_of_the_bookmark_arrives(stage: Stage) -> None:
    delete(stage, 3)
    first = stage.run(select=[STREAM], lookback_seconds=0)
    delete(stage, 3, seconds=0)
    later = stage.run(first.state, select=[STREAM], lookback_seconds=0)
    assert stage.lost(first + later, [STREAM]) == {}
