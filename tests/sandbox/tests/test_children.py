"""The lists that belong to single records, by their table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.sandbox.children import CHILD_LISTS, PARENT_KEYS
from tests.sandbox.paging import NotePages, UnlinkedPages, Whole
from tests.sandbox.tests.client import INVALID_PARAMETER, by_parent, error_of, ids_of, rows_of
from tests.sandbox.versions import V2_16, header_of

if TYPE_CHECKING:
    from tests.sandbox.tests.client import Client, Start


def children(*pagings: type) -> Any:
    names = [
        name
        for name, child in CHILD_LISTS.items()
        if child.path and (not pagings or type(child.paging) in pagings)
    ]
    return pytest.mark.parametrize("name", names)


def path_of(name: str, parent_id: str) -> str:
    return CHILD_LISTS[name].path.format(id=parent_id)


def version_of(name: str) -> str:
    """The version that has a list: 2.16, or a later one."""
    return header_of(max(V2_16, CHILD_LISTS[name].since))


def longest(client: Client, name: str, count: int = 1) -> list[tuple[str, Any]]:
    """The records with the most rows, each with these."""
    return by_parent(client.records(name), PARENT_KEYS[CHILD_LISTS[name].parent])[:count]


@children(Whole)
def test_full_list_has_all_rows(shared: Client, name: str) -> None:
    child = CHILD_LISTS[name]

    for parent_id, rows in longest(shared, name, 12):
        body = shared.get(path_of(name, parent_id), version_of(name)).json()
        assert body == ({"type": child.type} if child.type else {}) | {child.key: rows}


@children(NotePages)
def test_links_lead_to_all_notes(shared: Client, name: str) -> None:
    for parent_id, rows in longest(shared, name, 12):
        assert shared.rows(path_of(name, parent_id), per_page=7) == rows


@children(NotePages)
def test_notes_may_have_no_link(shared: Client, name: str) -> None:
    parent_id, rows = longest(shared, name)[0]

    with shared.rules(cursor_pages_next="absent"):
        pages = shared.pages(path_of(name, parent_id), per_page=7)

    assert not any("next" in page["pages"] for page in pages)
    assert rows_of(pages) == rows


def test_page_of_notes_has_fifty(shared: Client) -> None:
    contact, rows = longest(shared, "contact_notes")[0]

    page = shared.get(f"/contacts/{contact}/notes").json()

    assert (len(rows), len(page["data"]), page["total_count"]) == (75, 50, 75)
    assert page["pages"]["total_pages"] == 2


@children(UnlinkedPages)
def test_numbers_lead_to_side_conversations(shared: Client, name: str) -> None:
    conversation, rows = longest(shared, name)[0]

    pages = shared.pages(path_of(name, conversation))

    assert rows_of(pages, "side_conversations") == rows
    assert pages[0]["type"] == "side_conversation.list"
    assert pages[0]["total_count"] == len(rows)
    assert pages[0]["pages"] == {"type": "pages", "page": 1, "per_page": 25, "total_pages": 3}


def test_side_conversations_have_largest_page(shared: Client) -> None:
    conversation, _ = longest(shared, "side_conversations")[0]
    path = f"/conversations/{conversation}/side_conversations"

    assert len(shared.get(path, per_page=50).json()["side_conversations"]) == 50
    assert error_of(shared.get(path, per_page=51)) == INVALID_PARAMETER


@children()
def test_unknown_record_is_not_found(shared: Client, name: str) -> None:
    status, code = error_of(shared.get(path_of(name, "none"), version_of(name)))

    assert status == 404
    assert code.endswith("not_found")


def test_default_subscriptions_are_left_out(shared: Client) -> None:
    with_choice = {row["contact_id"] for row in shared.records("contact_subscriptions")}
    contact = next(i for i in ids_of(shared.records("contacts")) if i not in with_choice)

    assert shared.get(f"/contacts/{contact}/subscriptions").json()["data"] == []


def test_segments_of_contacts_lack_counts(shared: Client) -> None:
    assert not any("count" in row for row in shared.records("contact_segments"))


def test_handling_events_have_no_ids(shared: Client) -> None:
    rows = shared.records("conversation_handling_events")

    keys = {(r["conversation_id"], r["timestamp"], r["type"], r["teammate"]["id"]) for r in rows}
    assert len(keys) == len(rows)
    assert not any("id" in row for row in rows)


def test_handling_events_are_of_anybody(shared: Client) -> None:
    rows = shared.records("conversation_handling_events")

    assert {row["type"] for row in rows} == {"paused", "resumed"}
    assert {row["teammate"]["type"] for row in rows} == {"admin", "team", "bot"}
    assert all(isinstance(row["teammate"]["id"], int) for row in rows)


def test_side_parts_have_own_ids(shared: Client) -> None:
    side = rows_of(shared.records("side_conversations"), "conversation_parts")
    conversations = shared.records("conversations")
    main = [p for c in conversations for p in c["conversation_parts"]["conversation_parts"]]

    ids = [str(part["id"]) for part in side + main]

    assert len(set(ids)) == len(ids)


def test_children_change_without_their_record(start: Start) -> None:
    client = start(conversations=10)
    before = client.records("conversations")
    teammate = {"type": "admin", "id": 1, "name": "A", "email": None}
    rows = [{"teammate": teammate, "type": "paused", "timestamp": "2026-01-09T09:00:00Z"}]

    client.control.give_children("conversation_handling_events", before[0]["id"], rows)

    path = f"/conversations/{before[0]['id']}/handling_events"
    assert client.get(path).json() == {"handling_events": rows}
    assert client.control.records("conversations") == before


@pytest.mark.parametrize(
    "name", ["all_contact_events", "conversation_handling_events", "side_conversations"]
)
def test_record_changes_without_its_children(start: Start, name: str) -> None:
    client = start(contacts=60, conversations=60)
    before = sorted(map(repr, client.records(name)))

    client.control.touch_oldest("contacts", 60)
    client.control.touch_oldest("conversations", 60)

    assert sorted(map(repr, client.control.records(name))) == before
