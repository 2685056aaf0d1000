"""The rows of Fivetran's final models, computed from the sandbox's own records.

A second opinion, without SQL: each function follows what the columns of one model are said to hold.
Names that a model joins into one text are sets here.
"""

from __future__ import annotations

import statistics
from collections import defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tests.expected_rows import Snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from tests.sandbox.control import Control

Record = dict[str, Any]
Rows = dict[tuple[str | None, ...], Record]

KEYS = {
    "intercom__contact_enhanced": ("contact_id",),
    "intercom__company_enhanced": ("company_id",),
    "intercom__conversation_enhanced": ("conversation_id",),
    "intercom__conversation_metrics": ("conversation_id",),
    "intercom__admin_metrics": ("admin_id", "team_id"),
    "intercom__company_metrics": ("company_id",),
    "intercom__article_enhanced": ("article_id",),
    "contact_history": ("id",),
    "company_history": ("id",),
    "conversation_history": ("id",),
    "article_history": ("id",),
}


def source_rows(control: Control) -> dict[str, Rows]:
    """Return, by key, what our models say of columns that their tables have in another shape."""
    records = Snapshot(control).records
    rows: dict[str, list[Record]] = {
        "contact_history": [
            {"id": one["id"], "admin_id": _text(one["owner_id"])} for one in records("contacts")
        ],
        "company_history": [
            {"id": one["id"], **{f"plan_{name}": one["plan"].get(name) for name in ("id", "name")}}
            for one in records("companies")
        ],
        "conversation_history": [_source_conversation(one) for one in records("conversations")],
        "article_history": [
            {"id": str(one["id"]), "collection_id": _text(next(iter(one["parent_ids"]), None))}
            for one in records("articles")
        ],
    }
    return {table: _by_key(table, of) for table, of in rows.items()}


def final_rows(control: Control) -> dict[str, Rows]:
    """Return the rows of each final model by their key."""
    workspace = Workspace(control)
    rows = {
        "intercom__contact_enhanced": workspace.contacts(),
        "intercom__company_enhanced": workspace.companies(),
        "intercom__conversation_enhanced": workspace.conversations(),
        "intercom__conversation_metrics": workspace.conversation_metrics(),
        "intercom__admin_metrics": workspace.admin_metrics(),
        "intercom__company_metrics": workspace.company_metrics(),
        "intercom__article_enhanced": workspace.articles(),
    }
    return {model: _by_key(model, of) for model, of in rows.items()}


class Workspace:
    """The sandbox's records as they are now."""

    def __init__(self, control: Control) -> None:
        self.records = Snapshot(control).records
        self.tags = self._names("tags")
        self.teams = self._names("teams")
        self.admins = self._names("admins")
        self.company_names = self._names("companies")

    def contacts(self) -> list[Record]:
        return [
            {
                "contact_id": contact["id"],
                "admin_id": _text(contact["owner_id"]),
                "contact_email": contact["email"],
                "updated_at": _time(contact["updated_at"]),
                "all_contact_tags": _named(contact["tag_ids"], self.tags),
                "all_contact_company_names": self._companies_of(contact),
            }
            for contact in self.records("contacts")
        ]

    def companies(self) -> list[Record]:
        return [
            {
                "company_id": company["id"],
                "company_name": company["name"],
                "monthly_spend": company["monthly_spend"],
                "plan_id": company["plan"].get("id"),
                "plan_name": company["plan"].get("name"),
                "all_company_tags": _named(_ids(company["tags"]["tags"]), self.tags),
            }
            for company in self.records("companies")
        ]

    def conversations(self) -> list[Record]:
        return [self._conversation(conversation) for conversation in self.records("conversations")]

    def conversation_metrics(self) -> list[Record]:
        return [
            self._conversation(conversation) | _metrics(conversation)
            for conversation in self.records("conversations")
        ]

    def admin_metrics(self) -> list[Record]:
        closed: dict[str, list[Record]] = defaultdict(list)
        for conversation in self.conversation_metrics():
            if conversation["is_assignee_admin"]:
                closed[conversation["last_close_by_admin_id"]].append(conversation)
        teams: dict[str, list[str]] = defaultdict(list)
        for team in self.records("teams"):
            for admin_id in team["admin_ids"]:
                teams[str(admin_id)].append(str(team["id"]))
        return [
            {
                "admin_id": admin_id,
                "admin_name": name,
                "team_id": team_id,
                "team_name": self.teams.get(team_id),
                **_totals(closed[admin_id]),
            }
            for admin_id, name in self.admins.items()
            for team_id in teams[admin_id] or [None]
        ]

    def company_metrics(self) -> list[Record]:
        started: dict[str, list[Record]] = defaultdict(list)
        company_ids = {one["id"]: one["company_ids"] for one in self.records("contacts")}
        for conversation in self.conversation_metrics():
            for company_id in company_ids.get(conversation["first_contact_author_id"], ()):
                started[company_id].append(conversation)
        return [
            {"company_id": company_id, "company_name": name, **_totals(started[company_id])}
            for company_id, name in self.company_names.items()
        ]

    def articles(self) -> list[Record]:
        collections = {str(one["id"]): one for one in self.records("collections")}
        centers = {str(one["id"]): one for one in self.records("help_centers")}
        statistics_of = {
            str(one["id"]): one["statistics"] or {} for one in self.records("article_statistics")
        }
        return [
            {
                "article_id": str(article["id"]),
                "author_name": self.admins.get(str(article["author_id"])),
                "collection_id": _text(parent.get("id")),
                "collection_name": parent.get("name"),
                "parent_collection_id": _text(parent.get("parent_id")),
                "help_center_name": center.get("display_name"),
                "statistics_views": numbers.get("views"),
                "statistics_conversations": numbers.get("conversations"),
                "statistics_happy_reaction_percentage": numbers.get("happy_reaction_percentage"),
            }
            for article in self.records("articles")
            for parent in [collections.get(str(next(iter(article["parent_ids"]), None)), {})]
            for center in [centers.get(str(parent.get("help_center_id")), {})]
            for numbers in [statistics_of.get(str(article["id"]), {})]
        ]

    def _conversation(self, conversation: Record) -> Record:
        parts = _parts(conversation)
        closes = [part for part in parts if part["part_type"] == "close"]
        admin_closes = [part for part in closes if part["author"]["type"] == "admin"]
        by_contacts = [part for part in parts if _is_by_contact(part)]
        teams = [part["assigned_to"]["id"] for part in parts if _is_for_team(part)]
        admin_ids = _names(part for part in parts if part["author"]["type"] == "admin")
        contacts = {one["id"]: one for one in self.records("contacts")}
        assignee_id = _text(conversation["admin_assignee_id"])
        source, rating = conversation["source"], conversation["conversation_rating"] or {}
        sla = conversation["sla_applied"] or {}
        first_contact_id = _first(by_contacts, _author_id)
        return {
            "conversation_id": conversation["id"],
            "conversation_created_at": _time(conversation["created_at"]),
            "conversation_last_updated_at": _time(conversation["updated_at"]),
            "conversation_type": source["type"],
            "conversation_initiated_type": source["delivered_as"],
            "conversation_author_type": source["author"]["type"],
            "conversation_assignee_id": assignee_id,
            "is_assignee_admin": assignee_id in self.admins,
            "conversation_state": conversation["state"],
            "conversation_rating": rating.get("rating"),
            "conversation_remark": rating.get("remark"),
            "sla_name": sla.get("sla_name"),
            "sla_status": sla.get("sla_status"),
            "first_close_at": _time(_first(closes, _created_at)),
            "last_close_at": _time(_last(closes, _created_at)),
            "first_admin_close_at": _time(_first(admin_closes, _created_at)),
            "first_close_by_admin_id": _first(admin_closes, _author_id),
            "last_close_by_admin_id": _last(admin_closes, _author_id),
            "last_close_by_author_id": _last(closes, _author_id),
            "first_contact_author_id": first_contact_id,
            "last_contact_author_id": _last(by_contacts, _author_id),
            "first_team_name": self.teams.get(str(teams[0])) if teams else None,
            "last_team_name": self.teams.get(str(teams[-1])) if teams else None,
            "all_conversation_tags": _named(_ids(conversation["tags"]["tags"]), self.tags),
            "all_contact_company_names": self._companies_of(contacts.get(first_contact_id)),
            "all_conversation_admins": admin_ids,
            "all_conversation_contacts": _names(by_contacts) if admin_ids else frozenset(),
        }

    def _companies_of(self, contact: Record | None) -> frozenset[str]:
        return _named(contact["company_ids"] if contact else (), self.company_names)

    def _names(self, kind: str) -> dict[str, str]:
        return {str(record["id"]): record["name"].strip() for record in self.records(kind)}


def _source_conversation(conversation: Record) -> Record:
    """Return the columns that are fields of objects in our tables."""
    columns = {"id": conversation["id"], "assignee_id": _text(conversation["admin_assignee_id"])}
    rating = conversation["conversation_rating"] or {}
    reply = conversation["first_contact_reply"] or {}
    source = conversation["source"]
    return columns | {
        "conversation_rating_value": rating.get("rating"),
        "conversation_rating_remark": rating.get("remark"),
        "first_contact_reply_created_at": _time(reply.get("created_at")),
        "first_contact_reply_type": reply.get("type"),
        "source_author_id": source["author"]["id"],
        "source_author_type": source["author"]["type"],
        "source_subject": source["subject"],
    }


def _metrics(conversation: Record) -> Record:
    parts = _parts(conversation)
    start = conversation["created_at"]
    replies = [p for p in parts if p["part_type"] == "comment" and _is_by_contact(p)]
    assignments = [part for part in parts if "assignment" in part["part_type"]]
    reopens = [part for part in parts if part["part_type"] == "open"]
    closes = [part for part in parts if part["part_type"] == "close"]
    responses = [
        part
        for part in parts
        if part["part_type"] in {"comment", "assignment"}
        and part["author"]["type"] == "admin"
        and part["body"] is not None
    ]
    reply = _first(replies, _created_at)
    return {
        "count_total_parts": len(parts),
        "count_reopens": len(reopens),
        "count_assignments": len(assignments),
        "first_reopen_at": _time(_first(reopens, _created_at)),
        "last_contact_reply_at": _time(_last(replies, _created_at)),
        "last_admin_response_at": _time(_last(responses, _created_at)),
        "time_to_first_assignment_minutes": _minutes(start, _first(assignments, _created_at)),
        "time_to_first_response_minutes": _minutes(start, _first(responses, _created_at)),
        "time_to_first_close_minutes": _minutes(reply, _first(closes, _created_at)),
        "time_to_last_close_minutes": _minutes(reply, _last(closes, _created_at)),
    }


def _totals(conversations: Sequence[Record]) -> Record:
    """Return what the models of admins and companies say of their conversations."""

    def values(column: str) -> list[Any]:
        return [one[column] for one in conversations if one[column] is not None]

    def median(column: str) -> float | None:
        return statistics.median(values(column)) if values(column) else None

    closed = sum(one["conversation_state"] == "closed" for one in conversations)
    parts, ratings = values("count_total_parts"), values("conversation_rating")
    return {
        "total_conversations_closed": closed if conversations else None,
        "average_conversation_parts": statistics.mean(parts) if parts else None,
        "average_conversation_rating": statistics.mean(ratings) if ratings else None,
        "median_conversations_reopened": median("count_reopens"),
        "median_time_to_first_response_time_minutes": median("time_to_first_response_minutes"),
        "median_time_to_last_close_minutes": median("time_to_last_close_minutes"),
    }


def _by_key(table: str, rows: Iterable[Record]) -> Rows:
    return {tuple(row[key] for key in KEYS[table]): row for row in rows}


def _parts(conversation: Record) -> list[Record]:
    """Return the parts as released API versions show them: any of an unnamed type is a comment."""
    parts = sorted(conversation["conversation_parts"]["conversation_parts"], key=_created_at)
    return [
        {**part, "part_type": "comment"} if part["part_type"] == "unknown" else part
        for part in parts
    ]


def _created_at(part: Record) -> int:
    return int(part["created_at"])


def _author_id(part: Record) -> str:
    return str(part["author"]["id"])


def _is_by_contact(part: Record) -> bool:
    return part["author"]["type"] in {"user", "lead"}


def _is_for_team(part: Record) -> bool:
    return (part["assigned_to"] or {}).get("type") == "team"


def _first(parts: Sequence[Record], value: Callable[[Record], Any]) -> Any:
    return value(parts[0]) if parts else None


def _last(parts: Sequence[Record], value: Callable[[Record], Any]) -> Any:
    return value(parts[-1]) if parts else None


def _minutes(start: int | None, end: int | None) -> float | None:
    return None if start is None or end is None else round((end - start) / 60, 2)


def _names(parts: Iterable[Record]) -> frozenset[str]:
    return frozenset(map(_author_id, parts))


def _named(ids: Iterable[Any], names: dict[str, str]) -> frozenset[str]:
    return frozenset(names[str(one)] for one in ids if str(one) in names)


def _ids(records: Iterable[Record]) -> list[str]:
    return [str(record["id"]) for record in records]


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _time(seconds: int | None) -> datetime | None:
    """Return a timestamp as target-postgres stores it: UTC, without the zone."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)
