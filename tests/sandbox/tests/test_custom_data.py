"""Custom attributes and custom objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.sandbox.tests.client import INVALID_PARAMETER, NOT_FOUND, error_of, ids_of, message_of

if TYPE_CHECKING:
    from tests.sandbox.tests.client import Body, Client, Rows

ORDERS: Final = "/custom_object_instances/order"
TYPES: Final[dict[str, tuple[type, ...]]] = {
    "string": (str,),
    "integer": (int,),
    "float": (float, int),
    "decimal": (float, int),
    "boolean": (bool,),
    "date": (int,),
    "datetime": (int,),
    "list": (str,),
    "files": (list,),
    "relationship": (dict,),
}


def fits(value: Any, data_type: str) -> bool:
    if isinstance(value, bool):
        return data_type == "boolean"
    return value is None or isinstance(value, TYPES[data_type])


def assert_most_values_fit(rows: Rows, types: dict[str, str]) -> None:
    pairs = [pair for row in rows for pair in row.items()]
    declared = [(name, value) for name, value in pairs if name in types]
    misfits = [name for name, value in declared if not fits(value, types[name])]
    assert {name for name, _ in declared} == set(types)
    assert 0 < len(misfits) < len(declared) / 50
    assert 0 < len(pairs) - len(declared) < len(declared) / 5


@pytest.mark.parametrize(("model", "kind"), [("contact", "contacts"), ("company", "companies")])
def test_most_values_fit_their_attribute(shared: Client, model: str, kind: str) -> None:
    attributes = shared.get("/data_attributes", model=model).json()["data"]

    types = {row["name"]: row["data_type"] for row in attributes if row["custom"]}

    assert set(types.values()) == {"string", "integer", "float", "boolean", "date"}
    assert_most_values_fit([row["custom_attributes"] for row in shared.records(kind)], types)


def test_conversation_attributes_have_every_type(shared: Client) -> None:
    attributes = shared.get("/conversations/attributes").json()["data"]

    types = {row["name"]: row["data_type"] for row in attributes}

    rows = [row["custom_attributes"] for row in shared.records("conversations")]
    assert sorted(types.values()) == sorted(set(TYPES) - {"float", "date"})
    assert_most_values_fit(rows, types)


def test_ticket_attributes_have_every_type(shared: Client) -> None:
    attributes = shared.get("/ticket_types").json()["data"][0]["ticket_type_attributes"]["data"]

    types = {row["name"]: row["data_type"] for row in attributes}

    assert set(types.values()) == set(TYPES) - {"float", "date", "relationship"}
    assert_most_values_fit([row["ticket_attributes"] for row in shared.records("tickets")], types)


def as_shown(row: Body) -> Body:
    return {key: row[key] for key in row if key not in {"contact_id", "conversation_id"}}


@pytest.mark.parametrize("name", ["order", "subscription"])
def test_links_lead_to_all_instances(shared: Client, name: str) -> None:
    rows = shared.rows(f"/custom_object_instances/{name}", per_page=10)

    assert rows == [as_shown(row) for row in shared.records(f"custom_object_{name}")]


def test_newest_instances_come_first(shared: Client) -> None:
    timestamps = [row["created_at"] for row in shared.rows(ORDERS)]

    assert timestamps == sorted(timestamps, reverse=True)


def test_page_of_instances_has_twenty(shared: Client) -> None:
    page = shared.get(ORDERS).json()

    assert (len(page["data"]), page["total_count"]) == (
        20,
        len(shared.records("custom_object_order")),
    )
    assert page["pages"]["next"].startswith(shared.url + ORDERS)
    assert error_of(shared.get(ORDERS, per_page=151)) == INVALID_PARAMETER


def test_unknown_object_type_is_named(shared: Client) -> None:
    response = shared.get("/custom_object_instances/invoice")

    assert error_of(response) == NOT_FOUND
    assert message_of(response) == "Custom object type `invoice` not found"


def test_external_id_finds_an_instance(shared: Client) -> None:
    expected = shared.records("custom_object_order")[3]

    found = shared.get(ORDERS, "2.15", external_id=expected["external_id"]).json()

    assert found == as_shown(expected)


def test_unknown_external_id_is_not_found(shared: Client) -> None:
    assert error_of(shared.get(ORDERS, external_id="none")) == NOT_FOUND


def test_external_id_was_required(shared: Client) -> None:
    assert error_of(shared.get(ORDERS, "2.15")) == (400, "parameter_not_found")


def test_conversations_embed_their_instances(shared: Client) -> None:
    conversation_ids = set(ids_of(shared.records("conversations")))
    orders = shared.records("custom_object_order")

    embedded = {
        row["id"]: row["custom_attributes"]["Orders"]["instances"][0]["id"]
        for row in shared.records("conversations")
        if "Orders" in row["custom_attributes"]
    }

    linked = {row["conversation_id"]: row["id"] for row in orders}
    assert embedded == {key: linked[key] for key in linked if key in conversation_ids}
    assert len(embedded) > 1
