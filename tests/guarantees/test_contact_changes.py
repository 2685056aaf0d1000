"""Contacts that are gone, and what happened to contacts: nothing is read twice or forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.sandbox.faults import Fault

if TYPE_CHECKING:
    from tests.guarantees.harness import SyncHarness

DELETED = ["deleted_contacts"]
ACTIVITIES = ["contact_activities"]


def test_deleted_contact_is_a_row_with_its_status(harness: SyncHarness) -> None:
    archived, merged, target, erased = (
        record["id"] for record in harness.sandbox.records("contacts")[:4]
    )
    harness.sandbox.delete("contacts", archived)
    harness.sandbox.merge(merged, target)
    harness.sandbox.delete("contacts", erased)
    harness.sandbox.set_deleted_status(erased, "permanently_deleted")

    result = harness.sync(select=DELETED, api_version="2.17")

    rows = {row["id"]: row for row in result.records("deleted_contacts")}
    assert rows[archived]["status"] == "archived"
    assert (rows[merged]["status"], rows[merged]["merged_into_id"]) == ("merged", target)
    assert (rows[erased]["status"], rows[erased]["email"]) == ("permanently_deleted", None)


def test_identity_is_not_escaped(harness: SyncHarness) -> None:
    result = harness.sync(select=DELETED, api_version="2.17")

    assert any("&new@" in (email or "") for email in result.values("deleted_contacts", "email"))
    assert not [
        email for email in result.values("deleted_contacts", "email") if "&amp;" in str(email)
    ]


def test_deleted_contacts_are_read_in_large_pages(harness: SyncHarness) -> None:
    expected = len(harness.sandbox.records("deleted_contacts"))

    result = harness.sync(select=DELETED, api_version="2.17")

    assert len(harness.requests("/contacts/deleted")) == -(-expected // 150) > 1
    assert len(result.records("deleted_contacts")) == expected


def test_activities_resume_after_the_last_row(harness: SyncHarness) -> None:
    first = harness.sync(select=ACTIVITIES)
    created = harness.sandbox.create("contacts")["id"]
    harness.sandbox.clear_requests()

    second = harness.sync(first.state, select=ACTIVITIES)
    third = harness.sync(second.state, select=ACTIVITIES)

    assert harness.missing_rows(first + second, ACTIVITIES) == {}
    assert second.values("contact_activities", "contact_id") == [created]
    assert third.records("contact_activities") == []
    assert len(harness.requests("/contacts/activities")) == 2


def test_refused_cursor_starts_the_activities_again(harness: SyncHarness) -> None:
    state = {"bookmarks": {"contact_activities": {"cursor": "no cursor"}}}

    result = harness.sync(state, select=ACTIVITIES)

    assert harness.missing_rows(result, ACTIVITIES) == {}
    assert result.warnings("reading the stream from its start")


def test_failed_page_keeps_the_position(harness: SyncHarness) -> None:
    fault = Fault("status", path="/contacts/activities", after=1, times=None, status=403)
    harness.sandbox.faults.add(fault)

    denied = harness.try_sync(select=ACTIVITIES)
    harness.sandbox.faults.clear()
    after = harness.sync(denied.state, select=ACTIVITIES)

    assert denied.denied_streams == {"contact_activities"}
    assert harness.missing_rows(denied + after, ACTIVITIES) == {}
