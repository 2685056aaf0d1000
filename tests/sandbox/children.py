"""Lists that belong to single records: one table for their rows, paths and paging."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final

from tests.sandbox.generate.blueprint import DAY
from tests.sandbox.generate.evaluations import evaluations, hitl_events, topics
from tests.sandbox.generate.events import contact_events, event_summaries
from tests.sandbox.generate.handling_events import handling_events
from tests.sandbox.generate.side_conversations import side_conversations
from tests.sandbox.paging import WHOLE, NotePages, Paging, UnlinkedPages
from tests.sandbox.versions import OLDEST, PREVIEW, V2_15, V2_16, Version

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tests.sandbox.generate.blueprint import Blueprint
    from tests.sandbox.records import Body, Record
    from tests.sandbox.workspace import Workspace

    Rows = Callable[[Workspace, Record], list[Body]]

MAX_EVENT_AGE_SECONDS: Final = 90 * DAY
GENERATORS: Final[Mapping[str, Callable[[Blueprint, Record], list[Body]]]] = {
    "contact_events": contact_events,
    "conversation_handling_events": handling_events,
    "side_conversations": side_conversations,
}
PARENT_KEYS: Final = {
    "contacts": "contact_id",
    "companies": "company_id",
    "conversations": "conversation_id",
}


class Children:
    """Rows that are generated from their record whenever they are needed, or were given."""

    def __init__(self, blueprint: Blueprint) -> None:
        self._blueprint = blueprint
        self._given: dict[tuple[str, str], list[Body]] = {}

    def give(self, kind: str, parent_id: str, rows: list[Body]) -> None:
        """Replace the rows of one record; a KeyError, if the kind is none of `GENERATORS`."""
        if kind not in GENERATORS:
            raise KeyError(f"there are no children called {kind}")
        self._given[kind, parent_id] = rows

    def of(self, kind: str, record: Record) -> list[Body]:
        """The rows of one record."""
        given = self._given.get((kind, record.id))
        return GENERATORS[kind](self._blueprint, record) if given is None else given

    def events(self, contact: Record) -> list[Body]:
        """All events of a contact, oldest first, with the `milliseconds` that order them."""
        body = contact.body()
        ids = {"user_id": body["external_id"], "email": body["email"]}
        shown = {key: value for key, value in ids.items() if value is not None}
        return [
            {"milliseconds": row["created_at"] * 1000 + position, **row, **shown}
            for position, row in enumerate(self.of("contact_events", contact))
        ]


def shown_event(event: Body) -> Body:
    """An event as the API shows it."""
    return {key: value for key, value in event.items() if key != "milliseconds"}


def _embedded(name: str) -> Rows:
    return lambda _, record: list(record.body()[name])


def _generated(name: str) -> Rows:
    return lambda workspace, record: workspace.children.of(name, record)


def _segments(workspace: Workspace, contact: Record) -> list[Body]:
    ids = set(contact.body()["segment_ids"])
    rows = [row for row in workspace.lists["segments"] if row["id"] in ids]
    return [{key: value for key, value in row.items() if key != "count"} for row in rows]


def _subscriptions(workspace: Workspace, contact: Record) -> list[Body]:
    """The subscription types that a contact has opted in to or out of, without the defaults."""
    body = contact.body()
    ids = {*body["opted_out_subscription_ids"], *body["opted_in_subscription_ids"]}
    return [row for row in workspace.lists["subscription_types"] if row["id"] in ids]


def _all_events(workspace: Workspace, contact: Record) -> list[Body]:
    return [shown_event(event) for event in workspace.children.events(contact)]


def _listed_events(workspace: Workspace, contact: Record) -> list[Body]:
    oldest = workspace.clock.now() - MAX_EVENT_AGE_SECONDS
    return [event for event in _all_events(workspace, contact) if event["created_at"] > oldest]


def _event_summaries(workspace: Workspace, contact: Record) -> list[Body]:
    return event_summaries(workspace.children.events(contact))


@dataclasses.dataclass(frozen=True)
class ChildList:
    """A list per record of a kind.

    Attributes:
        parent: the kind of the records.
        rows: the complete rows of one record.
        path: empty, if another endpoint shows them.
        type: the `type` of the response, None for none.
        key: the name of the list in the response.
        since: the version that introduced it.
    """

    parent: str
    rows: Rows
    path: str = ""
    paging: Paging = WHOLE
    type: str | None = "list"
    key: str = "data"
    since: Version = OLDEST


CHILD_LISTS: Final[Mapping[str, ChildList]] = {
    "contact_tags": ChildList("contacts", _embedded("tags"), "/contacts/{id}/tags"),
    "contact_notes": ChildList(
        "contacts", _embedded("notes"), "/contacts/{id}/notes", NotePages(50)
    ),
    "contact_segments": ChildList("contacts", _segments, "/contacts/{id}/segments"),
    "contact_subscriptions": ChildList("contacts", _subscriptions, "/contacts/{id}/subscriptions"),
    "contact_events": ChildList("contacts", _listed_events),
    "all_contact_events": ChildList("contacts", _all_events),
    "contact_event_summaries": ChildList("contacts", _event_summaries),
    "company_notes": ChildList(
        "companies", _embedded("notes"), "/companies/{id}/notes", NotePages(50), since=V2_15
    ),
    "conversation_handling_events": ChildList(
        "conversations",
        _generated("conversation_handling_events"),
        "/conversations/{id}/handling_events",
        type=None,
        key="handling_events",
        since=V2_15,
    ),
    "conversation_hitl_events": ChildList(
        "conversations",
        lambda _, conversation: hitl_events(conversation),
        "/conversations/{id}/hitl_events",
        since=PREVIEW,
    ),
    "conversation_monitor_evaluations": ChildList(
        "conversations", lambda _, record: evaluations("monitor_evaluations", record)
    ),
    "conversation_scorecards": ChildList(
        "conversations", lambda _, record: evaluations("scorecards", record)
    ),
    "conversation_topics": ChildList("conversations", lambda _, record: topics(record)),
    "side_conversations": ChildList(
        "conversations",
        _generated("side_conversations"),
        "/conversations/{id}/side_conversations",
        UnlinkedPages(25, 50),
        type="side_conversation.list",
        key="side_conversations",
        since=V2_16,
    ),
}


def child_rows(workspace: Workspace, name: str) -> Iterator[Body]:
    """All rows of a child list, each with the id of its record."""
    child = CHILD_LISTS[name]
    for record in workspace.collections[child.parent].records:
        for row in child.rows(workspace, record):
            yield {PARENT_KEYS[child.parent]: record.id, **row}
