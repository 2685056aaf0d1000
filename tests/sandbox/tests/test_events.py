"""Data events of contacts."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from tests.sandbox.tests.client import (
    DAY,
    INVALID_PARAMETER,
    NOON,
    NOT_FOUND,
    by_parent,
    error_of,
    ids_of,
)

if TYPE_CHECKING:
    from tests.sandbox.tests.client import Client, Rows, Start


def longest(client: Client, name: str = "contact_events") -> tuple[str, Rows]:
    """The contact with the most rows, and these."""
    return by_parent(client.records(name), "contact_id")[0]


@pytest.mark.parametrize("per_page", [1, 4, 15, 150])
def test_links_lead_to_all_events(shared: Client, per_page: int) -> None:
    for contact, rows in by_parent(shared.records("contact_events"), "contact_id")[:3]:
        assert len(rows) > 4
        assert shared.events(contact, per_page=per_page) == rows[::-1]


def test_page_of_events_has_fifteen(shared: Client) -> None:
    contact, _ = longest(shared)

    page = shared.get("/events", type="user", intercom_user_id=contact).json()

    assert (page["type"], len(page["events"])) == ("event.list", 15)
    assert page["pages"]["next"].startswith(f"{shared.url}/events?")


def test_events_may_share_a_second(shared: Client) -> None:
    rows = shared.records("all_contact_events")

    assert len({(row["contact_id"], row["created_at"]) for row in rows}) < len(rows)
    assert len(set(ids_of(rows))) == len(rows)


def test_old_events_are_not_listed(start: Start) -> None:
    client = start(contacts=60)
    contact, rows = longest(client, "all_contact_events")

    listed = client.events(contact)
    client.control.clock.advance(90 * DAY)

    assert 0 < len(listed) < len(rows)
    assert client.events(contact) == []


def test_old_events_are_still_counted(start: Start) -> None:
    client = start(contacts=60)
    contact, rows = longest(client, "all_contact_events")
    client.control.clock.advance(90 * DAY)

    body = client.get("/events", type="user", intercom_user_id=contact, summary="true").json()

    assert body["type"] == "event.summary"
    assert sum(row["count"] for row in body["events"]) == len(rows)


def test_summary_counts_events_by_name(shared: Client) -> None:
    contact, events = longest(shared, "all_contact_events")
    person: dict[str, Any] = {"type": "user", "intercom_user_id": contact}

    rows = shared.get("/events", **person, summary="true").json()["events"]

    for row in rows:
        times = [e["created_at"] for e in events if e["event_name"] == row["name"]]
        ends = [int(datetime.fromisoformat(row[end]).timestamp()) for end in ("first", "last")]
        assert (ends, row["count"]) == ([min(times), max(times)], len(times))
        assert row.keys() == {"name", "first", "last", "count", "description"}


def test_summaries_are_known_as_records(shared: Client) -> None:
    for contact, rows in by_parent(shared.records("contact_event_summaries"), "contact_id")[:5]:
        person: dict[str, Any] = {"type": "user", "intercom_user_id": contact}
        assert shared.get("/events", **person, summary="true").json()["events"] == rows


@pytest.mark.parametrize(("parameter", "field"), [("user_id", "external_id"), ("email", "email")])
def test_users_have_several_ids(shared: Client, parameter: str, field: str) -> None:
    grouped = dict(by_parent(shared.records("contact_events"), "contact_id"))
    people = [c for c in shared.records("contacts") if c["id"] in grouped and c["email"]]
    user = next(person for person in people if person["role"] == "user")

    rows = shared.rows("/events", "events", type="user", **{parameter: user[field]})

    assert rows == grouped[user["id"]][::-1]


def test_leads_have_one_id(shared: Client) -> None:
    grouped = dict(by_parent(shared.records("contact_events"), "contact_id"))
    people = [c for c in shared.records("contacts") if c["id"] in grouped and c["email"]]
    lead = next(person for person in people if person["role"] == "lead")

    rows = shared.events(lead["id"])

    assert rows == grouped[lead["id"]][::-1]
    assert all("user_id" not in row for row in rows)
    assert error_of(shared.get("/events", type="user", email=lead["email"])) == NOT_FOUND


def test_events_need_a_type(shared: Client) -> None:
    contact = shared.records("contacts")[0]["id"]

    assert error_of(shared.get("/events", intercom_user_id=contact)) == INVALID_PARAMETER


def test_events_need_a_contact(shared: Client) -> None:
    assert error_of(shared.get("/events", type="user")) == (400, "parameter_not_found")


@pytest.mark.parametrize("summary", ["true", "false"])
def test_unknown_contact_is_not_found(shared: Client, summary: str) -> None:
    response = shared.get("/events", type="user", user_id="none", summary=summary)

    assert error_of(response) == NOT_FOUND


def test_since_leads_to_newer_events(start: Start) -> None:
    client = start(contacts=60)
    contact, _ = longest(client)
    rows = dict(by_parent(client.records("all_contact_events"), "contact_id"))[contact]
    page = client.get("/events", type="user", intercom_user_id=contact).json()
    event = {"type": "event", "event_name": "late", "created_at": NOON + 1, "id": "1"}

    before = client.get(page["pages"]["since"]).json()["events"]
    client.control.give_children("contact_events", contact, [*rows, event])
    after = client.get(page["pages"]["since"]).json()["events"]

    assert before == []
    assert [row["event_name"] for row in after] == ["late"]


def test_events_may_have_no_id(shared: Client) -> None:
    contact, _ = longest(shared)

    with shared.rules(event_ids=False):
        rows = shared.events(contact)

    assert all("id" not in row for row in rows)
