"""Instances of the workspace's own object types: orders and subscriptions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.sandbox.generate.blueprint import DAY, FIRST_CONVERSATION, Blueprint

if TYPE_CHECKING:
    from random import Random

    from tests.sandbox.records import Body

TYPES: Final = ("order", "subscription")
INSTANCES: Final = 45
FIRST_INSTANCE: Final = 16_032_025
CONTACT_EVERY: Final = 7
CONVERSATION_EVERY: Final = 26
FIRST_WITH_ORDER: Final = 13


def custom_objects(blueprint: Blueprint) -> dict[str, list[Body]]:
    """All instances, newest first, under "custom_object_" and their type.

    Besides what the API shows, orders have `contact_id` and `conversation_id` of what they are
    linked to.

    Args:
        blueprint: of the workspace, its contacts included.
    """
    orders = [_linked(blueprint, number) for number in range(INSTANCES)]
    subscriptions = [instance(blueprint, "subscription", number) for number in range(INSTANCES)]
    return {
        f"custom_object_{name}": sorted(rows, key=lambda row: row["created_at"], reverse=True)
        for name, rows in (("order", orders), ("subscription", subscriptions))
    }


def instance(blueprint: Blueprint, name: str, number: int) -> Body:
    """One instance, as lists and conversations show it.

    Args:
        blueprint: of the workspace.
        name: of the type, one of `TYPES`.
        number: which of the type's instances.
    """
    random = blueprint.random(f"custom object {name}", number)
    created_at = blueprint.now - (INSTANCES - number // 3) * 3 * DAY
    external_at = None if number % 4 == 0 else created_at - 600
    return {
        "id": str(FIRST_INSTANCE + TYPES.index(name) * INSTANCES + number),
        "type": name,
        "custom_attributes": _attributes(random, name, number, created_at),
        "external_id": f"{name}_{number:03}",
        "external_created_at": external_at,
        "external_updated_at": external_at,
        "created_at": created_at,
        "updated_at": created_at + random.randrange(3 * DAY),
    }


def order_of(conversation: int) -> int | None:
    """Which order a conversation is about, None if it is about none.

    Args:
        conversation: which of the conversations.
    """
    order, rest = divmod(conversation, CONVERSATION_EVERY)
    return order if rest == FIRST_WITH_ORDER and order < INSTANCES else None


def _linked(blueprint: Blueprint, number: int) -> Body:
    contact = number * CONTACT_EVERY
    known = contact < len(blueprint.contact_ids)
    conversation = FIRST_CONVERSATION + number * CONVERSATION_EVERY + FIRST_WITH_ORDER
    return instance(blueprint, "order", number) | {
        "contact_id": blueprint.contact_ids[contact] if known else None,
        "conversation_id": str(conversation),
    }


def _attributes(random: Random, name: str, number: int, at: int) -> Body:
    """Values of several types, some missing, some of another type than the others."""
    if name == "subscription":
        return {"plan": random.choice(("free", "pro")), "seats": number, "renewed_at": at + DAY}
    return {
        "order_number": f"ORDER-{10_000 + number}",
        "total_amount": "n/a" if number % 20 == 7 else round(random.random() * 300, 2),
        "paid": None if number % 5 == 0 else number % 2 == 0,
        "Ship To": "São Paulo",
    }
