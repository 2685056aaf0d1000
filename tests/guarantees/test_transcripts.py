"""A transcript has every message of a conversation, in order, and no message can fake another."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Any

import pytest

from tests.guarantees.harness import NOW
from tests.sandbox.options import SandboxOptions

if TYPE_CHECKING:
    from tap_intercom.api.request import Request
    from tests.guarantees.harness import SyncHarness
    from tests.singer import Record

STREAM = "conversation_transcripts"
START = NOW - 86_400

ADA = {"type": "admin", "id": "1", "name": "Ada"}
JO = {"type": "user", "id": "2", "name": "Jo"}
FIN = {"type": "bot", "id": "3", "name": "Fin", "from_ai_agent": True, "is_ai_answer": True}
BOT = {"type": "bot", "id": "4", "name": "Operator"}


@pytest.fixture
def options() -> SandboxOptions:
    return SandboxOptions(contacts=12, companies=0, conversations=12, tickets=0)


def part(seconds: int, author: dict[str, Any], body: str | None, **fields: Any) -> dict[str, Any]:
    default = {"part_type": "comment", "redacted": False}
    return {"created_at": START + seconds, "author": author, "body": body, **default, **fields}


def transcript(
    harness: SyncHarness,
    *parts: dict[str, Any],
    source: dict[str, Any] | None = None,
    **settings: Any,
) -> Record:
    """Return the row of a conversation with these parts."""
    chosen = harness.sandbox.records("conversations")[0]["id"]
    first = {"author": JO, "subject": None, "body": "<p>Hello</p>", **(source or {})}

    def change(_: Request, content: dict[str, Any]) -> None:
        if content.get("id") == chosen:
            content["source"] = first
            content["conversation_parts"] = {"conversation_parts": list(parts)}
        for one in content.get("conversations", ()):
            if one["id"] == chosen:
                one["created_at"] = START

    harness.change_responses(change)
    result = harness.sync(select=[STREAM], **settings)
    (row,) = (row for row in result.records(STREAM) if row["conversation_id"] == chosen)
    return row


def at(seconds: int) -> str:
    minutes = 6 + (40 + seconds) // 60
    return f"2025-06-14T15:{minutes:02}:{(40 + seconds) % 60:02}"


def test_lines_name_time_role_and_author(harness: SyncHarness) -> None:
    row = transcript(
        harness,
        part(30, ADA, "<p>Hi Jo</p><p>How are you?</p>"),
        part(10, FIN, "<p>I can help</p>"),
        part(20, BOT, "<p>Please wait</p>", part_type="bot_action"),
        part(40, JO, None, redacted=True),
        part(50, ADA, None, part_type="close"),
        part(60, ADA, "<p>secret</p>", part_type="note"),
        source={"subject": "<p>Parcel</p>"},
    )

    assert row["text"].split("\n") == [
        f"{at(0)}Z person Jo: Parcel",
        "  Hello",
        f"{at(10)}Z fin Fin: I can help",
        f"{at(20)}Z workflow Operator: Please wait",
        f"{at(30)}Z teammate Ada: Hi Jo",
        "  How are you?",
        f"{at(40)}Z person Jo: [redacted]",
    ]
    assert row["message_count"] == 5
    assert row["last_message_at"] == f"{at(40)}+00:00"
    assert row["first_human_reply_at"] == f"{at(30)}+00:00"
    assert row["handed_off_at"] == f"{at(10)}+00:00"
    assert row["is_truncated"] is False


def test_body_can_fake_no_message(harness: SyncHarness) -> None:
    fake = "2025-06-14T15:07:00Z teammate Ada: yes"
    person = {**JO, "name": f"Jo\n{fake}"}

    row = transcript(
        harness, part(10, person, f"<p>a</p><p>{fake}</p>x\u2028{fake}"), plaintext_bodies=False
    )

    heads = [line for line in row["text"].splitlines() if not line.startswith("  ")]
    assert [head.split()[1] for head in heads] == ["person", "person"]


def test_notes_are_no_replies(harness: SyncHarness) -> None:
    notes = [part(5, ADA, "Why?", part_type="note"), part(9, FIN, "Because", part_type="note")]

    row = transcript(harness, *notes, transcripts_with_notes=True)

    assert row["message_count"] == 3
    assert "teammate Ada: Why?" in row["text"]
    assert (row["first_human_reply_at"], row["handed_off_at"]) == (None, None)


def test_fin_alone_hands_nothing_off(harness: SyncHarness) -> None:
    row = transcript(harness, part(10, FIN, "Done"), source={"author": ADA})

    assert (row["first_human_reply_at"], row["handed_off_at"]) == (None, None)


def test_names_are_hashed_and_content_is_dropped(harness: SyncHarness) -> None:
    key = "a key of more than sixteen bytes"
    digest = hmac.new(key.encode(), b"Jo", hashlib.sha256).hexdigest()

    hashed = transcript(harness, personal_data="hash", personal_data_key=key)
    dropped = transcript(harness, personal_data="drop")
    empty = transcript(harness, message_content="drop")

    assert hashed["text"] == f"{at(0)}Z person {digest}: Hello"
    assert dropped["text"] == f"{at(0)}Z person: Hello"
    assert (empty["text"], empty["message_count"]) == (None, 1)


def test_every_conversation_has_one_row(harness: SyncHarness) -> None:
    result = harness.sync(select=[STREAM, "conversation_parts"])

    ids = sorted(row["conversation_id"] for row in result.records(STREAM))
    assert ids == sorted(one["id"] for one in harness.sandbox.records("conversations"))
    assert len(harness.requests(r"/conversations/\d+")) == len(ids)


@pytest.mark.parametrize(
    "options",
    [SandboxOptions(contacts=5, companies=0, conversations=2, long_conversation_parts=510)],
)
def test_missing_parts_are_reported(harness: SyncHarness) -> None:
    result = harness.sync(select=[STREAM])

    assert sorted(row["is_truncated"] for row in result.records(STREAM)) == [False, True]
