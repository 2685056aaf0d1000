"""What is gone is marked as deleted in the target, and nothing that still exists is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tap_intercom.sync import record_count
from tests.expected_rows import KEYS, Snapshot, expected_rows
from tests.guarantees.harness import Pipe, SignalledPipe, discover
from tests.sandbox.faults import Fault
from tests.sandbox.options import SandboxOptions

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.guarantees.harness import SyncHarness, SyncResult
    from tests.singer import Output

CONTACTS = ("contacts", "contact_tags")
GROUPS = (*CONTACTS, "companies", "company_tags", "conversations", "conversation_parts", "tickets")
LISTS = ("tags", "teams", "team_admins", "articles", "ticket_type_attributes")
DAY = 86_400


@pytest.fixture
def options(request: pytest.FixtureRequest) -> SandboxOptions:
    workspace = SandboxOptions(
        contacts=60, companies=30, conversations=30, tickets=10, list_sizes={"articles": 40}
    )
    return getattr(request, "param", workspace)


def sync(
    harness: SyncHarness,
    select: Iterable[str],
    state: Any = None,
    *,
    whole: Iterable[str] | None = None,
    pipe: Pipe | None = None,
    **settings: Any,
) -> SyncResult:
    """Sync with versions; the streams of `whole`, or all, have the method FULL_TABLE."""
    config = {**harness.config, "emit_activate_version_messages": True, **settings}
    catalog = discover(config, set(select))
    for entry in catalog["streams"]:
        if whole is None or entry["tap_stream_id"] in whole:
            (metadata,) = (one["metadata"] for one in entry["metadata"] if not one["breadcrumb"])
            metadata["replication-method"] = "FULL_TABLE"
    return harness.try_sync_catalog(config, catalog, state, pipe)


def activated(result: Output) -> set[str]:
    """Return the streams with an ACTIVATE_VERSION message."""
    return {one["stream"] for one in result.messages if one["type"] == "ACTIVATE_VERSION"}


def left(output: Output, stream: str) -> set[tuple[str, ...]]:
    """Return the keys of the rows that are not marked as deleted in a target."""
    versions: dict[tuple[str, ...], int] = {}
    for message in output.messages:
        if message.get("stream") != stream:
            continue
        if message["type"] == "RECORD":
            key = tuple(message["record"][name] for name in KEYS[stream])
            versions[key] = message.get("version", 0)
        elif message["type"] == "ACTIVATE_VERSION":
            versions = {key: one for key, one in versions.items() if one >= message["version"]}
    return set(versions)


def wrong(harness: SyncHarness, output: Output, streams: Iterable[str]) -> dict[str, Any]:
    """Return, by stream, the keys that a target lacks, or has although they are gone."""
    snapshot = Snapshot(harness.sandbox)
    keys = {name: left(output, name) ^ expected_rows(snapshot, name).keys() for name in streams}
    return {name: found for name, found in keys.items() if found}


def later(harness: SyncHarness) -> None:
    harness.sandbox.clock.advance(DAY)


def test_deleted_row_of_a_list_is_gone(harness: SyncHarness) -> None:
    first = sync(harness, LISTS)
    later(harness)
    harness.sandbox.delete("tags", str(harness.sandbox.records("tags")[0]["id"]))
    harness.sandbox.delete("teams", str(harness.sandbox.records("teams")[0]["id"]))

    second = sync(harness, LISTS, first.state)

    assert activated(second) == set(LISTS)
    assert wrong(harness, first + second, ("tags", "teams", "team_admins", "articles")) == {}


def test_restored_contact_is_no_deleted_one(harness: SyncHarness) -> None:
    contact = harness.sandbox.records("contacts")[0]["id"]
    harness.sandbox.delete("contacts", contact)
    first = sync(harness, ["deleted_contacts"], api_version="2.17")
    harness.sandbox.delete("deleted_contacts", contact)

    second = sync(harness, ["deleted_contacts"], first.state, api_version="2.17")

    assert (contact,) in left(first, "deleted_contacts")
    assert (contact,) not in left(first + second, "deleted_contacts")


def test_whole_groups_are_exact(harness: SyncHarness) -> None:
    first = sync(harness, GROUPS)
    later(harness)
    control = harness.sandbox
    for kind in ("contacts", "companies", "conversations", "tickets"):
        control.delete(kind, control.records(kind)[3]["id"])
    contact = next(one for one in control.records("contacts") if one["tag_ids"])
    control.untag("contacts", contact["id"], contact["tag_ids"][0])

    second = sync(harness, GROUPS, first.state)

    assert activated(second) == set(GROUPS)
    assert wrong(harness, first + second, GROUPS) == {}


def test_message_follows_the_last_record(harness: SyncHarness) -> None:
    result = sync(harness, (*GROUPS, *LISTS))

    for stream in (*GROUPS, *LISTS):
        messages = [one for one in result.messages if one.get("stream") == stream]
        kinds = [one["type"] for one in messages]
        assert kinds.index("ACTIVATE_VERSION") == len(kinds) - 1
        assert len({one["version"] for one in messages if one["type"] != "SCHEMA"}) == 1


def test_versions_grow_while_the_clock_stands(harness: SyncHarness) -> None:
    first = sync(harness, ["tags"])
    second = sync(harness, ["tags"], first.state)

    versions = [one["version"] for one in (first + second).messages if "version" in one]

    assert versions == sorted(versions)
    assert len(set(versions)) == 2


def test_version_is_the_time_in_milliseconds(harness: SyncHarness) -> None:
    result = sync(harness, ["tags"])

    assert result.messages[-2]["version"] // 1000 == int(harness.sandbox.clock.now())


@pytest.mark.parametrize("version", [None, "old", 4_000_000_000_000])
def test_version_follows_that_of_the_state(harness: SyncHarness, version: Any) -> None:
    state = {"bookmarks": {"contacts": {"version": version}, "tags": {"version": version}}}

    result = sync(harness, ("contacts", "tags"), state)

    known = version if isinstance(version, int) else 0
    assert min(one["version"] for one in result.messages if "version" in one) > known
    assert activated(result) == {"contacts", "tags"}


def test_killed_run_uses_no_version_again(harness: SyncHarness) -> None:
    killed = sync(harness, CONTACTS, pipe=Pipe(states=2))
    second = sync(harness, CONTACTS, killed.state)

    used = {one["version"] for one in killed.messages if "version" in one}
    assert max(used) < min(one["version"] for one in second.messages if "version" in one)
    assert wrong(harness, killed + second, CONTACTS) == {}


def test_setting_is_off_by_default(harness: SyncHarness) -> None:
    result = sync(harness, (*GROUPS, *LISTS), emit_activate_version_messages=False)

    assert activated(result) == set()
    assert not any("version" in one for one in result.messages)
    assert "version" not in str(result.state)


def test_incremental_streams_have_no_version(harness: SyncHarness) -> None:
    result = sync(harness, (*GROUPS, "tags"), whole=[])

    assert activated(result) == {"tags"}
    assert {one["stream"] for one in result.messages if "version" in one} == {"tags"}


def test_whole_child_of_incremental_parent_is_exact(harness: SyncHarness) -> None:
    first = sync(harness, CONTACTS, whole=["contact_tags"])
    later(harness)
    contact = next(one for one in harness.sandbox.records("contacts") if one["tag_ids"])
    harness.sandbox.untag("contacts", contact["id"], contact["tag_ids"][0])

    second = sync(harness, CONTACTS, first.state, whole=["contact_tags"])

    assert activated(second) == {"contact_tags"}
    assert wrong(harness, first + second, CONTACTS) == {}
    assert len(second.records("contacts")) < 60


def test_incremental_child_continues_at_its_bookmark(harness: SyncHarness) -> None:
    first = sync(harness, CONTACTS, whole=["contacts"])
    later(harness)

    second = sync(harness, CONTACTS, first.state, whole=["contacts"])

    assert activated(second) == {"contacts"}
    assert len(second.records("contact_tags")) < len(first.records("contact_tags"))
    assert wrong(harness, first + second, CONTACTS) == {}


def test_bookmarks_are_those_of_an_incremental_run(harness: SyncHarness) -> None:
    first = sync(harness, GROUPS)
    later(harness)
    harness.sandbox.touch_oldest("contacts", 3)

    whole = sync(harness, GROUPS, first.state)
    incremental = sync(harness, GROUPS, first.state, whole=[])

    bookmarks = [[one.bookmark(name) for name in GROUPS] for one in (whole, incremental)]
    assert bookmarks[0] == bookmarks[1]


@pytest.mark.parametrize("kind", ["contacts", "conversations", "tickets"])
@pytest.mark.parametrize("remembered_ids", [3, 50_000])
def test_record_that_moves_is_left(
    harness: SyncHarness, monkeypatch: pytest.MonkeyPatch, kind: str, remembered_ids: int
) -> None:
    """It is counted, but leaves its place before that is read, for one that was read before."""
    monkeypatch.setattr(record_count, "MAX_REMEMBERED_IDS", remembered_ids)
    first = sync(harness, [kind])
    later(harness)
    moved = harness.sandbox.records(kind)[-2]["id"]
    harness.sandbox.touch(kind, [moved])

    def hide(request: Any, content: dict[str, Any]) -> None:
        if request.path == f"/{kind}/search" and request.body["query"]["value"] == 0:
            name = "data" if "data" in content else kind
            content[name] = [one for one in content[name] if one["id"] != moved]
            content["total_count"] -= "starting_after" in request.body["pagination"]

    harness.change_responses(hide)
    second = sync(harness, [kind], first.state, page_size=5, concurrency=1)

    assert activated(second) == {kind}
    assert wrong(harness, first + second, [kind]) == {}


def test_changes_meanwhile_are_not_missing(harness: SyncHarness) -> None:
    first = sync(harness, ["conversations"])
    later(harness)

    def touch() -> None:
        harness.sandbox.clock.advance(5)
        harness.sandbox.touch_oldest("conversations", 1)

    harness.before_each_request(lambda request: touch() if "search" in request.path else None)
    second = sync(harness, ["conversations"], first.state, page_size=5, concurrency=1)

    assert activated(second) == {"conversations"}
    assert wrong(harness, first + second, ["conversations"]) == {}


def test_restored_row_is_there_again(harness: SyncHarness) -> None:
    tag = harness.sandbox.records("tags")[0]
    first = sync(harness, ["tags"])
    harness.sandbox.change("tags", str(tag["id"]), {"id": "99"})
    second = sync(harness, ["tags"], first.state)
    harness.sandbox.change("tags", "99", {"id": tag["id"]})

    third = sync(harness, ["tags"], second.state)

    assert wrong(harness, first + second + third, ["tags"]) == {}


def assert_withheld(result: SyncResult, *streams: str) -> None:
    """Check that nothing of the streams is marked as deleted, and that the log says why."""
    assert activated(result).isdisjoint(streams)
    for stream in streams:
        lines = result.warnings(stream, "ACTIVATE_VERSION")
        assert len([line for line in lines if line.startswith(f"{stream}: ")]) == 1


def test_failing_second_page_deletes_nothing(harness: SyncHarness) -> None:
    harness.sandbox.faults.add(Fault(kind="status", path="/articles", after=1, times=None))

    result = sync(harness, ["articles", "tags"])

    assert result.records("articles")
    assert_withheld(result, "articles")
    assert activated(result) == {"tags"}


def test_missing_second_page_deletes_nothing(harness: SyncHarness) -> None:
    harness.change_responses(
        lambda request, content: content.update(pages={}) if request.path == "/articles" else None
    )

    result = sync(harness, ["articles", "tags"])

    assert 0 < len(result.records("articles")) < 40
    assert_withheld(result, "articles")


def test_list_that_shifts_deletes_nothing(harness: SyncHarness) -> None:
    """A row that is deleted on the first page moves another there, out of the second."""
    rows = harness.sandbox.records("articles")
    harness.before_request(
        "/articles", lambda: harness.sandbox.delete("articles", str(rows[0]["id"])), number=2
    )

    result = sync(harness, ["articles"])

    assert_withheld(result, "articles")


def test_wrong_count_deletes_nothing(harness: SyncHarness) -> None:
    def hide(request: Any, content: dict[str, Any]) -> None:
        if request.path == "/contacts/search":
            content["total_count"] += 7

    harness.change_responses(hide)

    result = sync(harness, CONTACTS)

    assert_withheld(result, *CONTACTS)


def test_failing_stream_deletes_nothing(harness: SyncHarness) -> None:
    harness.sandbox.faults.add(Fault(kind="status", path="/companies/scroll", times=None))

    result = sync(harness, ("companies", "company_tags", "tags"))

    assert_withheld(result, "companies", "company_tags")
    assert activated(result) == {"tags"}


def test_failing_detail_deletes_no_part(harness: SyncHarness) -> None:
    path = f"/conversations/{harness.sandbox.records('conversations')[4]['id']}"
    harness.sandbox.faults.add(Fault(kind="status", path=path, times=None))

    result = sync(harness, ("conversations", "conversation_parts", "conversation_tags"))

    assert_withheld(result, "conversation_parts")
    assert activated(result) == {"conversations", "conversation_tags"}


def test_denied_detail_deletes_no_part(harness: SyncHarness) -> None:
    path = f"/conversations/{harness.sandbox.records('conversations')[4]['id']}"
    fault = Fault(kind="status", path=path, status=403, code="forbidden", times=None)
    harness.sandbox.faults.add(fault)

    result = sync(harness, ("conversations", "conversation_parts"))

    assert_withheld(result, "conversation_parts")
    assert activated(result) == {"conversations"}


def test_deleted_parent_is_no_failure(harness: SyncHarness) -> None:
    conversation = harness.sandbox.records("conversations")[4]["id"]
    harness.before_request(
        r"/conversations/\d+", lambda: harness.sandbox.delete("conversations", conversation)
    )

    result = sync(harness, ["conversation_parts"])

    assert activated(result) == {"conversation_parts"}


CUT_OFF = ("conversation_parts", "conversation_part_attachments", "conversation_part_tags")


def test_conversation_of_500_parts_deletes_no_part(harness: SyncHarness) -> None:
    conversation = harness.sandbox.records("conversations")[4]["id"]
    harness.sandbox.add_parts(conversation, 500)

    result = sync(harness, ("conversations", *CUT_OFF), long_conversations=False)

    assert_withheld(result, *CUT_OFF)
    assert activated(result) == {"conversations"}


def test_cut_off_child_list_deletes_nothing(harness: SyncHarness) -> None:
    def cut(request: Any, content: dict[str, Any]) -> None:
        if request.path.endswith("/tags") and content["data"]:
            content["total_count"] = len(content["data"]) + 1

    harness.change_responses(cut)

    result = sync(harness, CONTACTS)

    assert harness.requests("/contacts/[^/]+/tags")
    assert_withheld(result, "contact_tags")
    assert activated(result) == {"contacts"}


def test_denied_tickets_delete_no_conversation(harness: SyncHarness) -> None:
    harness.sandbox.set_options(refused={"/tickets": "forbidden"})

    result = sync(harness, ("conversations", "conversation_parts", "tickets"))

    assert_withheld(result, "conversations", "conversation_parts", "tickets")
    assert len(result.warnings("conversations", "Read tickets")) == 1


def test_start_date_deletes_nothing(harness: SyncHarness) -> None:
    result = sync(harness, (*CONTACTS, "tags"), start_date="2025-01-01")

    assert_withheld(result, *CONTACTS)
    assert activated(result) == {"tags"}


def test_signal_deletes_nothing(harness: SyncHarness) -> None:
    result = sync(harness, CONTACTS, pipe=SignalledPipe(messages=80))

    assert result.is_killed
    assert_withheld(result, *CONTACTS)


def test_stream_that_forgets_is_named(harness: SyncHarness) -> None:
    result = sync(harness, ["contact_events"])

    assert_withheld(result, "contact_events")
    assert result.warnings("contact_events", "90 days")


def test_streams_written_to_one_delete_nothing(harness: SyncHarness) -> None:
    maps = {"teams": {"__alias__": "tags"}}

    result = sync(harness, ("tags", "teams", "segments"), stream_maps=maps)

    assert_withheld(result, "tags", "teams")
    assert activated(result) == {"segments"}


def test_message_has_the_alias_of_its_stream(harness: SyncHarness) -> None:
    result = sync(harness, ["tags"], stream_maps={"tags": {"__alias__": "labels"}})

    assert activated(result) == {"labels"}
