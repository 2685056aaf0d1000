"""Records that vanish between their listing and the request for what belongs to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from tests.guarantees.log_lines import warning_lines
from tests.sandbox.faults import Fault
from tests.sandbox.options import SandboxOptions

if TYPE_CHECKING:
    from tests.guarantees.harness import SyncHarness

MANY_LISTS = SandboxOptions(contacts=250, companies=40, conversations=30, tickets=0)


def test_conversations_deleted_meanwhile_are_skipped_counted_and_told_as_deleted(
    harness: SyncHarness, caplog: pytest.LogCaptureFixture
) -> None:
    first, *_, last = harness.sandbox.records("conversations")

    def delete() -> None:
        for record in (first, last):
            harness.sandbox.delete("conversations", record["id"])

    harness.before_request(r"/conversations/\d+", delete)
    run = harness.sync()
    assert harness.missing_rows(run, ["conversations", "conversation_parts"]) == {}
    assert {first["id"], last["id"]} <= {row["id"] for row in run.records("conversations")}
    assert any(line.startswith("2 records were deleted") for line in warning_lines(caplog))
    later = harness.sync(run.state)
    assert harness.missing_rows(run + later) == {}
    assert {row["id"] for row in (run + later).records("deleted_conversations")} == {
        first["id"],
        last["id"],
    }


@pytest.mark.parametrize("options", [MANY_LISTS], indirect=True)
@pytest.mark.parametrize(
    "gone",
    [
        Fault(kind="status", status=410, code="contact_merged"),
        Fault(kind="status", status=404, code="not_found"),
        Fault(kind="html_status", status=404),
    ],
    ids=["merged", "not found", "the proxy's page"],
)
def test_contacts_merged_meanwhile_are_skipped_and_counted(
    harness: SyncHarness, caplog: pytest.LogCaptureFixture, gone: Fault
) -> None:
    harness.sandbox.faults.add(
        msgspec.structs.replace(gone, path="/contacts/[^/]+/tags", after=1, times=2)
    )
    run = harness.sync(select=["contacts", "contact_tags", "contact_companies"])
    assert harness.missing_rows(run, ["contacts", "contact_companies"]) == {}
    assert any(
        line.startswith("2 records were deleted or merged") for line in warning_lines(caplog)
    )
    missed = {row[0] for row in harness.missing_rows(run, ["contact_tags"])["contact_tags"]}
    assert len(missed) == 2


@pytest.mark.parametrize("options", [MANY_LISTS], indirect=True)
def test_a_contact_merged_into_another_leaves_its_tags_there(harness: SyncHarness) -> None:
    contacts = harness.sandbox.records("contacts")
    many = [contact for contact in contacts if len(contact["tag_ids"]) > 10]

    def merge() -> None:
        harness.sandbox.merge(many[0]["id"], into=many[1]["id"])

    harness.before_request(r"/contacts/[^/]+/.*", merge)
    run = harness.sync()
    harness.sandbox.clock.advance(60)
    later = harness.sync(run.state)
    assert harness.missing_rows(run + later) == {}


def test_a_company_deleted_during_the_scroll_does_no_harm(harness: SyncHarness) -> None:
    companies = harness.sandbox.records("companies")

    def delete() -> None:
        harness.sandbox.delete("companies", companies[0]["id"])

    harness.before_request("/companies/scroll", delete)
    run = harness.sync(select=["companies", "company_tags", "company_segments"])
    assert harness.missing_rows(run, ["companies", "company_tags", "company_segments"]) == {}


@pytest.mark.parametrize("version", ["2.15", "2.16", "2.17"])
def test_a_user_tells_who_was_merged_into_it(harness: SyncHarness, version: str) -> None:
    source, *_, user = (r for r in harness.sandbox.records("contacts") if r["role"] == "user")
    harness.sandbox.merge(source["id"], into=user["id"])
    run = harness.sync(select=["contacts"], api_version=version)
    (row,) = [row for row in run.records("contacts") if row["id"] == user["id"]]
    merged = [merge["source_contact_id"] for merge in row.get("merge_history", [])]
    assert merged == ([] if version == "2.15" else [source["id"]])
    asked = ["include_merge_history" in r.query for r in harness.requests("/contacts/search")]
    assert set(asked) == {version != "2.15"}, "a parameter that a version lacks may be refused"
