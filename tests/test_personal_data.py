"""What becomes of values of every shape; tests/guarantees has what becomes of whole runs."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Any

import pytest

from tap_intercom.custom.definitions import StreamDefinition
from tap_intercom.custom.reporting import Attribute, Dataset
from tap_intercom.schema import personal_settings
from tap_intercom.schema.personal_data import Protection, Protector, hashed

if TYPE_CHECKING:
    from collections.abc import Mapping

KEY = "a key of more than sixteen bytes"

HASH = {"personal_data": "hash", "personal_data_key": KEY}
DROP = {"personal_data": "drop"}
NO_CONTENT = {"message_content": "drop"}
ALLOWED = {"personal_data_allowed_attributes": ["title", "_default_title_"]}


def digest(text: str) -> str:
    return hmac.new(KEY.encode(), text.encode(), hashlib.sha256).hexdigest()


ADA = digest("Ada")

SCHEMA = {
    "properties": {
        "id": {"type": "string"},
        "seen_at": {"type": "string", "format": "date-time"},
        "count": {"type": "integer"},
        "name": {"type": "string", "x-personal": "identifier"},
        "born_at": {"type": "string", "format": "date-time", "x-personal": "identifier"},
        "age": {"type": "integer", "x-personal": "identifier"},
        "body": {"type": "string", "x-personal": "content"},
        "changes": {"type": "object", "x-personal": "unknown"},
        "plan": {"type": "string", "x-personal": "defined"},
        "tags": {
            "type": "array",
            "items": {"type": "object", "properties": {"id": {"type": "string"}}},
        },
        "place": {"type": "object", "properties": {"city": {"type": "string"}}},
        "custom_attributes": {"type": "object", "x-personal": "identifier"},
    }
}
ATTRIBUTES = {"title": {"type": "string"}, "seats": {"type": "integer"}}


def protect(row: dict[str, Any], **settings: Any) -> dict[str, Any]:
    """Protect a row of a stream whose custom attributes are a text and a number."""
    columns: Mapping[str, Any] = SCHEMA["properties"]
    attributes = {**columns["custom_attributes"], "properties": ATTRIBUTES}
    typed = {"properties": {**columns, "custom_attributes": attributes}}
    return Protector(Protection.from_config(settings), SCHEMA, typed, {})(row)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (
            {"id": "7", "count": 7, "seen_at": 1700000000},
            {"id": "7", "count": 7, "seen_at": 1700000000},
        ),
        ({"name": "Ada", "body": "Hi Ada"}, {"name": ADA, "body": "Hi Ada"}),
        ({"name": True}, {"name": None}),
        ({"name": ["Ada", True, None, ""]}, {"name": [ADA, None, None, ""]}),
        ({"name": {"first": "Ada"}}, {"name": {"first": ADA}}),
        ({"born_at": 1700000000, "age": 42}, {"born_at": None, "age": None}),
        ({"changes": {"new": [{"by": "Ada"}]}}, {"changes": {"new": [{"by": ADA}]}}),
        ({"id": {"name": "Ada"}}, {"id": {"name": ADA}}),
        ({"count": "Ada", "seen_at": "Ada"}, {"count": ADA, "seen_at": ADA}),
        ({"tags": "Ada", "place": "Ada"}, {"tags": ADA, "place": ADA}),
        ({"tags": ["Ada", {"id": "7", "by": "Ada"}]}, {"tags": [ADA, {"id": "7", "by": ADA}]}),
        ({"place": {"city": "Paris", "of": "Ada"}}, {"place": {"city": "Paris", "of": ADA}}),
        ({"custom_attributes": "Ada"}, {"custom_attributes": ADA}),
        ({"custom_attributes": ["Ada"]}, {"custom_attributes": [ADA]}),
        (
            {"custom_attributes": {"title": "Ada", "seats": 5, "new": "Ada"}},
            {"custom_attributes": {"title": ADA, "seats": None, "new": ADA}},
        ),
        ({"plan": "Ada", "new": "Ada"}, {"plan": ADA, "new": ADA}),
    ],
)
def test_hash_replaces_values_of_every_shape(row: dict[str, Any], expected: dict[str, Any]) -> None:
    assert protect(row, **HASH) == expected


@pytest.mark.parametrize(
    ("settings", "kept"),
    [
        (DROP, {"id", "body"}),
        (NO_CONTENT, {"id", "name"}),
        (DROP | NO_CONTENT, {"id"}),
        (HASH | NO_CONTENT, {"id", "name", "changes", "plan", "new", "custom_attributes"}),
    ],
)
def test_dropped_values_are_null(settings: dict[str, str], kept: set[str]) -> None:
    names = ("id", "name", "body", "changes", "plan", "new", "custom_attributes")

    row = protect(dict.fromkeys(names, "Ada"), **settings)

    assert {name for name, value in row.items() if value is not None} == kept


@pytest.mark.parametrize("value", ["5", 5, 5.0], ids=repr)
def test_equal_numbers_have_equal_hashes(value: Any) -> None:
    assert hashed(KEY.encode(), value) == digest("5")


@pytest.mark.parametrize("value", [0.5, -7, 10**30], ids=repr)
def test_any_number_has_a_hash(value: Any) -> None:
    assert hashed(KEY.encode(), value) == digest(str(value))


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (HASH, {"_default_title_": ADA, "_default_description_": ADA, "title": ADA}),
        (NO_CONTENT, {"_default_title_": None, "_default_description_": None, "title": "Ada"}),
        (HASH | ALLOWED, {"_default_title_": "Ada", "_default_description_": ADA, "title": "Ada"}),
        (
            NO_CONTENT | ALLOWED,
            {"_default_title_": None, "_default_description_": None, "title": "Ada"},
        ),
    ],
)
def test_title_of_a_ticket_is_content(settings: dict[str, Any], expected: dict[str, Any]) -> None:
    row = protect({"custom_attributes": dict.fromkeys(expected, "Ada")}, **settings)

    assert row == {"custom_attributes": expected}


DEFINITION = StreamDefinition(
    name="things",
    path="/things",
    primary_keys=("id",),
    columns={"plan": "string"},
    response_fields={"note": "note"},
)
DATASET = Dataset(
    "thing", tuple(Attribute(name, name, "") for name in ("thing_id", "plan", "note"))
)


@pytest.mark.parametrize("defined", [DEFINITION, DATASET], ids=["custom stream", "dataset"])
@pytest.mark.parametrize(("allowed", "plan"), [([], ADA), (["plan"], "Ada")])
def test_columns_that_users_define_are_hashed(
    defined: StreamDefinition | Dataset, allowed: list[str], plan: str
) -> None:
    settings = {**HASH, "personal_data_allowed_attributes": allowed}
    protector = Protector(Protection.from_config(settings), defined.schema, defined.schema, {})

    row = protector({"id": "7", "thing_id": "7", "plan": "Ada", "note": "Ada"})

    assert row["plan"] == plan
    assert row["note"] == ADA
    assert row["id" if defined is DEFINITION else "thing_id"] == "7"


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({**HASH, "personal_data_key": "k" * 15}, ["personal_data_key is shorter than 16 bytes"]),
        ({**HASH, "personal_data_key": "é" * 8}, []),
        ({"personal_data": "keep", **ALLOWED}, ["personal_data_allowed_attributes has no effect"]),
        ({**DROP, **ALLOWED}, []),
    ],
)
def test_doubtful_settings_get_warnings(settings: dict[str, Any], expected: list[str]) -> None:
    found = list(personal_settings.warnings(settings))

    assert len(found) == len(expected)
    assert all(line.startswith(start) for line, start in zip(found, expected, strict=True))
