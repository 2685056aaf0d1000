"""Contacts, and what they embed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.sandbox.tests.client import INVALID_PARAMETER, NOON, NOT_FOUND, error_of, ids_of

if TYPE_CHECKING:
    from tests.sandbox.tests.client import Client, Start

LISTS = [("tags", "tag_ids"), ("companies", "company_ids"), ("notes", "note_ids")]


@pytest.mark.parametrize(("name", "key"), LISTS)
def test_embedded_list_stops_at_ten(shared: Client, name: str, key: str) -> None:
    contact = next(record for record in shared.records("contacts") if len(record[key]) == 14)

    shown = shared.get(f"/contacts/{contact['id']}").json()[name]

    assert ids_of(shown["data"]) == contact[key][:10]
    assert (shown["total_count"], shown["has_more"]) == (14, True)


@pytest.mark.parametrize(("name", "key"), LISTS)
def test_url_leads_to_full_list(shared: Client, name: str, key: str) -> None:
    contact = next(record for record in shared.records("contacts") if len(record[key]) == 14)
    url = shared.get(f"/contacts/{contact['id']}").json()[name]["url"]

    rows = shared.get(url).json()["data"]

    assert url == f"/contacts/{contact['id']}/{name}"
    assert ids_of(rows) == contact[key]


def test_embedded_tags_are_references(shared: Client) -> None:
    contact = next(record for record in shared.records("contacts") if record["tag_ids"])

    embedded = shared.get(f"/contacts/{contact['id']}").json()["tags"]["data"][0]
    listed = shared.get(f"/contacts/{contact['id']}/tags").json()["data"][0]

    assert embedded.keys() == {"type", "id", "url"}
    assert {"name", "applied_at", "applied_by"} <= listed.keys()


@pytest.mark.parametrize(("name", "key"), LISTS[1:])
def test_long_lists_have_several_pages(shared: Client, name: str, key: str) -> None:
    contact = next(c for c in shared.records("contacts") if len(c["company_ids"]) > 60)

    pages = shared.pages(f"/contacts/{contact['id']}/{name}")

    assert [len(page["data"]) for page in pages] == [50, 25]
    assert ids_of(pages[0]["data"] + pages[1]["data"]) == contact[key]


def test_companies_are_paged_by_url(shared: Client) -> None:
    contact = next(c for c in shared.records("contacts") if len(c["company_ids"]) == 14)
    path = f"/contacts/{contact['id']}/companies"

    pages = shared.pages(path, per_page=10)

    assert pages[0]["pages"]["next"].startswith(shared.url + path)
    assert pages[1]["pages"]["next"] is None
    assert error_of(shared.get(path, per_page=61)) == INVALID_PARAMETER


def test_merged_contact_is_gone(start: Start) -> None:
    client = start(contacts=3)
    first, second, third = ids_of(client.records("contacts"))
    client.control.merge(first, second)
    client.control.merge(second, third)

    response = client.get(f"/contacts/{first}")

    assert error_of(response) == (410, "contact_merged")
    assert response.headers["Link"] == f'</contacts/{third}>; rel="canonical"'
    assert client.ids("contacts") == [third]


def test_merged_contact_was_not_found(start: Start) -> None:
    client = start(contacts=2)
    first, second = ids_of(client.records("contacts"))
    client.control.merge(first, second)

    assert error_of(client.get(f"/contacts/{first}", "2.15")) == NOT_FOUND
    assert error_of(client.get(f"/contacts/{first}/tags")) == NOT_FOUND


def test_merge_history_is_shown_on_demand(start: Start) -> None:
    client = start(contacts=3)
    user = next(record["id"] for record in client.records("contacts") if record["role"] == "user")
    other = next(i for i in ids_of(client.records("contacts")) if i != user)
    client.control.merge(other, user)

    rows = client.get("/contacts", include_merge_history="true").json()["data"]

    histories = [row["merge_history"] for row in rows if row["id"] == user]
    assert [merge["source_contact_id"] for merge in histories[0]] == [other]
    assert "merge_history" not in client.get(f"/contacts/{user}").json()


def test_owner_ids_became_strings(shared: Client) -> None:
    contact = next(c["id"] for c in shared.records("contacts") if c["owner_id"])

    assert isinstance(shared.get(f"/contacts/{contact}", "2.15").json()["owner_id"], int)
    assert isinstance(shared.get(f"/contacts/{contact}", "2.16").json()["owner_id"], str)


@pytest.mark.parametrize("kind", ["contacts", "companies", "conversations"])
def test_tag_can_be_put_on(start: Start, kind: str) -> None:
    client = start(contacts=1, companies=1, conversations=1)
    record = client.records(kind)[0]["id"]

    changed = client.control.tag(kind, record, "7800124")

    assert changed["updated_at"] == NOON
    assert "7800124" in str(client.get(f"/{kind}/{record}").json()["tags"])


@pytest.mark.parametrize("kind", ["contacts", "companies", "conversations"])
def test_tag_can_be_taken_off(start: Start, kind: str) -> None:
    client = start(contacts=1, companies=1, conversations=1)
    record = client.records(kind)[0]["id"]
    client.control.tag(kind, record, "7800124")

    client.control.untag(kind, record, "7800124")

    assert "7800124" not in str(client.get(f"/{kind}/{record}").json()["tags"])


def test_archived_contact_is_not_found(start: Start) -> None:
    client = start(contacts=2)
    archived, other = ids_of(client.records("contacts"))

    client.control.delete("contacts", archived)

    assert client.ids("contacts") == [other]
    assert ids_of(client.control.records("archived_contacts")) == [archived]
