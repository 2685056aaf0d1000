"""Side conversations: threads among teammates within a conversation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.sandbox.generate.blueprint import FIRST_CONVERSATION, Blueprint, admin_author
from tests.sandbox.generate.conversations import part

if TYPE_CHECKING:
    from random import Random

    from tests.sandbox.records import Body, Record

SIDE_EVERY: Final = 8
MANY_EVERY: Final = 120
MANY: Final = 57
FIRST_SIDE_CONVERSATION: Final = 215_490_000_000_000
SIDES_PER_CONVERSATION: Final = 100
FIRST_SIDE_PART: Final = 60_000
PARTS_PER_SIDE: Final = 10


def side_conversations(blueprint: Blueprint, conversation: Record) -> list[Body]:
    """The side conversations of a conversation, each with its parts; some have more than a page."""
    index = conversation.number - FIRST_CONVERSATION
    random = blueprint.random("side conversations", index)
    return [
        _side_conversation(random, conversation, index, position)
        for position in range(_count(random, index))
    ]


def _count(random: Random, index: int) -> int:
    if index % MANY_EVERY == 3:
        return MANY
    return random.randint(1, 3) if index % SIDE_EVERY == 1 else 0


def _side_conversation(random: Random, conversation: Record, index: int, position: int) -> Body:
    first = position * PARTS_PER_SIDE
    parts = [
        part(
            conversation.number,
            FIRST_SIDE_PART + number,
            conversation.created_at + 120 * (number + 1),
            admin_author(index + number),
        )
        for number in range(first, first + random.randint(0, 4))
    ]
    number = FIRST_SIDE_CONVERSATION + index * SIDES_PER_CONVERSATION + position
    return {
        "side_conversation_id": str(number),
        "conversation_parts": parts,
        "total_count": len(parts),
    }
