"""Instances of the workspace's own object types: orders and subscriptions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.sandbox.generate.blueprint import DAY, FIRST_CONVERSATION, Blueprint
from tests.sandbox.generate.rows import template

if TYPE_CHECKING:
    from tests.sandbox.records import Body

TYPES: Final = ("order", "subscription")
INSTANCES: Final = 45
CONTACT_EVERY: Final = 7
CONVERSATION_EVERY: Final = 26
FIRST_WITH_ORDER: Final = 13


def custom_objects(blueprint: Blueprint) -> dict[str, list[Body]]:
    """All instances, newest first, under "custom_object_" and their type.

    Besides what the API shows, orders have `contact_id` and `conversation_id` of what they are
    linked to.
    """
    orders = [_linked(blueprint, number) for number in range(INSTANCES)]
    subscriptions = [instance(blueprint, "subscription", number) for number in range(INSTANCES)]
    return {
        f"custom_object_{name}": sorted(rows, key=lambda row: row["created_at"], reverse=True)
        for name, rows in zip(TYPES, (orders, subscriptions), strict=True)
    }


def instance(blueprint: Blueprint, name: str, number: int) -> Body:
    """One instance of a type, as lists and conversations show it; every three share a second."""
    updated_at = blueprint.now - (INSTANCES - number // 3) * 3 * DAY + DAY
    row = template(f"{name}s").row(number, updated_at)
    return row | {"external_id": f"{name}_{number:03}"}


def order_of(conversation: int) -> int | None:
    """Which order the conversation with this index is about, None if it is about none."""
    order, rest = divmod(conversation, CONVERSATION_EVERY)
    return order if rest == FIRST_WITH_ORDER and order < INSTANCES else None


def _linked(blueprint: Blueprint, number: int) -> Body:
    contact = number * CONTACT_EVERY
    exists = contact < len(blueprint.contact_ids)
    conversation = FIRST_CONVERSATION + number * CONVERSATION_EVERY + FIRST_WITH_ORDER
    return instance(blueprint, "order", number) | {
        "contact_id": blueprint.contact_ids[contact] if exists else None,
        "conversation_id": str(conversation),
    }
