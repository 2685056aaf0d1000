"""Conversations of more than 500 parts are read whole, by type, as far as Intercom lets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.sandbox.faults import Fault
from tests.sandbox.options import SandboxOptions

if TYPE_CHECKING:
    from tests.guarantees.harness import SyncHarness

PARTS = "conversation_parts"
STREAMS = (PARTS, "conversation_part_attachments", "conversation_part_tags")
DETAIL = "/conversations/[0-9]+"
TYPES = ("comment", "note", "assignment", "close")


@pytest.fixture
def options() -> SandboxOptions:
    return SandboxOptions(
        contacts=10, companies=0, conversations=6, tickets=0, long_conversation_parts=499
    )


def longest(harness: SyncHarness) -> dict[str, Any]:
    records = harness.sandbox.records("conversations")
    return max(records, key=lambda one: int(one[PARTS]["total_count"]))


def lengthen(harness: SyncHarness, counts: dict[str, int]) -> str:
    """Give a conversation parts of some types, those of the first type oldest; return its id."""
    conversation = longest(harness)
    example = conversation[PARTS][PARTS][0]
    types = [part_type for part_type, count in counts.items() for _ in range(count)]
    parts = [
        {**example, "id": f"9{number}", "part_type": part_type}
        for number, part_type in enumerate(types)
    ]
    fields = {
        PARTS: {"type": "x", PARTS: parts, "total_count": len(parts)},
        "statistics": {
            **(conversation["statistics"] or {}),
            "count_conversation_parts": len(parts),
        },
    }
    harness.sandbox.change("conversations", conversation["id"], fields)
    return str(conversation["id"])


def test_long_conversation_is_read_whole(harness: SyncHarness) -> None:
    lengthen(harness, {"close": 300, "note": 480, "assignment": 20, "comment": 490})

    result = harness.sync(select=STREAMS)

    assert harness.missing_rows(result, STREAMS) == {}
    assert result.warnings("parts") == []
    ids = result.values(PARTS, "id")
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("oldest_first", [("unknown", "close"), ("close", "unknown")])
def test_parts_of_unnamed_types_are_loaded(
    harness: SyncHarness, oldest_first: tuple[str, str]
) -> None:
    """Their type can't be asked for, but comes where others are excluded."""
    lengthen(harness, {**dict.fromkeys(oldest_first, 150), "comment": 480})

    result = harness.sync(select=STREAMS)

    assert harness.missing_rows(result, STREAMS) == {}
    assert result.warnings("parts") == []


def test_preview_is_sent_for_the_rest_alone(harness: SyncHarness) -> None:
    conversation_id = lengthen(harness, {"note": 300, "comment": 490})

    harness.sync(select=STREAMS, api_version="2.17")

    previews = [one for one in harness.requests() if one.api_version == "Preview"]
    assert {one.path for one in previews} == {f"/conversations/{conversation_id}"}
    assert [dict(one.query) for one in previews] == [
        {"exclude_part_types": "comment,note"},
        {"include_part_types": "comment"},
        {"include_part_types": "note"},
    ]


def test_shorter_conversations_cost_no_request(harness: SyncHarness) -> None:
    harness.sync(select=STREAMS)

    assert len(harness.requests(DETAIL)) == len(harness.sandbox.records("conversations"))


def test_setting_turns_it_off(harness: SyncHarness) -> None:
    conversation_id = lengthen(harness, {"note": 300, "comment": 490})

    result = harness.sync(select=STREAMS, long_conversations=False)

    assert len(harness.requests(DETAIL)) == len(harness.sandbox.records("conversations"))
    assert len(result.warnings(PARTS, conversation_id, 500, 790, 290)) == 1


def test_type_beyond_500_logs_a_warning(harness: SyncHarness) -> None:
    conversation_id = lengthen(harness, {"comment": 560, "note": 30})

    result = harness.sync(select=STREAMS)

    assert len(result.warnings(PARTS, conversation_id, 530, 590, 60)) == 1


@pytest.mark.parametrize("status", [400, 403, 404, 422])
@pytest.mark.parametrize("after", [0, 1])
def test_refusal_leaves_what_there_is(harness: SyncHarness, status: int, after: int) -> None:
    conversation_id = lengthen(harness, {"note": 300, "comment": 490})
    fault = Fault(kind="status", status=status, path=f"/conversations/{conversation_id}")
    harness.sandbox.faults.add(
        Fault(kind="status", status=status, path=fault.path, after=1 + after, times=None)
    )

    result = harness.sync(select=STREAMS)

    assert len(result.warnings(PARTS, conversation_id, 500, 790, 290)) == 1
    assert result.bookmark(PARTS) is not None
