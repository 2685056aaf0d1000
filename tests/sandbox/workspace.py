"""The data of a workspace, and what can happen to it."""

from __future__ import annotations

import dataclasses
from functools import partial
from typing import TYPE_CHECKING, Final

import msgspec

from tests.sandbox.children import TRUTHS, Children, child_rows
from tests.sandbox.export_truth import EXPORT_TRUTHS
from tests.sandbox.generate import settings_lists
from tests.sandbox.generate.blueprint import (
    APP_ID,
    FIRST_ADMIN,
    FIRST_CONVERSATION,
    FIRST_TAG,
    FIRST_TICKET,
    TICKET_EVERY,
    Blueprint,
    admin_author,
    applied_tag,
    object_id,
)
from tests.sandbox.generate.companies import companies, company, has_users
from tests.sandbox.generate.contacts import contact, contacts, external_id
from tests.sandbox.generate.conversations import conversation, conversations, part
from tests.sandbox.generate.custom_objects import custom_objects
from tests.sandbox.generate.plain_lists import plain_lists
from tests.sandbox.generate.tickets import ticket, tickets
from tests.sandbox.records import Body, Collection, Record

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.sandbox.clock import Clock
    from tests.sandbox.options import SandboxOptions

BUILDERS: Final = {
    "contacts": contact,
    "companies": company,
    "conversations": conversation,
    "tickets": ticket,
}
KINDS: Final = tuple(BUILDERS)
FIRST_NUMBERS: Final = {
    "contacts": 0,
    "companies": 0,
    "conversations": FIRST_CONVERSATION,
    "tickets": FIRST_TICKET,
}


class Workspace:
    """All that an Intercom workspace holds.

    Attributes:
        id: the workspace's id_code.
        collections: kind -> its records.
        lists: name -> the rows of a small list (admins, teams, tags, segments ...).
        deleted_conversations: tombstones, oldest first.
        archived_contacts: contacts that were deleted.
        merged: id of a contact that was merged away -> id of the contact it went into.
        blueprint: what generated records are derived from.
        children: what belongs to single records: events, side conversations ...
        clock: everything goes by it.
    """

    def __init__(self, options: SandboxOptions, clock: Clock) -> None:
        """Generate the workspace.

        Args:
            options: sizes, seed and index delays.
            clock: the sandbox's clock.
        """
        self.id = APP_ID
        self.clock = clock
        now = clock.now()
        self.blueprint = _blueprint(options, int(now))
        generated = _generated(self.blueprint, options)
        self.collections = {
            kind: Collection(records, now - options.index_delay.get(kind, 0))
            for kind, records in generated.items()
        }
        self._numbers = {
            kind: max((record.number for record in records), default=FIRST_NUMBERS[kind])
            for kind, records in generated.items()
        }
        self.lists = _lists(self.blueprint) | plain_lists(
            self.blueprint, options.list_sizes, generated["conversations"]
        )
        self.deleted_conversations: list[Body] = []
        self.archived_contacts: list[Body] = []
        self.merged: dict[str, str] = {}
        self.children = Children(self.blueprint)

    def change(
        self, kind: str, record_id: str, edit: Callable[[Body], None], at: int | None
    ) -> Body:
        """Change a record.

        Args:
            kind: one of `KINDS`.
            record_id: which record.
            edit: changes the body in place.
            at: the new `updated_at` in unix seconds, None leaves it as it was.

        Returns:
            The record as it is now.

        Raises:
            KeyError: there is no such record.
        """
        before = self._record(kind, record_id)
        body = before.body()
        edit(body)
        body["updated_at"] = before.updated_at if at is None else at
        self.collections[kind].put(_stored(body, before.number, is_ticket=before.is_ticket))
        return body

    def create(self, kind: str, fields: Body, at: int) -> Body:
        """Add a record, made up like the generated ones.

        Args:
            kind: one of `KINDS`.
            fields: what it has in place of the made-up values.
            at: its `created_at` and `updated_at` in unix seconds.

        Returns:
            The new record.
        """
        self._numbers[kind] += 1
        number = self._numbers[kind]
        record_id = object_id(at, 9, number) if kind in {"contacts", "companies"} else str(number)
        record = Record(record_id, number, at, at, partial(BUILDERS[kind], self.blueprint))
        body = record.body() | fields
        self.collections[kind].put(_stored(body, number, is_ticket=False))
        return body

    def delete(self, kind: str, record_id: str) -> None:
        """Delete a record: conversations leave a tombstone, contacts are archived.

        Raises:
            KeyError: there is no such record.
        """
        now = int(self.clock.now())
        body = self._record(kind, record_id).body()
        self.collections[kind].remove(record_id, now)
        if kind == "conversations":
            self.deleted_conversations.append(
                {
                    "type": "conversation",
                    "id": record_id,
                    "metrics_retained": len(self.deleted_conversations) % 2 == 0,
                    "deleted_at": now,
                },
            )
        elif kind == "contacts":
            self.archived_contacts.append(body)

    def merge(self, source_id: str, target_id: str) -> Body:
        """Merge one contact into another, which inherits its tags, notes and companies.

        Returns:
            The contact that stays.

        Raises:
            KeyError: there is no such contact.
        """
        source = self._record("contacts", source_id).body()
        self._record("contacts", target_id)
        now = int(self.clock.now())
        self.collections["contacts"].remove(source_id, now)
        self.merged[source_id] = target_id

        def inherit(target: Body) -> None:
            owned = {row["id"] for row in target["tags"]}
            target["tags"] += [row for row in source["tags"] if row["id"] not in owned]
            target["notes"] += source["notes"]
            companies_before = set(target["company_ids"])
            target["company_ids"] += [c for c in source["company_ids"] if c not in companies_before]
            target["merge_history"] = [
                *target.get("merge_history", []),
                {
                    "type": "merge_history",
                    "source_contact_id": source_id,
                    "source_contact_role": source["role"],
                    "merged_at": now,
                },
            ]

        return self.change("contacts", target_id, inherit, now)

    def add_parts(self, conversation_id: str, count: int) -> Body:
        """Add comments to a conversation.

        Returns:
            The conversation, with all parts.

        Raises:
            KeyError: there is no such conversation.
        """
        now = int(self.clock.now())
        number = self._record("conversations", conversation_id).number

        def append(body: Body) -> None:
            parts = body["conversation_parts"]["conversation_parts"]
            author = admin_author(FIRST_ADMIN)
            parts += [part(number, len(parts) + i, now, author) for i in range(count)]
            body["conversation_parts"]["total_count"] = len(parts)
            if body["statistics"]:
                body["statistics"]["count_conversation_parts"] = len(parts)

        return self.change("conversations", conversation_id, append, now)

    def tag(self, kind: str, record_id: str, tag_id: str) -> Body:
        """Put a tag on a contact, company or conversation.

        Raises:
            KeyError: there is no such record.
        """
        now = int(self.clock.now())

        def put(body: Body) -> None:
            number = int(tag_id) - FIRST_TAG
            rows = _tags_of(body)
            rows[:] = [row for row in rows if row["id"] != tag_id]
            rows.insert(0, applied_tag(number, now, FIRST_ADMIN))

        return self.change(kind, record_id, put, now)

    def untag(self, kind: str, record_id: str, tag_id: str) -> Body:
        """Take a tag off a contact, company or conversation.

        Raises:
            KeyError: there is no such record.
        """

        def take_off(body: Body) -> None:
            rows = _tags_of(body)
            rows[:] = [row for row in rows if row["id"] != tag_id]

        return self.change(kind, record_id, take_off, int(self.clock.now()))

    def touch(self, kind: str, record_ids: Sequence[str], at: int) -> None:
        """Give many records the same `updated_at`, as a bulk job does.

        Raises:
            KeyError: one of the records does not exist.
        """
        for record_id in record_ids:
            self.change(kind, record_id, lambda _: None, at)

    def change_row(self, name: str, row_id: str, fields: Body) -> Body:
        """Change a row of a small list.

        Args:
            name: of the list.
            row_id: id of the row, as text.
            fields: what changes.

        Raises:
            KeyError: there is no such list or row.
        """
        for row in self.lists[name]:
            if str(row.get("id")) == row_id:
                row.update(fields)
                return row
        raise KeyError(_missing(name, row_id))

    def truth(self, kind: str) -> list[Body]:
        """Everything of a kind, nothing capped or hidden.

        Args:
            kind: one of `KINDS`, a small list, "notes", "deleted_conversations",
                "archived_contacts" or "merged_contacts".

        Raises:
            KeyError: there is no such kind.
        """
        if kind in self.collections:
            bodies = [record.body() for record in self.collections[kind].truth]
            return [_with_ids(body) for body in bodies] if kind == "contacts" else bodies
        if kind == "notes":
            owners = self.truth("contacts") + self.truth("companies")
            return [note for owner in owners for note in owner["notes"]]
        if kind in TRUTHS:
            return list(child_rows(self, kind))
        if kind in EXPORT_TRUTHS:
            return EXPORT_TRUTHS[kind](self)
        return (self._aftermath() | self.lists)[kind]

    def _aftermath(self) -> dict[str, list[Body]]:
        merged = [{"id": source, "merged_into": target} for source, target in self.merged.items()]
        return {
            "merged_contacts": merged,
            "deleted_conversations": self.deleted_conversations,
            "archived_contacts": self.archived_contacts,
        }

    def _record(self, kind: str, record_id: str) -> Record:
        record = self.collections[kind].truth.get(record_id)
        if record is None:
            raise KeyError(_missing(kind, record_id))
        return record


def _missing(kind: str, record_id: str) -> str:
    return f"no {kind} with id {record_id}"


def _blueprint(options: SandboxOptions, now: int) -> Blueprint:
    blueprint = Blueprint(options.seed, now, options.long_conversation_parts)
    company_ids = tuple(
        c.id for c in companies(blueprint, options.companies) if has_users(c.number)
    )
    people = contacts(blueprint, options.contacts)
    return dataclasses.replace(
        blueprint,
        company_ids=company_ids,
        contact_ids=tuple(person.id for person in people),
        contact_external_ids=tuple(external_id(person.number) for person in people),
        conversation_tickets=min(options.tickets // 4, options.conversations // TICKET_EVERY),
    )


def _generated(blueprint: Blueprint, options: SandboxOptions) -> dict[str, list[Record]]:
    return {
        "contacts": contacts(blueprint, options.contacts),
        "companies": companies(blueprint, options.companies),
        "conversations": conversations(blueprint, options.conversations),
        "tickets": tickets(blueprint, options.tickets),
    }


def _lists(blueprint: Blueprint) -> dict[str, list[Body]]:
    return {
        "admins": settings_lists.admins(),
        "teams": settings_lists.teams(),
        "tags": settings_lists.tags(),
        "segments": settings_lists.segments(blueprint),
        "subscription_types": settings_lists.subscription_types(),
        "data_attributes": settings_lists.data_attributes(blueprint),
        "conversation_attributes": settings_lists.conversation_attributes(blueprint),
        "ticket_types": settings_lists.ticket_types(blueprint),
        "ticket_states": settings_lists.ticket_states(blueprint),
        **custom_objects(blueprint),
    }


def _stored(body: Body, number: int, *, is_ticket: bool) -> Record:
    encoded = msgspec.json.encode(body)

    def build(_: Record) -> Body:
        fresh: Body = msgspec.json.decode(encoded)
        return fresh

    return Record(
        body["id"],
        number,
        body["created_at"],
        body["updated_at"],
        build,
        is_ticket=is_ticket,
    )


def _tags_of(body: Body) -> list[Body]:
    tags = body["tags"]
    rows: list[Body] = tags if isinstance(tags, list) else tags["tags"]
    return rows


def _with_ids(contact: Body) -> Body:
    return contact | {
        "tag_ids": [tag["id"] for tag in contact["tags"]],
        "note_ids": [note["id"] for note in contact["notes"]],
    }
