"""A column has one shape, whatever the API version sends: text, a bare list, or the object."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.sandbox.options import SandboxOptions

if TYPE_CHECKING:
    from tap_intercom.api.request import Request
    from tests.guarantees.harness import SyncHarness

RELATIONS = ("conversation_contacts", "conversation_teammates")

EACH_VERSION = pytest.mark.parametrize("version", ["2.11", "2.12", "2.16", "2.17"])


@pytest.fixture
def options() -> SandboxOptions:
    return SandboxOptions(contacts=30, companies=12, conversations=60, tickets=12)


@EACH_VERSION
def test_avatar_is_an_object(harness: SyncHarness, version: str) -> None:
    sent = {one["id"]: one["avatar"] for one in harness.sandbox.records("contacts")}
    assert {type(avatar) for avatar in sent.values()} == {dict, str, type(None)}

    result = harness.sync(select=["contacts"], api_version=version)

    for row in result.records("contacts"):
        url = sent[row["id"]]
        expected = url["image_url"] if isinstance(url, dict) else url
        assert (row["avatar"] or {}).get("image_url") == expected
    assert result.summary("contacts")["warnings"] == 0


@EACH_VERSION
def test_ticket_state_is_an_object(harness: SyncHarness, version: str) -> None:
    states = {one["id"]: one["ticket_state"] for one in harness.sandbox.records("tickets")}

    result = harness.sync(select=["tickets"], api_version=version)

    sent = {key: state["category"] for key, state in states.items()}
    assert {row["id"]: row["ticket_state"]["category"] for row in result.records("tickets")} == sent


@EACH_VERSION
def test_bare_lists_become_objects(harness: SyncHarness, version: str) -> None:
    result = harness.sync(select=["conversations"], api_version=version)

    rows = {row["id"]: row for row in result.records("conversations")}
    for record in harness.sandbox.records("conversations"):
        for name in ("contacts", "teammates"):
            assert ids(rows[record["id"]][name], name) == ids(record[name], name)
    assert result.warnings("did not fit") == []


def test_bare_list_of_parts_is_read(harness: SyncHarness) -> None:
    streams = ("conversation_parts", "conversation_part_attachments", "conversation_transcripts")
    complete = harness.sync(select=streams)
    harness.change_responses(lay_parts_bare)

    result = harness.sync(select=streams)

    for stream in streams:
        assert result.records(stream) == complete.records(stream)
    assert len(result.records("conversation_parts")) > 100


def lay_parts_bare(_: Request, content: dict[str, Any]) -> None:
    """Put the parts where the object that holds them should be."""
    if isinstance(parts := content.get("conversation_parts"), dict):
        content["conversation_parts"] = parts["conversation_parts"]


def ids(holder: dict[str, Any] | None, name: str) -> list[str]:
    return [item["id"] for item in holder[name]] if holder else []


@EACH_VERSION
def test_bare_lists_have_rows(harness: SyncHarness, version: str) -> None:
    result = harness.sync(select=RELATIONS, api_version=version)

    assert harness.missing_rows(result, RELATIONS) == {}


@pytest.mark.parametrize(
    ("version", "kinds"), [("2.16", {"admin"}), ("2.17", {"admin", "workflow"})]
)
def test_rating_names_who_asked_for_it(harness: SyncHarness, version: str, kinds: set[str]) -> None:
    result = harness.sync(select=["conversations"], api_version=version)

    ratings = [rating for rating in result.values("conversations", "conversation_rating") if rating]
    assert {rating["teammate"]["type"] for rating in ratings} == kinds
    assert result.warnings() == []


@pytest.mark.parametrize(("version", "data_type"), [("2.16", "date"), ("2.17", "datetime")])
def test_timestamps_are_declared_by_version(
    harness: SyncHarness, version: str, data_type: str
) -> None:
    result = harness.sync(select=["contacts", "data_attributes"], api_version=version)

    attributes = result.records("data_attributes")
    types = {(one["model"], one["name"]): one["data_type"] for one in attributes}
    assert types["contact", "last_seen_at"] == data_type
    assert result.warnings() == []


def test_tag_applied_twice_is_one_row(harness: SyncHarness) -> None:
    """The latest application is the row, whether it comes first or last."""
    conversations = harness.sandbox.records("conversations")
    twice = [one for one in conversations if len(tag_ids(one)) > len(set(tag_ids(one)))]
    orders = {tags[0]["applied_at"] < tags[-1]["applied_at"] for tags in map(tags_of, twice)}
    assert orders == {True, False}

    result = harness.sync(select=["conversation_tags"])

    rows = result.records("conversation_tags")
    keys = [(row["conversation_id"], row["tag_id"]) for row in rows]
    assert len(keys) == len(set(keys))
    assert harness.missing_rows(result, ["conversation_tags"]) == {}


def tags_of(conversation: dict[str, Any]) -> list[dict[str, Any]]:
    tags: list[dict[str, Any]] = conversation["tags"]["tags"]
    return tags


def tag_ids(conversation: dict[str, Any]) -> list[str]:
    return [tag["id"] for tag in tags_of(conversation)]
