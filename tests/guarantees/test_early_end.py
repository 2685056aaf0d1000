"""An answer that leads to no next page, though its `total_count` says that more records match."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from tests.expected_rows import ROWS
from tests.sandbox.faults import Fault
from tests.sandbox.options import SandboxOptions

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_intercom.api.request import Request
    from tests.guarantees.harness import SyncHarness, SyncResult

CONTACTS = ("contacts", "contact_tags", "contact_companies")
SEARCHES = {
    "/contacts/search": CONTACTS,
    "/conversations/search": ("conversations", "conversation_parts", "conversation_tags"),
    "/tickets/search": ("tickets", "ticket_parts"),
}
LISTS = {
    "/articles": "articles",
    "/help_center/collections": "collections",
    "/internal_articles": "internal_articles",
    "/content_snippets": "content_snippets",
    "/audiences": "audiences",
    "/ai/external_pages": "external_pages",
    "/news/news_items": "news_items",
    "/calls": "calls",
    "/conversations/deleted": "deleted_conversations",
    "/contacts/[^/]+/notes": "contact_notes",
    "/contacts/[^/]+/companies": "contact_companies",
    "/conversations/[^/]+/side_conversations": "side_conversations",
}
"""Lists that tell a `total_count` and may have several pages, and the streams that read them."""

CUSTOM_STREAMS: dict[str, dict[str, Any]] = {
    "list": {"path": "/articles", "params": {"per_page": 10}},
    "incremental": {
        "path": "/articles",
        "params": {"per_page": 10},
        "replication_key": "updated_at",
    },
    "POST": {
        "path": "/contacts/search",
        "method": "POST",
        "body": {"query": {"field": "id", "operator": "!=", "value": "0"}},
    },
    "child": {"path": "/contacts/{id}/notes", "parent": "contacts", "params": {"per_page": 1}},
}
"""Definitions of lists that tell a `total_count`."""

EARLY_END = Fault(kind="early_end")
MANY_PAGES = SandboxOptions(
    contacts=260,
    companies=20,
    conversations=220,
    tickets=130,
    list_sizes={"content_snippets": 120, "audiences": 120, "external_pages": 120, "calls": 60},
)

in_each_search = pytest.mark.parametrize("path", SEARCHES)
in_each_list = pytest.mark.parametrize("path", LISTS)
with_and_without_windows = pytest.mark.parametrize("concurrency", [1, 32])
with_many_pages = pytest.mark.parametrize("options", [MANY_PAGES], indirect=True)
often = pytest.mark.parametrize(
    "fault",
    [
        replace(EARLY_END, after=0),
        replace(EARLY_END, after=1),
        replace(EARLY_END, after=4),
        replace(EARLY_END, every=3, times=None),
    ],
    ids=["first page", "second page", "fifth page", "every third page"],
)


def add_to_total(number: int, path: str) -> Callable[[Request, dict[str, Any]], None]:
    """Let the responses to one path count more records than there are."""

    def change(request: Request, content: dict[str, Any]) -> None:
        if request.path == path:
            content["total_count"] += number

    return change


def sync_after_changes(harness: SyncHarness, fault: Fault) -> SyncResult:
    """Sync contacts, change 90 of them, and sync again, newest first, while a fault is there."""
    version = "2.16"
    first = harness.sync(select=CONTACTS, api_version=version)
    harness.sandbox.clock.advance(7200)
    harness.sandbox.touch_oldest("contacts", 90)
    harness.sandbox.faults.add(replace(fault, path="/contacts/search"))
    return first + harness.sync(first.state, select=CONTACTS, page_size=20, api_version=version)


@in_each_search
@with_and_without_windows
@often
@with_many_pages
def test_search_that_ends_early_loses_nothing(
    harness: SyncHarness, path: str, concurrency: int, fault: Fault
) -> None:
    harness.sandbox.faults.add(replace(fault, path=path))

    result = harness.sync(select=SEARCHES[path], page_size=20, concurrency=concurrency)

    assert harness.missing_rows(result, SEARCHES[path]) == {}


@in_each_search
@with_and_without_windows
@with_many_pages
def test_lost_cursors_end_no_run_silently(
    harness: SyncHarness, path: str, concurrency: int
) -> None:
    """No page leads to another, and some are full of records of one second or one day."""
    harness.sandbox.faults.add(replace(EARLY_END, path=path, times=None))
    settings = {"select": SEARCHES[path], "page_size": 20, "concurrency": concurrency}
    first = harness.try_sync(**settings)
    is_complete = harness.missing_rows(first, SEARCHES[path]) == {}
    assert is_complete or first.error is not None
    harness.sandbox.faults.clear()

    second = harness.sync(first.state, **settings)

    assert harness.missing_rows(first + second, SEARCHES[path]) == {}


@in_each_search
@with_many_pages
def test_search_that_ends_early_is_warned_of(harness: SyncHarness, path: str) -> None:
    harness.sandbox.faults.add(replace(EARLY_END, path=path, after=2))
    total = len(harness.sandbox.records(SEARCHES[path][0]))

    result = harness.sync(select=SEARCHES[path][:1], page_size=20, concurrency=1)

    assert len(result.warnings(path, 60, total)) == 1
    assert result.record_count(SEARCHES[path][0]) == {"received": total, "expected": total}


@often
@with_many_pages
def test_newest_first_that_ends_early_loses_nothing(harness: SyncHarness, fault: Fault) -> None:
    written = sync_after_changes(harness, fault)

    assert harness.missing_rows(written, CONTACTS) == {}


@in_each_search
@with_and_without_windows
@with_many_pages
def test_wrong_total_ends_no_run(harness: SyncHarness, path: str, concurrency: int) -> None:
    stream = SEARCHES[path][0]
    total = len(harness.sandbox.records(stream))
    harness.change_responses(add_to_total(3, path))

    result = harness.sync(select=SEARCHES[path], page_size=20, concurrency=concurrency)

    assert harness.missing_rows(result, SEARCHES[path]) == {}
    assert result.record_count(stream) == {"received": total, "expected": total + 3}
    assert result.warnings(stream, total, total + 3)


@with_many_pages
def test_wrong_total_costs_few_requests(harness: SyncHarness) -> None:
    harness.sync(select=["tickets"], page_size=20, concurrency=1)
    before = len(harness.requests("/tickets/search"))
    harness.sandbox.clear_requests()
    harness.change_responses(add_to_total(3, "/tickets/search"))

    harness.sync(select=["tickets"], page_size=20, concurrency=1)

    assert len(harness.requests("/tickets/search")) <= before + 2


@in_each_search
@with_many_pages
def test_record_read_twice_hides_no_early_end(harness: SyncHarness, path: str) -> None:
    """A page of records that were read comes again, and one page of others is left out."""
    kind = SEARCHES[path][0]
    records = harness.sandbox.records(kind)
    later = records[-30]["updated_at"]
    harness.before_request(path, lambda: harness.sandbox.touch_oldest(kind, 20, later), number=3)
    harness.sandbox.faults.add(replace(EARLY_END, path=path, after=(len(records) - 1) // 20))

    result = harness.sync(select=[kind], page_size=20, concurrency=1)

    assert harness.missing_rows(result, [kind]) == {}


@in_each_list
@with_many_pages
def test_list_that_ends_early_loses_nothing(harness: SyncHarness, path: str) -> None:
    stream = LISTS[path]
    for record in harness.sandbox.records("conversations")[:130]:
        harness.sandbox.delete("conversations", record["id"])
    harness.sandbox.faults.add(replace(EARLY_END, path=path, every=2, times=None))

    result = harness.sync(select=[stream], concurrency=1)

    assert harness.missing_rows(result, [stream]) == {}


@pytest.mark.parametrize("definition", CUSTOM_STREAMS.values(), ids=CUSTOM_STREAMS)
@with_many_pages
def test_custom_stream_that_ends_early_loses_nothing(
    harness: SyncHarness, definition: dict[str, Any]
) -> None:
    stream = {"name": "own", "primary_keys": ["id"], "records_path": "data", **definition}
    parent = str(definition.get("parent", "articles"))
    complete = harness.sync(select=["own", parent], custom_streams=[stream])
    path = str(definition["path"]).replace("{id}", "[^/]+")
    harness.sandbox.faults.add(replace(EARLY_END, path=path, every=2, times=None))

    result = harness.sync(select=["own", parent], custom_streams=[stream], concurrency=1)

    assert result.values("own", "id") == complete.values("own", "id")
    assert len(set(result.values("own", "id"))) > 30


@with_many_pages
def test_list_with_wrong_total_is_warned_of(harness: SyncHarness) -> None:
    harness.change_responses(add_to_total(2, "/articles"))
    total = len(harness.sandbox.records("articles"))

    result = harness.sync(select=["articles"])

    assert harness.missing_rows(result, ["articles"]) == {}
    assert len(result.warnings("/articles", total, total + 2)) == 1


def test_lists_of_this_module_are_checked() -> None:
    assert set(LISTS.values()) <= ROWS.keys()
