"""Data events of contacts: what they did in the workspace's own product (GET /events)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from tests.sandbox.generate.blueprint import DAY, Blueprint

if TYPE_CHECKING:
    from random import Random

    from tests.sandbox.records import Body, Record

REACH: Final = 300 * DAY
WITHOUT_EVENTS_EVERY: Final = 3
MANY_EVENTS_EVERY: Final = 50
MANY_EVENTS: Final = 40
DESCRIPTIONS: Final = {
    "placed-order": "A user placed an order",
    "invited-friend": "",
    "updated-plan": "A user changed the plan",
    "opened 日本 page": "A page with a name in Japanese",
    "CSV export: started": "",
}
NAMES: Final = tuple(DESCRIPTIONS)


def contact_events(blueprint: Blueprint, contact: Record) -> list[Body]:
    """All events of a contact, oldest first, those included that are too old to be listed.

    Many come in pairs within one second, so that only `milliseconds`, which the API shows in its
    links alone, tells their order.

    Args:
        blueprint: of the workspace.
        contact: whose events.
    """
    number = contact.number
    random = blueprint.random("events", number)
    last = blueprint.now - 600
    first = min(last, max(contact.created_at, blueprint.now - REACH))
    moments: list[int] = []
    for _ in range(_count(random, number)):
        second = random.randint(first, last)
        moments.append(second * 1000 + random.randrange(500))
        if random.random() < 1 / 3:
            moments.append(second * 1000 + 500 + random.randrange(500))
    unique = sorted(set(moments))
    return [_event(random, contact, position, at) for position, at in enumerate(unique)]


def event_summaries(events: list[Body]) -> list[Body]:
    """How often and when each event happened, old ones included (OpenAPI 2.16, GET /events).

    Args:
        events: all events of a contact, oldest first.
    """
    by_name: dict[str, list[Body]] = {}
    for event in events:
        by_name.setdefault(event["event_name"], []).append(event)
    return [
        {
            "name": name,
            "first": _moment(of_name[0]),
            "last": _moment(of_name[-1]),
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
    return {
        "type": "event",
        "event_name": NAMES[(contact.number + position) % len(NAMES)],
        "created_at": at // 1000,
        "milliseconds": at,
        "id": f"{random.getrandbits(32):08x}-e1c3-41e2-a502-{contact.number:06x}{position:06x}",
        "intercom_user_id": contact.id,
        "metadata": _metadata(random, at // 1000),
    }


def _metadata(random: Random, at: int) -> dict[str, Any]:
    """Up to ten keys of any of the documented kinds (OpenAPI 2.16, POST /events)."""
    known: dict[str, Any] = {
        "invite_code": "ADDAFRIEND",
        "load": 3.67,
        "seats": 4,
        "contact_date": at,
        "article": "https://example.org/ab1de.html",
        "order": {"url": "https://example.org/orders/3", "value": "3434-3434"},
        "price": {"amount": 34999, "currency": "eur"},
        "is trial": True,
        "remark": None,
    }
    return {key: known[key] for key in random.sample(list(known), random.randrange(4))}


def _moment(event: Body) -> str:
    moment = datetime.fromtimestamp(event["milliseconds"] / 1000, UTC)
    return moment.isoformat(timespec="milliseconds")
