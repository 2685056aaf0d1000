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

ADMIN = {"type": "admin", "id": "7", "name": "Grace", "away_mode_enabled": False}
CONTACT = {"type": "contact", "id": "c1", "external_id": "u1", "email": "ada@example.com"}
COMPANY = {"type": "company", "id": "k1", "company_id": "acme", "name": "Acme"}
CONVERSATION = {"type": "conversation", "id": "9", "source": {"id": "3"}, "admin_assignee_id": 7}
TICKET = {"type": "ticket", "id": "t1", "ticket_id": "12", "ticket_parts": {"ticket_parts": []}}
TAGGING = {"type": "contact_tag", "created_at": 17, "tag": {"id": "5"}, "contact": CONTACT}
SUBSCRIPTION = {"type": "granular_unsubscribe", "contact": CONTACT, "subscription_types": {}}
RECEIPT = {"content_stat": {"id": "s1", "receipt_id": "4"}, "contact": CONTACT, "company": COMPANY}
EVENT = {"type": "event", "id": "e1", "event_name": "ordered", "intercom_user_id": "c1"}
ACTIVITY = {"id": "a1", "performed_by": {"id": "7"}, "activity_type": "app_name_change"}

C1 = RecordId("contact", "c1")
K1 = RecordId("company", "k1")
V9 = RecordId("conversation", "9")
T1 = RecordId("ticket", "t1")


def gone(record_type: str, record_id: str, external_id: str | None = None) -> Deletion:
    return Deletion(RecordId(record_type, record_id), external_id, None)


FACTS: list[tuple[str, str, dict[str, Any], list[RecordId], Deletion | None]] = [
    ("admin", "activity_log_event.created", ACTIVITY, [], None),
    ("admin", "added_to_workspace removed_from_workspace", ADMIN, [], None),
    ("admin", "away_mode_updated logged_in logged_out", ADMIN, [], None),
    ("api", "request.completed", {"type": "api.request.completed", "id": "r1"}, [], None),
    ("article", "created updated published unpublished", {"type": "article", "id": 12}, [], None),
    ("article", "deleted", {"id": 12, "title": "Hello"}, [], gone("article", "12")),
    ("audience", "created updated", {"type": "audience", "id": "6"}, [], None),
    ("audience", "deleted", {"type": "audience", "id": "6"}, [], gone("audience", "6")),
    ("audience", "member_added member_removed", {"type": "audience_membership"}, [], None),
    ("call", "started ended", {"type": "call", "id": "3", "conversation_id": "9"}, [V9], None),
    ("call", "recording_available", {"id": "3", "conversation_id": "9"}, [V9], None),
    ("call", "transcription_available", {"id": "3", "conversation_id": 9}, [V9], None),
    ("company", "created updated", COMPANY, [K1], None),
    ("company", "deleted", {"id": "k1", "deleted": True}, [K1], gone("company", "k1")),
    ("company", "contact.attached", {"company": COMPANY, "contact": CONTACT}, [K1, C1], None),
    ("company", "contact.detached", {"company": COMPANY, "contact": CONTACT}, [K1, C1], None),
    ("contact", "user.created user.updated email.updated", CONTACT, [C1], None),
    ("contact", "lead.created lead.updated lead.added_email", CONTACT, [C1], None),
    ("contact", "lead.signed_up unsubscribed_from_sms", CONTACT, [C1], None),
    ("contact", "unarchive unarchived", CONTACT, [C1], None),  # documented, and sent
    ("contact", "user.tag.created user.tag.deleted", TAGGING, [C1], None),
    ("contact", "lead.tag.created lead.tag.deleted", TAGGING, [C1], None),
    ("contact", "subscribed unsubscribed", SUBSCRIPTION, [C1], None),
    ("contact", "archived", {"id": "c1", "archived": True}, [C1], gone("contact", "c1")),
    ("contact", "deleted", {"id": "c1", "deleted": True}, [C1], gone("contact", "c1")),
    ("contact", "deleted", CONTACT, [C1], gone("contact", "c1", "u1")),
    ("contact", "merged", CONTACT, [C1], None),
    (
        "contact",
        "merged",
        {**CONTACT, "merged_from": {"type": "contact", "id": "c2"}},
        [C1],
        Deletion(RecordId("contact", "c2"), None, merged_into_id="c1"),
    ),
    ("content_import_source", "created updated", {"id": "8", "url": "https://x"}, [], None),
    ("content_import_source", "deleted", {"id": "8"}, [], gone("content_import_source", "8")),
    ("content_snippet", "created updated", {"id": "5", "title": "Hours"}, [], None),
    ("content_snippet", "deleted", {"id": "5"}, [], gone("content_snippet", "5")),
    ("content_stat", "banner carousel chat checklist custom_bot email", RECEIPT, [], None),
    ("content_stat", "news_item post push series series.webhook sms", RECEIPT, [], None),
    ("content_stat", "survey tooltip_group tour", RECEIPT, [], None),
    ("conversation", "admin.assigned admin.closed admin.noted", CONVERSATION, [V9], None),
    ("conversation", "admin.open.assigned admin.opened", CONVERSATION, [V9], None),
    ("conversation", "admin.replied admin.replied.translated", CONVERSATION, [V9], None),
    ("conversation", "admin.single.created user.created", CONVERSATION, [V9], None),
    ("conversation", "admin.snoozed admin.unsnoozed", CONVERSATION, [V9], None),
    ("conversation", "operator.replied user.replied read", CONVERSATION, [V9], None),
    ("conversation", "company.updated priority.updated rating.added", CONVERSATION, [V9], None),
    (
        "conversation",
        "contact.attached contact.detached",
        {"conversation": {"parts": [], "options": {}, "model": {"id": 9}}, "contact": CONTACT},
        [V9, C1],
        None,
    ),
    ("conversation", "deleted", {"conversation_id": "9"}, [V9], gone("conversation", "9")),
    ("conversation_part", "redacted tag.created", CONVERSATION, [V9], None),
    ("data_connector", "execution.completed", {"id": "x1"}, [], None),
    ("event", "created", EVENT, [C1], None),
    ("granular", "subscribe unsubscribe", SUBSCRIPTION, [C1], None),
    ("job", "completed", {"type": "job", "id": "j1"}, [], None),
    ("messenger", "deployment_completed.event.created", {"id": "m1"}, [], None),
    ("procedure", "hitl_notification.created", {"id": "h1", "conversation_id": "9"}, [V9], None),
    ("ticket", "created attribute.updated state.updated note.created", TICKET, [T1], None),
    ("ticket", "admin.assigned team.assigned admin.replied", TICKET, [T1], None),
    ("ticket", "admin.replied.translated contact.replied", TICKET, [T1], None),
    ("ticket", "contact.attached contact.detached", TICKET, [T1], None),
    ("ticket", "rating.provided resolved closed", TICKET, [T1], None),
    ("ticket", "closed", {"ticket": TICKET}, [T1], None),  # from version 2.15 on
    ("visitor", "signed_up", {"type": "user", "id": "c1", "user_id": "u1"}, [C1], None),
]
"""Topics, an item as Intercom sends it, the records that it names, and what is gone after it.

Sources: Webhook models (Preview), and the captured notifications that Zulip and WebhookDB publish.
"""

CASES = [
    (f"{resource}.{event}", *facts)
    for resource, events, *facts in FACTS
    for event in events.split()
]


def body(content: Any) -> bytes:
    return json.dumps(content).encode()


def test_every_topic_is_known() -> None:
    assert {topic for topic, *_ in CASES} | {"ping"} == TOPICS


@pytest.mark.parametrize(("topic", "item", "records", "deleted"), CASES)
def test_topic_names_records_and_deletion(
    topic: str, item: dict[str, Any], records: list[RecordId], deleted: Deletion | None
) -> None:
    content = json.dumps(notification(topic=topic, **item))

    assert list(changed_records(topic, content)) == records
    assert deletion(topic, content) == deleted


@pytest.mark.parametrize("topic", ["ping", "something.new"])
def test_other_topic_names_nothing(topic: str) -> None:
    content = json.dumps(notification(topic=topic, **CONTACT))

    assert list(changed_records(topic, content)) == []
    assert deletion(topic, content) is None


@pytest.mark.parametrize("item", [None, {}, [], "text", {"id": None}, {"id": {}}, {"contact": []}])
def test_odd_item_names_nothing(item: Any) -> None:
    content = json.dumps({"data": {"item": item}})

    assert all(not list(changed_records(topic, content)) for topic in TOPICS)
    assert all(deletion(topic, content) is None for topic in TOPICS)


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
