"""The rows that each stream has to hold.

They are derived from the sandbox's own records, by hand and without the tap's code: a second
opinion. Only the keys are those that the tap declares.
"""

from __future__ import annotations

import functools
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tap_intercom.streams import stream_types

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tests.sandbox.control import Control
    from tests.singer import Output

PARENTS = ("contact_id", "company_id", "conversation_id")

Record = dict[str, Any]
Rows = dict[tuple[str, ...], Record]

KEYS: dict[str, tuple[str, ...]] = {
    stream_type.name: tuple(stream_type.primary_keys) for stream_type in stream_types()
}
"""The streams and their keys, as the classes declare them."""


def timestamp(seconds: int) -> str:
    """Return epoch seconds in the tap's notation (RFC 3339, UTC)."""
    return datetime.fromtimestamp(seconds, UTC).isoformat()


class Snapshot:
    """The workspace as it is now: each kind of records is requested once."""

    def __init__(self, control: Control) -> None:
        self.records = functools.cache(control.records)


def expected_rows(control: Control | Snapshot, stream: str) -> Rows:
    """Return the rows that a stream has to hold, by key, with the columns that are checked."""
    return {tuple(row[key] for key in KEYS[stream]): row for row in ROWS[stream](control)}


def loaded(output: Output, stream: str) -> Rows:
    """Return the rows that a target holds after this output: the last one of each key."""
    return {tuple(record[key] for key in KEYS[stream]): record for record in output.records(stream)}


def missing_rows(output: Output, control: Control | Snapshot, stream: str) -> Rows:
    """Return the expected rows that a target lacks, or holds with other values."""
    rows = loaded(output, stream)
    return {
        key: expected
        for key, expected in expected_rows(control, stream).items()
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


def _part_attachments(kind: str, noun: str) -> Callable[[Control], Iterable[Record]]:
    def rows(control: Control) -> Iterator[Record]:
        for record in control.records(kind):
            parts = record[f"{noun}_parts"]
            for part in parts[f"{noun}_parts"] if isinstance(parts, dict) else parts:
                for attachment in part.get("attachments") or ():
                    yield {
                        f"{noun}_part_id": str(part["id"]),
                        f"{noun}_id": record["id"],
                        "url": _unsigned(attachment["url"]),
                        "filesize": attachment["filesize"],
                    }

    return rows


def _attachments(control: Control) -> Iterator[Record]:
    for record in control.records("conversations"):
        for attachment in record["source"]["attachments"]:
            yield {"conversation_id": record["id"], "url": _unsigned(attachment["url"])}


def _unsigned(url: str) -> str:
    return url.partition("?")[0]


def _teammates(control: Control) -> Iterator[Record]:
    for record in control.records("conversations"):
        for teammate in (record["teammates"] or {}).get("teammates") or ():
            yield {"conversation_id": record["id"], "admin_id": str(teammate["id"])}


def _conversation_tags(control: Control) -> Iterator[Record]:
    """The latest application of each tag comes last, and its row is the one that counts."""
    for record in control.records("conversations"):
        for tag in sorted(record["tags"]["tags"], key=lambda tag: tag["applied_at"]):
            yield {
                "conversation_id": record["id"],
                "tag_id": str(tag["id"]),
                "conversation_updated_at": timestamp(record["updated_at"]),
                "applied_at": timestamp(tag["applied_at"]),
            }


def _social_profiles(control: Control) -> Iterator[Record]:
    for record in control.records("contacts"):
        for profile in record["social_profiles"]["data"]:
            key = {"name": profile["name"], "url": profile["url"] or ""}
            yield {"contact_id": record["id"], **key}


def _ticket_type_attributes(control: Control) -> Iterator[Record]:
    for kind in control.records("ticket_types"):
        for attribute in kind["ticket_type_attributes"]["data"]:
            yield {"id": str(attribute["id"]), "ticket_type_id": str(kind["id"])}


def _own(kind: str, renamed: str = "id", **values: str) -> Callable[[Control], Iterable[Record]]:
    """Rows that the sandbox has under the stream's own name, each with its record's id."""

    def rows(control: Control) -> Iterator[Record]:
        for record in control.records(kind):
            parent = {name: value for name, value in record.items() if name in PARENTS}
            shown = {ours: record[theirs] for ours, theirs in values.items()}
            yield {renamed: str(record["id"]), **parent, **shown}

    return rows


def _event_summaries(control: Control) -> Iterator[Record]:
    for summary in control.records("contact_event_summaries"):
        yield {key: summary[key] for key in ("contact_id", "name", "count")}


def _handling_events(control: Control) -> Iterator[Record]:
    for event in control.records("conversation_handling_events"):
        timestamp = datetime.fromisoformat(event["timestamp"]).astimezone(UTC).isoformat()
        yield {
            "conversation_id": event["conversation_id"],
            "timestamp": timestamp,
            "type": event["type"],
            "teammate_id": str(event["teammate"]["id"]),
        }


def _side_conversations(control: Control) -> Iterator[Record]:
    for record in control.records("side_conversations"):
        yield {
            "id": record["side_conversation_id"],
            "conversation_id": record["conversation_id"],
            "total_count": record["total_count"],
        }


def _article_statistics(control: Control) -> Iterator[Record]:
    for record in control.records("article_statistics"):
        if statistics := record["statistics"]:
            yield {"article_id": str(record["id"]), "views": statistics["views"]}


def _call_transcripts(control: Control) -> Iterator[Record]:
    for record in control.records("call_transcripts"):
        if record["transcript"] and record["conversation_id"]:
            row = {"call_id": str(record["id"]), "transcript": record["transcript"]}
            yield {**row, "conversation_id": str(record["conversation_id"])}


def _message_engagement(control: Control) -> Iterator[Record]:
    for receipt in control.records("message_engagement"):
        timestamps = {
            name: timestamp(value)
            for name, value in receipt.items()
            if value and (name == "received_at" or name.startswith("first_"))
        }
        yield receipt | timestamps


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


def _evaluations(kind: str, key: str) -> Callable[[Control], Iterable[Record]]:
    def rows(control: Control) -> Iterator[Record]:
        created = {row["id"]: row["created_at"] for row in control.records("conversations")}
        for row in control.records(kind):
            conversation_id = row["conversation_id"]
            yield {
                "conversation_id": conversation_id,
                key: row[key],
                "evaluated_at": timestamp(row["evaluated_at"] or created[conversation_id]),
            }

    return rows


def _hitl_events(control: Control) -> Iterator[Record]:
    indexes = Counter[str]()
    for row in control.records("conversation_hitl_events"):
        keys = {key: row[key] for key in ("conversation_id", "hitl_cycle_id", "event_type")}
        yield {**keys, "index": indexes[row["conversation_id"]]}
        indexes[row["conversation_id"]] += 1


def _topics(control: Control) -> Iterator[Record]:
    for row in control.records("conversation_topics"):
        yield {key: row[key] for key in ("conversation_id", "topic_name")}


def _content_sources(control: Control) -> Iterator[Record]:
    for record in control.records("conversations"):
        sources = ((record.get("ai_agent") or {}).get("content_sources") or {}).get(
            "content_sources"
        )
        for index, source in enumerate(sources or ()):
            yield {"conversation_id": record["id"], "index": index, "title": source["title"]}


def _part_tags(control: Control) -> Iterator[Record]:
    for record in control.records("conversations"):
        for part in record["conversation_parts"]["conversation_parts"]:
            for tag in part.get("tags") or ():
                yield {
                    "conversation_part_id": str(part["id"]),
                    "tag_id": str(tag["id"]),
                    "conversation_id": record["id"],
                }


def _ticket_links(control: Control) -> Iterator[Record]:
    for record in control.records("tickets"):
        for linked in record["linked_objects"]["data"]:
            yield {"ticket_id": record["id"], "id": str(linked["id"]), "type": linked["type"]}


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
    "contacts": _updated("contacts", "name", "email", "role"),
    "contact_tags": _related("contacts", "contact", "tag", lambda one: one["tag_ids"]),
    "contact_companies": _related("contacts", "contact", "company", lambda one: one["company_ids"]),
    "companies": _updated("companies", "name", "company_id"),
    "company_tags": _related("companies", "company", "tag", _ids("tags", "tags")),
    "company_segments": _related("companies", "company", "segment", _ids("segments", "segments")),
    "conversations": _updated("conversations", "state", "title"),
    "deleted_conversations": _deleted,
    "conversation_parts": _parts("conversations", "conversation"),
    "conversation_contacts": _related(
        "conversations", "conversation", "contact", _ids("contacts", "contacts")
    ),
    "conversation_tags": _conversation_tags,
    "tickets": _updated("tickets", "ticket_id"),
    "ticket_parts": _parts("tickets", "ticket"),
    "ticket_types": _listed("ticket_types", "name", "category"),
    "ticket_states": _listed("ticket_states", "category"),
    "articles": _listed("articles", "title", "body"),
    "article_statistics": _article_statistics,
    "collections": _listed("collections", "name"),
    "help_centers": _listed("help_centers", "identifier"),
    "conversation_attributes": _listed("conversation_attributes", "data_type"),
    "ticket_type_attributes": _ticket_type_attributes,
    "brands": _listed("brands", "name"),
    "email_settings": _listed("email_settings", "email"),
    "away_status_reasons": _listed("away_status_reasons", "label"),
    "office_hours_schedules": _listed("office_hours_schedules", "name"),
    "macros": _listed("macros", "name"),
    "data_connectors": _listed("data_connectors", "name"),
    "audiences": _listed("audiences", "name"),
    "internal_articles": _listed("internal_articles", "title"),
    "content_snippets": _listed("content_snippets", "title"),
    "external_pages": _listed("external_pages", "title"),
    "content_import_sources": _listed("content_import_sources", "url"),
    "news_items": _listed("news_items", "title"),
    "newsfeeds": _listed("newsfeeds", "name"),
    "activity_logs": _listed("activity_logs", "activity_type"),
    "contact_social_profiles": _social_profiles,
    "contact_segments": _own("contact_segments", "segment_id", name="name"),
    "contact_subscriptions": _own("contact_subscriptions", "subscription_type_id", state="state"),
    "contact_notes": _own("contact_notes", body="body"),
    "contact_event_summaries": _event_summaries,
    "contact_events": _own("contact_events", event_name="event_name"),
    "company_notes": _own("company_notes", body="body"),
    "conversation_teammates": _teammates,
    "conversation_attachments": _attachments,
    "conversation_part_attachments": _part_attachments("conversations", "conversation"),
    "conversation_handling_events": _handling_events,
    "side_conversations": _side_conversations,
    "ticket_contacts": _related("tickets", "ticket", "contact", _ids("contacts", "contacts")),
    "ticket_part_attachments": _part_attachments("tickets", "ticket"),
    "calls": _listed("calls", "direction"),
    "call_transcripts": _call_transcripts,
    "message_engagement": _message_engagement,
    "deleted_contacts": _listed("deleted_contacts", "status", "email"),
    "contact_activities": _listed("contact_activities", "event_type"),
    "folders": _listed("folders", "name"),
    "dynamic_contents": _listed("dynamic_contents", "key"),
    "roles": _listed("roles", "name"),
    "sla_rules": _listed("sla_rules", "archived"),
    "article_versions": _listed("article_versions", "article_id", "title"),
    "help_center_redirects": _listed("help_center_redirects", "help_center_id", "from_url"),
    "office_hours_exceptions": _listed("office_hours_exceptions", "exception_date"),
    "data_connector_executions": _listed("data_connector_executions", "success"),
    "conversation_monitor_evaluations": _evaluations(
        "conversation_monitor_evaluations", "monitor_id"
    ),
    "conversation_scorecards": _evaluations("conversation_scorecards", "scorecard_id"),
    "conversation_hitl_events": _hitl_events,
    "conversation_topics": _topics,
    "conversation_ai_content_sources": _content_sources,
    "conversation_part_tags": _part_tags,
    "ticket_links": _ticket_links,
    "ip_allowlist": lambda _: [{"type": "ip_allowlist", "enabled": True}],
}
"""How the rows of each stream follow from the sandbox's records."""

DEFAULT = frozenset(
    stream_type.name for stream_type in stream_types() if stream_type.selected_by_default
)
"""Streams that are selected unless the catalog says otherwise."""

CHECKED = ROWS.keys() & DEFAULT
"""Streams of the default selection whose rows are checked."""
