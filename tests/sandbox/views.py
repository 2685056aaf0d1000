"""How records look in responses, by place and API version."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache, partial
from typing import Final

from tests.sandbox.generate.blueprint import admin_author
from tests.sandbox.generate.evaluations import evaluations, topics
from tests.sandbox.records import Body, Record
from tests.sandbox.versions import PREVIEW, V2_10, V2_12, V2_16, V2_17, Version

MAX_EMBEDDED: Final = 10
MAX_PARTS: Final = 500
BARE_LISTS_EVERY: Final = 7
RATING_WORKFLOW: Final = {"type": "workflow", "id": "33217"}
UNKNOWN_TYPE: Final = "unknown"
PARTS_IN_PREVIEW: Final = {"admin_assignee_id", "team_assignee_id", "translations"}
DETAILS_BEFORE_PREVIEW: Final = {"action", "attribute", "event", "value", "workflow"}
SCORECARDS_BEFORE_PREVIEW: Final = {"scorecard_version_id", "reason_ids"}
SCORECARDS_IN_PREVIEW: Final = {"reviewer", "review_status", "notes", "value_label", "reasons"}
_INTERNAL: Final = (
    "company_ids",
    "segment_ids",
    "opted_out_subscription_ids",
    "opted_in_subscription_ids",
)

View = Callable[[Record, Version], Body]


def contact(record: Record, version: Version) -> Body:
    """A contact: its lists show ten references each."""
    body = contact_with_merges(record, version)
    body.pop("merge_history", None)
    return body


def contact_with_merges(record: Record, version: Version) -> Body:
    """A contact and, if it is a user, those that were merged into it (`include_merge_history`)."""
    body = record.body()
    merges = body.pop("merge_history", [])
    if body["role"] == "user":
        body["merge_history"] = merges
    lists = {
        "tags": ("tag", "tags", [tag["id"] for tag in body["tags"]]),
        "notes": ("note", "notes", [note["id"] for note in body["notes"]]),
        "companies": ("company", "companies", body["company_ids"]),
    } | {
        f"{choice}_subscription_types": (
            "subscription",
            "subscriptions",
            body[f"{choice}_subscription_ids"],
        )
        for choice in ("opted_out", "opted_in")
    }
    for key in _INTERNAL:
        del body[key]
    for name, (kind, path, ids) in lists.items():
        body[name] = _addressable_list(kind, f"/contacts/{record.id}/{path}", path, ids)
    if version >= V2_16 and body["owner_id"] is not None:
        body["owner_id"] = str(body["owner_id"])
    return body


def company(record: Record, version: Version) -> Body:
    """A company; its notes are embedded, ten at most, from 2.17 on."""
    body = record.body()
    ids = [note["id"] for note in body.pop("notes")]
    body["tag_ids"] = [int(tag["id"]) for tag in body["tags"]["tags"]]  # recorded
    if version >= V2_17:
        path = f"/companies/{record.id}/notes"
        body["notes"] = _addressable_list("note", path, "notes", ids)
    return body


def conversation_list_item(record: Record, version: Version) -> Body:
    """A conversation as lists and searches show it: without its parts."""
    body = _conversation(record, version)
    del body["conversation_parts"]
    return body


def conversation(record: Record, version: Version) -> Body:
    """A conversation with its 500 most recent parts."""
    return _with_parts(record, version, lambda _: True)


def _with_parts(record: Record, version: Version, shows: Callable[[str], bool]) -> Body:
    """A conversation with its 500 most recent parts of some types; they alone are counted.

    `total_count` "is not the conversation's total part count" (Preview reference).
    """
    body = _conversation(record, version)
    parts = body["conversation_parts"]
    chosen = [part for part in parts["conversation_parts"] if shows(part["part_type"])]
    parts["conversation_parts"] = [_part(part, version) for part in chosen[-MAX_PARTS:]]
    parts["total_count"] = len(parts["conversation_parts"])
    if version == PREVIEW:
        body["ai_topics"] = {"type": "ai_topics", "topics": topics(record)}
    return body


def _part(part: Body, version: Version) -> Body:
    """A part; before Preview some fields are hidden, and one of an unnamed type is a comment.

    (Preview's description of October 2026.)
    """
    if version == PREVIEW:
        return part
    shown = _without(part, PARTS_IN_PREVIEW)
    details = part.get("event_details") or {}
    if not details.keys() <= DETAILS_BEFORE_PREVIEW:
        shown["event_details"] = None
    return shown | {"part_type": "comment"} if part["part_type"] == UNKNOWN_TYPE else shown


@lru_cache
def conversation_of_types(types: frozenset[str], *, included: bool, plaintext: bool) -> View:
    """A conversation with parts of some types alone, or without those."""

    def view(record: Record, version: Version) -> Body:
        body = _with_parts(record, version, lambda part_type: (part_type in types) is included)
        return _plaintext(body) if plaintext else body

    return view


def _evaluated(record: Record, version: Version, *, monitors: bool, scorecards: bool) -> Body:
    """A conversation in a search that asks for evaluations; most have none."""
    body = conversation_list_item(record, version)
    asked = {"monitor_evaluations": monitors, "scorecards": scorecards}
    for name in (name for name, is_asked in asked.items() if is_asked):
        body[name] = evaluations(name, record)
    if scorecards:
        body["scorecards"] = [_scorecard(row, version) for row in body["scorecards"]]
    return body


def _scorecard(row: Body, version: Version) -> Body:
    """A scorecard in the form of 2.16, or of Preview (its description of October 2026)."""
    hidden = SCORECARDS_BEFORE_PREVIEW if version == PREVIEW else SCORECARDS_IN_PREVIEW
    evaluators = [each | {"result": _without(each["result"], hidden)} for each in row["evaluators"]]
    return _without(row, hidden) | {"evaluators": evaluators}


def _without(row: Body, names: AbstractSet[str]) -> Body:
    return {name: value for name, value in row.items() if name not in names}


EVALUATED_VIEWS: Final[Mapping[tuple[bool, bool], View]] = {
    (monitors, scorecards): partial(_evaluated, monitors=monitors, scorecards=scorecards)
    for monitors in (False, True)
    for scorecards in (False, True)
}


def plaintext_conversation(record: Record, version: Version) -> Body:
    """A conversation with text in place of HTML (`display_as=plaintext`), subject included."""
    return _plaintext(conversation(record, version))


def _plaintext(body: Body) -> Body:
    body["source"]["body"] = _plain(body["source"]["body"])
    body["source"]["subject"] = _plain(body["source"]["subject"])
    for part in body["conversation_parts"]["conversation_parts"]:
        part["body"] = _plain(part["body"])
    return body


def ticket(record: Record, version: Version) -> Body:
    """A ticket with its 500 most recent parts; assignee ids are strings before 2.16.

    Up to 2.11 the state is text, beside its labels (recorded).
    """
    body = record.body()
    parts = body["ticket_parts"]
    hidden = set() if version == PREVIEW else {"translations"}
    parts["ticket_parts"] = [_without(part, hidden) for part in parts["ticket_parts"][-MAX_PARTS:]]
    if version < V2_16:
        for assignee in ("admin_assignee_id", "team_assignee_id"):
            body[assignee] = str(body[assignee])
    if version < V2_12:
        state = body["ticket_state"]
        body["ticket_state"] = state["category"]
        body["ticket_state_internal_label"] = state["internal_label"]
        body["ticket_state_external_label"] = state["external_label"]
    return body


def _conversation(record: Record, version: Version) -> Body:
    """A conversation in the form of a version.

    From 2.16 on priority has five levels, and nobody is 0 in place of null. From 2.17 on a rating
    that no teammate took part in names the workflow that asked for it (2.17 changelog).

    Contacts and teammates can be bare lists (an example of the documentation), and old versions
    have an assignee (recorded).
    """
    body = record.body()
    rating, holder = body["conversation_rating"], body["teammates"]
    teammates = holder.get("teammates") if isinstance(holder, dict) else None
    if version >= V2_17 and isinstance(rating, dict) and not teammates:
        rating["teammate"] = dict(RATING_WORKFLOW)
    if record.number % BARE_LISTS_EVERY == BARE_LISTS_EVERY - 1:
        for name in ("contacts", "teammates"):
            body[name] = body[name][name] if isinstance(body[name], dict) else body[name]
    if version < V2_10:
        body["assignee"] = admin_author(record.number) if body["admin_assignee_id"] else None
    if version >= V2_16:
        for assignee in ("admin_assignee_id", "team_assignee_id"):
            body[assignee] = body[assignee] or 0
    else:
        body["priority"] = "not_priority" if body["priority"] == "none" else "priority"
    return body


def _addressable_list(kind: str, url: str, path: str, ids: Sequence[str]) -> Body:
    return {
        "type": "list",
        "data": [{"type": kind, "id": i, "url": f"/{path}/{i}"} for i in ids[:MAX_EMBEDDED]],
        "url": url,
        "total_count": len(ids),
        "has_more": len(ids) > MAX_EMBEDDED,
    }


def _plain(html: str | None) -> str | None:
    if html is None:
        return None
    text = re.sub(r"<[^>]+>", "", html.replace("</p>", "\n")).strip()
    return text.replace("&amp;", "&")
