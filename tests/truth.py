"""What each stream has to hold, told from the sandbox's own records and nothing of the tap's."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tests.sandbox.control import Control
    from tests.singer import Output

Record = dict[str, Any]
Rows = dict[tuple[str, ...], Record]

KEYS = {
    "workspace": ("id_code",),
    "admins": ("id",),
    "teams": ("id",),
    "team_admins": ("team_id", "admin_id"),
    "tags": ("id",),
    "segments": ("id",),
    "subscription_types": ("id",),
    "data_attributes": ("model", "full_name"),
    "contacts": ("id",),
    "contact_tags": ("contact_id", "tag_id"),
    "contact_companies": ("contact_id", "company_id"),
    "companies": ("id",),
    "company_tags": ("company_id", "tag_id"),
    "company_segments": ("company_id", "segment_id"),
    "conversations": ("id",),
    "deleted_conversations": ("id",),
    "conversation_parts": ("id",),
    "conversation_contacts": ("conversation_id", "contact_id"),
    "conversation_tags": ("conversation_id", "tag_id"),
    "tickets": ("id",),
    "ticket_parts": ("id",),
    "ticket_types": ("id",),
    "ticket_states": ("id",),
}
"""The streams and their keys, as the plan has them."""


def timestamp(moment: int) -> str:
    """Write epoch seconds as the tap has to."""
    return datetime.fromtimestamp(moment, UTC).isoformat()


def truth(control: Control, stream: str) -> Rows:
    """Return the rows that a stream has to hold, by key, each with the values that are checked."""
    return {tuple(row[key] for key in KEYS[stream]): row for row in ROWS[stream](control)}


def loaded(output: Output, stream: str) -> Rows:
    """Return the rows that a target holds after this output: the last one of each key."""
    return {tuple(record[key] for key in KEYS[stream]): record for record in output.records(stream)}


def missing_or_stale(output: Output, control: Control, stream: str) -> Rows:
    """Return the true rows that a target lacks, or holds with other values."""
    rows = loaded(output, stream)
    return {
        key: expected
        for key, expected in truth(control, stream).items()
        if key not in rows or not expected.items() <= rows[key].items()
    }


def _listed(kind: str, *fields: str) -> Callable[[Control], Iterable[Record]]:
    def rows(control: Control) -> Iterator[Record]:
        for record in control.records(kind):
            yield {"id": str(record["id"])} | {field: record[field] for field in fields}

    return rows


def _updated(kind: str, *fields: str) -> Callable[[Control], Iterable[Record]]:
    def rows(control: Control) -> Iterator[Record]:
        for record in control.records(kind):
            yield {"id": record["id"], "updated_at": timestamp(record["updated_at"])} | {
                field: record[field] for field in fields
            }

    return rows


def _related(
    kind: str, noun: str, related: str, ids: Callable[[Record], Iterable[Any]]
) -> Callable[[Control], Iterable[Record]]:
    def rows(control: Control) -> Iterator[Record]:
        for record in control.records(kind):
            for related_id in ids(record):
                yield {
                    f"{noun}_id": record["id"],
                    f"{related}_id": str(related_id),
                    f"{noun}_updated_at": timestamp(record["updated_at"]),
                }

    return rows


def _parts(kind: str, noun: str) -> Callable[[Control], Iterable[Record]]:
    def rows(control: Control) -> Iterator[Record]:
        for record in control.records(kind):
            parts = record[f"{noun}_parts"]
            for part in parts[f"{noun}_parts"] if isinstance(parts, dict) else parts:
                yield {
                    "id": str(part["id"]),
                    f"{noun}_id": record["id"],
                    f"{noun}_updated_at": timestamp(record["updated_at"]),
                    "body": part["body"],
                    "created_at": timestamp(part["created_at"]),
                }

    return rows


def _deleted(control: Control) -> Iterator[Record]:
    for record in control.records("deleted_conversations"):
        yield {"id": record["id"], "deleted_at": timestamp(record["deleted_at"])}


def _team_admins(control: Control) -> Iterator[Record]:
    for team in control.records("teams"):
        for admin_id in team["admin_ids"]:
            yield {"team_id": str(team["id"]), "admin_id": str(admin_id)}


def _attributes(control: Control) -> Iterator[Record]:
    for attribute in control.records("data_attributes"):
        if attribute["model"] in {"contact", "company"}:
            yield {key: attribute[key] for key in ("model", "full_name", "name", "label")}


def _ids(*path: str) -> Callable[[Record], list[Any]]:
    def ids(record: Record) -> list[Any]:
        found: Any = record
        for name in path:
            found = found[name] if isinstance(found, dict) else found
        return [item["id"] for item in found]

    return ids


ROWS: dict[str, Callable[[Control], Iterable[Record]]] = {
    "admins": _listed("admins", "name", "email"),
    "teams": _listed("teams", "name"),
    "team_admins": _team_admins,
    "tags": _listed("tags", "name"),
    "segments": _listed("segments", "name"),
    "subscription_types": _listed("subscription_types", "state"),
    "data_attributes": _attributes,
    "contacts": _updated("contacts", "name", "email", "role", "custom_attributes"),
    "contact_tags": _related("contacts", "contact", "tag", lambda one: one["tag_ids"]),
    "contact_companies": _related("contacts", "contact", "company", lambda one: one["company_ids"]),
    "companies": _updated("companies", "name", "company_id", "custom_attributes"),
    "company_tags": _related("companies", "company", "tag", _ids("tags", "tags")),
    "company_segments": _related("companies", "company", "segment", _ids("segments", "segments")),
    "conversations": _updated("conversations", "state", "title", "custom_attributes"),
    "deleted_conversations": _deleted,
    "conversation_parts": _parts("conversations", "conversation"),
    "conversation_contacts": _related(
        "conversations", "conversation", "contact", _ids("contacts", "contacts")
    ),
    "conversation_tags": _related("conversations", "conversation", "tag", _ids("tags", "tags")),
    "tickets": _updated("tickets", "ticket_id", "ticket_attributes"),
    "ticket_parts": _parts("tickets", "ticket"),
    "ticket_types": _listed("ticket_types", "name", "category"),
    "ticket_states": _listed("ticket_states", "category"),
}
"""How the rows of each stream follow from the sandbox's records."""
