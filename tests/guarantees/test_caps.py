"""Where Intercom cuts a list off, it is read whole, or the tap says what it could not get."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec
import pytest

from tests.guarantees.log_lines import warning_lines
from tests.sandbox.faults import Fault
from tests.sandbox.options import SandboxOptions

if TYPE_CHECKING:
    from tap_intercom.api.request import Request
    from tests.guarantees.harness import SyncHarness

CONTACTS = ("contacts", "contact_tags", "contact_companies")
MANY_COMPANIES = SandboxOptions(contacts=0, companies=10_250, conversations=0, tickets=0)
ALMOST_TOO_LONG = SandboxOptions(
    contacts=10, companies=0, conversations=10, tickets=5, long_conversation_parts=480
)
HAS_MORE = SandboxOptions(contacts=130, companies=100, conversations=0, tickets=0)


@pytest.mark.parametrize("options", [HAS_MORE], indirect=True)
def test_more_than_ten_tags_and_companies_of_a_contact_arrive(harness: SyncHarness) -> None:
    contacts = harness.sandbox.records("contacts")
    assert max(len(contact["tag_ids"]) for contact in contacts) > 10
    assert max(len(contact["company_ids"]) for contact in contacts) > 50
    assert harness.missing_rows(harness.sync(), CONTACTS) == {}


@pytest.mark.parametrize("options", [HAS_MORE], indirect=True)
def test_a_tag_put_on_or_taken_off_a_long_list_arrives_with_the_next_run(
    harness: SyncHarness,
) -> None:
    first = harness.sync()
    harness.sandbox.clock.advance(60)
    contact = max(harness.sandbox.records("contacts"), key=lambda one: len(one["tag_ids"]))
    for tag in harness.sandbox.records("tags"):
        harness.sandbox.tag("contacts", contact["id"], tag["id"])
    harness.sandbox.untag("contacts", contact["id"], contact["tag_ids"][0])
    later = harness.sync(first.state)
    assert harness.missing_rows(first + later, CONTACTS) == {}
    rows = [row for row in later.records("contact_tags") if row["contact_id"] == contact["id"]]
    assert contact["tag_ids"][0] not in {row["tag_id"] for row in rows}


@pytest.mark.parametrize("options", [ALMOST_TOO_LONG], indirect=True)
def test_parts_beyond_500_are_warned_of_and_those_loaded_earlier_stay(
    harness: SyncHarness, caplog: pytest.LogCaptureFixture
) -> None:
    conversation = next(
        one
        for one in harness.sandbox.records("conversations")
        if one["conversation_parts"]["total_count"] == 480
    )
    first = harness.sync()
    assert not any("hands out" in line for line in warning_lines(caplog))
    harness.sandbox.clock.advance(60)
    harness.sandbox.add_parts(conversation["id"], 100)
    later = harness.sync(first.state)
    assert harness.missing_rows(later, ["conversation_parts"]) != {}
    # the oldest 80 keep the conversation's earlier timestamp, but they are there
    missing_rows = harness.missing_rows(first + later, ["conversation_parts"]).get(
        "conversation_parts", {}
    )
    loaded = {row["id"] for row in (first + later).records("conversation_parts")}
    assert {key[0] for key in missing_rows} <= loaded
    (line,) = [line for line in warning_lines(caplog) if "580" in line]
    assert conversation["id"] in line
    assert "500" in line


def test_parts_of_a_ticket_beyond_500_are_warned_of(
    harness: SyncHarness, caplog: pytest.LogCaptureFixture
) -> None:
    ticket = harness.sandbox.records("tickets")[0]
    part = ticket["ticket_parts"]["ticket_parts"][0]
    parts = [{**part, "id": str(number)} for number in range(612)]
    fields = {"ticket_parts": {"type": "x", "ticket_parts": parts, "total_count": 612}}
    harness.sandbox.change("tickets", ticket["id"], fields)
    harness.sync(select=["tickets", "ticket_parts"])
    (line,) = [line for line in warning_lines(caplog) if "612" in line]
    assert ticket["id"] in line
    assert "500" in line


def test_as_many_parts_as_intercom_hands_out_are_warned_of_though_no_more_are_told_of(
    harness: SyncHarness, caplog: pytest.LogCaptureFixture
) -> None:
    full, other, *_ = harness.sandbox.records("tickets")
    for ticket, count in ((full, 500), (other, 499)):
        part = ticket["ticket_parts"]["ticket_parts"][0]
        parts = [{**part, "id": f"{ticket['id']}-{number}"} for number in range(count)]
        fields = {"ticket_parts": {"type": "x", "ticket_parts": parts, "total_count": count}}
        harness.sandbox.change("tickets", ticket["id"], fields)
    harness.sync(select=["ticket_parts"])
    (line,) = [line for line in warning_lines(caplog) if "hands out" in line]
    assert full["id"] in line


@pytest.mark.parametrize("options", [MANY_COMPANIES], indirect=True)
def test_more_than_ten_thousand_companies_arrive(harness: SyncHarness) -> None:
    run = harness.sync(select=["companies"])
    assert len({row["id"] for row in run.records("companies")}) == 10_250
    assert harness.missing_rows(run, ["companies"]) == {}


@pytest.mark.parametrize(
    ("following", "pages"),
    [
        ({"page": 2, "starting_after": "abc"}, 2),
        ("{url}/conversations/deleted?page=2&per_page=60", 2),
        ("/conversations/deleted?page=2&per_page=60", 2),
        (None, 1),
        ("", 1),
        ({}, 1),
        ("absent", 1),
    ],
    ids=str,
)
def test_the_next_page_may_be_an_object_a_url_null_or_absent(
    harness: SyncHarness, following: Any, pages: int
) -> None:
    if isinstance(following, str):
        following = following.format(url=harness.url)
    info_lines = (
        {"type": "pages"} if following == "absent" else {"type": "pages", "next": following}
    )
    for number, next_page in enumerate((info_lines, {"type": "pages", "next": None})):
        tombstone = {"type": "conversation", "id": str(number), "deleted_at": 1_749_990_000}
        body = {"conversations": [tombstone], "pages": next_page}
        harness.sandbox.faults.add(
            Fault(
                kind="raw_body",
                path="/conversations/deleted",
                body=msgspec.json.encode(body),
            )
        )
    run = harness.sync(select=["deleted_conversations"])
    assert (
        {row["id"] for row in run.records("deleted_conversations")} == {"0", "1"}
        if (pages == 2)
        else {"0"}
    )
    assert len(harness.requests("/conversations/deleted")) == pages


def test_a_list_that_only_counts_its_pages_is_read_to_the_end(harness: SyncHarness) -> None:
    """Some lists have no `next` at all, only `page` and `total_pages`."""
    for number in (1, 2, 3):
        tombstone = {"type": "conversation", "id": str(number), "deleted_at": 1_749_990_000}
        counts = {"type": "pages", "page": number, "per_page": 1, "total_pages": 3}
        body = msgspec.json.encode({"conversations": [tombstone], "pages": counts})
        fault = Fault(kind="raw_body", path="/conversations/deleted", body=body)
        harness.sandbox.faults.add(fault)
    run = harness.sync(select=["deleted_conversations"])
    assert {row["id"] for row in run.records("deleted_conversations")} == {"1", "2", "3"}


@pytest.mark.parametrize("has_more", [None, False, "absent"])
def test_a_list_that_counts_more_than_it_holds_is_read_whole(
    harness: SyncHarness, caplog: pytest.LogCaptureFixture, has_more: object
) -> None:
    contact = harness.sandbox.records("contacts")[0]
    for tag in harness.sandbox.records("tags")[:12]:
        harness.sandbox.tag("contacts", contact["id"], tag["id"])
    given = [{"id": tag["id"]} for tag in harness.sandbox.records("tags")[:10]]
    tags = {"type": "list", "data": given, "total_count": 12}
    if has_more != "absent":
        tags["has_more"] = has_more
    row = {"id": contact["id"], "updated_at": 1_749_999_990, "tags": tags}
    body = msgspec.json.encode({"data": [row], "total_count": 1})
    harness.sandbox.faults.add(Fault(kind="raw_body", path="/contacts/search", body=body))
    run = harness.sync(select=["contact_tags"])
    assert len(run.records("contact_tags")) >= 12
    assert warning_lines(caplog) == []


def test_a_search_may_lead_on_by_url(harness: SyncHarness) -> None:
    def with_urls(request: Request, page: dict[str, Any]) -> None:
        following = (page.get("pages") or {}).get("next")
        if request.path.endswith("/search") and following:
            cursor = quote(following["starting_after"])
            page["pages"]["next"] = f"{harness.url}{request.path}?starting_after={cursor}"

    harness.change_responses(with_urls)
    searched = ("contacts", "conversations", "tickets")
    run = harness.sync(select=searched, page_size=9, concurrency=1)
    assert harness.missing_rows(run, searched) == {}


def test_a_list_whose_pages_lead_back_to_an_earlier_one_is_an_error(harness: SyncHarness) -> None:
    for number in range(30):
        body = {"data": [{"id": str(number)}], "pages": {"next": f"/tags?page={number % 2}"}}
        fault = Fault(kind="raw_body", path="/tags", body=msgspec.json.encode(body))
        harness.sandbox.faults.add(fault)
    run = harness.try_sync(select=["tags"])
    assert "would never end" in str(run.error)
    assert len(harness.requests("/tags")) == 3
