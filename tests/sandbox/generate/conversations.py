"""Conversations with all of their parts."""

from __future__ import annotations

from functools import partial
from typing import Final

from tests.sandbox.generate.blueprint import (
    FIRST_ADMIN,
    FIRST_CONVERSATION,
    FIRST_TICKET,
    TAGS,
    TICKET_EVERY,
    Blueprint,
    admin_author,
    applied_tag,
)
from tests.sandbox.generate.custom_objects import instance, order_of
from tests.sandbox.generate.rows import template
from tests.sandbox.records import Body, Record

PARTS_PER_CONVERSATION: Final = 100_003
"""Odd, so that the parts' values in turn differ from conversation to conversation."""
NO_PARTS_EVERY: Final = 25
GROUP_EVERY: Final = 15
LINKED_EVERY: Final = 30
TAGGED_TWICE_EVERY: Final = 4


def conversations(blueprint: Blueprint, count: int) -> list[Record]:
    """The conversations of a workspace."""
    build = partial(conversation, blueprint)
    return [
        Record(
            str(FIRST_CONVERSATION + index),
            FIRST_CONVERSATION + index,
            at.created_at,
            at.updated_at,
            build,
            is_ticket=ticket_index(blueprint, index) is not None,
        )
        for index, at in enumerate(blueprint.times("conversations", count))
    ]


def ticket_index(blueprint: Blueprint, index: int) -> int | None:
    """Which ticket a conversation is, None if it is none."""
    ticket, rest = divmod(index, TICKET_EVERY)
    is_ticket = rest == TICKET_EVERY - 1 and ticket < blueprint.conversation_tickets
    return ticket if is_ticket else None


def conversation(blueprint: Blueprint, record: Record) -> Body:
    """A whole conversation, with every part that it ever had."""
    index = record.number - FIRST_CONVERSATION
    random = blueprint.random("conversation", index)
    body = template("conversations").row(index, record.updated_at, record.created_at)
    body["id"] = record.id
    contacts = contact_references(blueprint, random.random(), 3 if index % GROUP_EVERY == 14 else 1)
    body["contacts"]["contacts"] = contacts
    body["tags"]["tags"] = [
        applied_tag(chosen, record.updated_at - 60, FIRST_ADMIN + index % 5)
        for chosen in sorted(random.sample(range(TAGS), index % 3))
    ]
    _apply_a_tag_twice(index, body["tags"]["tags"])
    by_contact = body["source"]["delivered_as"] == "customer_initiated" and contacts
    body["source"]["author"] |= {"id": contacts[0]["id"]} if by_contact else admin_author(index)
    parts = _parts(blueprint, record, random.randint(1, 14))
    body["conversation_parts"] |= {"conversation_parts": parts, "total_count": len(parts)}
    if body["statistics"]:
        body["statistics"]["count_conversation_parts"] = len(parts)
    if body["conversation_rating"]:
        body["conversation_rating"]["contact"] = contacts[0] if contacts else None
    body["teammates"] = _teammates(parts) if body["admin_assignee_id"] else None
    if (ticket := ticket_index(blueprint, index)) is not None:
        body["ticket"] = {"type": "ticket", "id": record.id, "ticket_id": str(ticket + 1)}
    if index % LINKED_EVERY == 0:
        linked = {"type": "ticket", "id": str(FIRST_TICKET + index), "category": "Customer"}
        body["linked_objects"] |= {"data": [linked], "total_count": 1}
    if body["custom_attributes"] and (order := order_of(index)) is not None:
        orders = {"type": "order.list", "instances": [instance(blueprint, "order", order)]}
        body["custom_attributes"]["Orders"] = orders
    return body


def part(conversation_number: int, position: int, at: int, author: Body) -> Body:
    """A part of a conversation, created `at` (epoch seconds); a bot may have written it instead."""
    index = conversation_number - FIRST_CONVERSATION
    body = template("conversation_parts").row(index * PARTS_PER_CONVERSATION + position, at)
    body["author"] = body["author"] or author
    return body


def contact_references(blueprint: Blueprint, chance: float, count: int) -> list[Body]:
    """Contacts as conversations and tickets refer to them.

    Args:
        blueprint: of the workspace.
        chance: from 0 to 1, decides on the first of them.
        count: fewer, if the workspace has not as many.
    """
    available = len(blueprint.contact_ids)
    numbers = (
        {(int(chance * available) + 17 * other) % available for other in range(count)}
        if available
        else ()
    )
    return [
        {
            "type": "contact",
            "id": blueprint.contact_ids[number],
            "external_id": blueprint.contact_external_ids[number],
        }
        for number in numbers
    ]


def _parts(blueprint: Blueprint, record: Record, count: int) -> list[Body]:
    index = record.number - FIRST_CONVERSATION
    if index % NO_PARTS_EVERY == NO_PARTS_EVERY - 1:
        return []
    if index == 0 and blueprint.long_conversation_parts:
        count = blueprint.long_conversation_parts
    span = record.updated_at - record.created_at
    return [
        part(
            record.number,
            position,
            record.created_at + span * (position + 1) // count,
            admin_author(index + position * position),
        )
        for position in range(count)
    ]


def _apply_a_tag_twice(index: int, tags: list[Body]) -> None:
    """Let some conversations have a tag once more, applied earlier or later (recorded)."""
    if tags and index % TAGGED_TWICE_EVERY == 1:
        seconds = 30 if index % (2 * TAGGED_TWICE_EVERY) == 1 else -30
        tags.append(tags[0] | {"applied_at": tags[0]["applied_at"] + seconds})


def _teammates(parts: list[Body]) -> Body:
    """The admins who wrote a part (OpenAPI 2.16, schema `conversation_teammates`)."""
    ids = dict.fromkeys(p["author"]["id"] for p in parts if p["author"]["type"] == "admin")
    return {"type": "admin.list", "teammates": [{"type": "admin", "id": i} for i in ids]}
