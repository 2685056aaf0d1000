"""Data events of contacts: what they did in the workspace's own product (GET /events)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from tests.sandbox.generate.blueprint import DAY, Blueprint
from tests.sandbox.generate.rows import template

if TYPE_CHECKING:
    from random import Random

    from tests.sandbox.records import Body, Record

REACH: Final = 300 * DAY
WITHOUT_EVENTS_EVERY: Final = 3
MANY_EVENTS_EVERY: Final = 50
MANY_EVENTS: Final = 40
DESCRIPTIONS: Final = {
    "parcel-sent": "Someone sent a parcel",
    "label-printed": "",
    "plan-changed": "Someone moved to another plan",
    "opened 日本 page": "A page whose name is Japanese",
    "CSV export: started": "",
}
NAMES: Final = tuple(DESCRIPTIONS)
KEYS: Final = list(template("event_metadata").row(0))


def contact_events(blueprint: Blueprint, contact: Record) -> list[Body]:
    """All events of a contact, oldest first, also those that are too old to be listed.

    Many come in pairs within one second, so that only `milliseconds`, which the API shows in its
    links alone, gives their order.
    """
    number = contact.number
    random = blueprint.random("events", number)
    last = blueprint.now - 600
    first = min(last, max(contact.created_at, blueprint.now - REACH))
    timestamps: set[int] = set()
    for _ in range(_count(random, number)):
        second = random.randint(first, last)
        timestamps.add(second * 1000 + random.randrange(500))
        if random.random() < 1 / 3:
            timestamps.add(second * 1000 + 500 + random.randrange(500))
    return [_event(random, contact, position, at) for position, at in enumerate(sorted(timestamps))]


def event_summaries(events: list[Body]) -> list[Body]:
    """How often and when each of all events, oldest first, happened (2.16, GET /events)."""
    by_name: dict[str, list[Body]] = {}
    for event in events:
        by_name.setdefault(event["event_name"], []).append(event)
    return [
        {
            "name": name,
            "first": _iso(of_name[0]),
            "last": _iso(of_name[-1]),
            "count": len(of_name),
            "description": DESCRIPTIONS.get(name, ""),
        }
        for name, of_name in by_name.items()
    ]


def _count(random: Random, number: int) -> int:
    if number % MANY_EVENTS_EVERY == 1:
        return MANY_EVENTS
    return random.randint(1, 8) if number % WITHOUT_EVENTS_EVERY else 0


def _event(random: Random, contact: Record, position: int, at: int) -> Body:
    """An event; it happened `at` (epoch milliseconds)."""
    metadata = template("event_metadata").row(contact.number)
    return {
        "type": "event",
        "event_name": NAMES[(contact.number + position) % len(NAMES)],
        "created_at": at // 1000,
        "milliseconds": at,
        "id": f"{random.getrandbits(32):08x}-7d1f-4b0c-9e22-{contact.number:06x}{position:06x}",
        "intercom_user_id": contact.id,
        "metadata": {key: metadata[key] for key in random.sample(KEYS, random.randrange(4))},
    }


def _iso(event: Body) -> str:
    at = datetime.fromtimestamp(event["milliseconds"] / 1000, UTC)
    return at.isoformat(timespec="milliseconds")
