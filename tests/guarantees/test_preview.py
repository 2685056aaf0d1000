"""Preview is asked for by the streams that need it, and by nothing else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.expected_rows import ROWS

if TYPE_CHECKING:
    from tests.guarantees.harness import SyncHarness

PREVIEW_STREAMS = (
    "contact_activities",
    "conversation_hitl_events",
    "conversation_topics",
    "sla_rules",
)
PARTS = "conversation_parts"
EVALUATIONS = ("conversation_monitor_evaluations", "conversation_scorecards")


@pytest.mark.parametrize("stream", PREVIEW_STREAMS)
def test_preview_stream_works_on_any_version(harness: SyncHarness, stream: str) -> None:
    result = harness.sync(select=["conversations", stream], api_version="2.16")

    assert harness.missing_rows(result, [stream]) == {}
    assert result.records(stream)


def test_other_requests_keep_their_version(harness: SyncHarness) -> None:
    harness.sync(select=[*ROWS.keys() - {"message_engagement"}], api_version="2.18")

    previews = [one.path for one in harness.requests() if one.api_version == "Preview"]
    conversations = [path for path in previews if re.fullmatch(r"/conversations/\d+", path)]
    others = {path.rpartition("/")[2] for path in previews if path not in conversations}
    assert others == {"activities", "hitl_events", "sla_rules"}
    assert len(conversations) == len(harness.sandbox.records("conversations"))


@pytest.mark.parametrize("stream", EVALUATIONS)
def test_evaluations_are_asked_for_if_selected(harness: SyncHarness, stream: str) -> None:
    result = harness.sync(select=[stream], api_version="2.16")

    assert harness.missing_rows(result, [stream]) == {}
    asked = {name for one in harness.requests("/conversations/search") for name in one.query}
    assert asked == {"include_monitors" if "monitor" in stream else "include_scorecards"}


@pytest.mark.parametrize("version", ["2.16", "Preview"])
def test_scorecards_fit_in_either_shape(harness: SyncHarness, version: str) -> None:
    result = harness.sync(select=["conversations", EVALUATIONS[1]], api_version=version)

    reviews = {row.get("review_status") for row in result.records("conversation_scorecards")}
    assert reviews == ({"passed_review", None} if version == "Preview" else {None})
    assert result.warnings() == []


def test_fields_of_preview_have_columns(harness: SyncHarness) -> None:
    result = harness.sync(select=[*ROWS.keys() - {"message_engagement"}], api_version="Preview")

    assert result.warnings("Intercom sent fields") == []


def test_unnamed_part_types_are_kept(harness: SyncHarness) -> None:
    old, new = (
        {
            row["id"]: row["part_type"]
            for row in harness.sync(select=[PARTS], api_version=version).records(PARTS)
        }
        for version in ("2.18", "Preview")
    )

    changed = {(old[part_id], new[part_id]) for part_id in old if old[part_id] != new[part_id]}
    assert changed == {("comment", "unknown")}


def test_old_version_is_not_asked_for_evaluations(harness: SyncHarness) -> None:
    harness.sync(select=["conversations"], api_version="2.15")

    assert not [name for one in harness.requests("/conversations/search") for name in one.query]
