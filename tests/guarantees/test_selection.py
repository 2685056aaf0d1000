"""Any choice of streams and fields, which may change from run to run."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tap_intercom.api.request import Request
from tap_intercom.api.search import SearchEndpoint
from tap_intercom.streams import stream_types
from tap_intercom.tap import TapIntercom
from tests.expected_rows import KEYS, ROWS
from tests.guarantees.harness import SyncHarness
from tests.sandbox.options import SandboxOptions
from tests.singer import Output, select_streams

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from tap_intercom.sync.stream import IntercomStream
    from tests.guarantees.harness import SyncResult

SMALL: Final = SandboxOptions(contacts=70, companies=30, conversations=25, tickets=15)
KINDS: Final = ("contacts", "companies", "conversations", "tickets")
STREAM_TYPES: Final = {stream_type.name: stream_type for stream_type in stream_types()}

OTHER_PATHS: Final = {
    "activity_logs": {"/me", "/admins/activity_logs"},
    "call_transcripts": {"/calls/search"},
    "companies": {"/companies/scroll"},
    "contact_activities": {"/contacts/activities"},
    "conversations": {"/tickets/search"},  # checks whether tickets are hidden
    "deleted_conversations": {"/conversations/deleted"},
    "message_engagement": {
        "/me",
        "/export/content/data",
        "/export/content/data/{id}",
        "/download/content/data/{id}",
    },
}
"""Requests of a stream that are no attribute of its class."""

NEWEST: Final = "2.18"
"""The API version that has all streams."""

PARENTS: Final = set(KINDS)
CHILDREN: Final = {
    *("contact_tags", "contact_companies", "contact_social_profiles", "contact_notes"),
    *("company_tags", "company_segments", "conversation_parts", "conversation_tags"),
    *("conversation_contacts", "ticket_parts", "ticket_contacts"),
}
FIRST_CHILDREN: Final = {"contact_tags", "company_tags", "conversation_parts", "ticket_parts"}

DESELECTED: Final = {
    "contacts": {"email"},
    "conversations": {"tags", "contacts", "source"},
    "tickets": {"ticket_attributes", "contacts"},
    "companies": {"tags", "segments", "plan"},
    "conversation_parts": {"body"},
}
DESELECTED_KEYS: Final = {"contacts": {"id", "updated_at"}, "contact_tags": {"contact_id"}}
DAY: Final = 86_400
EMBEDDED: Final = ("conversation_tags", "conversation_contacts", "company_tags", "company_segments")
"""Streams whose rows are in fields of `DESELECTED`."""


@pytest.fixture
def options() -> SandboxOptions:
    return SMALL


def touch_records(harness: SyncHarness) -> None:
    """Update a few records of each kind, a day later, when companies are scrolled again."""
    harness.sandbox.clock.advance(DAY)
    for kind in KINDS:
        harness.sandbox.touch_oldest(kind, 3)


def possible_paths(stream_type: type[IntercomStream]) -> set[str]:
    """Return the paths that a stream and its parent request; `{id}` stands for any id."""
    names = ("endpoint", "full_list", "detail_request", "list_request")
    declared = [getattr(stream_type, name, None) for name in names]
    declared += getattr(stream_type, "requests", ())
    paths = {one.path for one in declared if isinstance(one, Request | SearchEndpoint)}
    parent: type[IntercomStream] | None = stream_type.parent_stream_type  # type: ignore[assignment]
    inherited = possible_paths(parent) if parent else set()
    return paths | OTHER_PATHS.get(stream_type.name, set()) | inherited


@dataclass(frozen=True)
class SyncsOfOneStream:
    """A first run and a later one in which one stream alone is selected."""

    stream: str
    first: SyncResult
    missing_at_first: dict[str, Any]
    missing_later: dict[str, Any]
    paths: set[str]


@pytest.fixture(scope="module", params=sorted(KEYS))
def alone(request: pytest.FixtureRequest) -> Iterator[SyncsOfOneStream]:
    stream = request.param
    with SyncHarness(SMALL) as harness:
        first = harness.sync(select=[stream], api_version=NEWEST)
        missing_at_first = harness.missing_rows(first, ROWS.keys() & {stream})
        touch_records(harness)
        later = harness.sync(first.state, select=[stream], api_version=NEWEST)
        missing_later = harness.missing_rows(first + later, ROWS.keys() & {stream})
        paths = {one.path for one in harness.requests()}
        yield SyncsOfOneStream(stream, first, missing_at_first, missing_later, paths)


def test_stream_alone_is_complete(alone: SyncsOfOneStream) -> None:
    assert alone.missing_at_first == {}
    assert alone.missing_later == {}


def test_stream_alone_writes_nothing_else(alone: SyncsOfOneStream) -> None:
    assert alone.first.streams() <= {alone.stream}
    assert {schema["stream"] for schema in alone.first.schemas} == {alone.stream}


def test_stream_alone_requests_nothing_else(alone: SyncsOfOneStream) -> None:
    templates = possible_paths(STREAM_TYPES[alone.stream])
    patterns = [re.escape(path).replace(r"\{id\}", "[^/]+") for path in templates]

    others = {
        path for path in alone.paths if not any(re.fullmatch(pattern, path) for pattern in patterns)
    }

    assert others == set()


@given(choices=st.lists(st.sets(st.sampled_from(sorted(KEYS)), min_size=1), min_size=2, max_size=4))
@example(choices=[PARENTS, PARENTS | CHILDREN])
@example(choices=[CHILDREN, PARENTS])
@example(choices=[FIRST_CHILDREN, CHILDREN - FIRST_CHILDREN])
def test_stream_selected_later_gets_history(choices: list[set[str]]) -> None:
    """Records change between the runs, each of which selects other streams."""
    with SyncHarness(SMALL) as harness:
        written, state = Output([]), {}

        for selected in choices:
            touch_records(harness)
            result = harness.sync(state, select=selected, api_version=NEWEST)
            written, state = written + result, result.state

            assert result.streams() <= selected
            assert harness.missing_rows(written, ROWS.keys() & selected) == {}


def test_paused_stream_keeps_its_bookmark(harness: SyncHarness) -> None:
    first = harness.sync()
    touch_records(harness)

    second = harness.sync(first.state, select=["contacts", "conversations"])

    bookmarks = [run.state["bookmarks"]["conversation_parts"] for run in (first, second)]
    assert bookmarks[0] == bookmarks[1]


def test_paused_stream_catches_up(harness: SyncHarness) -> None:
    first = harness.sync()
    touch_records(harness)
    second = harness.sync(first.state, select=["contacts", "conversations"])
    harness.sandbox.clock.advance(7200)

    third = harness.sync(second.state)

    assert harness.missing_rows(first + second + third) == {}


def sync_without(
    harness: SyncHarness, fields: dict[str, set[str]], streams: Collection[str]
) -> SyncResult:
    """Sync with some fields of some streams deselected."""
    catalog = select_streams(TapIntercom(config=harness.config).catalog_dict, streams)
    for entry in catalog["streams"]:
        for item in entry["metadata"]:
            field = item["breadcrumb"][-1] if item["breadcrumb"] else None
            if len(item["breadcrumb"]) == 2 and field in fields.get(entry["stream"], ()):
                item["metadata"]["selected"] = False
    return harness.try_sync_catalog(harness.config, catalog)


def test_deselected_fields_are_left_out(harness: SyncHarness) -> None:
    result = sync_without(harness, DESELECTED, DESELECTED)

    assert result.error is None
    for stream, fields in DESELECTED.items():
        rows = result.records(stream)
        assert len(rows) > 0, stream
        assert not any(row.keys() & fields for row in rows), stream


def test_schema_lacks_deselected_fields(harness: SyncHarness) -> None:
    result = sync_without(harness, DESELECTED, DESELECTED)

    columns = {one["stream"]: one["schema"]["properties"].keys() for one in result.schemas}
    assert columns.keys() == DESELECTED.keys()
    assert not any(columns[stream] & fields for stream, fields in DESELECTED.items())


def test_keys_cannot_be_deselected(harness: SyncHarness) -> None:
    result = sync_without(harness, DESELECTED_KEYS, DESELECTED_KEYS)

    assert result.error is None
    for stream in DESELECTED_KEYS:
        rows = result.records(stream)
        assert len(rows) > 0, stream
        assert all(row.keys() >= set(KEYS[stream]) for row in rows), stream


def test_replication_key_cannot_be_deselected(harness: SyncHarness) -> None:
    first = sync_without(harness, DESELECTED_KEYS, DESELECTED_KEYS)
    touch_records(harness)

    later = harness.sync(first.state, select=["contacts"])

    assert harness.missing_rows(first + later, ["contacts"]) == {}


def test_children_need_no_parent_field(harness: SyncHarness) -> None:
    result = sync_without(harness, DESELECTED, [*DESELECTED, *EMBEDDED])

    assert harness.missing_rows(result, EMBEDDED) == {}
