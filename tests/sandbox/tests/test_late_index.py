"""Searches see changes late; everything else sees them at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.sandbox.tests.client import NOON, ids_of

if TYPE_CHECKING:
    from tests.sandbox.tests.client import Start


def test_new_record_is_found_late(start: Start) -> None:
    client = start(index_delay={"contacts": 300})
    created = client.control.create("contacts")["id"]

    client.control.clock.advance(299)
    before = client.ids("contacts")
    client.control.clock.advance(1)

    assert before == []
    assert client.ids("contacts") == [created]


def test_new_record_is_read_at_once(start: Start) -> None:
    client = start(index_delay={"contacts": 300})

    created = client.control.create("contacts")["id"]

    assert client.get(f"/contacts/{created}").status_code == 200


def test_changed_record_is_found_unchanged(start: Start) -> None:
    client = start(conversations=5, index_delay={"conversations": 60})
    client.control.clock.advance(600)
    before = client.found("conversations")

    client.control.change("conversations", before[0]["id"], {"title": "changed"})

    assert client.found("conversations") == before
    assert client.get(f"/conversations/{before[0]['id']}").json()["title"] == "changed"


def test_index_catches_up_with_changes(start: Start) -> None:
    client = start(conversations=5, index_delay={"conversations": 60})
    changed = client.records("conversations")[0]["id"]
    client.control.clock.advance(600)
    client.control.change("conversations", changed, {"title": "changed"})

    client.control.clock.advance(60)
    rows = client.found("conversations")

    assert (rows[-1]["id"], rows[-1]["title"], len(rows)) == (changed, "changed", 5)


def test_row_appears_late_with_older_time(start: Start) -> None:
    client = start(index_delay={"contacts": 300})
    client.control.create("contacts", {"id": "late"}, NOON - 200)

    before = client.ids("contacts")
    client.control.clock.advance(100)

    assert before == []
    assert client.ids("contacts") == ["late"]


def test_deleted_record_is_still_found(start: Start) -> None:
    client = start(conversations=2)
    client.control.set_options(index_delay={"conversations": 60})
    deleted = client.ids("conversations")[0]

    client.control.delete("conversations", deleted)

    assert deleted in client.ids("conversations")
    assert client.get(f"/conversations/{deleted}").status_code == 404


def test_deleted_record_disappears_late(start: Start) -> None:
    client = start(conversations=2)
    client.control.set_options(index_delay={"conversations": 60})
    deleted = client.ids("conversations")[0]
    client.control.delete("conversations", deleted)

    client.control.clock.advance(60)

    assert deleted not in client.ids("conversations")


def test_late_index_may_show_fresh_values(start: Start) -> None:
    client = start(contacts=3, fresh_answers=True, index_delay={"contacts": 60})
    client.control.clock.advance(600)
    ids = client.ids("contacts")

    client.control.change("contacts", ids[0], {"name": "changed"})
    rows = client.found("contacts")

    assert ids_of(rows) == ids
    assert rows[0]["name"] == "changed"


def test_quiet_change_keeps_updated_at(start: Start) -> None:
    client = start(contacts=3)
    record = client.records("contacts")[0]

    client.control.change_quietly("contacts", record["id"], {"name": "Quiet"})

    found = client.found("contacts")[0]
    assert (found["id"], found["name"]) == (record["id"], "Quiet")
    assert found["updated_at"] == record["updated_at"]
