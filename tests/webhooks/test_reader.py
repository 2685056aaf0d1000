"""The tap reads what notifications name, once, and forgets none of it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tap_intercom.tap import TapIntercom
from tap_intercom.webhooks.position import Position
from tap_intercom.webhooks.store import TABLE_NAME, NotificationStore
from tests.guarantees.harness import Pipe, discover
from tests.guarantees.schedules import ENDS
from tests.sandbox.faults import Fault
from tests.webhooks.inbox import GROUPS, PARENTS, Inbox

if TYPE_CHECKING:
    from tests.guarantees.harness import SyncHarness


def test_each_named_record_is_asked_for_once(inbox: Inbox) -> None:
    control = inbox.harness.sandbox
    conversation = control.records("conversations")[3]["id"]
    contact, company = (control.records(kind)[0]["id"] for kind in ("contacts", "companies"))
    ticket = control.records("tickets")[0]["id"]
    for _ in range(3):
        inbox.put("conversation.user.replied", id=conversation)
        inbox.put("contact.user.updated", id=contact)
    inbox.put("company.contact.attached", company={"id": company}, contact={"id": contact})
    inbox.put("ticket.closed", ticket={"id": ticket})
    control.clear_requests()

    result = inbox.sync()

    paths = [request.path for request in inbox.harness.requests()]
    assert sorted(path for path in paths if path.count("/") == 2) == sorted(
        [
            f"/companies/{company}",
            f"/contacts/{contact}",
            f"/conversations/{conversation}",
            f"/tickets/{ticket}",
        ]
    )
    assert [row["id"] for row in result.records("conversations")] == [conversation]
    assert [row["id"] for row in result.records("tickets")] == [ticket]
    assert {row["conversation_id"] for row in result.records("conversation_parts")} == {
        conversation
    }


def test_audit_has_the_streams_that_are_read(inbox: Inbox) -> None:
    inbox.put("contact.user.updated", id=inbox.harness.sandbox.records("contacts")[0]["id"])

    result = inbox.sync(select=["contact_tags", "contacts", "sync_audit", "tags"])

    rows = {row["stream"]: row["records"] for row in result.records("sync_audit")}
    assert rows.keys() == {"contact_tags", "contacts"}
    assert rows["contacts"] == 1


def test_exports_keep_their_bookmark(inbox: Inbox) -> None:
    """They are not read, so what they would have brought is left to the next complete run."""
    first = inbox.sync(select=["message_engagement"], webhooks_only=False)
    inbox.harness.sandbox.clock.advance(86_400)

    second = inbox.sync(first.state, select=["message_engagement"])

    assert first.bookmark("message_engagement")
    assert second.bookmark("message_engagement") == first.bookmark("message_engagement")


def test_rows_are_those_of_a_normal_run(inbox: Inbox) -> None:
    control = inbox.harness.sandbox
    chosen = {kind: control.records(kind)[2]["id"] for kind in PARENTS}
    chosen["contacts"] = next(one["id"] for one in control.records("contacts") if one["tag_ids"])
    names = {"contacts": "contact", "companies": "company", "conversations": "conversation"}
    for kind, record_id in chosen.items():
        inbox.put(f"{names.get(kind, 'ticket')}.updated", id=record_id)

    normal = inbox.harness.sync(select=GROUPS)
    changed = inbox.sync()

    for stream in GROUPS:
        rows, expected = changed.records(stream), normal.records(stream)
        assert rows
        assert [row for row in rows if row not in map(without_evaluations, expected)] == []


def test_named_records_delete_no_others(inbox: Inbox, harness: SyncHarness, database: str) -> None:
    inbox.put("contact.user.updated", id=harness.sandbox.records("contacts")[0]["id"])
    config = {**harness.config, "webhooks_database": database, "webhooks_only": True}
    config["emit_activate_version_messages"] = True
    catalog = discover(config, {"contacts", "tags"})
    for entry in catalog["streams"]:
        entry["replication_method"] = "FULL_TABLE"

    result = harness.try_sync_catalog(config, catalog)

    assert len(result.records("contacts")) == 1
    assert "ACTIVATE_VERSION" not in {one["type"] for one in result.messages}
    assert result.warnings("contacts", "ACTIVATE_VERSION", "webhooks_only")


def without_evaluations(row: dict[str, Any]) -> dict[str, Any]:
    """A row without what only a search can be asked for."""
    return {key: row[key] for key in row if key not in {"monitor_evaluations", "scorecards"}}


def test_nothing_new_needs_one_request(inbox: Inbox) -> None:
    inbox.put("ping", message="hello")
    state = inbox.sync().state
    inbox.harness.sandbox.clear_requests()

    result = inbox.sync(state)

    assert [request.path for request in inbox.harness.requests(".*")] == ["/me"]
    assert all(not result.records(stream) for stream in GROUPS)


def test_bookmarks_of_the_normal_run_stay(inbox: Inbox) -> None:
    before = inbox.harness.sync(select=GROUPS)
    inbox.harness.sandbox.clock.advance(86_400)
    contact = inbox.harness.sandbox.records("contacts")[0]["id"]
    inbox.harness.sandbox.change("contacts", contact, {"name": "Ada"})
    inbox.put("contact.user.updated", id=contact)

    after = inbox.sync(before.state)

    assert [row["name"] for row in after.records("contacts")] == ["Ada"]
    assert [after.bookmark(name) for name in GROUPS] == [before.bookmark(name) for name in GROUPS]


def test_other_streams_write_nothing(inbox: Inbox) -> None:
    contact = inbox.harness.sandbox.records("contacts")[0]["id"]
    inbox.put("contact.user.updated", id=contact)

    result = inbox.sync(select=[*GROUPS, "tags", "admins", "articles"])

    assert not result.records("tags")
    assert not result.records("admins")
    assert len(inbox.harness.requests()) < 4


def test_children_alone_are_read_too(inbox: Inbox) -> None:
    conversation = inbox.harness.sandbox.records("conversations")[0]["id"]
    inbox.put("conversation.user.replied", id=conversation)

    result = inbox.sync(select=["conversation_parts"])

    assert {row["conversation_id"] for row in result.records("conversation_parts")} == {
        conversation
    }
    assert not result.records("conversations")


def test_event_brings_the_events_of_its_contact(inbox: Inbox) -> None:
    contact = inbox.harness.sandbox.records("contact_events")[0]["contact_id"]
    inbox.put("event.created", id="e1", event_name="ordered", intercom_user_id=contact)

    result = inbox.sync(select=["contact_events"])

    assert set(result.values("contact_events", "contact_id")) == {contact}


def test_record_that_is_gone_is_counted(inbox: Inbox) -> None:
    control = inbox.harness.sandbox
    gone, lost, kept, *_ = (record["id"] for record in control.records("conversations"))
    for named in (gone, lost, kept):
        inbox.put("conversation.user.replied", id=named)
    inbox.put("conversation.deleted", conversation_id=gone)
    control.delete("conversations", gone)
    control.delete("conversations", lost)  # no notification says so

    result = inbox.sync(select=["conversations", "webhook_deletions"])

    assert [row["id"] for row in result.records("conversations")] == [kept]
    assert [(row["type"], row["id"]) for row in result.records("webhook_deletions")] == [
        ("conversation", gone)
    ]
    assert result.lines(20, "conversations", "2 others no longer exist")


def test_failed_id_is_asked_for_again(inbox: Inbox) -> None:
    control = inbox.harness.sandbox
    bad, good, *_ = (record["id"] for record in control.records("contacts"))
    inbox.put("contact.user.updated", id=bad)
    inbox.put("contact.user.updated", id=good)
    control.faults.add(Fault("status", path=f"/contacts/{bad}", times=None))

    failed = inbox.try_sync(select=["contacts"])
    control.faults.clear()
    mended = inbox.sync(failed.state, select=["contacts"])
    after = inbox.sync(mended.state, select=["contacts"])

    assert failed.error is not None
    assert [row["id"] for row in failed.records("contacts")] == [good]
    assert [row["id"] for row in mended.records("contacts")] == [bad]
    assert after.records("contacts") == []


def test_failed_child_is_asked_for_again(inbox: Inbox) -> None:
    control = inbox.harness.sandbox
    contact = control.records("contacts")[0]["id"]
    inbox.put("contact.user.updated", id=contact)
    control.faults.add(Fault("status", path=f"/contacts/{contact}/segments", times=None))
    streams = ["contacts", "contact_segments"]

    failed = inbox.try_sync(select=streams)
    control.faults.clear()
    mended = inbox.sync(failed.state, select=streams)

    assert failed.error is not None
    assert [row["id"] for row in mended.records("contacts")] == [contact]


def test_denied_stream_keeps_its_position(inbox: Inbox) -> None:
    control = inbox.harness.sandbox
    contact = control.records("contacts")[0]["id"]
    inbox.put("contact.user.updated", id=contact)
    control.faults.add(Fault("status", path=r"/contacts/.*", times=None, status=403))

    denied = inbox.try_sync(select=["contacts"])
    control.faults.clear()
    allowed = inbox.sync(denied.state, select=["contacts"])

    assert denied.denied_streams == {"contacts"}
    assert [row["id"] for row in allowed.records("contacts")] == [contact]


@pytest.mark.parametrize("messages", range(1, 30, 3))
def test_killed_run_loses_nothing(inbox: Inbox, messages: int) -> None:
    control = inbox.harness.sandbox
    ids = [record["id"] for record in control.records("conversations")[:4]]
    for conversation in ids:
        inbox.put("conversation.user.replied", id=conversation)
    select = ["conversations", "conversation_parts", "webhook_notifications"]

    killed = inbox.try_sync(select=select, pipe=Pipe(messages=messages))
    after = inbox.sync(killed.state, select=select)

    for stream, key in (("conversations", "id"), ("conversation_parts", "conversation_id")):
        rows = [*killed.records(stream), *after.records(stream)]
        assert {row[key] for row in rows} == set(ids)
    stored = {item.id for item in inbox.store.read(Position())}
    rows = [*killed.records("webhook_notifications"), *after.records("webhook_notifications")]
    assert {row["id"] for row in rows} == stored


@pytest.mark.parametrize("states", range(1, 5))
def test_each_state_follows_its_notifications(
    inbox: Inbox, states: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tap_intercom.sync.parent_child_sync.RECORDS_PER_STATE", 1)
    for number in range(4):
        inbox.put("ping", message=str(number))
    select = ["webhook_notifications"]

    killed = inbox.try_sync(select=select, pipe=Pipe(states=states))
    after = inbox.sync(killed.state, select=select)

    written = killed + after
    assert len(killed.records("webhook_notifications")) == states - 1
    assert {*written.values("webhook_notifications", "sequence")} == {1, 2, 3, 4}


@pytest.mark.parametrize("messages", range(1, 40, 4))
@pytest.mark.parametrize("end", ENDS)
def test_end_error_and_late_commit_lose_nothing(
    inbox: Inbox, database: str, end: str, messages: int
) -> None:
    """A run ends while one record answers 500; then a notification commits between others."""
    control = inbox.harness.sandbox
    records = control.records("conversations")
    *ids, late = [one["id"] for one in records if one["conversation_parts"]["total_count"]][:5]
    for conversation in ids:
        inbox.put("conversation.user.replied", id=conversation)
    _renumber(database, 4, 9)
    control.faults.add(
        Fault(kind="status", status=500, path=f"/conversations/{ids[1]}", times=None)
    )
    select = ["conversations", "conversation_parts", "webhook_notifications"]

    first = inbox.try_sync(select=select, pipe=ENDS[end](messages))
    inbox.put("conversation.user.replied", id=late)
    _renumber(database, 10, 5)
    second = inbox.try_sync(first.state, select=select, pipe=ENDS[end](messages))
    control.faults.clear()
    third = inbox.sync(second.state or first.state, select=select)

    written = first + second + third
    assert set(written.values("conversations", "id")) == {*ids, late}
    assert set(written.values("conversation_parts", "conversation_id")) == {*ids, late}
    stored = {item.id for item in inbox.store.read(Position())}
    assert set(written.values("webhook_notifications", "id")) == stored


def test_late_commit_is_read_by_the_next_run(inbox: Inbox, database: str) -> None:
    early, late, *_ = (record["id"] for record in inbox.harness.sandbox.records("contacts"))
    inbox.put("contact.user.updated", id=early)
    _renumber(database, 1, 5)
    first = inbox.sync(select=["contacts", "webhook_notifications"])
    inbox.put("contact.user.updated", id=late)
    _renumber(database, 6, 3)

    second = inbox.sync(first.state, select=["contacts", "webhook_notifications"])
    third = inbox.sync(second.state, select=["contacts", "webhook_notifications"])

    assert [row["id"] for row in second.records("contacts")] == [late]
    assert [row["sequence"] for row in second.records("webhook_notifications")] == [3]
    assert third.records("contacts") == third.records("webhook_notifications") == []


def test_notifications_of_another_workspace_are_left_out(inbox: Inbox, database: str) -> None:
    """Its ids may be those of this workspace's records."""
    mine, other = (record["id"] for record in inbox.harness.sandbox.records("contacts")[:2])
    inbox.put("contact.user.updated", id=mine)
    inbox.put("contact.user.updated", id=other)
    inbox.put("company.deleted", id="k1")
    disown(database, after=1)
    select = ["contacts", "webhook_deletions", "webhook_notifications"]

    result = inbox.sync(select=select)
    again = inbox.sync(result.state, select=select)

    assert result.values("contacts", "id") == [mine]
    assert result.records("webhook_deletions") == []
    assert result.values("webhook_notifications", "sequence") == [1]
    assert len(result.warnings("webhook_notifications", "left out 2 from other workspaces")) == 1
    assert again.warnings("webhook_notifications", "left out") == []


def test_foreign_notifications_are_passed_once(inbox: Inbox, database: str) -> None:
    """They move the position, and their topics are not this workspace's."""
    inbox.put("something.new", id="x")
    disown(database, after=0)
    select = ["webhook_notifications"]

    result = inbox.sync(select=select)
    again = inbox.sync(result.state, select=select)

    assert len(result.warnings("webhook_notifications")) == 1
    assert again.warnings("webhook_notifications") == []


def disown(database: str, after: int) -> None:
    """Make the notifications after a sequence those of another workspace."""
    with closing(sqlite3.connect(database.removeprefix("sqlite:///"))) as connection, connection:
        connection.execute(
            f"UPDATE {TABLE_NAME} SET app_id = 'another' WHERE sequence > ?", [after]
        )


def test_notifications_are_rows(inbox: Inbox) -> None:
    inbox.put("contact.user.updated", id="c1", name="A\0B", half="\ud83d")
    inbox.put("something.new", id="x")

    result = inbox.sync(select=["webhook_notifications"])

    first, second = result.records("webhook_notifications")
    assert (first["sequence"], second["sequence"]) == (1, 2)
    assert first["created_at"] == "2026-09-21T14:13:21+00:00"
    assert first["body"]["data"]["item"]["name"] == "A\N{REPLACEMENT CHARACTER}B"
    assert result.warnings("webhook_notifications", "something.new (1")


def test_normal_run_reads_notifications_too(inbox: Inbox) -> None:
    inbox.put("company.deleted", id="k1", deleted=True)

    result = inbox.sync(select=["tags", "webhook_deletions"], webhooks_only=False)

    (row,) = result.records("webhook_deletions")
    assert (row["type"], row["id"], row["topic"]) == ("company", "k1", "company.deleted")
    assert row["deleted_at"] == "2026-09-21T14:13:21+00:00"  # `created_at`; it came just now
    assert result.records("tags")


def test_missing_database_is_explained(inbox: Inbox) -> None:
    url = "sqlite:////nowhere/notifications.db"

    result = inbox.try_sync(select=["contacts"], webhooks_database=url)

    assert "does not exist; tap-intercom-webhooks creates it" in str(result.error)


def test_streams_need_the_database(database: str) -> None:
    without, with_database = (
        TapIntercom(config={}, validate_config=False),
        TapIntercom(config={"webhooks_database": database}, validate_config=False),
    )

    assert with_database.streams.keys() - without.streams.keys() == {
        "webhook_deletions",
        "webhook_notifications",
    }


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"webhooks_only": True}, "webhooks_only needs webhooks_database"),
        ({"webhooks_database": "notifications.db"}, "SQLite file or of Postgres"),
        ({"webhooks_database": "mysql://user:secret@host/x"}, "SQLite file or of Postgres"),
    ],
)
def test_wrong_setting_is_explained(
    harness: SyncHarness, settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(Exception, match="Config validation failed") as caught:
        harness.sync(select=["tags"], **settings)

    assert any(message in error for error in caught.value.errors)  # type: ignore[attr-defined]
    assert "secret" not in str(caught.value)


def _renumber(database: str, sequence: int, to: int) -> None:
    """Give a notification another sequence, as if transactions had committed out of order."""
    import sqlite3

    connection = sqlite3.connect(database.removeprefix("sqlite:///"))
    with connection:
        connection.execute(f"UPDATE {TABLE_NAME} SET sequence = {to} WHERE sequence = {sequence}")
    connection.close()


def test_new_store_is_read_from_its_beginning(inbox: Inbox, tmp_path: Path) -> None:
    """Its sequences begin at 1 again, far behind the position in the state."""
    select = ("contacts", "webhook_notifications")
    contacts = [record["id"] for record in inbox.harness.sandbox.records("contacts")]
    for contact in contacts[:5]:
        inbox.put("contact.user.updated", id=contact)
    before = inbox.sync(select=select)
    url = f"sqlite:///{tmp_path / 'new.db'}"
    with closing(NotificationStore(url)) as store:
        store.open()
        moved = Inbox(inbox.harness, store, url)
        for contact in contacts[5:8]:
            moved.put("contact.user.updated", id=contact)

        after = moved.sync(before.state, select=select)
        again = moved.sync(after.state, select=select)

    assert sorted(after.values("contacts", "id")) == sorted(contacts[5:8])
    assert len(after.records("webhook_notifications")) == 3
    assert again.records("contacts") == again.records("webhook_notifications") == []


def test_restored_store_is_read_again(inbox: Inbox, tmp_path: Path, database: str) -> None:
    """It gives sequences that were read a second time."""
    file, backup = Path(database.removeprefix("sqlite:///")), tmp_path / "backup.db"
    contacts = [record["id"] for record in inbox.harness.sandbox.records("contacts")]
    inbox.put("contact.user.updated", id=contacts[0])
    copy_database(file, backup)
    for contact in contacts[1:5]:
        inbox.put("contact.user.updated", id=contact)
    before = inbox.sync(select=["contacts"])
    copy_database(backup, file)
    inbox.put("contact.user.updated", id=contacts[5])

    after = inbox.sync(before.state, select=["contacts"])

    assert contacts[5] in after.values("contacts", "id")


def test_pruned_store_keeps_the_position(inbox: Inbox) -> None:
    inbox.put("contact.user.updated", id=inbox.harness.sandbox.records("contacts")[0]["id"])
    before = inbox.sync(select=["contacts"])
    inbox.store.prune(before=2**40)

    after = inbox.sync(before.state, select=["contacts"])

    assert after.state == before.state
    assert after.records("contacts") == []


def copy_database(source: Path, target: Path) -> None:
    """Copy a SQLite database into a file, as a backup does."""
    with closing(sqlite3.connect(source)) as connection, closing(sqlite3.connect(target)) as copy:
        connection.backup(copy)
