"""The data of a workspace, and what can happen to it."""

from __future__ import annotations

import dataclasses
import functools
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from tests.sandbox.children import CHILD_LISTS, Children, child_rows
from tests.sandbox.generate.blueprint import (
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
from tests.sandbox.generate.list_children import PARENTS, all_rows
from tests.sandbox.generate.message_engagement import receipts
from tests.sandbox.generate.plain_lists import activity_id, plain_lists
from tests.sandbox.generate.reporting import DATASETS
from tests.sandbox.generate.settings_lists import settings_lists
from tests.sandbox.generate.tickets import ticket, tickets
from tests.sandbox.lists import Lists
from tests.sandbox.records import Body, Collection, Record

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tests.sandbox.clock import Clock
    from tests.sandbox.options import SandboxOptions

BUILDERS: Final = {
    "contacts": contact,
    "companies": company,
    "conversations": conversation,
    "tickets": ticket,
}
MAX_KEPT_STARTS: Final = 8
MAX_BUILT_ONCE: Final = 5_000
FIRST_NUMBERS: Final = {
    "contacts": 0,
    "companies": 0,
    "conversations": FIRST_CONVERSATION,
    "tickets": FIRST_TICKET,
}


class Counts(NamedTuple):
    """How many records of each kind a workspace starts with."""

    contacts: int
    companies: int
    conversations: int
    tickets: int


class Start(NamedTuple):
    """What a workspace starts with, the same for all that are alike: nobody changes it."""

    blueprint: Blueprint
    records: Mapping[str, list[Record]]
    lists: Mapping[str, bytes]


class Workspace:
    """All that an Intercom workspace holds; the control route calls the public methods.

    A `kind` is contacts, companies, conversations or tickets; timestamps (`at`, `updated_at`) are
    in epoch seconds, None for now. A record or list that does not exist is a KeyError.

    Attributes:
        id: the workspace's id_code.
        collections: kind -> its records.
        lists: name -> the rows of a list (admins, teams, tags, articles ...).
        deleted_conversations: what GET /conversations/deleted shows, oldest first.
        archived_contacts: contacts that were deleted.
        merged: id of a contact that was merged away -> id of the contact that is left.
        blueprint: what generated records are derived from.
    """

    def __init__(self, options: SandboxOptions, clock: Clock) -> None:
        self.id = options.workspace_id
        self.clock = clock
        now = clock.now()
        start = _start(options, int(now))
        self.blueprint = start.blueprint
        self.collections = {
            kind: Collection(records, now - options.index_delay.get(kind, 0))
            for kind, records in start.records.items()
        }
        self._numbers = {
            kind: max((record.number for record in records), default=FIRST_NUMBERS[kind])
            for kind, records in start.records.items()
        }
        self.lists = Lists(start.lists)
        self.deleted_conversations: list[Body] = []
        self.archived_contacts: list[Body] = []
        self.merged: dict[str, str] = {}
        self.children = Children(self.blueprint)

    def records(self, kind: str) -> list[Body]:
        """All records or rows in the API's form (2.16), nothing capped, hidden or indexed late.

        Besides the four kinds (by `updated_at`) these are `lists`, notes, deleted_conversations,
        archived_contacts, merged_contacts, `CHILD_LISTS` and the lists of `list_children` (each row
        with the id of its record),
        message_engagement and reporting_<dataset>. Contacts have `tag_ids`, `company_ids`,
        `note_ids`, `segment_ids`, `opted_in_subscription_ids` and `opted_out_subscription_ids`;
        their `tags` and `notes`, and the `notes` of companies, are plain lists of full objects.
        """
        if kind in self.collections:
            bodies = [record.body() for record in self.collections[kind].records]
            return [_with_ids(body) for body in bodies] if kind == "contacts" else bodies
        if kind in CHILD_LISTS or kind in PARENTS:
            return self._child_rows(kind)
        if kind == "notes":
            owners = self.records("contacts") + self.records("companies")
            return [note for owner in owners for note in owner["notes"]]
        if kind == "message_engagement":
            return receipts(self.blueprint, self.collections["contacts"].records)
        if kind.startswith("reporting_"):
            dataset = DATASETS[kind.removeprefix("reporting_")]
            return dataset.rows(self.collections[dataset.kind].records, replied_only=False)
        merged = [{"id": source, "merged_into": target} for source, target in self.merged.items()]
        gone = {
            "merged_contacts": merged,
            "deleted_conversations": self.deleted_conversations,
            "archived_contacts": self.archived_contacts,
        }
        return gone[kind] if kind in gone else self.lists[kind]

    def change(
        self, kind: str, record_id: str, fields: Body, updated_at: int | None = None
    ) -> Body:
        """Change a record, or a row of a list, and return it as it is now."""
        if kind not in self.collections:
            return self._change_row(kind, record_id, fields)
        return self._edit(kind, record_id, lambda body: body.update(fields), self._at(updated_at))

    def change_quietly(self, kind: str, record_id: str, fields: Body) -> Body:
        """Change a record without moving its `updated_at`."""
        return self._edit(kind, record_id, lambda body: body.update(fields), None)

    def touch(self, kind: str, record_ids: Sequence[str], at: int | None = None) -> None:
        """Give records the same `updated_at`, as a bulk job does."""
        for record_id in record_ids:
            self._edit(kind, record_id, lambda _: None, self._at(at))

    def touch_oldest(self, kind: str, count: int, at: int | None = None) -> list[str]:
        """Do so with the records that were updated longest ago, and return their ids."""
        records = self.collections[kind].records
        ids = [record.id for record, _ in zip(records, range(count), strict=False)]
        self.touch(kind, ids, at)
        return ids

    def create(self, kind: str, fields: Body | None = None, at: int | None = None) -> Body:
        """Add a record with some fields, the others made up, created and updated at a time."""
        at = self._at(at)
        self._numbers[kind] += 1
        number = self._numbers[kind]
        record_id = object_id(at, 9, number) if kind in {"contacts", "companies"} else str(number)
        record = Record(record_id, number, at, at, partial(BUILDERS[kind], self.blueprint))
        body = record.body() | (fields or {})
        self.collections[kind].put(_stored(body, number, is_ticket=False))
        if kind == "contacts":
            self._add_activity("contact.created", body, at)
        return body

    def delete(self, kind: str, record_id: str) -> None:
        """Delete a record or a row; conversations are listed as deleted, contacts archived."""
        if kind not in self.collections:
            self.lists[kind].remove(self._row(kind, record_id))
            return
        now = self._at(None)
        body = self._record(kind, record_id).body()
        self.collections[kind].remove(record_id, now)
        if kind == "conversations":
            retained = len(self.deleted_conversations) % 2 == 0
            self.deleted_conversations.append(
                {
                    "type": "conversation",
                    "id": record_id,
                    "metrics_retained": retained,
                    "deleted_at": now,
                }
            )
        elif kind == "contacts":
            self.archived_contacts.append(body)
            self._list_as_deleted(body, "archived", now)

    def merge(self, contact_id: str, into: str) -> Body:
        """Merge a contact into another, which takes over its tags, notes and companies."""
        source = self._record("contacts", contact_id).body()
        self._record("contacts", into)
        now = self._at(None)
        self.collections["contacts"].remove(contact_id, now)
        self.merged[contact_id] = into
        self._list_as_deleted(source, "merged", now, merged_into_id=into)
        self._add_activity("contact.merged", source, now, merge_target_id=into)

        def take_over(target: Body) -> None:
            tag_ids = {row["id"] for row in target["tags"]}
            target["tags"] += [row for row in source["tags"] if row["id"] not in tag_ids]
            target["notes"] += source["notes"]
            company_ids = set(target["company_ids"])
            target["company_ids"] += [c for c in source["company_ids"] if c not in company_ids]
            merge = {
                "type": "merge_history",
                "source_contact_id": contact_id,
                "source_contact_role": source["role"],
                "merged_at": now,
            }
            target["merge_history"] = [*target.get("merge_history", []), merge]

        return self._edit("contacts", into, take_over, now)

    def set_deleted_status(self, contact_id: str, status: str) -> Body:
        """Change what /contacts/deleted says of a contact: its identity goes with the last step."""
        row = self._change_row("deleted_contacts", contact_id, {"status": status})
        row["updated_at"] = self._at(None)
        if status == "permanently_deleted":
            row.update({"external_id": None, "email": None})
            self._add_activity("contact.deleted", row, row["updated_at"])
        return row

    def _list_as_deleted(self, contact: Body, status: str, at: int, **fields: str) -> None:
        row = {key: contact[key] for key in ("type", "id", "external_id", "email", "role")}
        self.lists["deleted_contacts"].append({**row, "status": status, "updated_at": at, **fields})

    def _add_activity(self, event_type: str, contact: Body, at: int, **fields: str) -> None:
        rows = self.lists["contact_activities"]
        source = contact["id"] if fields else None
        row = {
            "type": "contact_activity",
            "id": activity_id(at, len(rows)),
            "event_type": event_type,
            "contact_id": contact["id"],
            "external_id": contact["external_id"],
            "role": contact["role"],
            "merge_source_id": source,
            "merge_target_id": None,
            "failure_reason": None,
            "created_at": at,
        }
        rows.append({**row, **fields})

    def add_parts(self, conversation_id: str, count: int) -> Body:
        """Add comments to a conversation, and return it with all of its parts."""
        now = self._at(None)
        number = self._record("conversations", conversation_id).number

        def append(body: Body) -> None:
            parts = body["conversation_parts"]["conversation_parts"]
            author = admin_author(0)
            parts += [part(number, len(parts) + i, now, author) for i in range(count)]
            body["conversation_parts"]["total_count"] = len(parts)
            if body["statistics"]:
                body["statistics"]["count_conversation_parts"] = len(parts)

        return self._edit("conversations", conversation_id, append, now)

    def give_children(self, kind: str, parent_id: str, rows: list[Body]) -> None:
        """Replace the contact_events (oldest first), conversation_handling_events or
        side_conversations of a record, which itself does not change.
        """
        self.children.give(kind, parent_id, rows)

    def tag(self, kind: str, record_id: str, tag_id: str) -> Body:
        """Put a tag on a contact, company or conversation."""
        now = self._at(None)

        def put(body: Body) -> None:
            rows = _tags_of(body)
            others = [row for row in rows if row["id"] != tag_id]
            rows[:] = [applied_tag(int(tag_id) - FIRST_TAG, now, FIRST_ADMIN), *others]

        return self._edit(kind, record_id, put, now)

    def untag(self, kind: str, record_id: str, tag_id: str) -> Body:
        """Take a tag off a contact, company or conversation."""

        def take_off(body: Body) -> None:
            rows = _tags_of(body)
            rows[:] = [row for row in rows if row["id"] != tag_id]

        return self._edit(kind, record_id, take_off, self._at(None))

    def _child_rows(self, kind: str) -> list[Body]:
        if kind in PARENTS:
            return all_rows(kind, self.lists, self.blueprint.now)
        return list(child_rows(self, kind))

    def _at(self, at: int | None) -> int:
        return at or int(self.clock.now())

    def _edit(
        self, kind: str, record_id: str, edit: Callable[[Body], None], updated_at: int | None
    ) -> Body:
        """Change a record in place; without an `updated_at` that stays."""
        before = self._record(kind, record_id)
        body = before.body()
        edit(body)
        body["updated_at"] = before.updated_at if updated_at is None else updated_at
        self.collections[kind].put(_stored(body, before.number, is_ticket=before.is_ticket))
        return body

    def _change_row(self, name: str, row_id: str, fields: Body) -> Body:
        row = self._row(name, row_id)
        row.update(fields)
        return row

    def _row(self, name: str, row_id: str) -> Body:
        for row in self.lists[name]:
            if str(row.get("id")) == row_id:
                return row
        raise KeyError(f"no {name} with id {row_id}")

    def _record(self, kind: str, record_id: str) -> Record:
        record = self.collections[kind].records.get(record_id)
        if record is None:
            raise KeyError(f"no {kind} with id {record_id}")
        return record


def _start(options: SandboxOptions, now: int) -> Start:
    """What a workspace with these options starts with at a time (epoch seconds)."""
    counts = Counts(options.contacts, options.companies, options.conversations, options.tickets)
    blueprint = Blueprint(options.seed, now, options.long_conversation_parts)
    return generated(blueprint, counts, tuple(options.list_sizes.items()))


@functools.lru_cache(MAX_KEPT_STARTS)
def generated(
    blueprint: Blueprint, counts: Counts, list_sizes: tuple[tuple[str, int], ...]
) -> Start:
    """Generate records and lists; most tests have a workspace that others had before."""
    people = contacts(blueprint, counts.contacts)
    firms = companies(blueprint, counts.companies)
    blueprint = dataclasses.replace(
        blueprint,
        company_ids=tuple(firm.id for firm in firms if has_users(firm.number)),
        contact_ids=tuple(person.id for person in people),
        contact_external_ids=tuple(external_id(person.number) for person in people),
        conversation_tickets=min(counts.tickets // 4, counts.conversations // TICKET_EVERY),
    )
    records = {
        "contacts": contacts(blueprint, counts.contacts),
        "companies": companies(blueprint, counts.companies),
        "conversations": conversations(blueprint, counts.conversations),
        "tickets": tickets(blueprint, counts.tickets),
    }
    lists = (
        settings_lists(blueprint)
        | custom_objects(blueprint)
        | plain_lists(blueprint, dict(list_sizes), records["conversations"])
    )
    if sum(counts) <= MAX_BUILT_ONCE:
        records = {kind: [one.built_once() for one in found] for kind, found in records.items()}
    return Start(
        blueprint, records, {name: msgspec.json.encode(rows) for name, rows in lists.items()}
    )


def _stored(body: Body, number: int, *, is_ticket: bool) -> Record:
    encoded = msgspec.json.encode(body)

    def build(_: Record) -> Body:
        fresh: Body = msgspec.json.decode(encoded)
        return fresh

    times = body["created_at"], body["updated_at"]
    return Record(body["id"], number, *times, build, is_ticket=is_ticket)


def _tags_of(body: Body) -> list[Body]:
    tags = body["tags"]
    rows: list[Body] = tags if isinstance(tags, list) else tags["tags"]
    return rows


def _with_ids(contact: Body) -> Body:
    return contact | {
        "tag_ids": [tag["id"] for tag in contact["tags"]],
        "note_ids": [note["id"] for note in contact["notes"]],
    }
