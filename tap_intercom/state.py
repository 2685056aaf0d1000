"""States, checked; those of other variants of the tap are taken over, to save a full reload."""

from __future__ import annotations

from typing import Any

from tap_intercom.normalize import to_timestamp

SINGER_IO_KEYS = {
    "companies": "updated_at",
    "contacts": "updated_at",
    "conversations": "updated_at",
    "tickets": "updated_at",
}
"""Streams in which singer-io's bookmark means what ours does, and the key under which it stands."""


def taken_over(state: dict[str, Any]) -> dict[str, Any]:
    """Return a state in this tap's form.

    singer-io writes `{"bookmarks": {"conversations": {"updated_at": "2024-..."}}}`. Its bookmark
    of conversation_parts moves in the order of ids and may have passed parts that were never
    loaded, so parts go on from the bookmark of conversations if that is the older one. Bookmarks
    of streams that are not incremental here, or count something else, are left out.
    """
    bookmarks = dict(state.get("bookmarks") or {})
    for stream, key in SINGER_IO_KEYS.items():
        if moment := _foreign(bookmarks.get(stream), key):
            bookmarks[stream] = _bookmark("updated_at", moment)
    parts = _foreign(bookmarks.get("conversation_parts"), "updated_at")
    if parts:
        conversations = bookmarks.get("conversations", {}).get("replication_key_value", parts)
        bookmarks["conversation_parts"] = _bookmark(
            "conversation_updated_at", min(parts, conversations)
        )
    ours = {name: value for name, value in bookmarks.items() if not _foreign(value, "updated_at")}
    return {**state, "bookmarks": ours}


def problems(state: dict[str, Any]) -> list[str]:
    """Say which bookmarks of a state can't be read."""
    return [
        f"The state's bookmark of {stream} is no moment. Correct it, or leave it out to load the "
        "stream from its start"
        for stream, bookmark in state["bookmarks"].items()
        if not _is_moment(bookmark.get("replication_key_value", 0))
    ]


def _is_moment(value: Any) -> bool:
    try:
        to_timestamp(value)
    except (ValueError, TypeError, OverflowError):
        return False
    return True


def _foreign(bookmark: Any, key: str) -> str | None:
    if not isinstance(bookmark, dict) or "replication_key" in bookmark:
        return None
    moment = bookmark.get(key)
    return moment if isinstance(moment, str) else None


def _bookmark(key: str, moment: str) -> dict[str, str]:
    return {"replication_key": key, "replication_key_value": moment}
