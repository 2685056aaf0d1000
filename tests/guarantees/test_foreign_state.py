"""Bookmarks of other taps for Intercom are used, so that switching costs no full reload."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from singer_sdk.exceptions import ConfigValidationError

from tap_intercom.sync.changed_records import STATE_KEY
from tap_intercom.sync.incoming_state import migrate_state
from tests.guarantees.harness import NOW
from tests.sandbox.options import SandboxOptions

if TYPE_CHECKING:
    from tests.guarantees.harness import SyncHarness

KINDS = ("contacts", "companies", "conversations", "tickets")
DAY = 86_400
BOOKMARK = NOW - 200 * DAY


@pytest.fixture
def options() -> SandboxOptions:
    return SandboxOptions(contacts=160, companies=90, conversations=80, tickets=60)


def iso(timestamp: int) -> str:
    return datetime.fromtimestamp(timestamp, UTC).isoformat()


def singer_io_state(**timestamps: int) -> dict[str, Any]:
    """Return a state in the form of singer-io's tap."""
    bookmarks = {
        stream: {
            "updated_at": datetime.fromtimestamp(timestamp, UTC).strftime(
                "%Y-%m-%dT%H:%M:%S.000000Z"
            )
        }
        for stream, timestamp in timestamps.items()
    }
    return {"bookmarks": bookmarks}


def sdk_bookmark(value: Any) -> dict[str, Any]:
    """Return a bookmark in the form of the SDK."""
    return {"replication_key": "updated_at", "replication_key_value": value}


def changed_since_bookmark(harness: SyncHarness, kind: str) -> set[str]:
    records = harness.sandbox.records(kind)
    return {record["id"] for record in records if record["updated_at"] >= BOOKMARK}


@pytest.mark.parametrize("kind", KINDS)
def test_changes_since_foreign_bookmark_are_loaded(harness: SyncHarness, kind: str) -> None:
    result = harness.sync(singer_io_state(**{kind: BOOKMARK}), select=[kind])

    assert changed_since_bookmark(harness, kind) <= set(result.values(kind, "id"))


@pytest.mark.parametrize("kind", KINDS)
def test_records_before_foreign_bookmark_are_skipped(harness: SyncHarness, kind: str) -> None:
    result = harness.sync(singer_io_state(**{kind: BOOKMARK}), select=[kind])

    assert len(result.records(kind)) < len(harness.sandbox.records(kind)) - 5


def test_migrated_state_has_sdk_bookmarks(harness: SyncHarness) -> None:
    foreign = singer_io_state(**dict.fromkeys((*KINDS, "segments", "tags"), BOOKMARK))

    state = harness.sync({**foreign, "currently_syncing": "conversations"}).state

    bookmarks = [bookmark for bookmark in state["bookmarks"].values() if bookmark]
    assert len(bookmarks) >= len(KINDS)
    sdk_keys = {"replication_key", "replication_key_value"}
    assert all(one.keys() - {"scrolled_at"} == sdk_keys for one in bookmarks)


def test_migrated_state_is_resumed_from(harness: SyncHarness) -> None:
    state = harness.sync(singer_io_state(conversations=BOOKMARK), select=["conversations"]).state

    result = harness.sync(state, select=["conversations"])

    assert len(result.records("conversations")) < 20


def test_streams_without_foreign_bookmark_are_complete(harness: SyncHarness) -> None:
    streams = ("contacts", "tickets", "companies", "conversation_tags", "conversation_parts")

    result = harness.sync(
        singer_io_state(conversations=BOOKMARK), select=(*streams, "conversations")
    )

    assert harness.missing_rows(result, streams) == {}


def test_parts_resume_from_older_bookmark(harness: SyncHarness) -> None:
    """singer-io advances the bookmark of parts by their ids, past what it has not loaded."""
    state = singer_io_state(conversations=BOOKMARK, conversation_parts=NOW)

    result = harness.sync(state, select=["conversation_parts"])

    missing = harness.missing_rows(result, ["conversation_parts"]).get("conversation_parts", {})
    conversations = {row["conversation_id"] for row in missing.values()}
    assert conversations.isdisjoint(changed_since_bookmark(harness, "conversations"))


@pytest.mark.parametrize(
    "state",
    [
        {},
        {"bookmarks": {}},
        {"bookmarks": {"contacts": {}}},
        {"bookmarks": None},
        {"bookmarks": {"contacts": None, "conversations": None, "tags": None}},
        {"bookmarks": {"contacts": {"updated_at": None}}},
        {"bookmarks": {"contacts": {"replication_key_value": None}}},
        {"bookmarks": {"contacts": {"progress_markers": None}}},
        {"bookmarks": {"contact_activities": {"cursor": "1.a", "replication_key": "created_at"}}},
        {"bookmarks": {"contacts": {STATE_KEY: {"position": {}, "failed_ids": []}}}},
        {"bookmarks": {"tags": "2024-01-01", "segments": [1]}},
        {"bookmarks": {"contacts": {"starting_replication_value": None}}},
        {"bookmarks": {"tags": {"partitions": [{"context": {"id": 1}}]}}},
        {"bookmarks": {"tags": {"partitions": {"0": {}}, "progress_markers": []}}},
        {"currently_syncing": None, "bookmarks": {}},
        {"bookmarks": {"company_segments": {"updated_at": "2024-01-01T00:00:00Z"}}},
    ],
    ids=str,
)
def test_state_without_bookmark_means_first_run(
    harness: SyncHarness, state: dict[str, Any]
) -> None:
    streams = ("contacts", "conversations", "tags")

    result = harness.sync(state, select=streams)

    assert harness.missing_rows(result, streams) == {}


@pytest.mark.parametrize(
    ("bookmarks", "stream", "fragment"),
    [
        ({"contacts": {"updated_at": "yesterday"}}, "contacts", "is not a timestamp"),
        ({"contacts": sdk_bookmark("?")}, "contacts", "is not a timestamp"),
        ({"contacts": sdk_bookmark([])}, "contacts", "is not a timestamp"),
        ({"contacts": "2024-01-01T00:00:00Z"}, "contacts", "is no object"),
        ({"contacts": [sdk_bookmark(1)]}, "contacts", "is no object"),
        # Airbyte's
        ({"contacts": {"state": {"updated_at": NOW - 100}}}, "contacts", "but state"),
        ({"contacts": {"max_updated_at": NOW}}, "contacts", "but max_updated_at"),
        ({"contacts": {"updated_at": float(NOW)}}, "contacts", "but updated_at"),
        ({"contacts": {"updated_at": {"v": NOW}}}, "contacts", "but updated_at"),
        ({"contact_tags": {"updated_at": "2024-01-01"}}, "contact_tags", "but updated_at"),
        (
            {"contacts": {"replication_key": "created_at", "replication_key_value": NOW - DAY}},
            "contacts",
            "counts created_at, and not updated_at",
        ),
        (
            {"conversation_parts": {"replication_key": "id", "replication_key_value": "17"}},
            "conversation_parts",
            "counts id, and not conversation_updated_at",
        ),
        (
            {
                "conversations": sdk_bookmark([]),
                "conversation_parts": {"updated_at": "2024-01-01T00:00:00Z"},
            },
            "conversations",
            "is not a timestamp",
        ),
    ],
    ids=str,
)
def test_unreadable_bookmark_is_refused(
    harness: SyncHarness, bookmarks: dict[str, Any], stream: str, fragment: str
) -> None:
    with pytest.raises(ConfigValidationError) as refusal:
        harness.sync({"bookmarks": bookmarks})

    (error,) = refusal.value.errors
    assert error.startswith(f"{stream}: ")
    assert fragment in error
    assert error.endswith("remove it to load the stream from its start")


@pytest.mark.parametrize(
    ("state", "fragment"),
    [
        ({"bookmarks": []}, "has bookmarks that are no object"),
        ({"bookmarks": "{}"}, "has bookmarks that are no object"),
        ({"contacts": sdk_bookmark(NOW)}, "has no bookmarks, but contacts"),
        ({"type": "STATE", "value": {"bookmarks": {}}}, "has no bookmarks, but type, value"),
        ({"bookmarks": {}, "contacts": sdk_bookmark(NOW)}, "has no bookmarks, but contacts"),
        ({"singer_state": {"bookmarks": {}}}, "has no bookmarks, but singer_state"),
    ],
    ids=str,
)
def test_state_in_unknown_form_is_refused(
    harness: SyncHarness, state: dict[str, Any], fragment: str
) -> None:
    with pytest.raises(ConfigValidationError) as refusal:
        harness.sync(state)

    (error,) = refusal.value.errors
    assert fragment in error
    assert error.endswith("or no state to load everything again")


def test_bookmarks_of_unknown_streams_are_kept(harness: SyncHarness) -> None:
    unknown = {
        "contcats": {"replication_key": "seq", "replication_key_value": "abc-17"},
        "old_stream": {"cursor": [1], "partitions": {"0": {}}},
    }

    result = harness.sync({"bookmarks": {**unknown, "other": "text"}}, select=["tags"])

    kept = {"contcats": unknown["contcats"], "old_stream": {"cursor": [1]}}
    assert kept.items() <= result.state["bookmarks"].items()
    (warning,) = result.warnings("unknown streams")
    assert "contcats (did you mean contacts?)" in warning
    assert "old_stream" in warning


PARTITIONS = (
    {"0": {}},
    [{"context": {"conversation_id": "1"}, "replication_key_value": 5}],
)


@pytest.mark.parametrize("partitions", PARTITIONS, ids=str)
def test_partitions_are_named_and_lose_nothing(harness: SyncHarness, partitions: Any) -> None:
    bookmarks = {
        "conversations": sdk_bookmark(iso(BOOKMARK)),
        "conversation_parts": {"partitions": partitions},
    }
    streams = ("contacts", "conversation_parts")

    result = harness.sync({"bookmarks": bookmarks}, select=[*streams, "conversations"])

    assert harness.missing_rows(result, streams) == {}
    assert len(result.warnings("conversation_parts", "partitions")) == 1


def test_bookmark_under_the_parents_key_is_used(harness: SyncHarness) -> None:
    """A catalog could give a child stream the replication key updated_at."""
    state = {"bookmarks": {"conversation_tags": sdk_bookmark(iso(NOW - DAY))}}

    result = harness.sync(state, select=["conversation_tags"])

    updates = result.values("conversation_tags", "conversation_updated_at")
    assert all(update >= iso(NOW - DAY - 3600) for update in updates)


FUTURE_STATE = {"bookmarks": {kind: sdk_bookmark(iso(NOW + 90 * DAY)) for kind in KINDS}}
"""A wrong clock wrote it: records that change until then must not be skipped."""


def test_future_bookmark_loses_nothing(harness: SyncHarness) -> None:
    first = harness.sync(select=KINDS)
    harness.sandbox.clock.advance(60)
    for kind in KINDS:
        harness.sandbox.touch_oldest(kind, 2)

    second = harness.sync(FUTURE_STATE, select=KINDS)

    assert harness.missing_rows(first + second, KINDS) == {}


def test_future_bookmark_logs_a_warning(harness: SyncHarness) -> None:
    result = harness.sync(FUTURE_STATE, select=["tickets"])

    assert len(result.warnings("tickets", iso(NOW + 90 * DAY))) == 1


PARTS_BOOKMARK = "2024-11-27T08:30:00.000000Z"


@pytest.mark.parametrize(
    ("conversations", "older"),
    [
        (BOOKMARK, PARTS_BOOKMARK),
        # as text it is the later one
        ("2024-11-27T10:00:00+02:00", "2024-11-27T10:00:00+02:00"),
    ],
)
def test_bookmarks_compare_as_timestamps(conversations: int | str, older: str) -> None:
    state = {
        "bookmarks": {
            "conversations": sdk_bookmark(conversations),
            "conversation_parts": {"updated_at": PARTS_BOOKMARK},
        }
    }

    migrated = migrate_state(state, {"conversation_parts": "conversation_updated_at"})

    assert migrated["bookmarks"]["conversation_parts"]["replication_key_value"] == older


@pytest.mark.parametrize("value", [BOOKMARK, "2024-11-27T10:00:00+02:00"])
def test_bookmark_in_any_notation_is_used(harness: SyncHarness, value: int | str) -> None:
    state = {"bookmarks": {"conversations": sdk_bookmark(value)}}

    result = harness.sync(state, select=["conversations"])

    assert changed_since_bookmark(harness, "conversations") <= set(
        result.values("conversations", "id")
    )
