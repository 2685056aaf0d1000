"""Phone calls and their transcripts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from tests.sandbox.generate.blueprint import Blueprint, Times, admin_id
from tests.sandbox.generate.words import SENTENCES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.sandbox.records import Body, Record

FIRST_CALL: Final = 123
URL: Final = "https://api.intercom.io/calls"
ENDINGS: Final = (
    ("completed", "answered"),
    ("completed", "answered"),
    ("missed", "not_answered"),
    ("in-progress", None),
)
WITHOUT_CONVERSATION_EVERY: Final = 15
ISO_TIMES_EVERY: Final = 5


def calls(blueprint: Blueprint, count: int, conversations: Sequence[Record]) -> list[Body]:
    """The calls: some conversations have two, some calls have no conversation.

    Most timestamps are unix seconds, some ISO texts (OpenAPI 2.16, schema `datetime`).

    Args:
        blueprint: of the workspace.
        count: how many.
        conversations: that they belong to.
    """
    return [
        _call(blueprint, number, times, _conversation(conversations, number))
        for number, times in enumerate(blueprint.times("calls", count))
    ]


def call_transcripts(blueprint: Blueprint, rows: Sequence[Body]) -> list[Body]:
    """What only a search of calls shows; empty for calls that nobody answered.

    Args:
        blueprint: of the workspace.
        rows: the calls.

    Returns:
        The `id`, `conversation_id`, `transcript` and `transcript_status` of every call.
    """
    random = blueprint.random("call_transcripts", 0)
    return [
        {
            "id": row["id"],
            "conversation_id": row["conversation_id"],
            "transcript": [
                _spoken(line, random.choice(SENTENCES)) for line in range(random.randint(2, 9))
            ]
            if row["transcription_url"]
            else [],
            "transcript_status": "completed" if row["transcription_url"] else None,
        }
        for row in rows
    ]


def _conversation(conversations: Sequence[Record], number: int) -> Record | None:
    if not conversations or number % WITHOUT_CONVERSATION_EVERY == WITHOUT_CONVERSATION_EVERY - 1:
        return None
    pairs = number // 2 if number % 8 == 1 else number
    return conversations[pairs * 7 % len(conversations)]


def _call(
    blueprint: Blueprint,
    number: int,
    times: Times,
    conversation: Record | None,
) -> Body:
    random = blueprint.random("call", number)
    state, reason = ENDINGS[number % len(ENDINGS)]
    call_id = FIRST_CALL + number
    answered = state == "completed"
    by_fin = number % 6 == 0
    start = times.created_at
    moments: dict[str, int | str | None] = {
        "initiated_at": start,
        "answered_at": start + 3 if answered else None,
        "ended_at": start + 93 if reason else None,
        "created_at": start,
        "updated_at": max(times.updated_at, start + 94),
    }
    if number % ISO_TIMES_EVERY == ISO_TIMES_EVERY - 1:
        moments = {name: _iso(at) for name, at in moments.items()}
    return {
        "type": "call",
        "id": str(call_id),
        "conversation_id": conversation and conversation.id,
        "admin_id": str(admin_id(random)) if answered else None,
        "contact_id": _contact_id(conversation),
        "state": state,
        **moments,
        "recording_url": f"{URL}/{call_id}/recording" if answered else None,
        "transcription_url": f"{URL}/{call_id}/transcript" if answered else None,
        "call_type": "phone",
        "direction": "inbound" if number % 3 else "outbound",
        "ended_reason": reason,
        "phone": f"+1555{random.randrange(10**7):07}" if number % 11 else None,
        "fin_recording_url": f"{URL}/{call_id}/recording" if by_fin else None,
        "fin_transcription_url": f"{URL}/{call_id}/transcript" if by_fin else None,
    }


def _contact_id(conversation: Record | None) -> str | None:
    if conversation is None:
        return None
    contacts = conversation.body()["contacts"]["contacts"]
    return contacts[0]["id"] if contacts else None


def _iso(at: Any) -> str | None:
    """Unix seconds as text, such as 2025-11-15T09:30:00Z."""
    return None if at is None else f"{datetime.fromtimestamp(at, tz=UTC):%Y-%m-%dT%H:%M:%SZ}"


def _spoken(line: int, text: str) -> Body:
    """One turn; the fields are made up, Intercom documents any object."""
    return {
        "speaker": "User" if line % 2 else "Teammate 1",
        "text": text,
        "start_time": 3.5 + 7 * line,
        "end_time": 9.25 + 7 * line,
    }
