"""Any choice of streams and fields, changed from run to run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_intercom.streams import stream_types
from tap_intercom.sync.list_stream import ListStream
from tap_intercom.tap import TapIntercom
from tests.expected_rows import KEYS, ROWS
from tests.guarantees.harness import SyncHarness
from tests.sandbox.options import SandboxOptions
from tests.singer import Output, select_streams

if TYPE_CHECKING:
    from collections.abc import Iterable

SMALL: Final = SandboxOptions(contacts=70, companies=30, conversations=25, tickets=15)
LISTS: Final = {
    str(stream_type.name): tuple(request.path for request in stream_type.requests)
    for stream_type in stream_types()
    if issubclass(stream_type, ListStream)
}
PATHS: Final[dict[str, tuple[str, ...]]] = LISTS | {
    "team_admins": ("/teams",),
    "deleted_conversations": ("/conversations/deleted",),
    "contacts": ("/contacts/search",),
    "contact_tags": ("/contacts/search", "tags"),
    "contact_companies": ("/contacts/search", "companies"),
    "companies": ("/companies/scroll",),
    "company_tags": ("/companies/scroll",),
    "company_segments": ("/companies/scroll",),
    "conversations": ("/conversations/search", "/tickets/search"),
    "conversation_parts": ("/conversations/search", "/tickets/search", "detail"),
    "conversation_contacts": ("/conversations/search", "/tickets/search"),
    "conversation_tags": ("/conversations/search", "/tickets/search"),
    "tickets": ("/tickets/search",),
    "ticket_parts": ("/tickets/search",),
    "contact_social_profiles": ("/contacts/search",),
    "contact_segments": (
        "/contacts/search",
        "segments",
    ),
    "contact_subscriptions": (
        "/contacts/search",
        "subscriptions",
    ),
    "contact_notes": (
        "/contacts/search",
        "notes",
    ),
    "contact_event_summaries": (
        "/contacts/search",
        "/events",
    ),
    "contact_events": (
        "/contacts/search",
        "/events",
    ),
    "company_notes": (
        "/companies/scroll",
        "notes",
    ),
    "conversation_teammates": (
        "/conversations/search",
        "/tickets/search",
    ),
    "conversation_attachments": (
        "/conversations/search",
        "/tickets/search",
    ),
    "conversation_part_attachments": (
        "/conversations/search",
        "/tickets/search",
        "detail",
    ),
    "conversation_handling_events": (
        "/conversations/search",
        "/tickets/search",
        "handling_events",
    ),
    "side_conversations": (
        "/conversations/search",
        "/tickets/search",
        "side_conversations",
    ),
    "ticket_contacts": ("/tickets/search",),
    "ticket_part_attachments": ("/tickets/search",),
    "ticket_type_attributes": ("/ticket_types",),
    "article_statistics": (
        "/articles",
        "article",
    ),
    "activity_logs": (
        "/me",
        "/admins/activity_logs",
    ),
    "call_transcripts": (
        "/calls",
        "/calls/search",
    ),
    "message_engagement": ("/me", "/export/content/data", "/download/content/data"),
}
"""What may be asked of Intercom for each stream; conversations ask whether tickets are hidden."""


def kind_of(path: str) -> str:
    """Name what a path with an id in it asks for: the list behind the id, or the detail."""
    first, *rest = path.removeprefix("/").split("/")
    if first in {"export", "download"}:
        return "/".join(["", first, *rest[:2]])
    if first == "articles":
        return "article" if rest else path
    if first in {"contacts", "companies", "conversations"} and len(rest) == 2:
        return rest[1]
    return "detail" if path.startswith("/conversations/2") else path


@pytest.fixture
def options() -> SandboxOptions:
    return SMALL


@pytest.mark.parametrize("stream", KEYS)
def test_a_stream_by_itself_is_whole_and_costs_no_other_requests(
    harness: SyncHarness, stream: str
) -> None:
    first = harness.sync(select=[stream])
    assert first.streams() <= {stream}
    assert {schema["stream"] for schema in first.schemas} == {stream}
    assert harness.missing_rows(first, ROWS.keys() & {stream}) == {}
    harness.sandbox.clock.advance(7200)
    for kind in ("contacts", "companies", "conversations", "tickets"):
        harness.sandbox.touch_oldest(kind, 3)
    later = harness.sync(first.state, select=[stream])
    assert harness.missing_rows(first + later, ROWS.keys() & {stream}) == {}
    asked = {kind_of(request.path) for request in harness.requests()}
    assert asked <= set(PATHS[stream])


@given(choices=st.lists(st.sets(st.sampled_from(sorted(KEYS)), min_size=1), min_size=2, max_size=4))
def test_a_stream_selected_later_gets_its_whole_history(choices: list[set[str]]) -> None:
    """Records change between the runs, each of which reads a choice of its own."""
    with SyncHarness(SMALL) as harness:
        written, state = Output([]), {}
        for chosen in choices:
            harness.sandbox.clock.advance(7200)
            for kind in ("contacts", "companies", "conversations", "tickets"):
                harness.sandbox.touch_oldest(kind, 3)
            run = harness.sync(state, select=chosen)
            assert run.streams() <= chosen
            written, state = written + run, run.state
            assert harness.missing_rows(written, ROWS.keys() & chosen) == {}


def test_a_stream_that_pauses_keeps_its_bookmark_meanwhile(harness: SyncHarness) -> None:
    first = harness.sync()
    harness.sandbox.clock.advance(7200)
    harness.sandbox.touch_oldest("conversations", 5)
    second = harness.sync(first.state, select=["contacts", "conversations"])
    parts = "conversation_parts"
    assert second.state["bookmarks"][parts] == first.state["bookmarks"][parts]
    harness.sandbox.clock.advance(7200)
    third = harness.sync(second.state)
    assert harness.missing_rows(first + second + third) == {}


def test_deselected_fields_are_left_out_and_all_rows_arrive(harness: SyncHarness) -> None:
    left_out = {
        "contacts": {"email", "updated_at", "id"},
        "conversations": {"tags", "contacts", "source"},
        "tickets": {"ticket_attributes", "contacts"},
        "companies": {"tags", "segments", "plan"},
        "conversation_parts": {"body"},
        "contact_tags": {"contact_id"},
    }
    catalog = without_fields(harness, left_out)
    run = harness.try_sync_catalog(harness.config, catalog)
    assert run.error is None
    for stream, fields in left_out.items():
        rows = run.records(stream)
        assert len(rows) > 0
        # keys and replication keys can't be left out
        optional = fields - {"id", "updated_at", "contact_id"}
        assert not any(row.keys() & optional for row in rows), stream
        assert all(set(KEYS[stream]) <= row.keys() for row in rows), stream
    for stream in (
        "conversation_tags",
        "conversation_contacts",
        "company_tags",
        "company_segments",
    ):
        assert harness.missing_rows(run, [stream]) == {}
    later = harness.sync(run.state, select=["contacts"])
    assert later.error is None


def without_fields(harness: SyncHarness, left_out: dict[str, Iterable[str]]) -> dict[str, Any]:
    catalog = select_streams(TapIntercom(config=harness.config).catalog_dict, KEYS)
    for entry in catalog["streams"]:
        for item in entry["metadata"]:
            field = item["breadcrumb"][-1] if item["breadcrumb"] else None
            if len(item["breadcrumb"]) == 2 and field in left_out.get(entry["stream"], ()):
                item["metadata"]["selected"] = False
    return catalog
