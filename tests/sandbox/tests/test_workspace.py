"""What a generated workspace holds."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.sandbox import Sandbox, workspace
from tests.sandbox.generate.plain_lists import SIZES
from tests.sandbox.tests.client import DAY, NOON, ids_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.sandbox.tests.client import Body, Client, Rows, Start

KINDS = ("contacts", "companies", "conversations", "tickets")


def test_default_workspace_starts_within_seconds() -> None:
    start = time.process_time()

    with Sandbox():
        processor_seconds = time.process_time() - start

    assert processor_seconds < 2


def test_same_seed_gives_same_workspace(start: Start) -> None:
    sizes = {"contacts": 60, "companies": 20, "conversations": 30, "tickets": 12}

    first = start(seed=7, **sizes)
    workspace.generated.cache_clear()
    second = start(seed=7, **sizes)

    for kind in (*KINDS, *SIZES, "article_statistics", "call_transcripts"):
        assert first.records(kind) == second.records(kind)


def test_change_stays_in_its_workspace(start: Start) -> None:
    """What two workspaces start with is generated once for both."""
    first, second = (start(contacts=1, conversations=1).control for _ in range(2))
    before = {kind: second.records(kind) for kind in ("contacts", "conversations", "tags")}

    for kind, rows in before.items():
        first.change(kind, rows[0]["id"], {"name": "Other", "title": "Other"})

    assert {kind: second.records(kind) for kind in before} == before
    assert all(first.records(kind) != rows for kind, rows in before.items())


def test_other_seed_gives_other_workspace(start: Start) -> None:
    sizes = {"contacts": 60, "companies": 20, "conversations": 30, "tickets": 12}

    first, second = (start(seed=seed, **sizes) for seed in (7, 8))

    for kind in KINDS:
        assert first.records(kind) != second.records(kind)


@pytest.mark.parametrize("kind", ["contacts", "conversations"])
def test_bulk_jobs_share_one_second(shared: Client, kind: str) -> None:
    timestamps = [record["updated_at"] for record in shared.records(kind)]

    assert max(timestamps.count(second) for second in set(timestamps)) > 200


@pytest.mark.parametrize("kind", ["contacts", "conversations"])
def test_records_are_two_years_old(shared: Client, kind: str) -> None:
    timestamps = [record["updated_at"] for record in shared.records(kind)]

    assert min(timestamps) >= NOON - 730 * DAY
    assert NOON - 600 <= max(timestamps) <= NOON


@pytest.mark.parametrize("kind", [*KINDS, "notes", "tags"])
def test_ids_are_unique_strings(shared: Client, kind: str) -> None:
    ids = ids_of(shared.records(kind))

    assert len(set(ids)) == len(ids)
    assert {type(identifier) for identifier in ids} == {str}


INTEGER_IDS = {"content_import_sources", "folders"}


@pytest.mark.parametrize("kind", SIZES)
def test_ids_of_lists_are_unique(shared: Client, kind: str) -> None:
    ids = ids_of(shared.records(kind))

    assert len(set(ids)) == len(ids) == SIZES[kind]
    assert {type(i) for i in ids} == {int if kind in INTEGER_IDS else str}


def parts_of(conversations: Rows) -> Rows:
    return [part for c in conversations for part in c["conversation_parts"]["conversation_parts"]]


def test_some_part_ids_are_integers(shared: Client) -> None:
    parts = parts_of(shared.records("conversations"))

    assert len({str(part["id"]) for part in parts}) == len(parts)
    assert {type(part["id"]) for part in parts} == {int, str}


def test_some_parts_were_redacted(shared: Client) -> None:
    parts = parts_of(shared.records("conversations"))

    assert any(part["body"] is None and part["redacted"] for part in parts)


def test_some_conversations_have_no_parts(shared: Client) -> None:
    conversations = shared.records("conversations")

    assert any(not parts_of([conversation]) for conversation in conversations)


def counts(rows: Rows, count: Callable[[Body], int]) -> set[int]:
    return {count(row) for row in rows}


def test_records_embed_none_one_and_several(shared: Client) -> None:
    conversations, tickets = shared.records("conversations"), shared.records("tickets")
    ticket_parts = [part for ticket in tickets for part in ticket["ticket_parts"]["ticket_parts"]]
    teammates = [c["teammates"]["teammates"] for c in conversations if c["teammates"]]
    contacts = shared.records("contacts")

    assert counts(conversations, lambda c: len(c["source"]["attachments"])) >= {0, 1, 2}
    assert counts(parts_of(conversations), lambda part: len(part["attachments"])) >= {0, 1, 2}
    assert counts(ticket_parts, lambda part: len(part["attachments"])) >= {0, 1, 2}
    assert {len(rows) for rows in teammates} >= {0, 1, 2}
    assert counts(conversations, lambda c: len(c["contacts"]["contacts"])) >= {1, 3}
    assert counts(tickets, lambda t: len(t["contacts"]["contacts"])) >= {1, 4}
    assert counts(contacts, lambda c: len(c["social_profiles"]["data"])) >= {0, 2}


def test_teammates_are_authors_of_parts(shared: Client) -> None:
    for conversation in shared.records("conversations"):
        authors = [part["author"] for part in parts_of([conversation])]
        admin_ids = {author["id"] for author in authors if author["type"] == "admin"}
        teammates = conversation["teammates"]
        assert teammates is None or {t["id"] for t in teammates["teammates"]} == admin_ids


def test_attachments_of_one_message_differ(shared: Client) -> None:
    for conversation in shared.records("conversations"):
        for message in (conversation["source"], *parts_of([conversation])):
            urls = [file["url"] for file in message["attachments"]]
            assert len(set(urls)) == len(urls)


def test_inner_collections_have_no_help_center(shared: Client) -> None:
    collections = shared.records("collections")
    ids = set(ids_of(collections))

    for row in collections:
        assert (row["parent_id"] is None) == (row["help_center_id"] is not None)
        assert row["parent_id"] is None or row["parent_id"] in ids


def test_default_brand_has_workspace_id(shared: Client) -> None:
    workspace_id = shared.get("/me").json()["app"]["id_code"]

    brands = shared.get("/brands").json()["data"]

    assert [row["id"] for row in brands if row["is_default"]] == [workspace_id]


def test_calls_belong_to_conversations_contacts(shared: Client) -> None:
    conversations = {row["id"]: row for row in shared.records("conversations")}

    for call in shared.records("calls"):
        if call["conversation_id"] is not None:
            contacts = conversations[call["conversation_id"]]["contacts"]["contacts"]
            assert call["contact_id"] in ids_of(contacts)


def test_calls_have_both_timestamp_notations(shared: Client) -> None:
    assert {type(row["updated_at"]) for row in shared.records("calls")} == {int, str}


def test_activities_are_twenty_days_old(shared: Client) -> None:
    timestamps = [row["created_at"] for row in shared.records("activity_logs")]

    assert NOON - 21 * DAY < min(timestamps) < NOON - 15 * DAY
    assert NOON - 2 * DAY < max(timestamps) < NOON


def test_some_activities_share_a_second(shared: Client) -> None:
    timestamps = [row["created_at"] for row in shared.records("activity_logs")]

    assert len(set(timestamps)) < len(timestamps)


def test_sizes_of_lists_can_be_chosen(start: Start) -> None:
    sizes = dict.fromkeys(SIZES, 0) | {"articles": 200, "macros": 1}

    client = start(list_sizes=sizes)

    assert {kind: len(client.records(kind)) for kind in SIZES} == sizes
    assert len(client.rows("/articles", per_page=150)) == 200


def test_empty_list_has_no_pages(start: Start) -> None:
    client = start(list_sizes={"calls": 0})

    pages = client.get("/calls").json()["pages"]

    assert pages == {"type": "pages", "page": 1, "per_page": 25, "total_pages": 0}
