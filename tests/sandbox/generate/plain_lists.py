"""All plain lists of a workspace: help center, content, news, calls, inbox settings, activities."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.sandbox.generate.activity_logs import activity_logs
from tests.sandbox.generate.blueprint import APP_ID, Blueprint, object_id
from tests.sandbox.generate.rows import rows, template

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.sandbox.records import Body, Record

SIZES: Final = {
    "articles": 45,
    "collections": 30,
    "help_centers": 2,
    "macros": 160,
    "internal_articles": 60,
    "news_items": 25,
    "newsfeeds": 12,
    "brands": 3,
    "email_settings": 4,
    "away_status_reasons": 6,
    "office_hours_schedules": 3,
    "audiences": 60,
    "content_snippets": 60,
    "external_pages": 120,
    "content_import_sources": 65,
    "data_connectors": 55,
    "folders": 160,
    "dynamic_contents": 25,
    "sla_rules": 5,
    "deleted_contacts": 160,
    "contact_activities": 160,
    "calls": 60,
    "activity_logs": 60,
}
"""How many rows each list has; every one that is paged has at least two pages."""
DEFAULT_BRAND: Final = {"id": APP_ID, "name": "Default", "is_default": True}
WITHOUT_CONVERSATION_EVERY: Final = 15


def plain_lists(
    blueprint: Blueprint, sizes: Mapping[str, int], conversations: Sequence[Record]
) -> dict[str, list[Body]]:
    """The rows of every plain list, by its name.

    Args:
        blueprint: of the workspace.
        sizes: how many rows, where they should not be as many as in `SIZES`.
        conversations: that calls belong to.
    """
    size = SIZES | dict(sizes)
    lists = {name: rows(name, blueprint.times(name, size[name])) for name in SIZES}
    lists["brands"][:1] = [row | DEFAULT_BRAND for row in lists["brands"][:1]]
    calls = [
        template("calls").row(number, at.updated_at) | _parties(conversations, number)
        for number, at in enumerate(blueprint.times("calls", size["calls"]))
    ]
    activities = sorted(lists["contact_activities"], key=lambda row: row["created_at"])
    for number, row in enumerate(activities):
        row["id"] = activity_id(row["created_at"], number)
    for number, row in enumerate(lists["deleted_contacts"]):
        row["id"] = object_id(row["updated_at"], 5, number)
    return lists | {
        "contact_activities": activities,
        "activity_logs": activity_logs(blueprint, size["activity_logs"]),
        "article_statistics": [
            template("article_statistics").row(number) for number in range(size["articles"])
        ],
        "calls": calls,
        "call_transcripts": [_transcript(number, call) for number, call in enumerate(calls)],
    }


def activity_id(created_at: int, number: int) -> str:
    """The id of a contact activity, which is also a cursor: milliseconds, then a suffix."""
    return f"{created_at * 1000}.{number:06x}"


def _parties(conversations: Sequence[Record], number: int) -> Body:
    """The ids of a call's conversation and contact: some conversations have two calls."""
    if not conversations or number % WITHOUT_CONVERSATION_EVERY == WITHOUT_CONVERSATION_EVERY - 1:
        return {"conversation_id": None, "contact_id": None}
    chosen = (number // 2 if number % 8 == 1 else number) * 7 % len(conversations)
    contacts = conversations[chosen].body()["contacts"]["contacts"]
    return {
        "conversation_id": conversations[chosen].id,
        "contact_id": contacts[0]["id"] if contacts else None,
    }


def _transcript(number: int, call: Body) -> Body:
    """What only a search of calls shows; empty for calls that nobody answered."""
    row = template("call_transcripts").row(number) | {"conversation_id": call["conversation_id"]}
    return row if call["transcription_url"] else row | {"transcript": [], "transcript_status": None}
