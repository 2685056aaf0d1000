"""Tickets with all of their parts."""

from __future__ import annotations

from functools import partial
from typing import Final

from tests.sandbox.generate.blueprint import (
    FIRST_CONVERSATION,
    FIRST_TICKET,
    TICKET_EVERY,
    Blueprint,
    admin_author,
)
from tests.sandbox.generate.conversations import contact_references
from tests.sandbox.generate.rows import template
from tests.sandbox.generate.settings_lists import ticket_state, ticket_type
from tests.sandbox.records import Body, Record

PARTS_PER_TICKET: Final = 1_000
SEVERAL_CONTACTS_EVERY: Final = 10


def tickets(blueprint: Blueprint, count: int) -> list[Record]:
    """The tickets of a workspace; the first ones are conversations as well and share their ids."""
    build = partial(ticket, blueprint)
    records = []
    for index, at in enumerate(blueprint.times("tickets", count)):
        number = FIRST_TICKET + index
        if index < blueprint.conversation_tickets:
            number = FIRST_CONVERSATION + index * TICKET_EVERY + TICKET_EVERY - 1
        records.append(Record(str(number), number, at.created_at, at.updated_at, build))
    return records


def ticket(blueprint: Blueprint, record: Record) -> Body:
    """A whole ticket, with every part that it ever had."""
    index = _index(record.number)
    chance = blueprint.random("ticket", index).random()
    body = template("tickets").row(index, record.updated_at, record.created_at)
    body |= {"id": record.id, "ticket_id": str(index + 1)}
    body["ticket_state"] = state = ticket_state(index)
    body["ticket_type"] = kind = ticket_type(blueprint.now, index)
    body |= {"open": state["category"] != "resolved", "category": kind["category"]}
    count = 4 if index % SEVERAL_CONTACTS_EVERY == 2 else 1
    body["contacts"]["contacts"] = contact_references(blueprint, chance, count)
    parts = [_part(record, index, position) for position in range(1 + index % 6)]
    body["ticket_parts"] |= {"ticket_parts": parts, "total_count": len(parts)}
    return body


def _index(number: int) -> int:
    if number >= FIRST_TICKET:
        return number - FIRST_TICKET
    return (number - FIRST_CONVERSATION) // TICKET_EVERY


def _part(record: Record, index: int, position: int) -> Body:
    number = index * PARTS_PER_TICKET + position
    at = record.updated_at - 60 * (6 - position)
    return template("ticket_parts").row(number, at, record=position) | {
        "author": admin_author(number)
    }
