"""What quality assurance and Intercom's AI say about conversations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.sandbox.generate.rows import template

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.sandbox.records import Body, Record

EVALUATED_EVERY: Final = 4
CONSULTED_EVERY: Final = 5
TOPICS: Final[Sequence[Body]] = (
    {
        "type": "ai_topic",
        "topic_name": "Delivery",
        "subtopics": [{"type": "ai_subtopic", "name": "Late parcel", "id": 311}],
    },
    {"type": "ai_topic", "topic_name": "Refunds", "subtopics": []},
)


def evaluations(name: str, conversation: Record) -> list[Body]:
    """The `monitor_evaluations` or `scorecards` of a conversation; most have none."""
    count = 0 if conversation.number % EVALUATED_EVERY else template(name).count
    return [template(name).row(number) for number in range(count)]


def topics(conversation: Record) -> list[Body]:
    """The AI topics of a conversation: none, one or two."""
    return [dict(topic) for topic in TOPICS[: conversation.number % (len(TOPICS) + 1)]]


def hitl_events(conversation: Record) -> list[Body]:
    """Two consultations of a teammate, oldest first, in every fifth conversation."""
    if conversation.number % CONSULTED_EVERY:
        return []
    cycles = (conversation.number * 10, conversation.number * 10 + 1)
    return [
        template("hitl_events").row(cycle, conversation.created_at + position, record=position)
        for cycle in cycles
        for position in range(template("hitl_events").count)
    ]
