"""A list that Intercom cuts off is read completely, or a WARNING says what is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec
import pytest

from tap_intercom.errors import InvalidRequestError
from tests.expected_rows import timestamp
from tests.sandbox.faults import Fault
from tests.sandbox.options import SandboxOptions

if TYPE_CHECKING:
    from tap_intercom.api.request import Request
    from tests.guarantees.harness import SyncHarness, SyncResult

CONTACTS = ("contacts", "contact_tags", "contact_companies")
PARTS = "conversation_parts"
DELETED = "deleted_conversations"
DELETED_PATH = "/conversations/deleted"
MANY_COMPANIES = SandboxOptions(contacts=0, companies=10_250, conversations=0, tickets=0)
ALMOST_500_PARTS = SandboxOptions(
    contacts=10, companies=0, conversations=10, tickets=5, long_conversation_parts=480
)
LONG_LISTS = SandboxOptions(contacts=130, companies=100, conversations=0, tickets=0)


@pytest.mark.parametrize("options", [LONG_LISTS], indirect=True)
def test_lists_above_ten_are_complete(harness: SyncHarness) -> None:
    contacts = harness.sandbox.records("contacts")
    assert max(len(contact["tag_ids"]) for contact in contacts) > 10
    assert max(len(contact["company_ids"]) for contact in contacts) > 50

    result = harness.sync(select=CONTACTS)

    assert harness.missing_rows(result, CONTACTS) == {}


@pytest.mark.parametrize("options", [LONG_LISTS], indirect=True)
def test_long_lists_tell_who_applied_tags(harness: SyncHarness) -> None:
    """Embedded tags are ids alone, so these columns are null where no list was fetched."""
    applied = ("name", "applied_at", "applied_by")
    expected = {
        (contact["id"], tag["id"]): (tag["name"], timestamp(tag["applied_at"]), tag["applied_by"])
        if len(contact["tags"]) > 10
        else (None, None, None)
        for contact in harness.sandbox.records("contacts")
        for tag in contact["tags"]
    }

    result = harness.sync(select=["contact_tags"])

    assert {
        (row["contact_id"], row["tag_id"]): tuple(row[name] for name in applied)
        for row in result.records("contact_tags")
    } == expected
    assert result.warnings() == []


def contact_with_most_tags(harness: SyncHarness) -> dict[str, Any]:
    return max(harness.sandbox.records("contacts"), key=lambda one: len(one["tag_ids"]))


@pytest.mark.parametrize("options", [LONG_LISTS], indirect=True)
def test_tags_added_to_long_lists_are_loaded(harness: SyncHarness) -> None:
    first = harness.sync(select=CONTACTS)
    harness.sandbox.clock.advance(60)
    contact = contact_with_most_tags(harness)
    for tag in harness.sandbox.records("tags"):
        harness.sandbox.tag("contacts", contact["id"], tag["id"])

    second = harness.sync(first.state, select=CONTACTS)

    assert harness.missing_rows(first + second, CONTACTS) == {}


@pytest.mark.parametrize("options", [LONG_LISTS], indirect=True)
def test_tags_removed_from_long_lists_disappear(harness: SyncHarness) -> None:
    first = harness.sync(select=CONTACTS)
    harness.sandbox.clock.advance(60)
    contact = contact_with_most_tags(harness)
    removed, *kept = contact["tag_ids"]
    harness.sandbox.untag("contacts", contact["id"], removed)

    second = harness.sync(first.state, select=CONTACTS)

    rows = second.records("contact_tags")
    tags = {row["tag_id"] for row in rows if row["contact_id"] == contact["id"]}
    assert tags == set(kept)


def sync_growing_conversation(harness: SyncHarness) -> tuple[str, SyncResult, SyncResult]:
    """Sync a conversation of 480 parts, add 100 to it, and sync again."""
    conversation = next(
        one for one in harness.sandbox.records("conversations") if one[PARTS]["total_count"] == 480
    )
    first = harness.sync(select=[PARTS])
    harness.sandbox.clock.advance(60)
    harness.sandbox.add_parts(conversation["id"], 100)
    second = harness.sync(first.state, select=[PARTS], long_conversations=False)
    return conversation["id"], first, second


@pytest.mark.parametrize("options", [ALMOST_500_PARTS], indirect=True)
def test_parts_beyond_500_log_a_warning(harness: SyncHarness) -> None:
    conversation_id, first, second = sync_growing_conversation(harness)

    assert first.warnings(PARTS, conversation_id) == []
    assert len(second.warnings(PARTS, conversation_id, 500)) == 1


@pytest.mark.parametrize("options", [ALMOST_500_PARTS], indirect=True)
def test_parts_loaded_earlier_are_kept(harness: SyncHarness) -> None:
    conversation_id, first, second = sync_growing_conversation(harness)

    assert harness.missing_rows(second, [PARTS]) != {}
    conversations = {row["id"]: row for row in harness.sandbox.records("conversations")}
    parts = conversations[conversation_id][PARTS][PARTS]
    # the oldest 80 keep the conversation's earlier timestamp, but they are there
    assert {str(part["id"]) for part in parts} <= set((first + second).values(PARTS, "id"))


def give_parts(harness: SyncHarness, ticket: dict[str, Any], count: int) -> None:
    """Give a ticket a number of parts."""
    part = ticket["ticket_parts"]["ticket_parts"][0]
    parts = [{**part, "id": f"{ticket['id']}-{number}"} for number in range(count)]
    fields = {"ticket_parts": {"type": "x", "ticket_parts": parts, "total_count": count}}
    harness.sandbox.change("tickets", ticket["id"], fields)


def test_ticket_parts_beyond_500_log_a_warning(harness: SyncHarness) -> None:
    ticket = harness.sandbox.records("tickets")[0]
    give_parts(harness, ticket, 612)

    result = harness.sync(select=["tickets", "ticket_parts"])

    assert len(result.warnings("ticket_parts", ticket["id"], 500, 612)) == 1


def test_exactly_500_parts_log_a_warning(harness: SyncHarness) -> None:
    """Intercom counts no more than it returns, so there may be more."""
    full, other, *_ = harness.sandbox.records("tickets")
    give_parts(harness, full, 500)
    give_parts(harness, other, 499)

    result = harness.sync(select=["ticket_parts"])

    (line,) = result.warnings("ticket_parts", 500)
    assert full["id"] in line


@pytest.mark.parametrize("options", [MANY_COMPANIES], indirect=True)
def test_companies_above_10000_are_complete(harness: SyncHarness) -> None:
    result = harness.sync(select=["companies"])

    assert harness.missing_rows(result, ["companies"]) == {}
    assert len(set(result.values("companies", "id"))) == 10_250


def serve(harness: SyncHarness, path: str, *bodies: dict[str, Any]) -> None:
    """Let the next requests for a path be answered with these bodies, in turn."""
    for body in bodies:
        fault = Fault(kind="raw_body", path=path, body=msgspec.json.encode(body))
        harness.sandbox.faults.add(fault)


def deleted_page(number: int, pages: dict[str, Any]) -> dict[str, Any]:
    """Return a page with one deleted conversation."""
    tombstone = {"type": "conversation", "id": str(number), "deleted_at": 1_749_990_000}
    return {"conversations": [tombstone], "pages": {"type": "pages", **pages}}


@pytest.mark.parametrize(
    ("pages", "ids"),
    [
        ({"next": {"page": 2, "starting_after": "abc"}}, ["0", "1"]),
        ({"next": "{url}/conversations/deleted?page=2&per_page=60"}, ["0", "1"]),
        ({"next": "/conversations/deleted?page=2&per_page=60"}, ["0", "1"]),
        ({"next": None}, ["0"]),
        ({"next": ""}, ["0"]),
        ({"next": {}}, ["0"]),
        ({}, ["0"]),
    ],
    ids=["cursor", "URL", "path", "null", "empty text", "empty object", "absent"],
)
def test_next_page_is_found_in_any_form(
    harness: SyncHarness, pages: dict[str, Any], ids: list[str]
) -> None:
    if isinstance(link := pages.get("next"), str):
        pages = {"next": link.format(url=harness.url)}
    serve(harness, DELETED_PATH, deleted_page(0, pages), deleted_page(1, {"next": None}))

    result = harness.sync(select=[DELETED])

    assert sorted(result.values(DELETED, "id")) == ids
    assert len(harness.requests(DELETED_PATH)) == len(ids)


def test_list_with_page_counts_is_complete(harness: SyncHarness) -> None:
    """Some lists have no `next`, only `page` and `total_pages`."""
    counts = [{"page": number, "per_page": 1, "total_pages": 3} for number in (1, 2, 3)]
    serve(harness, DELETED_PATH, *(deleted_page(one["page"], one) for one in counts))

    result = harness.sync(select=[DELETED])

    assert sorted(result.values(DELETED, "id")) == ["1", "2", "3"]


@pytest.mark.parametrize(
    "cut_off",
    [
        {"total_count": 12, "has_more": None},
        {"total_count": 12, "has_more": False},
        {"total_count": 12},
        {"has_more": True},
    ],
    ids=str,
)
def test_list_that_is_cut_off_is_completed(harness: SyncHarness, cut_off: dict[str, Any]) -> None:
    contact = harness.sandbox.records("contacts")[0]
    tags = harness.sandbox.records("tags")[:12]
    for tag in tags:
        harness.sandbox.tag("contacts", contact["id"], tag["id"])
    embedded = [{"id": tag["id"]} for tag in tags[:10]]
    tag_list = {"type": "list", "data": embedded, **cut_off}
    row = {"id": contact["id"], "updated_at": 1_749_999_990, "tags": tag_list}
    serve(harness, "/contacts/search", {"data": [row], "total_count": 1})

    result = harness.sync(select=["contact_tags"])

    assert {str(tag["id"]) for tag in tags} <= set(result.values("contact_tags", "tag_id"))
    assert result.warnings() == []


@pytest.mark.parametrize("notes", [None, {}, {"total_count": None}, "text"], ids=str)
def test_notes_without_count_are_loaded(harness: SyncHarness, notes: Any) -> None:
    """Only a count of none saves the request for a contact's notes."""

    def hide_count(request: Request, page: dict[str, Any]) -> None:
        if request.path == "/contacts/search":
            for contact in page["data"]:
                contact["notes"] = notes

    harness.change_responses(hide_count)

    result = harness.sync(select=["contact_notes"])

    assert result.records("contact_notes") != []
    assert harness.missing_rows(result, ["contact_notes"]) == {}


def test_teammates_are_found_by_either_name(harness: SyncHarness) -> None:
    """The schema of a conversation calls them `teammates`, its examples call them `admins`."""

    def rename(request: Request, page: dict[str, Any]) -> None:
        if request.path == "/conversations/search":
            for conversation in page["conversations"]:
                if isinstance(teammates := conversation["teammates"], dict):
                    teammates["admins"] = teammates.pop("teammates")

    harness.change_responses(rename)

    result = harness.sync(select=["conversation_teammates"])

    assert result.records("conversation_teammates") != []
    assert harness.missing_rows(result, ["conversation_teammates"]) == {}


def test_search_follows_next_page_urls(harness: SyncHarness) -> None:
    def link_by_url(request: Request, page: dict[str, Any]) -> None:
        following = (page.get("pages") or {}).get("next")
        if request.path.endswith("/search") and following:
            cursor = quote(following["starting_after"])
            page["pages"]["next"] = f"{harness.url}{request.path}?starting_after={cursor}"

    harness.change_responses(link_by_url)
    searched = ("contacts", "conversations", "tickets")

    result = harness.sync(select=searched, page_size=9, concurrency=1)

    assert harness.missing_rows(result, searched) == {}


def test_circular_pages_are_an_error(harness: SyncHarness) -> None:
    pages = [
        {"data": [{"id": str(number)}], "pages": {"next": f"/tags?page={number % 2}"}}
        for number in range(30)
    ]
    serve(harness, "/tags", *pages)

    result = harness.try_sync(select=["tags"])

    assert isinstance(result.failures["tags"], InvalidRequestError)
    assert len(harness.requests("/tags")) == 3
