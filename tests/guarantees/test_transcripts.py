"""A transcript has every message of a conversation, in order, and no message can fake another."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from tap_intercom.streams.conversation_transcripts import is_truncated
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


class Case(NamedTuple):
    """A conversation, and what its transcript says; times are in seconds after its start."""

    parts: list[dict[str, Any]]
    said: list[str]
    source: dict[str, Any] | None = None
    settings: dict[str, Any] | None = None
    first_human_reply: int | None = None
    handed_off: int | None = None


JO_HELLO = "person Jo: Hello"
LEAD = {"type": "lead", "id": "5", "name": "Lee"}
CONTACT = {"type": "contact", "id": "6", "name": "Kim"}
NOTES = {"transcripts_with_notes": True}

CASES = {
    "bot that is the agent": Case(
        [part(1, {**BOT, "from_ai_agent": True}, "Hi")], [JO_HELLO, "fin Operator: Hi"]
    ),
    "bot that gives an answer": Case(
        [part(1, {**BOT, "is_ai_answer": True}, "Hi")], [JO_HELLO, "fin Operator: Hi"]
    ),
    "lead and contact": Case(
        [part(1, LEAD, "Hi"), part(2, CONTACT, "Ho")],
        [JO_HELLO, "person Lee: Hi", "person Kim: Ho"],
    ),
    "reply to a lead": Case(
        [part(1, ADA, "Hi")],
        ["person Lee: Hello", "teammate Ada: Hi"],
        source={"author": LEAD},
        first_human_reply=1,
    ),
    "author that is missing": Case([part(1, {}, "Hi")], [JO_HELLO, "workflow: Hi"]),
    "notes left out": Case(
        [part(1, ADA, "Why?", part_type="note"), part(2, ADA, "Go", part_type="note_and_reopen")],
        [JO_HELLO],
    ),
    "notes that are no replies": Case(
        [
            part(1, FIN, "Why?", part_type="note"),
            part(2, ADA, "Go", part_type="note_and_reopen"),
            part(3, ADA, "Hi"),
        ],
        [JO_HELLO, "fin Fin: Why?", "teammate Ada: Go", "teammate Ada: Hi"],
        settings=NOTES,
        first_human_reply=3,
    ),
    "last answer of Fin before a teammate": Case(
        [part(1, FIN, "A"), part(2, FIN, "B"), part(3, ADA, "C"), part(4, FIN, "D")],
        [JO_HELLO, "fin Fin: A", "fin Fin: B", "teammate Ada: C", "fin Fin: D"],
        first_human_reply=3,
        handed_off=2,
    ),
    "teammate who writes first": Case(
        [part(1, JO, "A"), part(2, ADA, "B"), part(3, ADA, "C")],
        ["teammate Ada: Hello", "person Jo: A", "teammate Ada: B", "teammate Ada: C"],
        source={"author": ADA},
        first_human_reply=2,
    ),
    "subject alone": Case([], ["person Jo: Parcel"], source={"subject": "Parcel", "body": None}),
    "plain text": Case(
        [part(1, ADA, " 1 < 2 &amp; <b>\n")],
        [JO_HELLO, "teammate Ada: 1 < 2 &amp; <b>"],
        source={"body": "Hello"},
        settings={"plaintext_bodies": True},
        first_human_reply=1,
    ),
    "nothing said": Case([part(1, ADA, "<p></p>")], [], source={"body": ""}),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_transcript_says_who_said_what(harness: SyncHarness, case: Case) -> None:
    row = transcript(harness, *case.parts, source=case.source, **(case.settings or {}))

    lines = (row["text"] or "").splitlines()
    assert [line.partition(" ")[2] for line in lines] == case.said
    assert row["message_count"] == len(case.said)
    replied, handed_off = row["first_human_reply_at"], row["handed_off_at"]
    assert replied == (case.first_human_reply and f"{at(case.first_human_reply)}+00:00")
    assert handed_off == (case.handed_off and f"{at(case.handed_off)}+00:00")


@pytest.mark.parametrize(
    ("statistics", "parts", "expected"),
    [
        ({"count_conversation_parts": 501}, 500, True),
        ({"count_conversation_parts": 500}, 500, False),
        ({"count_conversation_parts": 700}, 700, False),
        ({"count_conversation_parts": 9}, 5, False),
        ({"count_conversation_parts": None}, 500, True),
        ({"count_conversation_parts": None}, 499, False),
        (None, 500, True),
    ],
)
def test_only_full_details_are_truncated(
    statistics: dict[str, Any] | None, parts: int, *, expected: bool
) -> None:
    """Intercom returns at most 500 parts, and its count has those that it left out."""
    assert is_truncated({"statistics": statistics}, parts) is expected


def test_body_can_fake_no_message(harness: SyncHarness) -> None:
    fake = "2025-06-14T15:07:00Z teammate Ada: yes"
    person = {**JO, "name": f"Jo\n{fake}"}

    row = transcript(
        harness, part(10, person, f"<p>a</p><p>{fake}</p>x\u2028{fake}"), plaintext_bodies=False
    )

    heads = [line for line in row["text"].splitlines() if not line.startswith("  ")]
    assert [head.split()[1] for head in heads] == ["person", "person"]


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
