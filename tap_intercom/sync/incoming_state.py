"""Incoming states: checked, and migrated from other variants of the tap to save a full reload."""

from __future__ import annotations

import logging
from typing import Any

from tap_intercom.timestamps import format_timestamp, to_epoch

logger = logging.getLogger("tap-intercom")

SINGER_IO_KEYS = {
    "companies": "updated_at",
    "contacts": "updated_at",
    "conversations": "updated_at",
    "tickets": "updated_at",
}
"""Streams in which singer-io's bookmark means what ours does, and the key that holds it."""


def migrate_state(state: dict[str, Any]) -> dict[str, Any]:
    """Return a state in this tap's form.

    singer-io writes `{"bookmarks": {"conversations": {"updated_at": "2024-..."}}}`. Its bookmark
    of conversation_parts advances in the order of ids and may have passed parts that were never
    loaded, so parts resume from the bookmark of conversations if that is older. Bookmarks of
    streams that are not incremental here, or that count something else, are left out.
    """
    found = state.get("bookmarks")
    bookmarks = dict(found) if isinstance(found, dict) else {}
    for stream, key in SINGER_IO_KEYS.items():
        if timestamp := _singer_io_bookmark(bookmarks.get(stream), key):
            bookmarks[stream] = _bookmark("updated_at", timestamp)
    parts = _singer_io_bookmark(bookmarks.get("conversation_parts"), "updated_at")
    if parts:
        found = bookmarks.get("conversations")
        conversations = found.get("replication_key_value") if isinstance(found, dict) else None
        bookmarks["conversation_parts"] = _bookmark(
            "conversation_updated_at", _older(parts, conversations or parts)
        )
    migrated = {
        name: value
        for name, value in bookmarks.items()
        if not _singer_io_bookmark(value, "updated_at")
    }
    return {**state, "bookmarks": migrated}


def validate_state(state: dict[str, Any]) -> list[str]:
    """Return an error for each bookmark that can't be read."""
    return [
        f"{stream}: the bookmark in the state is not a timestamp. Correct it, or remove it to load "
        "the stream from its start"
        for stream, bookmark in state["bookmarks"].items()
        if not _is_readable(bookmark)
    ]


def clamp_future_bookmarks(state: dict[str, Any], now: int) -> dict[str, Any]:
    """Return a state in which no bookmark lies after `now` (epoch seconds).

    A wrong clock may have written one; changes until then would be missed without a word.
    """
    bookmarks = {
        stream: _clamp(stream, bookmark, now) for stream, bookmark in state["bookmarks"].items()
    }
    return {**state, "bookmarks": bookmarks}


def _clamp(stream: str, bookmark: dict[str, Any], now: int) -> dict[str, Any]:
    value = bookmark.get("replication_key_value")
    if value is None or to_epoch(value) <= now:
        return bookmark
    logger.warning(
        "%s: the bookmark in the state (%s) lies in the future; using the current time instead. "
        "Load the stream from its start if a wrong clock wrote it",
        stream,
        value,
    )
    return {**bookmark, "replication_key_value": format_timestamp(now)}


def _is_readable(bookmark: Any) -> bool:
    try:
        format_timestamp(bookmark.get("replication_key_value", 0))
    except (AttributeError, ValueError, TypeError, OverflowError):
        return False
    return True


def _singer_io_bookmark(bookmark: Any, key: str) -> str | None:
    if not isinstance(bookmark, dict) or "replication_key" in bookmark:
        return None
    timestamp = bookmark.get(key)
    return timestamp if isinstance(timestamp, str) else None


def _older(parts: str, conversations: Any) -> Any:
    """Return the older of two timestamps; what can't be read is left for `validate_state`."""
    try:
        return min(parts, conversations, key=to_epoch)
    except (ValueError, TypeError, OverflowError):
        return parts


def _bookmark(key: str, timestamp: Any) -> dict[str, Any]:
    return {"replication_key": key, "replication_key_value": timestamp}
