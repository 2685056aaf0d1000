"""Bookmarks of other variants of the tap are taken over: switching costs no full reload."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from singer_sdk.exceptions import ConfigValidationError

from tap_intercom.sync.incoming_state import migrate_state
from tap_intercom.timestamps import to_epoch
from tests.guarantees.harness import NOW
from tests.sandbox.options import SandboxOptions

if TYPE_CHECKING:
    from tests.guarantees.harness import SyncHarness

KINDS = ("contacts", "companies", "conversations", "tickets")
BOOKMARK = NOW - 200 * 86_400


@pytest.fixture
def options() -> SandboxOptions:
    return SandboxOptions(contacts=160, companies=90, conversations=80, tickets=60)


def singer_io(**timestamps: int) -> dict[str, Any]:
    """Write a state as singer-io's tap does."""
    return {
        "bookmarks": {
            stream: {
                "updated_at": datetime.fromtimestamp(timestamp, UTC).strftime(
                    "%Y-%m-%dT%H:%M:%S.000000Z"
                )
            }
            for stream, timestamp in timestamps.items()
        }
    }


def test_bookmarks_of_singer_io_are_gone_on_from(harness: SyncHarness) -> None:
    run = harness.sync(singer_io(**dict.fromkeys(KINDS, BOOKMARK)), select=KINDS)
    for kind in KINDS:
        changed = {
            record["id"]
            for record in harness.sandbox.records(kind)
            if record["updated_at"] >= BOOKMARK
        }
        came = {row["id"] for row in run.records(kind)}
        assert changed <= came, kind
        assert len(came) < len(harness.sandbox.records(kind)) - 5, kind


def test_the_state_is_this_taps_own_from_then_on(harness: SyncHarness) -> None:
    foreign = singer_io(**dict.fromkeys(KINDS, BOOKMARK), segments=BOOKMARK, tags=BOOKMARK)
    foreign["currently_syncing"] = "conversations"
    state = harness.sync(foreign).state
    for name, bookmark in state["bookmarks"].items():
        assert not bookmark or bookmark.keys() == {"replication_key", "replication_key_value"}, name
    again = harness.sync(state)
    assert len(again.records("conversations")) < 20


def test_streams_without_a_foreign_bookmark_get_their_whole_history(harness: SyncHarness) -> None:
    run = harness.sync(singer_io(conversations=BOOKMARK))
    whole = ("contacts", "tickets", "companies", "conversation_tags", "conversation_parts")
    assert harness.missing_rows(run, whole) == {}


def test_parts_go_on_from_the_older_of_the_two_bookmarks(harness: SyncHarness) -> None:
    """singer-io moves the bookmark of parts in the order of ids, past what it has not loaded."""
    run = harness.sync(singer_io(conversations=BOOKMARK, conversation_parts=NOW))
    changed = {
        record["id"]
        for record in harness.sandbox.records("conversations")
        if record["updated_at"] >= BOOKMARK
    }
    missing_rows = harness.missing_rows(run, ["conversation_parts"]).get("conversation_parts", {})
    assert not {row["conversation_id"] for row in missing_rows.values()} & changed


@pytest.mark.parametrize(
    "state",
    [
        {},
        {"bookmarks": {}},
        {"bookmarks": {"contacts": {}}},
        {"bookmarks": {"contacts": {"updated_at": None}}},
        {"bookmarks": {"unknown": {"updated_at": "2024-01-01T00:00:00Z"}}},
        {"bookmarks": {"contacts": {"starting_replication_value": None}}},
        {"bookmarks": {"tags": {"partitions": [{"context": {"id": 1}}]}}},
        {"currently_syncing": None, "bookmarks": {}},
    ],
    ids=str,
)
def test_a_state_that_says_nothing_means_a_first_run(
    harness: SyncHarness, state: dict[str, Any]
) -> None:
    assert harness.missing_rows(harness.sync(state)) == {}


@pytest.mark.parametrize(
    "state",
    [
        {"bookmarks": {"contacts": {"updated_at": "yesterday"}}},
        {"bookmarks": {"contacts": {"updated_at": 1}}},
        {
            "bookmarks": {
                "contacts": {"replication_key": "updated_at", "replication_key_value": "?"}
            }
        },
        {"bookmarks": {"contacts": "2024-01-01T00:00:00Z"}},
        {
            "bookmarks": {
                "conversations": None,
                "conversation_parts": {"updated_at": "2024-01-01T00:00:00Z"},
            }
        },
        {
            "bookmarks": {
                "conversations": {"replication_key": "x", "replication_key_value": []},
                "conversation_parts": {"updated_at": "2024-01-01T00:00:00Z"},
            }
        },
        {"bookmarks": []},
    ],
    ids=str,
)
def test_a_state_that_can_not_be_read_is_refused_or_means_a_first_run(
    harness: SyncHarness, state: dict[str, Any]
) -> None:
    try:
        run = harness.sync(state)
    except ConfigValidationError:
        return
    assert harness.missing_rows(run) == {}


@pytest.mark.parametrize("version", ["airbyte", "ticketswap"])
def test_other_shapes_of_a_state_lose_nothing(harness: SyncHarness, version: str) -> None:
    states = {
        "airbyte": {"bookmarks": {"contacts": {"state": {"updated_at": NOW - 100}}}},
        "ticketswap": {
            "bookmarks": {
                "conversations": {
                    "replication_key": "updated_at",
                    "replication_key_value": datetime.fromtimestamp(BOOKMARK, UTC).isoformat(),
                },
                "conversation_parts": {
                    "partitions": [
                        {"context": {"conversation_id": "1"}, "replication_key_value": 5}
                    ]
                },
            }
        },
    }
    run = harness.sync(states[version])
    assert (
        harness.missing_rows(run, ["contacts", "companies", "tickets", "conversation_parts"]) == {}
    )


def test_a_bookmark_in_the_future_loses_nothing(harness: SyncHarness) -> None:
    """A wrong clock wrote it; what changes until then would be skipped in silence."""
    state = {
        "bookmarks": {
            kind: {
                "replication_key": "updated_at",
                "replication_key_value": datetime.fromtimestamp(NOW + 86_400 * 90, UTC).isoformat(),
            }
            for kind in KINDS
        }
    }
    first = harness.sync()
    harness.sandbox.clock.advance(60)
    for kind in KINDS:
        harness.sandbox.touch_oldest(kind, 2)
    later = harness.sync(state)
    assert harness.missing_rows(first + later, KINDS) == {}


@pytest.mark.parametrize("conversations", [BOOKMARK, "2024-11-27T10:00:00+02:00"])
def test_moments_in_any_notation_are_compared_as_moments(
    harness: SyncHarness, conversations: int | str
) -> None:
    """As text the one of 10:00 in Kyiv lies behind that of 08:30 UTC, which is the younger one."""
    state = {
        "bookmarks": {
            "conversations": {
                "replication_key": "updated_at",
                "replication_key_value": conversations,
            },
            "conversation_parts": {"updated_at": "2024-11-27T08:30:00.000000Z"},
        }
    }
    taken = migrate_state(state)["bookmarks"]["conversation_parts"]["replication_key_value"]
    younger = isinstance(conversations, int) and to_epoch("2024-11-27T08:30:00Z") < conversations
    assert taken == ("2024-11-27T08:30:00.000000Z" if younger else conversations)
    assert harness.sync(state).error is None
