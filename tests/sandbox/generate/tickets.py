"""Tickets with all of their parts."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from tests.sandbox.generate.blueprint import (
    DAY,
    FIRST_CONVERSATION,
    FIRST_PART,
    FIRST_TEAM,
    FIRST_TICKET,
    TEAMS,
    TICKET_EVERY,
    Blueprint,
    admin_author,
    admin_id,
)
from tests.sandbox.generate.conversations import attachments, contact_reference
from tests.sandbox.generate.settings_lists import ticket_state, ticket_type
from tests.sandbox.generate.words import SENTENCES, paragraph
from tests.sandbox.records import Body, Record

if TYPE_CHECKING:
    from random import Random

PARTS_PER_TICKET: Final = 1_000
SEVERAL_CONTACTS_EVERY: Final = 10
FIRST_TICKET_PART: Final = FIRST_PART // 2


def tickets(blueprint: Blueprint, count: int) -> list[Record]:
    """The tickets of a workspace; the first ones are conversations as well and share their ids.

    Args:
        blueprint: of the workspace, its contacts included.
        count: how many.
    """
    build = partial(ticket, blueprint)
    records = []
    for index, times in enumerate(blueprint.times("tickets", count)):
        number = FIRST_TICKET + index
        if index < blueprint.conversation_tickets:
            number = FIRST_CONVERSATION + index * TICKET_EVERY + TICKET_EVERY - 1
        records.append(Record(str(number), number, times.created_at, times.updated_at, build))
    return records


def ticket(blueprint: Blueprint, record: Record) -> Body:
    """The whole of a ticket, with every part that it ever had."""
    index = _index(record.number)
    random = blueprint.random("ticket", index)
    state = ticket_state(index)
    kind = ticket_type(blueprint, index)
    parts = [_part(random, record, index, position) for position in range(1 + index % 6)]
    contact = random.randrange(len(blueprint.contact_ids)) if blueprint.contact_ids else None
    return {
        "type": "ticket",
        "id": record.id,
        "ticket_id": str(index + 1),
        "ticket_attributes": {
            "_default_title_": random.choice(SENTENCES),
            "_default_description_": None if index % 4 == 0 else random.choice(SENTENCES),
            "Severity": index % 5,
            "Due": record.updated_at + DAY if index % 3 else None,
            **_later_attributes(index),
        },
        "ticket_state": state,
        "ticket_type": kind,
        "contacts": {
            "type": "contact.list",
            "contacts": [] if contact is None else _contacts(blueprint, index, contact),
        },
        "admin_assignee_id": admin_id(random) if index % 3 else 0,
        "team_assignee_id": FIRST_TEAM + index % TEAMS if index % 2 else 0,
        "created_at": record.created_at,
        "updated_at": record.updated_at,
        "ticket_parts": {
            "type": "ticket_part.list",
            "ticket_parts": parts,
            "total_count": len(parts),
        },
        "open": state["category"] != "resolved",
        "snoozed_until": None,
        "linked_objects": {
            "type": "list",
            "data": [{"type": "conversation", "id": str(FIRST_CONVERSATION), "category": None}]
            if index % 12 == 0
            else [],
            "total_count": int(index % 12 == 0),
            "has_more": False,
        },
        "category": kind["category"],
        "is_shared": index % 2 == 0,
        "previous_ticket_state_id": ticket_state(index + 1)["id"] if index % 4 == 1 else None,
    }


def _contacts(blueprint: Blueprint, index: int, first: int) -> list[Body]:
    """The contacts of a ticket, sometimes several."""
    others = range(1, 1 + 3 * (index % SEVERAL_CONTACTS_EVERY == 2))
    available = len(blueprint.contact_ids)
    chosen = dict.fromkeys((first, *((first + 17 * other) % available for other in others)))
    return [contact_reference(blueprint, number) for number in chosen]


def _later_attributes(index: int) -> Body:
    """Further values; some do not fit their attribute, some have no attribute at all."""
    fitting: Body = {
        "Component": ("Messenger", "Inbox", None)[index % 3],
        "Cost": index % 9 * 1.25,
        "Reproducible": index % 2 == 0,
        "Log files": attachments(index, index % 3) if index % 6 == 0 else None,
    }
    misfit: tuple[Body, ...] = (
        {"Cost": "n/a"},
        {"Due": "as soon as possible"},
        {"Severity": "high"},
        {"Reproducible": "sometimes"},
    )
    undeclared = {"Old field": "still here"} if index % 14 == 3 else {}
    return fitting | (misfit[index // 25 % 4] if index % 25 == 5 else {}) | undeclared


def _index(number: int) -> int:
    if number >= FIRST_TICKET:
        return number - FIRST_TICKET
    return (number - FIRST_CONVERSATION) // TICKET_EVERY


def _part(random: Random, record: Record, index: int, position: int) -> Body:
    at = record.updated_at - 60 * (6 - position)
    body: Body = {
        "type": "ticket_part",
        "id": str(FIRST_TICKET_PART + index * PARTS_PER_TICKET + position),
        "part_type": "comment",
        "body": paragraph(random),
        "created_at": at,
        "updated_at": at,
        "author": admin_author(admin_id(random)),
        "attachments": attachments(index, 1 + (index % 3)) if (index + position) % 9 == 0 else [],
        "redacted": False,
    }
    if position == 0:
        body |= {"part_type": "ticket_state_updated_by_admin", "body": None}
        body |= {"ticket_state": "submitted", "previous_ticket_state": "submitted"}
    if position == 1:
        body |= {"part_type": "assignment", "body": None}
        body["assigned_to"] = {"type": "admin", "id": str(admin_id(random))}
    if position == 2:
        body |= {"part_type": "ticket_attribute_updated_by_admin", "body": None}
        body |= {"app_package_code": "test-integration", "external_id": None}
        body["updated_attribute_data"] = {
            "attribute": {"type": "attribute", "id": "7", "label": "Severity"},
            "value": {"type": "value", "id": str(index % 5), "label": str(index % 5)},
        }
    if (index + position) % 13 == 0:
        body |= {"body": None, "redacted": True}
    return body
