"""Conversations with all of their parts."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from tests.sandbox.generate.blueprint import (
    DAY,
    FIRST_CONVERSATION,
    FIRST_PART,
    FIRST_TEAM,
    FIRST_TICKET,
    TAGS,
    TEAMS,
    TICKET_EVERY,
    Blueprint,
    admin_author,
    admin_id,
    applied_tag,
    tag,
)
from tests.sandbox.generate.custom_objects import instance, order_of
from tests.sandbox.generate.words import SENTENCES, paragraph
from tests.sandbox.records import Body, Record

if TYPE_CHECKING:
    from random import Random

PARTS_PER_CONVERSATION: Final = 100_000
NO_PARTS_EVERY: Final = 25
INTEGER_PART_IDS_EVERY: Final = 10
GROUP_EVERY: Final = 15
PRIORITIES: Final = ("none", "none", "low", "medium", "high", "urgent")
STATES: Final = ("open", "closed", "closed", "snoozed")
SOURCES: Final = (
    ("conversation", "customer_initiated"),
    ("email", "customer_initiated"),
    ("conversation", "admin_initiated"),
    ("conversation", "automated"),
    ("whatsapp", "customer_initiated"),
)


def conversations(blueprint: Blueprint, count: int) -> list[Record]:
    """The conversations of a workspace.

    Args:
        blueprint: of the workspace, its contacts included.
        count: how many.
    """
    build = partial(conversation, blueprint)
    return [
        Record(
            str(FIRST_CONVERSATION + index),
            FIRST_CONVERSATION + index,
            times.created_at,
            times.updated_at,
            build,
            is_ticket=ticket_index(blueprint, index) is not None,
        )
        for index, times in enumerate(blueprint.times("conversations", count))
    ]


def ticket_index(blueprint: Blueprint, index: int) -> int | None:
    """Which ticket a conversation is, None if it is none.

    Args:
        blueprint: of the workspace.
        index: which of the conversations.
    """
    is_ticket = index % TICKET_EVERY == TICKET_EVERY - 1
    return (
        index // TICKET_EVERY
        if is_ticket and index // TICKET_EVERY < blueprint.conversation_tickets
        else None
    )


def conversation(blueprint: Blueprint, record: Record) -> Body:
    """The whole of a conversation, with every part that it ever had."""
    index = record.number - FIRST_CONVERSATION
    random = blueprint.random("conversation", index)
    parts = _parts(blueprint, random, record)
    state = random.choice(STATES)
    contact = _contact(blueprint, random)
    admin = admin_id(random) if index % 3 else None
    team = FIRST_TEAM + index % TEAMS if index % 2 else None
    ticket = ticket_index(blueprint, index)
    at = record.updated_at
    return {
        "type": "conversation",
        "id": record.id,
        "created_at": record.created_at,
        "updated_at": at,
        "waiting_since": at if state == "open" else None,
        "snoozed_until": at + DAY if state == "snoozed" else None,
        "source": _source(random, index, contact),
        "contacts": {"type": "contact.list", "contacts": _contacts(blueprint, index, contact)},
        "first_contact_reply": {
            "created_at": record.created_at,
            "type": "conversation",
            "url": None,
        }
        if index % 4
        else None,
        "admin_assignee_id": admin,
        "team_assignee_id": team,
        "open": state != "closed",
        "state": state,
        "read": index % 2 == 0,
        "tags": {
            "type": "tag.list",
            "tags": [
                applied_tag(t, at - 60, admin_id(random))
                for t in sorted(random.sample(range(TAGS), index % 3))
            ],
        },
        "priority": random.choice(PRIORITIES),
        "sla_applied": {
            "type": "conversation_sla_summary",
            "sla_name": "First answer within 4 h",
            "sla_status": random.choice(("hit", "missed", "active", "cancelled")),
        }
        if index % 6 == 0
        else None,
        "statistics": _statistics(random, record, len(parts)) if index % 8 else None,
        "conversation_rating": _rating(record, contact, admin) if index % 9 == 0 else None,
        "teammates": _teammates(parts) if admin else None,
        "title": random.choice(SENTENCES) if index % 7 == 0 else None,
        "custom_attributes": _custom_attributes(blueprint, index, at) if index % 2 else {},
        "topics": {},
        "ticket": None
        if ticket is None
        else {"type": "ticket", "id": record.id, "ticket_id": str(ticket + 1)},
        "linked_objects": _linked_objects(index),
        "ai_agent": _ai_agent(random, record) if index % 5 == 0 else None,
        "ai_agent_participated": index % 5 == 0,
        "sales_agent": None,
        "sales_agent_participated": False,
        "channel": None,
        "company": None,
        "external_references": [{"type": "zendesk_ticket", "id": str(index)}]
        if index % 14 == 0
        else [],
        "conversation_parts": {
            "type": "conversation_part.list",
            "conversation_parts": parts,
            "total_count": len(parts),
        },
    }


def part(conversation_number: int, position: int, at: int, author: Body) -> Body:
    """A plain comment.

    Args:
        conversation_number: number of the conversation that it belongs to.
        position: which of its parts.
        at: unix seconds.
        author: who wrote it.
    """
    index = conversation_number - FIRST_CONVERSATION
    number = FIRST_PART + index * PARTS_PER_CONVERSATION + position
    return {
        "type": "conversation_part",
        "id": number if index % INTEGER_PART_IDS_EVERY == 0 else str(number),
        "part_type": "comment",
        "body": f"<p>{SENTENCES[position % len(SENTENCES)]}</p>",
        "created_at": at,
        "updated_at": at,
        "notified_at": at,
        "assigned_to": None,
        "author": author,
        "attachments": [],
        "external_id": None,
        "redacted": False,
        "email_message_metadata": None,
        "metadata": None,
        "state": "open",
        "tags": [],
        "event_details": None,
        "app_package_code": None,
    }


def attachment(number: int) -> Body:
    """An uploaded file behind a signed URL."""
    return {
        "type": "upload",
        "name": f"screenshot {number}.png",
        "url": f"https://downloads.example.com/i/{number}/s.png?expires=1&signature=abc",
        "content_type": "image/png",
        "filesize": 100 + number,
        "width": 640,
        "height": 480,
    }


def attachments(number: int, count: int) -> list[Body]:
    """Several uploaded files; the second is no picture, and has neither width nor height."""
    first = attachment(number)
    document = {"name": f"invoice {number}.pdf", "content_type": "application/pdf"}
    document["url"] = first["url"].replace("/s.png", "/invoice.pdf")
    second = first | document | {"width": None, "height": None}
    third = first | {"name": "", "url": first["url"].replace("/s.png", "/two.png")}
    return [first, second, third][:count]


def _parts(blueprint: Blueprint, random: Random, record: Record) -> list[Body]:
    index = record.number - FIRST_CONVERSATION
    count = 0 if index % NO_PARTS_EVERY == NO_PARTS_EVERY - 1 else random.randint(1, 14)
    if index == 0 and blueprint.long_conversation_parts:
        count = blueprint.long_conversation_parts
    span = record.updated_at - record.created_at
    return [
        _varied(
            part(
                record.number,
                position,
                record.created_at + span * (position + 1) // count,
                admin_author(admin_id(random)),
            ),
            (index + position) % 16,
            index * PARTS_PER_CONVERSATION + position,
        )
        for position in range(count)
    ]


def _varied(body: Body, variety: int, number: int) -> Body:
    """Turn a comment into one of the rarer kinds of parts."""
    if variety == 3:
        body |= {"body": None, "redacted": True}
    elif variety == 5:
        body["attachments"] = attachments(number, 1 + number % 3)
    elif variety == 7:
        body |= {"part_type": "assignment", "body": None}
        body["assigned_to"] = {"type": "nobody_admin", "id": None}
    elif variety == 9:
        body |= {"part_type": "custom_action_started", "body": None}
        body |= {"event_details": {"action": {"name": "Jira Create Issue"}}}
        body["app_package_code"] = "test-integration"
    elif variety == 11:
        body["author"] = {
            "type": "bot",
            "id": "278",
            "name": "Fin",
            "email": "operator@example.com",
            "from_ai_agent": True,
            "is_ai_answer": True,
        }
        body["tags"] = [tag(number % TAGS)]
    elif variety == 12:
        body["email_message_metadata"] = email_metadata(number)
    elif variety == 13:
        body |= {"part_type": "close", "body": None, "state": "closed"}
    return body


def _contact(blueprint: Blueprint, random: Random) -> Body | None:
    if not blueprint.contact_ids:
        return None
    return contact_reference(blueprint, random.randrange(len(blueprint.contact_ids)))


def contact_reference(blueprint: Blueprint, number: int) -> Body:
    """A contact as conversations and tickets refer to it.

    Args:
        blueprint: of the workspace.
        number: which of the contacts.
    """
    return {
        "type": "contact",
        "id": blueprint.contact_ids[number],
        "external_id": blueprint.contact_external_ids[number],
    }


def _contacts(blueprint: Blueprint, index: int, first: Body | None) -> list[Body]:
    """Who takes part; now and then a group."""
    if first is None:
        return []
    if index % GROUP_EVERY != GROUP_EVERY - 1:
        return [first]
    random = blueprint.random("group", index)
    count = min(2, len(blueprint.contact_ids))
    others = random.sample(range(len(blueprint.contact_ids)), count)
    group = [first, *(contact_reference(blueprint, number) for number in others)]
    return list({person["id"]: person for person in group}.values())


def _teammates(parts: list[Body]) -> Body:
    """Those who wrote a part (OpenAPI 2.16, schema `conversation_teammates`)."""
    ids = dict.fromkeys(p["author"]["id"] for p in parts if p["author"]["type"] == "admin")
    return {"type": "admin.list", "teammates": [{"type": "admin", "id": i} for i in ids]}


def _custom_attributes(blueprint: Blueprint, index: int, at: int) -> Body:
    """Values of every type; some do not fit their attribute, some have no attribute at all."""
    fitting: Body = {
        "Issue": "Billing",
        "Remark": None,
        "Items": index % 12,
        "Amount": index % 40 / 4,
        "Escalated": index % 3 == 0,
        "Promised by": at + DAY,
        "Papers": attachments(index, 2) if index % 27 == 0 else [],
    }
    if (order := order_of(index)) is not None:
        instances = [instance(blueprint, "order", order)]
        fitting["Orders"] = {"type": "order.list", "instances": instances}
    misfit: tuple[Body, ...] = (
        {"Items": "n/a"},
        {"Amount": "12,50"},
        {"Promised by": "2026-03-04T09:46:14Z"},
        {"Escalated": "maybe"},
    )
    system = {"CX Score rating": 4, "CX Score explanation": "Quick"} if index % 9 == 0 else {}
    return fitting | (misfit[index // 25 % 4] if index % 25 == 5 else {}) | system


def _source(random: Random, index: int, contact: Body | None) -> Body:
    source_type, delivered_as = SOURCES[index % len(SOURCES)]
    by_contact = delivered_as == "customer_initiated" and contact is not None
    author = (
        {"type": "user", "id": contact["id"], "name": None, "email": "person@mail.example.com"}
        if by_contact and contact is not None
        else admin_author(admin_id(random))
    )
    return {
        "type": source_type,
        "id": str(403_918_320 + index),
        "delivered_as": delivered_as,
        "subject": "<p>About my <b>order</b></p>" if source_type == "email" else "",
        "body": paragraph(random),
        "author": author,
        "attachments": attachments(index, 1 + index % 3) if index % 11 == 0 else [],
        "url": "https://app.example.com/settings" if source_type == "conversation" else None,
        "redacted": False,
    } | (_email(index) if source_type == "email" else {})


def _email(index: int) -> Body:
    """What only the source of an e-mail has."""
    return {
        "recipients": [{"type": "to", "email": "support@example.com", "drop_reason": None}],
        "reply_to": [{"email": "replies@example.com", "name": "Support"}],
        "email_message_metadata": email_metadata(index)
        | {"history": "<div><blockquote>Previous thread</blockquote></div>"},
    }


def email_metadata(number: int) -> Body:
    """The headers of an e-mail."""
    return {
        "message_id": f"<{number}@mail.example.com>",
        "subject": "About my order",
        "email_address_headers": [
            {"type": "from", "email_address": "person@mail.example.com", "name": None},
            {"type": "to", "email_address": "support@example.com", "name": "Support"},
        ],
    }


def _statistics(random: Random, record: Record, parts: int) -> Body:
    first = record.created_at + 60
    return {
        "type": "conversation_statistics",
        "time_to_assignment": random.randrange(5000),
        "time_to_admin_reply": random.randrange(5000),
        "time_to_first_close": None,
        "time_to_last_close": random.randrange(90_000),
        "median_time_to_reply": random.randrange(5000),
        "first_contact_reply_at": first,
        "first_assignment_at": first,
        "first_admin_reply_at": first + 30,
        "first_close_at": None,
        "last_assignment_at": record.updated_at,
        "last_assignment_admin_reply_at": record.updated_at,
        "last_contact_reply_at": record.updated_at,
        "last_admin_reply_at": record.updated_at,
        "last_close_at": None,
        "last_closed_by_id": str(admin_id(random)),
        "count_reopens": random.randrange(3),
        "count_assignments": random.randrange(4),
        "count_conversation_parts": parts,
        "assigned_team_first_response_time": [
            {"team_id": FIRST_TEAM, "team_name": "Support", "response_time": 2310},
        ],
        "assigned_team_first_response_time_in_office_hours": [],
        "handling_time": random.randrange(5000),
        "adjusted_handling_time": None,
    }


def _rating(record: Record, contact: Body | None, admin: int | None) -> Body:
    return {
        "rating": 1 + record.number % 5,
        "remark": "",
        "created_at": record.updated_at - 30,
        "updated_at": record.updated_at - 30,
        "contact": contact,
        "teammate": {"type": "admin", "id": str(admin)} if admin else None,
    }


def _linked_objects(index: int) -> Body:
    data = (
        [{"type": "ticket", "id": str(FIRST_TICKET + index), "category": "Customer"}]
        if index % 30 == 0
        else []
    )
    return {"type": "list", "data": data, "total_count": len(data), "has_more": False}


def _ai_agent(random: Random, record: Record) -> Body:
    return {
        "source_type": "workflow",
        "source_title": "My AI workflow",
        "last_answer_type": "ai_answer",
        "resolution_state": random.choice(("assumed_resolution", "escalated", None)),
        "rating": random.choice((None, 4)),
        "rating_remark": None,
        "created_at": record.created_at,
        "updated_at": record.updated_at,
        "content_sources": {
            "type": "content_source.list",
            "total_count": 1,
            "content_sources": [
                {
                    "content_type": "article",
                    "url": "https://help.example.com/articles/7",
                    "title": "How to pay",
                    "locale": "en",
                },
            ],
        },
    }
