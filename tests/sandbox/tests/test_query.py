"""The query language of the searches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.sandbox.tests.client import (
    DAY,
    EVERYTHING,
    INVALID_PARAMETER,
    NOON,
    error_of,
    ids_of,
    updated,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.sandbox.tests.client import Client, Start


@pytest.mark.parametrize(
    "query",
    [
        None,
        {},
        [],
        {"field": "updated_at", "operator": "between", "value": 1},
        {"operator": "AND", "value": []},
        {"field": "updated_at", "operator": ">", "value": "soon"},
        {"field": "role", "operator": "IN", "value": "user"},
        {"field": "role", "operator": ">", "value": "user"},
        {"field": "has_hard_bounced", "operator": "~", "value": "t"},
        {"field": "tag_id", "operator": "IN", "value": ["1"]},
        {"operator": "AND", "value": [EVERYTHING] * 16},
        {
            "operator": "AND",
            "value": [{"operator": "OR", "value": [{"operator": "AND", "value": [EVERYTHING]}]}],
        },
    ],
)
def test_invalid_query_is_refused(shared: Client, query: Any) -> None:
    assert error_of(shared.search("contacts", query)) == INVALID_PARAMETER


@pytest.mark.parametrize("kind", ["contacts", "conversations", "tickets", "companies"])
def test_unknown_field_is_refused(shared: Client, kind: str) -> None:
    query = {"field": "shoe_size", "operator": "=", "value": 1}

    assert error_of(shared.search(kind, query, "2.17")) == (400, "invalid_field")


def test_two_levels_of_fifteen_work(shared: Client) -> None:
    query = {"operator": "AND", "value": [{"operator": "OR", "value": [EVERYTHING] * 15}]}

    assert shared.search("contacts", query).json()["total_count"] == 1200


@pytest.mark.parametrize(
    ("query", "matches"),
    [
        (("role", "=", "lead"), lambda c: c["role"] == "lead"),
        (("role", "!=", "lead"), lambda c: c["role"] != "lead"),
        (("role", "IN", ["lead", "x"]), lambda c: c["role"] == "lead"),
        (("role", "NIN", ["lead", "x"]), lambda c: c["role"] != "lead"),
        (("phone", "=", None), lambda c: c["phone"] is None),
        (("email", "~", "SON1@"), lambda c: "son1@" in (c["email"] or "")),
        (("email", "!~", "son1"), lambda c: "son1" not in (c["email"] or "")),
        (("email", "^", "person2"), lambda c: (c["email"] or "").startswith("person2")),
        (("external_id", "$", "7"), lambda c: (c["external_id"] or "").endswith("7")),
        (("location.country", "=", "Japan"), lambda c: c["location"]["country"] == "Japan"),
        (("has_hard_bounced", "=", True), lambda c: c["has_hard_bounced"]),
        (("tag_id", "=", "7800103"), lambda c: "7800103" in c["tag_ids"]),
        (
            ("custom_attributes.seats", ">=", 150),
            lambda c: (c["custom_attributes"].get("seats") or 0) >= 150,
        ),
        (
            ("custom_attributes.score", "<", "5"),
            lambda c: c["custom_attributes"].get("score", 9.0) < 5,
        ),
    ],
)
def test_filter_finds_matching_values(
    shared: Client, query: tuple[str, str, Any], matches: Callable[[Any], bool]
) -> None:
    field, operator, value = query
    expected = [record for record in shared.records("contacts") if matches(record)]

    response = shared.search("contacts", {"field": field, "operator": operator, "value": value})

    assert response.json()["total_count"] == len(expected) > 0


def test_unexpected_type_matches_no_number(start: Start) -> None:
    client = start(contacts=3)
    odd = client.records("contacts")[0]["id"]
    client.control.change("contacts", odd, {"custom_attributes": {"seats": "a dozen"}})

    found = client.ids(
        "contacts", {"field": "custom_attributes.seats", "operator": ">=", "value": 0}
    )

    assert odd not in found


def test_ranges_joined_by_or_unite(shared: Client) -> None:
    border, later = NOON - 300 * DAY, NOON - 100 * DAY
    query = {"operator": "OR", "value": [updated("<", border), updated(">", later)]}

    found = shared.ids("conversations", query)

    rows = shared.records("conversations")
    matching = [r for r in rows if r["updated_at"] <= border or r["updated_at"] >= later]
    assert found == ids_of(matching)
