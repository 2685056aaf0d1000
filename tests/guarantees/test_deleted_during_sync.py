"""Records that are deleted or merged after a search returned them, and before their details."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from tests.sandbox.faults import Fault
from tests.sandbox.options import SandboxOptions

if TYPE_CHECKING:
    from tests.guarantees.harness import SyncHarness

PARTS = "conversation_parts"
CONVERSATIONS = ("conversations", PARTS, "deleted_conversations")
CONTACTS = ("contacts", "contact_tags", "contact_companies")
COMPANIES = ("companies", "company_tags", "company_segments")
LONG_LISTS = SandboxOptions(contacts=250, companies=40, conversations=30, tickets=0)
MERGED = {
    "merged": Fault(kind="status", status=410, code="contact_merged"),
    "not found": Fault(kind="status", status=404, code="not_found"),
    "a proxy's page": Fault(kind="html_status", status=404),
}
"""How Intercom answers a request for the tags of a contact that was merged."""


def delete_before_details(harness: SyncHarness) -> set[str]:
    """Delete two conversations before the first detail is requested; return their ids."""
    first, *_, last = harness.sandbox.records("conversations")
    ids = {first["id"], last["id"]}

    def delete() -> None:
        for conversation_id in ids:
            harness.sandbox.delete("conversations", conversation_id)

    harness.before_request(r"/conversations/\d+", delete)
    return ids


def test_deleted_conversations_are_skipped(harness: SyncHarness) -> None:
    deleted = delete_before_details(harness)

    result = harness.sync(select=CONVERSATIONS)

    assert deleted <= set(result.values("conversations", "id"))
    assert deleted.isdisjoint(result.values(PARTS, "conversation_id"))
    assert harness.missing_rows(result, ["conversations", PARTS]) == {}


def test_skipped_conversations_are_counted(harness: SyncHarness) -> None:
    delete_before_details(harness)

    result = harness.sync(select=CONVERSATIONS)

    assert result.summary(PARTS)["skipped"] == 2
    assert len(result.warnings(PARTS, 2)) == 1


def test_skipped_conversations_are_reported_deleted(harness: SyncHarness) -> None:
    deleted = delete_before_details(harness)
    first = harness.sync(select=CONVERSATIONS)

    second = harness.sync(first.state, select=CONVERSATIONS)

    assert set((first + second).values("deleted_conversations", "id")) == deleted


def merge_before_tags(harness: SyncHarness, response: Fault) -> None:
    """Answer requests for the tags of two contacts as if they had been merged."""
    contacts = [one for one in harness.sandbox.records("contacts") if len(one["tag_ids"]) > 10]
    path = f"/contacts/({contacts[0]['id']}|{contacts[-1]['id']})/tags"
    harness.sandbox.faults.add(replace(response, path=path, times=None))


@pytest.mark.parametrize("options", [LONG_LISTS], indirect=True)
@pytest.mark.parametrize("response", MERGED.values(), ids=MERGED.keys())
def test_merged_contacts_are_skipped(harness: SyncHarness, response: Fault) -> None:
    merge_before_tags(harness, response)

    result = harness.sync(select=CONTACTS)

    missing = harness.missing_rows(result, CONTACTS)
    assert missing.keys() == {"contact_tags"}
    assert len({contact_id for contact_id, _ in missing["contact_tags"]}) == 2


@pytest.mark.parametrize("options", [LONG_LISTS], indirect=True)
@pytest.mark.parametrize("response", MERGED.values(), ids=MERGED.keys())
def test_skipped_contacts_are_counted(harness: SyncHarness, response: Fault) -> None:
    merge_before_tags(harness, response)

    result = harness.sync(select=CONTACTS)

    assert result.summary("contact_tags")["skipped"] == 2
    assert len(result.warnings("contact_tags", 2)) == 1


@pytest.mark.parametrize("options", [LONG_LISTS], indirect=True)
def test_tags_of_merged_contact_move(harness: SyncHarness) -> None:
    """The contact that it was merged into has them with the next run."""
    contacts = harness.sandbox.records("contacts")
    source, target, *_ = (contact["id"] for contact in contacts if len(contact["tag_ids"]) > 10)
    harness.before_request(
        "/contacts/[^/]+/tags", lambda: harness.sandbox.merge(source, into=target)
    )
    first = harness.sync(select=CONTACTS)
    harness.sandbox.clock.advance(60)

    second = harness.sync(first.state, select=CONTACTS)

    assert harness.missing_rows(first + second, CONTACTS) == {}


def test_company_deleted_during_scroll_is_harmless(harness: SyncHarness) -> None:
    company_id = harness.sandbox.records("companies")[0]["id"]
    harness.before_request(
        "/companies/scroll", lambda: harness.sandbox.delete("companies", company_id), number=2
    )

    result = harness.sync(select=COMPANIES)

    assert harness.missing_rows(result, COMPANIES) == {}


def merge_into_user(harness: SyncHarness) -> tuple[str, str]:
    """Merge a contact into a user; return the ids of both."""
    source, *_, user = (
        record["id"] for record in harness.sandbox.records("contacts") if record["role"] == "user"
    )
    harness.sandbox.merge(source, into=user)
    return source, user


@pytest.mark.parametrize("version", ["2.16", "2.17"])
def test_users_name_their_merged_contacts(harness: SyncHarness, version: str) -> None:
    source, user = merge_into_user(harness)

    result = harness.sync(select=["contacts"], api_version=version)

    (row,) = (row for row in result.records("contacts") if row["id"] == user)
    assert [merge["source_contact_id"] for merge in row["merge_history"]] == [source]


@pytest.mark.parametrize(("version", "is_sent"), [("2.15", False), ("2.16", True), ("2.17", True)])
def test_merge_history_needs_version_2_16(
    harness: SyncHarness, version: str, *, is_sent: bool
) -> None:
    """An earlier version may refuse a parameter that it lacks."""
    harness.sync(select=["contacts"], api_version=version)

    searches = harness.requests("/contacts/search")
    assert {"include_merge_history" in request.query for request in searches} == {is_sent}
