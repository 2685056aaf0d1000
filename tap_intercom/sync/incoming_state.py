"""Incoming states: checked, and migrated from other variants of the tap to save a full reload.

What says nothing, such as null, counts as absent. What says something that can't be understood ends
the run: taken for an empty state it would cause a full reload without a word.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from tap_intercom.spelling import unknown
from tap_intercom.sync import (
    activate_version,
    bookmarks,
    changed_records,
    read_position,
    workspace,
)
from tap_intercom.timestamps import format_timestamp, to_epoch

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    ReplicationKeys = Mapping[str, str | None]
    """The replication key of each stream that the tap offers; None where it reads everything."""

logger = logging.getLogger("tap-intercom")

STATE_ADVICE = (
    'Give the last line of a target\'s output, which starts with {"bookmarks": ..., or no state to '
    "load everything again"
)

SINGER_IO_KEYS = {
    "companies": "updated_at",
    "contacts": "updated_at",
    "conversations": "updated_at",
    "tickets": "updated_at",
}
"""Streams in which singer-io's bookmark means what ours does, and the key that holds it."""

OTHER_STREAM = "company_segments"
"""singer-io's are the segments of the workspace: here they are a stream that is read in full."""

KEYS = frozenset({"bookmarks", "currently_syncing", workspace.STATE_KEY})
"""What a whole state may hold; a state with none but others is not of a tap for Intercom."""

UNUSED_KEYS = ("partitions", "progress_markers")
"""What the SDK keeps of streams that are read in parts or out of order; no stream here is."""

OWN_KEYS = (
    activate_version.STATE_KEY,
    changed_records.STATE_KEY,
    bookmarks.SCROLLED_AT,
    bookmarks.SEARCHED_UNTIL,
    read_position.STATE_KEY,
    "cursor",
    "position",
)
"""What streams of this tap keep beside or instead of a bookmark."""

EMPTY_KEYS = frozenset(
    {
        *UNUSED_KEYS,
        *OWN_KEYS,
        "replication_key",
        "replication_key_signpost",
        "replication_key_value",
        "starting_replication_value",
    }
)
"""What a stream's state may hold without a bookmark: keys of this tap and the SDK."""


def state_errors(state: Mapping[str, Any], keys: ReplicationKeys) -> list[str]:
    """Return an error for each part of a migrated state that can't be understood."""
    if error := _form_error(state):
        return [f"The state {error}. {STATE_ADVICE}"]
    return [
        f"{stream}: the bookmark in the state {error}. Correct it, or remove it to load the stream "
        "from its start"
        for stream, bookmark in _bookmarks(state).items()
        if (key := keys.get(stream)) and (error := _bookmark_error(bookmark, key))
    ]


def migrate_state(state: dict[str, Any], keys: ReplicationKeys) -> dict[str, Any]:
    """Return a state in this tap's form; what is not understood stays for `state_errors`.

    singer-io writes `{"bookmarks": {"conversations": {"updated_at": "2024-..."}}}`. Its bookmark
    of conversation_parts advances in the order of ids and may have passed parts that were never
    loaded, so parts resume from the bookmark of conversations if that is older. Bookmarks of
    streams that are read in full here are left out where they are in another form.
    """
    found = state.get("bookmarks")
    if not isinstance(found, dict):
        return state
    bookmarks = {name: value for name, value in found.items() if value is not None}
    for stream, key in SINGER_IO_KEYS.items():
        if timestamp := _singer_io_bookmark(bookmarks.get(stream), key):
            bookmarks[stream] = _bookmark("updated_at", timestamp)
    if _singer_io_bookmark(bookmarks.get(OTHER_STREAM), "updated_at"):
        del bookmarks[OTHER_STREAM]
    if parts := _singer_io_bookmark(bookmarks.get("conversation_parts"), "updated_at"):
        conversations = _value(bookmarks.get("conversations"))
        bookmarks["conversation_parts"] = _bookmark(
            "conversation_updated_at", _older(parts, conversations or parts)
        )
    migrated = {
        name: _without_unused_keys(value)
        for name, value in bookmarks.items()
        if keys.get(name) or _is_sdk_bookmark(value)
    }
    return {**state, "bookmarks": migrated}


def state_warnings(
    state: Mapping[str, Any], keys: ReplicationKeys, all_names: Iterable[str]
) -> list[str]:
    """Return a warning for each bookmark in a state that is of no use, though it can be kept.

    Args:
        state: The state as it was given.
        keys: The replication keys of the streams in use.
        all_names: The streams of all API versions.
    """
    warnings = [
        f"{stream}: the state has bookmarks of partitions, which are of no use here; loading the "
        "stream from its start"
        for stream, bookmark in _bookmarks(state).items()
        if keys.get(stream) and _value(bookmark) is None and (bookmark or {}).get("partitions")
    ]
    if streams := unknown(_bookmarks(state), all_names):
        warnings.append(f"The state has bookmarks of unknown streams: {', '.join(streams)}")
    return warnings


def clamp_future_bookmarks(
    state: dict[str, Any], keys: ReplicationKeys, now: int
) -> dict[str, Any]:
    """Return a state in which no bookmark lies after `now` (epoch seconds).

    A wrong clock may have written one; changes until then would be missed without a word.
    """
    bookmarks = {
        stream: _clamp(stream, bookmark, now) if keys.get(stream) else bookmark
        for stream, bookmark in _bookmarks(state).items()
    }
    return {**state, "bookmarks": bookmarks}


def _bookmarks(state: Mapping[str, Any]) -> dict[str, Any]:
    bookmarks: dict[str, Any] | None = state.get("bookmarks")
    return {} if bookmarks is None else bookmarks


def _form_error(state: Mapping[str, Any]) -> str | None:
    """Return what is wrong with the form of a whole state, if anything."""
    if not isinstance(_bookmarks(state), dict):
        return "has bookmarks that are no object"
    if not isinstance(state.get(workspace.STATE_KEY), str | None):
        return f"has a {workspace.STATE_KEY} that is no text"
    others = ", ".join(sorted(state.keys() - KEYS))
    return f"has no bookmarks, but {others}" if others and not _bookmarks(state) else None


def _clamp(stream: str, bookmark: dict[str, Any], now: int) -> dict[str, Any]:
    value = _value(bookmark)
    if value is None or to_epoch(value) <= now:
        return bookmark
    logger.warning(
        "%s: the bookmark in the state (%s) lies in the future; using the current time instead. "
        "Load the stream from its start if a wrong clock wrote it",
        stream,
        value,
    )
    return {**bookmark, "replication_key_value": format_timestamp(now)}


def _bookmark_error(bookmark: Any, own_key: str) -> str | None:
    """Return what is wrong with the bookmark of an incremental stream, if anything."""
    if not isinstance(bookmark, dict):
        return "is no object"
    value, key = _value(bookmark), bookmark.get("replication_key")
    if value is None:
        said = {name for name, content in bookmark.items() if content is not None}
        others = ", ".join(sorted(said - EMPTY_KEYS))
        return f"has no replication_key_value, but {others}" if others else None
    is_of_parent = key == "updated_at" and own_key.endswith("_updated_at")
    if key not in (None, own_key) and not is_of_parent:
        return f"counts {key}, and not {own_key}"
    return None if _is_timestamp(value) else "is not a timestamp"


def _is_timestamp(value: Any) -> bool:
    try:
        format_timestamp(value)
    except (ValueError, TypeError, OverflowError):
        return False
    return True


def _is_sdk_bookmark(bookmark: Any) -> bool:
    """Whether a bookmark has the SDK's form, in which that of an unused stream can be kept."""
    return isinstance(bookmark, dict) and _singer_io_bookmark(bookmark, "updated_at") is None


def _without_unused_keys(bookmark: Any) -> Any:
    """Return a bookmark without keys that the SDK would read, and may not be able to."""
    if not isinstance(bookmark, dict):
        return bookmark
    return {name: value for name, value in bookmark.items() if name not in UNUSED_KEYS}


def _singer_io_bookmark(bookmark: Any, key: str) -> str | int | None:
    if not isinstance(bookmark, dict) or "replication_key" in bookmark:
        return None
    timestamp = bookmark.get(key)
    return timestamp if isinstance(timestamp, str | int) else None


def _older(parts: str | int, conversations: Any) -> Any:
    """Return the older of two timestamps; what can't be read is left for `state_errors`."""
    try:
        return min(parts, conversations, key=to_epoch)
    except (ValueError, TypeError, OverflowError):
        return parts


def _value(bookmark: Any) -> Any:
    return bookmark.get("replication_key_value") if isinstance(bookmark, dict) else None


def _bookmark(key: str, timestamp: Any) -> dict[str, Any]:
    return {"replication_key": key, "replication_key_value": timestamp}
