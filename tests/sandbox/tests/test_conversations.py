"""Conversations and tickets."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.sandbox.tests.client import (
    EVERYTHING,
    INVALID_PARAMETER,
    NOON,
    NOT_FOUND,
    error_of,
    ids_of,
)

if TYPE_CHECKING:
    from tests.sandbox.tests.client import Body, Client, Rows, Start

DELETED = "/conversations/deleted"


def test_only_500_parts_are_shown(start: Start) -> None:
    client = start(conversations=2, long_conversation_parts=501)
    records = client.records("conversations")
    longest = max(records, key=lambda record: int(record["conversation_parts"]["total_count"]))
    parts = longest["conversation_parts"]["conversation_parts"]

    shown = client.get(f"/conversations/{longest['id']}").json()["conversation_parts"]

    assert (shown["total_count"], len(parts)) == (500, 501)
    assert ids_of(shown["conversation_parts"]) == ids_of(parts[1:])


def test_added_parts_move_the_conversation(start: Start) -> None:
    client = start(conversations=3)
    record = client.records("conversations")[0]

    client.control.add_parts(record["id"], 3)

    shown = client.get(f"/conversations/{record['id']}").json()
    expected = record["conversation_parts"]["total_count"] + 3
    assert shown["conversation_parts"]["total_count"] == expected
    assert shown["updated_at"] == NOON


def test_lists_and_searches_lack_parts(shared: Client) -> None:
    listed = shared.get("/conversations").json()["conversations"][0]
    found = shared.search("conversations").json()["conversations"][0]

    assert "conversation_parts" not in listed
    assert "conversation_parts" not in found


def test_found_tickets_have_parts(shared: Client) -> None:
    assert "ticket_parts" in shared.search("tickets").json()["tickets"][0]


def test_plain_text_replaces_html(shared: Client) -> None:
    conversation = next(
        record["id"]
        for record in shared.records("conversations")
        if record["source"]["type"] == "email" and record["conversation_parts"]["total_count"]
    )

    shown = shared.get(f"/conversations/{conversation}", display_as="plaintext").json()

    bodies = [part["body"] for part in shown["conversation_parts"]["conversation_parts"]]
    texts = [shown["source"]["body"], shown["source"]["subject"], *filter(None, bodies)]
    assert not any(re.search("<[a-z/]", text) for text in texts)
    assert shown["source"]["subject"]


def test_priorities_have_five_levels_since_2_16(shared: Client) -> None:
    old, new = (
        {row["priority"] for row in shared.found("conversations", version=version)}
        for version in ("2.15", "2.16")
    )

    assert old == {"priority", "not_priority"}
    assert new >= {"none", "urgent"}


def test_nobody_is_zero_since_2_16(shared: Client) -> None:
    old, new = (
        {row["admin_assignee_id"] for row in shared.found("conversations", version=version)}
        for version in ("2.15", "2.16")
    )

    assert None in old
    assert 0 in new - old


def test_workflows_ask_for_ratings_since_2_17(shared: Client) -> None:
    old, new = (
        {
            row["conversation_rating"]["teammate"]["type"]
            for row in shared.found("conversations", version=version)
            if row["conversation_rating"]
        }
        for version in ("2.16", "2.17")
    )

    assert old == {"admin"}
    assert new == {"admin", "workflow"}


def test_unnamed_part_types_are_unknown_in_preview(shared: Client) -> None:
    conversation, kept = next(
        (row["id"], part)
        for row in shared.records("conversations")
        for part in parts_of(row)
        if part["part_type"] == "unknown"
    )

    shown = [
        {part["id"]: part for part in parts_of(response.json())}[kept["id"]]["part_type"]
        for response in (
            shared.get(f"/conversations/{conversation}", version) for version in ("2.18", "Preview")
        )
    ]

    assert shown == ["comment", "unknown"]


def parts_of(conversation: Body) -> Rows:
    parts: Rows = conversation["conversation_parts"]["conversation_parts"]
    return parts


def test_scorecards_have_reviews_in_preview(shared: Client) -> None:
    old, new = (scorecard(shared, version) for version in ("2.18", "Preview"))

    assert old.keys() - new.keys() == {"scorecard_version_id"}
    assert new.keys() - old.keys() == {"reviewer", "review_status", "notes"}
    old_result, new_result = (row["evaluators"][0]["result"] for row in (old, new))
    assert old_result.keys() - new_result.keys() == {"reason_ids"}
    assert new_result.keys() - old_result.keys() == {"value_label", "reasons"}


def scorecard(client: Client, version: str) -> Body:
    """The first scorecard that a search finds."""
    body = {"query": EVERYTHING, "pagination": {"per_page": 150}}
    response = client.post("/conversations/search?include_scorecards=true", body, version)
    found: Rows = [row for each in response.json()["conversations"] for row in each["scorecards"]]
    return found[0]


def test_deleted_conversation_is_gone(start: Start) -> None:
    client = start(conversations=3)
    deleted, *others = ids_of(client.records("conversations"))

    client.control.delete("conversations", deleted)

    assert error_of(client.get(f"/conversations/{deleted}")) == NOT_FOUND
    assert client.ids("conversations") == others


def test_deleted_conversations_are_listed(start: Start) -> None:
    client = start(conversations=25)
    ids = ids_of(client.records("conversations"))
    for position, conversation in enumerate(ids):
        client.control.clock.set(NOON + position)
        client.control.delete("conversations", conversation)

    pages = client.pages(DELETED)

    shown = [ids_of(page["conversations"]) for page in pages]
    assert shown == [ids[24:4:-1], ids[4::-1]]
    assert [page["type"] for page in pages] == ["conversations.list"] * 2
    assert pages[1]["pages"]["next"] is None


def test_oldest_deletion_can_come_first(start: Start) -> None:
    client = start(conversations=2)
    for conversation in ids_of(client.records("conversations")):
        client.control.delete("conversations", conversation)

    first = client.get(DELETED, order="asc").json()["conversations"][0]

    assert first["id"] == client.records("conversations")[0]["id"]
    assert first["deleted_at"] == NOON


@pytest.mark.parametrize("parameter", [{"per_page": 61}, {"order": "ascending"}])
def test_wrong_parameter_of_deletions_is_refused(shared: Client, parameter: dict[str, str]) -> None:
    assert error_of(shared.get(DELETED, **parameter)) == INVALID_PARAMETER


def test_ticket_is_shown_whole(shared: Client) -> None:
    ticket = shared.records("tickets")[0]

    assert shared.get(f"/tickets/{ticket['id']}").json() == ticket


def test_unknown_ticket_is_named(shared: Client) -> None:
    assert error_of(shared.get("/tickets/1")) == (404, "ticket_not_found")


def test_assignees_of_tickets_were_strings(shared: Client) -> None:
    ticket = shared.records("tickets")[0]

    old = shared.get(f"/tickets/{ticket['id']}", "2.15").json()

    assert old["team_assignee_id"] == str(ticket["team_assignee_id"])
