"""Notifications: which are the same, which records they name, and what they say is gone."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tap_intercom.webhooks.notifications import (
    Deletion,
    RecordId,
    changed_records,
    deletion,
    parse_notification,
)
from tap_intercom.webhooks.topics import CHANGED_RECORDS, DELETED_RECORDS, TOPICS
from tests.webhooks.receiver import notification

CONTACT = {"type": "contact", "id": "c1"}

CHANGES: list[tuple[str, dict[str, Any], list[RecordId]]] = [
    ("contact.user.updated", CONTACT, [RecordId("contact", "c1")]),
    (
        "contact.lead.tag.deleted",
        {"tag": {"id": "7"}, "contact": CONTACT},
        [RecordId("contact", "c1")],
    ),
    ("granular.unsubscribe", {"contact": CONTACT}, [RecordId("contact", "c1")]),
    ("visitor.signed_up", {"type": "user", "id": "c1"}, [RecordId("contact", "c1")]),
    ("company.updated", {"type": "company", "id": "k1"}, [RecordId("company", "k1")]),
    (
        "company.contact.detached",
        {"company": {"id": "k1"}, "contact": CONTACT},
        [RecordId("company", "k1"), RecordId("contact", "c1")],
    ),
    ("conversation.user.replied", {"id": "9"}, [RecordId("conversation", "9")]),
    ("conversation.deleted", {"conversation_id": "9"}, [RecordId("conversation", "9")]),
    (
        "conversation.contact.attached",
        {"conversation": {"model": {"id": 9}}, "contact": CONTACT},
        [RecordId("conversation", "9"), RecordId("contact", "c1")],
    ),
    ("conversation_part.redacted", {"id": "9"}, [RecordId("conversation", "9")]),
    ("call.ended", {"id": "3", "conversation_id": "9"}, [RecordId("conversation", "9")]),
    ("ticket.created", {"id": "t1"}, [RecordId("ticket", "t1")]),
    ("ticket.closed", {"ticket": {"id": "t1"}}, [RecordId("ticket", "t1")]),
    ("content_stat.email", {"content_stat": {}, "contact": CONTACT}, []),
    ("ping", {"type": "ping", "message": "hello"}, []),
    ("something.new", {"id": "1"}, []),
]

DELETIONS = [
    ("contact.deleted", {"id": "c1", "external_id": "u1"}, ("contact", "c1", "u1", None)),
    ("contact.archived", {"id": "c1"}, ("contact", "c1", None, None)),
    ("contact.merged", {"id": "c2", "merged_from": CONTACT}, ("contact", "c1", None, "c2")),
    ("company.deleted", {"id": "k1", "deleted": True}, ("company", "k1", None, None)),
    ("conversation.deleted", {"conversation_id": "9"}, ("conversation", "9", None, None)),
    ("article.deleted", {"id": 12, "title": "Hello"}, ("article", "12", None, None)),
    ("content_snippet.deleted", {"id": "5"}, ("content_snippet", "5", None, None)),
]


def body(content: Any) -> bytes:
    return json.dumps(content).encode()


@pytest.mark.parametrize(("topic", "item", "expected"), CHANGES, ids=[case[0] for case in CHANGES])
def test_topic_names_its_records(
    topic: str, item: dict[str, Any], expected: list[RecordId]
) -> None:
    content = json.dumps(notification(topic=topic, **item))

    assert list(changed_records(topic, content)) == expected


@pytest.mark.parametrize(("topic", "item", "row"), DELETIONS, ids=[case[0] for case in DELETIONS])
def test_topic_tells_of_deletion(
    topic: str, item: dict[str, Any], row: tuple[str, str, str | None, str | None]
) -> None:
    content = json.dumps(notification(topic=topic, **item))

    record_type, record_id, external_id, merged_into = row
    assert deletion(topic, content) == Deletion(
        RecordId(record_type, record_id), external_id, merged_into
    )


@pytest.mark.parametrize("item", [None, {}, [], "text", {"id": None}, {"id": {}}, {"contact": []}])
def test_odd_item_names_nothing(item: Any) -> None:
    content = json.dumps({"data": {"item": item}})

    assert all(not list(changed_records(topic, content)) for topic in TOPICS)
    assert all(deletion(topic, content) is None for topic in TOPICS)


def test_merge_without_source_tells_nothing() -> None:
    assert deletion("contact.merged", json.dumps(notification(id="c2"))) is None


def test_tables_name_known_topics() -> None:
    resources = {topic.partition(".")[0] for topic in TOPICS}

    assert CHANGED_RECORDS.keys() <= resources
    assert DELETED_RECORDS.keys() <= TOPICS


def test_retry_has_the_same_identity() -> None:
    first = {**notification(), "id": None}
    retry = {**first, "delivery_attempts": 2, "delivery_status": "retry"}

    assert parse_notification(body(first)).id == parse_notification(body(retry)).id


def test_other_content_has_another_identity() -> None:
    ping = {**notification(topic="ping", message="one"), "id": None}
    other = {**notification(topic="ping", message="two"), "id": None}

    assert parse_notification(body(ping)).id != parse_notification(body(other)).id


def test_body_is_kept_as_received() -> None:
    text = '{"id": "n1", "topic": "ping",\n "created_at": 17, "app_id": "abc123", "new": [1]}'

    assert parse_notification(text.encode()) == ("n1", "ping", "abc123", 17, text)


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"null", b'{"id": ', b'{"id": "\xff"}', b'{"a": ' + b"[" * 100_000]
)
def test_anything_else_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"response|codec"):
        parse_notification(content)


@pytest.mark.parametrize("created_at", [10**30, -(10**30), True, "soon", 1.5, None])
def test_odd_timestamp_is_left_out(created_at: Any) -> None:
    body = {**notification(1, "ping"), "created_at": created_at}

    assert parse_notification(json.dumps(body).encode()).created_at is None


def test_long_id_becomes_a_digest() -> None:
    """Postgres indexes no text of more than 2,704 bytes."""
    ids = {
        parse_notification(json.dumps({**notification(1, "ping"), "id": name * 3_000}).encode()).id
        for name in "ab"
    }

    assert len(ids) == 2
    assert all(one.startswith("sha256:") for one in ids)


@pytest.mark.parametrize("fields", [{"id": "#"}, {"id": None, "n": "#"}])
def test_number_that_cannot_be_read_is_refused(fields: dict[str, Any]) -> None:
    body = json.dumps({**notification(1, "ping"), **fields}).replace('"#"', "9" * 5_000)

    with pytest.raises(ValueError, match="notification"):
        parse_notification(body.encode())
