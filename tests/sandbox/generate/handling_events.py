"""When teammates paused and resumed their work on conversations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.sandbox.generate.blueprint import (
    ADMINS,
    FIRST_ADMIN,
    FIRST_CONVERSATION,
    FIRST_TEAM,
    Blueprint,
    admin_author,
)
from tests.sandbox.generate.variations import iso

if TYPE_CHECKING:
    from random import Random

    from tests.sandbox.records import Body, Record

HANDLED_EVERY: Final = 4
REASONS: Final = ("Paused", "Away", None)


def handling_events(blueprint: Blueprint, conversation: Record) -> list[Body]:
    """The pauses of a conversation, oldest first; the last may still be going on.

    They have no id; two teammates may pause within the same second.
    """
    index = conversation.number - FIRST_CONVERSATION
    if index % HANDLED_EVERY != 1:
        return []
    random = blueprint.random("handling events", index)
    events: list[Body] = []
    at = conversation.created_at
    for _ in range(random.randint(1, 4)):
        at += random.randint(60, 7200)
        teammate = _teammate(random)
        events.append(_event(teammate, "paused", at) | {"reason": random.choice(REASONS)})
        if random.random() < 1 / 4:
            other = _admin(0 if teammate["id"] != FIRST_ADMIN else 1)
            events.append(_event(other, "paused", at) | {"reason": "Away"})
        at += random.randint(30, 3600)
        events.append(_event(teammate, "resumed", at))
    return events[:-1] if index % (HANDLED_EVERY * 3) == 1 else events


def _event(teammate: Body, kind: str, at: int) -> Body:
    return {"teammate": teammate, "type": kind, "timestamp": iso(at)}


def _teammate(random: Random) -> Body:
    """Mostly an admin; teams and bots need not have an address (schema `teammate_reference`)."""
    chance = random.random()
    if chance < 1 / 10:
        return {"type": "team", "id": FIRST_TEAM, "name": "Support"}
    if chance < 2 / 10:
        return {"type": "bot", "id": 278, "name": "Fin", "email": None}
    return _admin(random.randrange(ADMINS))


def _admin(number: int) -> Body:
    return admin_author(number) | {"id": FIRST_ADMIN + number}
