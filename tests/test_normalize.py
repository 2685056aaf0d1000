"""Values of any notation become what the schema promises."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from tap_intercom.schema.normalize import Normalizer
from tap_intercom.timestamps import to_epoch

DATE_TIME = {"type": ["string", "null"], "format": "date-time"}
TEXT = {"type": ["string", "null"]}


def normalized(schema: dict[str, Any], value: Any) -> Any:
    return Normalizer({"type": "object", "properties": {"field": schema}})({"field": value})[
        "field"
    ]


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (1_700_000_000, "2023-11-14T22:13:20+00:00"),
        (0, "1970-01-01T00:00:00+00:00"),
        ("1700000000", "2023-11-14T22:13:20+00:00"),
        (1_700_000_000_123, "2023-11-14T22:13:20+00:00"),
        (1_700_000_000.9, "2023-11-14T22:13:20+00:00"),
        ("2023-11-14T22:13:20Z", "2023-11-14T22:13:20+00:00"),
        ("2023-11-14T22:13:20.5+02:00", "2023-11-14T20:13:20.500000+00:00"),
        ("2023-11-14", "2023-11-14T00:00:00+00:00"),
        ("2023-11-14T22:13:20+00:00", "2023-11-14T22:13:20+00:00"),
        (-86_400, "1969-12-31T00:00:00+00:00"),
        (-62_135_596_800, "0001-01-01T00:00:00+00:00"),
        (2_738_966_400, "2056-10-17T00:00:00+00:00"),
        (10**18, None),
        ("yesterday", None),
        (True, None),
        ({"at": 1}, None),
    ],
    ids=repr,
)
def test_moments_of_any_notation_become_rfc_3339_in_utc(sent: Any, expected: str | None) -> None:
    assert normalized(DATE_TIME, sent) == expected


@pytest.mark.parametrize(
    ("schema", "sent", "expected"),
    [
        (TEXT, 123, "123"),
        (TEXT, "123", "123"),
        (TEXT, True, "true"),
        (TEXT, ["a", 1], '["a",1]'),
        (TEXT, {"a": None}, '{"a":null}'),
        ({"type": ["integer", "null"]}, "42", 42),
        ({"type": ["integer", "null"]}, 42.0, 42),
        ({"type": ["integer", "null"]}, 42.5, None),
        ({"type": ["number", "null"]}, "4.5", 4.5),
        ({"type": ["number", "null"]}, 7, 7),
        ({"type": ["number", "null"]}, "many", None),
        ({"type": ["boolean", "null"]}, "true", True),
        ({"type": ["boolean", "null"]}, 0, False),
        ({"type": ["boolean", "null"]}, "perhaps", None),
        ({"type": ["object", "null"], "properties": {}}, "submitted", None),
        ({"type": ["object", "null"], "properties": {}}, None, None),
        ({"type": ["array", "null"], "items": TEXT}, [1, None], ["1", None]),
        ({"type": ["array", "null"], "items": TEXT}, [], []),
        ({"type": ["array", "null"], "items": TEXT}, "a", None),
    ],
    ids=repr,
)
def test_values_take_the_type_of_their_schema(
    schema: dict[str, Any], sent: Any, expected: Any
) -> None:
    assert normalized(schema, sent) == expected


def test_nested_values_are_reached_at_any_depth() -> None:
    author = {"type": ["object", "null"], "properties": {"id": TEXT, "seen_at": DATE_TIME}}
    schema = {"type": ["array", "null"], "items": {**author, "properties": {"author": author}}}
    assert normalized(schema, [{"author": {"id": 5, "seen_at": 0}}, {"author": None}]) == [
        {"author": {"id": "5", "seen_at": "1970-01-01T00:00:00+00:00"}},
        {"author": None},
    ]


def test_free_form_objects_are_left_as_they_are() -> None:
    attributes = {"plan": 1, "Plan": "x", "vip since": 1_700_000_000, "tags": [True, None]}
    assert normalized({"type": ["object", "null"]}, dict(attributes)) == attributes


def test_a_value_that_fits_nowhere_is_counted_but_never_shown(
    caplog: pytest.LogCaptureFixture,
) -> None:
    normalize = Normalizer(
        {"type": "object", "properties": {"score": {"type": ["integer", "null"]}}}
    )
    normalize({"score": "jane@example.com"})
    normalize({"score": "secret"})
    normalize.log_warnings(logging.getLogger("test"))
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert "2 values of score" in record.getMessage()
    assert "secret" not in caplog.text


def test_unknown_fields_stay_in_the_record_and_are_named_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    normalize = Normalizer({"type": "object", "properties": {"id": TEXT}})
    assert normalize({"id": 1, "brand_new": 2}) == {"id": "1", "brand_new": 2}
    normalize({"id": 1, "brand_new": 3})
    normalize.log_warnings(logging.getLogger("test"))
    (record,) = caplog.records
    assert "brand_new" in record.getMessage()


def test_normalizing_twice_changes_nothing() -> None:
    normalize = Normalizer({"type": "object", "properties": {"at": DATE_TIME, "id": TEXT}})
    once = normalize({"at": 1_700_000_000, "id": 3})
    assert normalize(dict(once)) == once


@pytest.mark.parametrize("timestamp", [None, True, [], {}])
def test_what_is_no_moment_is_refused(timestamp: Any) -> None:
    with pytest.raises(TypeError):
        to_epoch(timestamp)


def test_a_schema_without_a_type_takes_any_value() -> None:
    row = {"free": [1], "nothing": {"a": 1}}
    schema = {"type": "object", "properties": {"free": {}, "nothing": {"type": "null"}}}
    assert Normalizer(schema)(dict(row)) == row
    assert Normalizer({})({"anything": 1}) == {"anything": 1}
