"""Records that notifications name and that can't be read: none is lost, and none stops others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from tap_intercom.errors import NotFoundError
from tap_intercom.sync.trial import MAX_RECORDS, ColumnWriter, try_streams
from tap_intercom.tap import TapIntercom
from tests.sandbox.faults import Fault
from tests.sandbox.options import SandboxOptions

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.guarantees.harness import SyncResult
    from tests.webhooks.inbox import Inbox

WORKSPACE = SandboxOptions(contacts=30, companies=20, conversations=30, tickets=20)

PAGE = Fault(kind="html_status", status=404, times=None)
JSON = Fault(kind="status", status=404, code="not_found", times=None)
DENIED = Fault(kind="status", status=403, code="forbidden", times=None)
BROKEN = Fault(kind="status", times=None)
BY_BODY = pytest.mark.parametrize("fault", [PAGE, JSON], ids=["HTML", "JSON"])

TOPICS = {
    "companies": "company.updated",
    "contacts": "contact.user.updated",
    "conversations": "conversation.user.replied",
    "tickets": "ticket.closed",
}
OF_EACH = pytest.mark.parametrize("kind", TOPICS)
SEGMENTS = ("contacts", "contact_segments")
PARTS = ("conversations", "conversation_parts")


@pytest.fixture
def options(request: pytest.FixtureRequest) -> SandboxOptions:
    return getattr(request, "param", WORKSPACE)


def name_some(inbox: Inbox, kind: str, count: int) -> list[str]:
    """Store a notification for each of some records; return their ids."""
    ids = [record["id"] for record in inbox.harness.sandbox.records(kind)[:count]]
    for record_id in ids:
        inbox.put(TOPICS[kind], id=record_id)
    return ids


def fail(inbox: Inbox, fault: Fault, kind: str, ids: Iterable[str] = ("[^/]+",)) -> None:
    """Let the requests for some records of a kind fail."""
    path = f"/{kind}/({'|'.join(ids)})"
    inbox.harness.sandbox.faults.add(replace(fault, path=path, method="GET"))


def fail_segments(inbox: Inbox, fault: Fault, ids: Iterable[str] = ("[^/]+",)) -> None:
    """Let the requests for the segments of some contacts fail."""
    path = f"/contacts/({'|'.join(ids)})/segments"
    inbox.harness.sandbox.faults.add(replace(fault, path=path))


def delete(inbox: Inbox, kind: str, ids: Iterable[str]) -> None:
    for record_id in ids:
        inbox.harness.sandbox.delete(kind, record_id)


def ids_of(result: SyncResult, stream: str) -> list[str]:
    return [row["id"] for row in result.records(stream)]


def asked_ids(inbox: Inbox, kind: str) -> list[str]:
    paths = [request.path for request in inbox.harness.requests(f"/{kind}/[^/]+", "GET")]
    return [path.rpartition("/")[2] for path in paths]


@BY_BODY
@OF_EACH
def test_nothing_found_is_read_next(inbox: Inbox, kind: str, fault: Fault) -> None:
    named = name_some(inbox, kind, 14)
    fail(inbox, fault, kind)

    failed = inbox.try_sync(select=[kind])
    inbox.harness.sandbox.faults.clear()
    mended = inbox.sync(failed.state, select=[kind])

    assert isinstance(failed.failures[kind], NotFoundError)
    assert sorted(ids_of(mended, kind)) == sorted(named)


@pytest.mark.parametrize("count", [3, 4, 5])
def test_three_not_found_in_a_row_are_read_next(inbox: Inbox, count: int) -> None:
    """Others are found before and after them, and Intercom lists them all."""
    lost = name_some(inbox, "conversations", 12)[4 : 4 + count]
    fail(inbox, JSON, "conversations", lost)

    failed = inbox.try_sync(select=PARTS)
    inbox.harness.sandbox.faults.clear()
    mended = inbox.sync(failed.state, select=PARTS)

    assert isinstance(failed.failures["conversations"], NotFoundError)
    assert len(failed.records("conversations")) == 12 - count
    assert sorted(ids_of(mended, "conversations")) == sorted(lost)


@BY_BODY
@pytest.mark.parametrize("count", [3, 5, 12])
def test_child_not_found_is_read_next(inbox: Inbox, fault: Fault, count: int) -> None:
    named = name_some(inbox, "contacts", count)
    fail_segments(inbox, fault)

    failed = inbox.try_sync(select=SEGMENTS)
    inbox.harness.sandbox.faults.clear()
    mended = inbox.sync(failed.state, select=SEGMENTS)

    assert isinstance(failed.failures["contact_segments"], NotFoundError)
    assert sorted(ids_of(mended, "contacts")) == sorted(named)


@pytest.mark.parametrize("path", ["/contacts/[^/]+", "/contacts/[^/]+/segments"])
def test_page_of_a_proxy_alone_is_read_next(inbox: Inbox, path: str) -> None:
    named = name_some(inbox, "contacts", 1)
    inbox.harness.sandbox.faults.add(replace(PAGE, path=path))

    failed = inbox.try_sync(select=SEGMENTS)
    inbox.harness.sandbox.faults.clear()
    mended = inbox.sync(failed.state, select=SEGMENTS)

    assert failed.failures
    assert ids_of(mended, "contacts") == named


@pytest.mark.parametrize("count", [1, 3, 12])
def test_child_denied_for_all_is_read_next(inbox: Inbox, count: int) -> None:
    named = name_some(inbox, "contacts", count)
    fail_segments(inbox, DENIED)

    denied = inbox.try_sync(select=SEGMENTS)
    inbox.harness.sandbox.faults.clear()
    allowed = inbox.sync(denied.state, select=SEGMENTS)

    assert denied.denied_streams == {"contact_segments"}
    assert sorted(ids_of(allowed, "contacts")) == sorted(named)


@pytest.mark.parametrize("kind", ["companies", "contacts", "conversations"])
def test_notified_deletions_fail_nothing(inbox: Inbox, kind: str) -> None:
    """Their notifications explain that they are not found, although no other record is."""
    deleted = name_some(inbox, kind, 10)
    for record_id in deleted:
        inbox.put(TOPICS[kind].partition(".")[0] + ".deleted", id=record_id)
    delete(inbox, kind, deleted)

    result = inbox.sync(select=[kind])
    inbox.harness.sandbox.clear_requests()
    inbox.sync(result.state, select=[kind])

    assert result.lines(20, kind, "10 others no longer exist")
    assert asked_ids(inbox, kind) == []


@pytest.mark.parametrize("found", [0, 2])
@pytest.mark.parametrize("kind", ["contacts", "conversations", "tickets"])
def test_unlisted_records_fail_nothing(inbox: Inbox, kind: str, found: int) -> None:
    """No notification says that they were deleted, but Intercom doesn't list them."""
    named = name_some(inbox, kind, 10)
    delete(inbox, kind, named[found:])

    result = inbox.sync(select=[kind])

    assert ids_of(result, kind) == named[:found]
    assert result.summary(kind)["skipped"] == 10 - found


def test_deleted_companies_need_one_that_is_found(inbox: Inbox) -> None:
    """They can't be searched for by id, so that only shows that the requests do not fail."""
    deleted = name_some(inbox, "companies", 4)
    found = inbox.harness.sandbox.records("companies")[10]["id"]
    delete(inbox, "companies", deleted)

    alone = inbox.try_sync(select=["companies"])
    inbox.put(TOPICS["companies"], id=found)
    together = inbox.sync(alone.state, select=["companies"])

    assert isinstance(alone.failures["companies"], NotFoundError)
    assert ids_of(together, "companies") == [found]
    assert together.summary("companies")["skipped"] == 4


def test_denied_record_keeps_no_other(inbox: Inbox) -> None:
    named = name_some(inbox, "conversations", 4)
    fail(inbox, DENIED, "conversations", named[1:2])

    result = inbox.sync(select=PARTS)
    inbox.harness.sandbox.clear_requests()
    inbox.sync(result.state, select=PARTS)

    assert sorted(ids_of(result, "conversations")) == sorted([named[0], *named[2:]])
    assert result.warnings("conversations", "skipped 1 record that the token may not read")
    assert asked_ids(inbox, "conversations") == []


def test_too_large_record_is_left_out(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tap_intercom.api.transport.MAX_BODY_BYTES", 100_000)
    named = name_some(inbox, "contacts", 4)
    inbox.harness.sandbox.change("contacts", named[1], {"name": "x" * 200_000})

    result = inbox.sync(select=SEGMENTS)
    inbox.harness.sandbox.clear_requests()
    inbox.sync(result.state, select=SEGMENTS)

    assert sorted(ids_of(result, "contacts")) == sorted([named[0], *named[2:]])
    assert result.warnings("contacts", "left out record", named[1])
    assert result.summary("contacts")["skipped"] == 1
    assert asked_ids(inbox, "contacts") == []


def test_too_large_child_is_left_out(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tap_intercom.api.transport.MAX_BODY_BYTES", 100_000)
    named = name_some(inbox, "contacts", 2)
    body = b'{"type": "list", "data": [{"id": "%s"}]}' % (b"x" * 200_000)
    fail_segments(inbox, Fault(kind="raw_body", body=body, times=None), named[:1])

    result = inbox.sync(select=SEGMENTS)
    inbox.harness.sandbox.clear_requests()
    inbox.sync(result.state, select=SEGMENTS)

    assert result.warnings("contact_segments", "left out parent", named[0])
    assert asked_ids(inbox, "contacts") == []


@pytest.mark.parametrize(("fault", "count"), [(BROKEN, 3), (JSON, 9)], ids=["500", "404"])
def test_failing_records_keep_no_other(inbox: Inbox, fault: Fault, count: int) -> None:
    """They end the first run, which leaves the others to the second; that reads them last."""
    named = name_some(inbox, "contacts", 20)
    broken = named[:count]
    fail(inbox, fault, "contacts", broken)

    first = inbox.try_sync(select=["contacts"])
    second = inbox.try_sync(first.state, select=["contacts"])
    inbox.harness.sandbox.clear_requests()
    third = inbox.try_sync(second.state, select=["contacts"])

    assert first.failures
    read = {*ids_of(first, "contacts"), *ids_of(second, "contacts")}
    assert read == set(named[count:])
    assert third.failures
    assert set(asked_ids(inbox, "contacts")) <= set(broken)


@pytest.mark.parametrize(("fault", "count"), [(BROKEN, 3), (JSON, 9)], ids=["500", "404"])
def test_new_records_are_read_before_failing_ones(inbox: Inbox, fault: Fault, count: int) -> None:
    broken = name_some(inbox, "contacts", count)
    fail(inbox, fault, "contacts", broken)
    first = inbox.try_sync(select=["contacts"])
    named = name_some(inbox, "contacts", count + 5)

    second = inbox.try_sync(first.state, select=["contacts"])

    assert first.failures
    assert second.failures
    assert ids_of(second, "contacts") == named[count:]


def test_failing_child_keeps_no_other(inbox: Inbox) -> None:
    named = name_some(inbox, "contacts", 12)
    fail_segments(inbox, BROKEN, named[:3])

    first = inbox.try_sync(select=SEGMENTS)
    inbox.harness.sandbox.clear_requests()
    second = inbox.try_sync(first.state, select=SEGMENTS)
    answered = {request.path.split("/")[2] for request in inbox.harness.requests(".*/segments")}
    inbox.harness.sandbox.clear_requests()
    third = inbox.try_sync(second.state, select=SEGMENTS)

    assert answered == set(named)
    assert sorted(ids_of(third, "contacts")) == sorted(named[:3])


def test_trial_reads_a_few_records(inbox: Inbox) -> None:
    ids = name_some(inbox, "contacts", 30)
    writer = ColumnWriter()
    settings = {"webhooks_database": inbox.database, "webhooks_only": True, "concurrency": 1}
    tap = TapIntercom(config={**inbox.harness.config, **settings}, message_writer=writer)

    try_streams([tap.streams["contacts"]], writer)

    requests = inbox.harness.requests("/contacts/.+")
    assert MAX_RECORDS <= len(requests) < len(ids)
