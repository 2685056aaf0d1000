"""Responses that are too large for memory: pages become smaller, down to one record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.sandbox.options import SandboxOptions

if TYPE_CHECKING:
    from tests.guarantees.harness import SyncHarness

MAX_BODY_BYTES = 200_000
"""The limit in these tests."""

FITTING = "x" * 150_000
TOO_LARGE = "x" * 250_000
TICKET_STREAMS = ("tickets", "ticket_parts")


@pytest.fixture
def options() -> SandboxOptions:
    return SandboxOptions(contacts=30, companies=5, conversations=12, tickets=12)


@pytest.fixture(autouse=True)
def small_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep less of each response than usual."""
    monkeypatch.setattr("tap_intercom.api.transport.MAX_BODY_BYTES", MAX_BODY_BYTES)


def enlarge(harness: SyncHarness, ticket: dict[str, Any], text: str) -> None:
    """Give the first part of a ticket a long body, without changing its `updated_at`."""
    parts = ticket["ticket_parts"]
    first, *others = parts["ticket_parts"]
    changed = {**parts, "ticket_parts": [{**first, "body": text}, *others]}
    harness.sandbox.change_quietly("tickets", ticket["id"], {"ticket_parts": changed})


@pytest.mark.parametrize("concurrency", [1, 32])
def test_large_records_come_one_by_one(harness: SyncHarness, concurrency: int) -> None:
    for ticket in harness.sandbox.records("tickets"):
        enlarge(harness, ticket, FITTING)

    result = harness.sync(select=TICKET_STREAMS, concurrency=concurrency)

    assert harness.missing_rows(result, TICKET_STREAMS) == {}


@pytest.mark.parametrize("position", [0, 5, -1])
def test_too_large_record_is_left_out_alone(harness: SyncHarness, position: int) -> None:
    tickets = harness.sandbox.records("tickets")
    too_large = sorted(tickets, key=lambda one: one["updated_at"])[position]
    enlarge(harness, too_large, TOO_LARGE)

    result = harness.sync(select=TICKET_STREAMS)

    missing = harness.missing_rows(result, ["tickets"])["tickets"].values()
    assert [row["id"] for row in missing] == [too_large["id"]]


def test_too_large_record_is_named_and_counted(harness: SyncHarness) -> None:
    too_large = harness.sandbox.records("tickets")[5]
    enlarge(harness, too_large, TOO_LARGE)

    result = harness.sync(select=TICKET_STREAMS)

    assert len(result.warnings("tickets", too_large["id"])) == 1
    assert [result.summary(stream)["skipped"] for stream in TICKET_STREAMS] == [1, 1]
    assert result.record_count("tickets") == {"received": 12, "expected": 12}


def test_bookmark_passes_too_large_record(harness: SyncHarness) -> None:
    newest = max(harness.sandbox.records("tickets"), key=lambda one: one["updated_at"])
    enlarge(harness, newest, TOO_LARGE)

    result = harness.sync(select=["tickets"])

    assert result.bookmark("tickets") is not None


def test_page_size_grows_back(harness: SyncHarness) -> None:
    oldest = min(harness.sandbox.records("tickets"), key=lambda one: one["updated_at"])
    enlarge(harness, oldest, TOO_LARGE)

    harness.sync(select=["tickets"], page_size=8, concurrency=1)

    sizes = [
        request.body["pagination"]["per_page"] for request in harness.requests("/tickets/search")
    ]
    assert sizes == [8, 4, 2, 1, 1, 1, 1, 1, 2, 2, 2, 2]


SIZED_BY_INTERCOM = ("articles", "internal_articles", "external_pages", "news_items")
"""Streams whose lists are asked for without a page size, and have more than a page here."""


def lengthen(harness: SyncHarness, stream: str, record: dict[str, Any], text: str) -> None:
    """Give a record a long title, without changing its `updated_at`."""
    harness.sandbox.change(stream, str(record["id"]), {"title": text}, record["updated_at"])


@pytest.mark.parametrize("form", ["url", "cursor", "absent"])
@pytest.mark.parametrize("position", [0, -1], ids=["oldest", "newest"])
@pytest.mark.parametrize("stream", SIZED_BY_INTERCOM)
def test_list_sized_by_intercom_loses_one_record(
    harness: SyncHarness, stream: str, position: int, form: str
) -> None:
    """Every record is too large for a page with others, and one for a page of its own."""
    harness.sandbox.set_options(cursor_pages_next=form)
    records = sorted(harness.sandbox.records(stream), key=lambda one: one["updated_at"])
    for record in records:
        lengthen(harness, stream, record, FITTING)
    lengthen(harness, stream, records[position], TOO_LARGE)

    result = harness.sync(select=[stream])

    read = {str(record["id"]) for record in records} - {str(records[position]["id"])}
    assert set(result.values(stream, "id")) == read
    assert result.summary(stream)["skipped"] == 1
    assert len(result.warnings(stream, str(records[position]["id"]))) == 1


@pytest.mark.parametrize("stream", SIZED_BY_INTERCOM)
def test_later_page_sized_by_intercom_is_divided(harness: SyncHarness, stream: str) -> None:
    """A page with a number was asked for without a size when it turns out to be too large."""
    harness.sandbox.set_options(cursor_pages_next="absent")
    oldest = min(harness.sandbox.records(stream), key=lambda one: one["updated_at"])
    lengthen(harness, stream, oldest, TOO_LARGE)

    result = harness.sync(select=[stream])

    read = {str(record["id"]) for record in harness.sandbox.records(stream)} - {str(oldest["id"])}
    assert sorted(result.values(stream, "id")) == sorted(read)


@pytest.mark.parametrize("stream", ["macros", "content_snippets", "calls"])
def test_large_pages_of_lists_are_divided(
    harness: SyncHarness, monkeypatch: pytest.MonkeyPatch, stream: str
) -> None:
    monkeypatch.setattr("tap_intercom.api.transport.MAX_BODY_BYTES", 6_000)

    result = harness.sync(select=[stream])

    (path,) = {request.path for request in harness.requests() if request.path != "/me"}
    sizes = {int(request.query["per_page"]) for request in harness.requests(path)}
    assert len(sizes) > 1
    assert sorted(result.values(stream, "id")) == sorted(
        str(record["id"]) for record in harness.sandbox.records(stream)
    )


def test_large_transcripts_are_divided(
    harness: SyncHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything = harness.sync(select=["call_transcripts"])
    monkeypatch.setattr("tap_intercom.api.transport.MAX_BODY_BYTES", 10_000)

    result = harness.sync(select=["call_transcripts"])

    assert result.records("call_transcripts") == everything.records("call_transcripts")


def test_too_large_detail_is_left_out(harness: SyncHarness) -> None:
    too_large = harness.sandbox.records("conversations")[3]
    parts = too_large["conversation_parts"]
    first, *others = parts["conversation_parts"]
    changed = {**parts, "conversation_parts": [{**first, "body": TOO_LARGE}, *others]}
    harness.sandbox.change_quietly(
        "conversations", too_large["id"], {"conversation_parts": changed}
    )

    result = harness.sync(select=["conversation_parts"])

    assert result.summary("conversation_parts")["skipped"] == 1
    assert len(result.warnings("conversation_parts", too_large["id"])) == 1
    assert result.bookmark("conversation_parts") is not None
