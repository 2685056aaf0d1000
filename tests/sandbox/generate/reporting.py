"""The datasets of the reporting data export, and their rows."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.sandbox.records import Body, Record

Value = Callable[["Body"], Any]


@dataclasses.dataclass(frozen=True)
class Dataset:
    """What can be exported about a kind of records.

    Attributes:
        kind: of the records that the rows describe.
        name: for people.
        description: for people.
        time: qualified id of the attribute that `start_time` and `end_time` (epoch seconds) select.
        attributes: qualified id -> what a record holds there.
        has_reply: whether a contact has written; before 2.16 other records are left out.
    """

    kind: str
    name: str
    description: str
    time: str
    attributes: Mapping[str, Value]
    has_reply: Callable[[Body], bool]

    def rows(self, records: Iterable[Record], *, replied_only: bool) -> list[Body]:
        """All rows, by qualified id, oldest first; possibly only those with a contact's reply."""
        bodies = [record.body() for record in records]
        rows = [
            {attribute: value(body) for attribute, value in self.attributes.items()}
            for body in bodies
            if self.has_reply(body) or not replied_only
        ]
        return sorted(rows, key=lambda row: row[self.time])


def _statistic(name: str) -> Value:
    return lambda body: (body["statistics"] or {}).get(name)


DATASETS: Final = {
    "conversation": Dataset(
        "conversations",
        "Conversation",
        "One row a conversation, with its state and channel.",
        "conversation.conversation_started_at",
        {
            "conversation.conversation_id": lambda body: body["id"],
            "conversation.conversation_started_at": lambda body: body["created_at"],
            "conversation.conversation_state": lambda body: body["state"],
            "conversation.channel": lambda body: body["source"]["type"],
            "conversation.number_of_reopens": _statistic("count_reopens"),
            "conversation.handling_time": _statistic("handling_time"),
            "conversation.title": lambda body: body["title"],
            "conversation.Brand": lambda body: "Sandbox" if body["open"] else None,
            "people.Brand": lambda body: "Sandbox, Inc." if body["read"] else None,
        },
        lambda body: body["first_contact_reply"] is not None,
    ),
    "ticket": Dataset(
        "tickets",
        "Ticket",
        "One row a ticket, with its type and state.",
        "ticket.ticket_created_at",
        {
            "ticket.ticket_id": lambda body: body["id"],
            "ticket.ticket_created_at": lambda body: body["created_at"],
            "ticket.ticket_type": lambda body: body["ticket_type"]["name"],
            "ticket.ticket_state": lambda body: body["ticket_state"]["category"],
            "ticket.Severity": lambda body: body["ticket_attributes"]["Severity"],
        },
        lambda _body: True,
    ),
}
"""Id -> dataset; two attributes of conversations are called Brand."""


def simple_id(qualified_id: str) -> str:
    """The id of an attribute without its prefix, which other attributes may share."""
    return qualified_id.partition(".")[2]
