"""How searches compare dates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.sandbox.tests.client import INVALID_PARAMETER, NOON, error_of, seconds, updated

if TYPE_CHECKING:
    from tests.sandbox.tests.client import Client, Start


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Pacific/Auckland", "UTC"])
def test_contact_dates_are_local_days(start: Start, zone: str) -> None:
    client = start(timezone=zone)
    timestamps = {
        "day before": seconds(zone, 2026, 5, 9, 23, 59, 59),
        "first second": seconds(zone, 2026, 5, 10),
        "last second": seconds(zone, 2026, 5, 10, 23, 59, 59),
        "day after": seconds(zone, 2026, 5, 11),
    }
    for name, at in timestamps.items():
        client.control.create("contacts", {"id": name}, at)
    noon = seconds(zone, 2026, 5, 10, 12)

    for second in (noon, str(noon), timestamps["first second"], timestamps["last second"]):
        assert client.ids("contacts", updated("=", second)) == ["first second", "last second"]
        assert client.ids("contacts", updated(">", second)) == ["day after"]
        assert client.ids("contacts", updated("<", second)) == ["day before"]


def test_day_of_clock_change_is_one(start: Start) -> None:
    zone = "America/Los_Angeles"
    client = start(timezone=zone)
    first, last = seconds(zone, 2026, 3, 8), seconds(zone, 2026, 3, 8, 23, 59, 59)
    for name, at in (("before", first - 1), ("a", first), ("b", last), ("after", last + 1)):
        client.control.create("contacts", {"id": name}, at)

    assert last - first == 23 * 3600 - 1
    assert client.ids("contacts", updated("=", first)) == ["a", "b"]
    assert client.ids("contacts", updated(">", first)) == ["after"]
    assert client.ids("contacts", updated("<", last)) == ["before"]


def test_bookmark_alone_misses_its_day(start: Start) -> None:
    client = start(timezone="UTC")
    client.control.create("contacts", {"id": "later that day"}, NOON - 60)
    either = {"operator": "OR", "value": [updated(">", NOON - 3600), updated("=", NOON - 3600)]}

    assert client.ids("contacts", updated(">", NOON - 3600)) == []
    assert client.ids("contacts", updated("<", NOON)) == []
    assert client.ids("contacts", either) == ["later that day"]


def test_company_dates_are_exact_or_days(start: Start) -> None:
    client = start(timezone="UTC")
    for at in (NOON - 1, NOON, NOON + 1):
        client.control.create("companies", {"id": str(at - NOON), "user_count": 1}, at)
    client.control.clock.advance(10)

    assert client.ids("companies", updated(">", NOON), "2.17") == ["1"]
    client.control.set_options(company_search_days=True)

    assert client.ids("companies", updated(">", NOON), "2.17") == []
    assert client.ids("companies", updated("=", NOON), "2.17") == ["-1", "0", "1"]


@pytest.mark.parametrize("operator", [">=", "<=", "!="])
def test_other_comparisons_came_with_2_17(shared: Client, operator: str) -> None:
    query = updated(operator, NOON)

    assert error_of(shared.search("contacts", query)) == INVALID_PARAMETER
    assert shared.search("contacts", query, "2.17").status_code == 200


@pytest.mark.parametrize("operator", ["IN", "NIN"])
@pytest.mark.parametrize("version", ["2.16", "2.17"])
def test_lists_of_dates_are_refused(shared: Client, version: str, operator: str) -> None:
    response = shared.search("contacts", updated(operator, [NOON]), version)

    assert error_of(response) == INVALID_PARAMETER


@pytest.mark.parametrize("version", ["2.17", "Preview"])
def test_contact_dates_are_exact_later(start: Start, version: str) -> None:
    client = start()
    for at in (NOON - 1, NOON, NOON + 1):
        client.control.create("contacts", {"id": str(at - NOON)}, at)
    client.control.clock.advance(10)

    operators = ("=", "!=", ">", ">=", "<", "<=")
    found = [client.ids("contacts", updated(operator, NOON), version) for operator in operators]

    assert found == [["0"], ["-1", "1"], ["1"], ["0", "1"], ["-1"], ["-1", "0"]]


def test_custom_dates_are_utc_days(start: Start) -> None:
    client = start(timezone="Pacific/Auckland")
    day = seconds("UTC", 2026, 5, 10)
    for hour in (-1, 0, 23, 24):
        attributes = {"renewal_date": day + hour * 3600}
        client.control.create("contacts", {"id": str(hour), "custom_attributes": attributes})
    query = {"field": "custom_attributes.renewal_date", "operator": "=", "value": day}

    assert sorted(client.ids("contacts", query, "2.17")) == ["0", "23"]


def test_custom_dates_refuse_other_comparisons(shared: Client) -> None:
    query = {"field": "custom_attributes.renewal_date", "operator": ">=", "value": NOON}

    assert error_of(shared.search("contacts", query, "2.17")) == INVALID_PARAMETER


@pytest.mark.parametrize("kind", ["conversations", "tickets"])
def test_greater_includes_equality(start: Start, kind: str) -> None:
    client = start()
    before, equal, after = (
        client.control.create(kind, {}, NOON + step)["id"] for step in (-1, 0, 1)
    )
    client.control.clock.advance(10)

    assert client.ids(kind, updated(">", NOON)) == [equal, after]
    assert client.ids(kind, updated("<", NOON)) == [before, equal]
    assert client.ids(kind, updated(">=", NOON)) == [equal, after]
    assert client.ids(kind, updated("IN", [NOON, NOON + 1])) == [equal, after]


@pytest.mark.parametrize("kind", ["conversations", "tickets"])
def test_greater_may_exclude_equality(start: Start, kind: str) -> None:
    client = start(inclusive_comparisons=False)
    before, equal, after = (
        client.control.create(kind, {}, NOON + step)["id"] for step in (-1, 0, 1)
    )
    client.control.clock.advance(10)
    between = {"operator": "AND", "value": [updated(">", NOON - 1), updated("<", NOON + 1)]}

    assert client.ids(kind, updated(">", NOON)) == [after]
    assert client.ids(kind, updated("<", NOON)) == [before]
    assert client.ids(kind, between) == [equal]
