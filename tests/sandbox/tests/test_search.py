"""Searches: pages, sort orders and cursors."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.sandbox.tests.client import (
    EVERYTHING,
    INVALID_PARAMETER,
    NEWEST_FIRST,
    NOON,
    OLDEST_FIRST,
    error_of,
    ids_of,
    message_of,
)

if TYPE_CHECKING:
    from tests.sandbox.tests.client import Client, Start

INVALID_CURSOR = (400, "client_error")


@pytest.mark.parametrize("kind", ["contacts", "conversations", "tickets"])
def test_search_returns_every_record_once(shared: Client, kind: str) -> None:
    rows = shared.found(kind)

    assert ids_of(rows) == ids_of(shared.records(kind))
    assert [row["updated_at"] for row in rows] == sorted(row["updated_at"] for row in rows)


def test_descending_search_is_the_reverse(shared: Client) -> None:
    rows = shared.found("conversations", sort=NEWEST_FIRST)

    assert ids_of(rows) == ids_of(shared.records("conversations"))[::-1]


def test_companies_without_users_are_left_out(shared: Client) -> None:
    rows = shared.found("companies", version="2.17")

    with_users = [row["id"] for row in shared.records("companies") if row["user_count"]]
    assert sorted(ids_of(rows)) == sorted(with_users)
    assert len(with_users) < len(shared.records("companies"))


def test_pages_have_counts(shared: Client) -> None:
    body = shared.search("contacts", per_page=7).json()

    pages = body["pages"]
    assert (body["total_count"], len(body["data"])) == (1200, 7)
    assert (pages["page"], pages["per_page"], pages["total_pages"]) == (1, 7, 172)
    assert pages["next"]["page"] == 2


@pytest.mark.parametrize(
    ("kind", "per_page"),
    [("contacts", 50), ("conversations", 20), ("tickets", 20), ("companies", 15)],
)
def test_pages_have_documented_sizes(shared: Client, kind: str, per_page: int) -> None:
    assert shared.search(kind, version="2.17").json()["pages"]["per_page"] == per_page


def test_newest_come_first_by_default(shared: Client) -> None:
    rows = shared.post("/contacts/search", {"query": EVERYTHING}).json()["data"]

    timestamps = [row["updated_at"] for row in rows]
    assert timestamps == sorted(timestamps, reverse=True)
    assert timestamps[0] > NOON - 600


@pytest.mark.parametrize("order", ["asc", "desc", "ASCENDING"])
def test_other_sort_orders_are_refused(shared: Client, order: str) -> None:
    response = shared.search("contacts", sort={"field": "updated_at", "order": order})

    assert error_of(response) == (400, "invalid_sort_order")


@pytest.mark.parametrize("per_page", [151, 0, "many"])
def test_impossible_page_size_is_refused(shared: Client, per_page: Any) -> None:
    assert error_of(shared.search("conversations", per_page=per_page)) == INVALID_PARAMETER


def test_cursor_is_the_last_row(shared: Client) -> None:
    body = shared.search("conversations", per_page=10).json()

    cursor = json.loads(base64.b64decode(body["pages"]["next"]["starting_after"]))

    last = body["conversations"][-1]
    assert cursor == [last["updated_at"] * 1000, int(last["id"]), 2]


@pytest.mark.parametrize("cursor", ["nonsense", "", "W10=", "eyJhIjoxfQ==", "WyJhIiwxLDJd", 7])
def test_malformed_cursor_is_refused(shared: Client, cursor: Any) -> None:
    response = shared.search("contacts", starting_after=cursor)

    assert error_of(response) == INVALID_CURSOR
    assert message_of(response).startswith("Invalid starting_after param")


def test_cursor_in_the_url_is_ignored(shared: Client) -> None:
    first = shared.search("tickets").json()
    cursor = first["pages"]["next"]["starting_after"]
    body = {"query": EVERYTHING, "sort": OLDEST_FIRST}

    again = shared.post(f"/tickets/search?starting_after={cursor}", body).json()

    assert again["tickets"] == first["tickets"]


def test_row_moving_forward_is_seen_again(start: Start) -> None:
    client = start(conversations=30)
    first = client.search("conversations", per_page=10).json()
    moved = first["conversations"][0]["id"]
    client.control.change("conversations", moved, {"title": "new"})

    cursor = first["pages"]["next"]["starting_after"]
    rest = client.search("conversations", per_page=150, starting_after=cursor).json()

    assert ids_of(rest["conversations"])[-1] == moved
    assert len(rest["conversations"]) == 21


def test_row_moving_to_front_is_missed(start: Start) -> None:
    client = start(conversations=30)
    first = client.search("conversations", sort=NEWEST_FIRST, per_page=10).json()
    moved = client.records("conversations")[0]["id"]
    client.control.change("conversations", moved, {"title": "new"})

    after = {"per_page": 150, "starting_after": first["pages"]["next"]["starting_after"]}
    rest = client.search("conversations", sort=NEWEST_FIRST, **after).json()

    assert len(rest["conversations"]) == 19
    assert moved not in ids_of(first["conversations"] + rest["conversations"])


def test_crowded_second_is_paged_exactly(start: Start) -> None:
    client = start(contacts=350)
    client.control.touch_oldest("contacts", 350, at=NOON - 100)

    ids = ids_of(client.found("contacts", per_page=60))

    assert len(ids) == len(set(ids)) == 350


def test_sort_by_custom_attribute_works(shared: Client) -> None:
    query = {"field": "custom_attributes.logins", "operator": ">", "value": 20}
    sort = {"field": "custom_attributes.logins", "order": "ascending"}

    rows = shared.search("contacts", query, sort=sort).json()["data"]

    logins = [row["custom_attributes"]["logins"] for row in rows]
    assert len(logins) == 50
    assert logins == sorted(logins)


def test_odd_values_do_not_break_sorts(shared: Client) -> None:
    sort = {"field": "custom_attributes.logins", "order": "ascending"}

    assert shared.search("contacts", sort=sort).status_code == 200


@pytest.mark.parametrize("kind", ["contacts", "conversations"])
def test_plain_list_is_newest_first(shared: Client, kind: str) -> None:
    key = {"contacts": "data"}.get(kind, kind)

    first = shared.get(f"/{kind}", per_page=150).json()
    cursor = first["pages"]["next"]["starting_after"]
    second = shared.get(f"/{kind}", per_page=150, starting_after=cursor).json()

    assert ids_of(first[key] + second[key]) == ids_of(shared.records(kind))[::-1][:300]


def test_body_has_to_be_an_object(shared: Client) -> None:
    assert error_of(shared.post("/contacts/search", [])) == (400, "bad_request")
