"""What belongs to single records and is not part of them: the rows of the child endpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.sandbox.generate.blueprint import DAY
from tests.sandbox.generate.events import contact_events, event_summaries
from tests.sandbox.generate.handling_events import handling_events
from tests.sandbox.generate.side_conversations import side_conversations

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tests.sandbox.generate.blueprint import Blueprint
    from tests.sandbox.records import Body, Record
    from tests.sandbox.workspace import Workspace

LISTED_SECONDS: Final = 90 * DAY
GENERATORS: Final[Mapping[str, Callable[[Blueprint, Record], list[Body]]]] = {
    "contact_events": contact_events,
    "conversation_handling_events": handling_events,
    "side_conversations": side_conversations,
}


class Children:
    """Rows that are made up from their record whenever they are needed, or were given."""

    def __init__(self, blueprint: Blueprint) -> None:
        """Start with what the seed says.

        Args:
            blueprint: of the workspace.
        """
        self._blueprint = blueprint
        self._given: dict[tuple[str, str], list[Body]] = {}

    def give(self, kind: str, parent_id: str, rows: list[Body]) -> None:
        """Replace the rows of one record; the record itself does not change.

        Args:
            kind: contact_events (oldest first), conversation_handling_events or
                side_conversations.
            parent_id: of the record.
            rows: in the API's form.

        Raises:
            KeyError: there is no such kind.
        """
        if kind not in GENERATORS:
            raise KeyError(kind)
        self._given[kind, parent_id] = rows

    def of(self, kind: str, record: Record) -> list[Body]:
        """The rows of one record.

        Args:
            kind: one of `GENERATORS`.
            record: what they belong to.
        """
        given = self._given.get((kind, record.id))
        return GENERATORS[kind](self._blueprint, record) if given is None else given

    def events(self, contact: Record) -> list[Body]:
        """All events of a contact, oldest first, with the `milliseconds` that order them."""
        body = contact.body()
        person = {"user_id": body["external_id"], "email": body["email"]}
        known = {key: value for key, value in person.items() if value is not None}
        return [
            {"milliseconds": row["created_at"] * 1000 + position, **row, **known}
            for position, row in enumerate(self.of("contact_events", contact))
        ]


def segments_of(workspace: Workspace, ids: set[str]) -> list[Body]:
    """Some of the workspace's segments, as lists of a record's segments show them."""
    return [
        {key: value for key, value in row.items() if key != "count"}
        for row in workspace.lists["segments"]
        if row["id"] in ids
    ]


def subscriptions_of(workspace: Workspace, contact: Body) -> list[Body]:
    """The subscription types that a contact has chosen or refused, no defaults among them."""
    ids = {*contact["opted_out_subscription_ids"], *contact["opted_in_subscription_ids"]}
    return [row for row in workspace.lists["subscription_types"] if row["id"] in ids]


def shown_event(event: Body) -> Body:
    """An event as the API lists it."""
    return {key: value for key, value in event.items() if key != "milliseconds"}


def _notes(_workspace: Workspace, owner: Record) -> list[Body]:
    return list(owner.body()["notes"])


def _contact_segments(workspace: Workspace, contact: Record) -> list[Body]:
    return segments_of(workspace, set(contact.body()["segment_ids"]))


def _contact_subscriptions(workspace: Workspace, contact: Record) -> list[Body]:
    return subscriptions_of(workspace, contact.body())


def _all_events(workspace: Workspace, contact: Record) -> list[Body]:
    return [shown_event(event) for event in workspace.children.events(contact)]


def _listed_events(workspace: Workspace, contact: Record) -> list[Body]:
    oldest = workspace.clock.now() - LISTED_SECONDS
    return [event for event in _all_events(workspace, contact) if event["created_at"] > oldest]


def _event_summaries(workspace: Workspace, contact: Record) -> list[Body]:
    return event_summaries(workspace.children.events(contact))


def _handling_events(workspace: Workspace, conversation: Record) -> list[Body]:
    return workspace.children.of("conversation_handling_events", conversation)


def _side_conversations(workspace: Workspace, conversation: Record) -> list[Body]:
    return workspace.children.of("side_conversations", conversation)


TRUTHS: Final[Mapping[str, tuple[str, str, Callable[[Workspace, Record], list[Body]]]]] = {
    "contact_notes": ("contacts", "contact_id", _notes),
    "contact_segments": ("contacts", "contact_id", _contact_segments),
    "contact_subscriptions": ("contacts", "contact_id", _contact_subscriptions),
    "contact_events": ("contacts", "contact_id", _listed_events),
    "all_contact_events": ("contacts", "contact_id", _all_events),
    "contact_event_summaries": ("contacts", "contact_id", _event_summaries),
    "company_notes": ("companies", "company_id", _notes),
    "conversation_handling_events": ("conversations", "conversation_id", _handling_events),
    "side_conversations": ("conversations", "conversation_id", _side_conversations),
}
"""Name -> (kind of the parents, key of the parent's id, the rows of one parent)."""


def child_rows(workspace: Workspace, name: str) -> Iterator[Body]:
    """The complete truth about children, each row with the id of its parent.

    Args:
        workspace: what they belong to.
        name: one of `TRUTHS`.
    """
    kind, key, rows_of = TRUTHS[name]
    for record in workspace.collections[kind].truth:
        for row in rows_of(workspace, record):
            yield {key: record.id, **row}
