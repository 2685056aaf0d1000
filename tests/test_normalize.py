"""Values in any notation get the type of their schema."""

from __future__ import annotations

import logging
import re
from typing import Any

import pytest

from tap_intercom.schema.normalize import Normalizer
from tap_intercom.timestamps import to_epoch

DATE_TIME = {"type": ["string", "null"], "format": "date-time"}
INTEGER = {"type": ["integer", "null"]}
TEXT = {"type": ["string", "null"]}


def normalizer(**columns: dict[str, Any]) -> Normalizer:
    return Normalizer({"type": "object", "properties": columns})


def normalized(schema: dict[str, Any], value: Any) -> Any:
    return normalizer(field=schema)({"field": value})["field"]


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
        (32_503_593_600, "2999-12-31T00:00:00+00:00"),
        (-1_500_000_000_000, "1922-06-20T21:20:00+00:00"),
        ("2124-03-04T09:46:14.500Z", "2124-03-04T09:46:14.500000+00:00"),
        (10**18, None),
        ("yesterday", None),
        (True, None),
        ({"at": 1}, None),
    ],
    ids=repr,
)
@pytest.mark.usefixtures("machine_in_kiribati")
def test_timestamps_become_rfc_3339(sent: Any, expected: str | None) -> None:
    assert normalized(DATE_TIME, sent) == expected


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (253_402_300_799, "9999-12-31T23:59:59+00:00"),  # "never"
        (253_402_214_400, "9999-12-31T00:00:00+00:00"),
        (253_402_214_399, None),  # a day in 9999, or in 1978 as milliseconds
        (100_000_000_000, None),
        (946_684_800_000, "2000-01-01T00:00:00+00:00"),
        (7_258_118_400_000, None),  # the year 2200 as milliseconds
        (-2_208_988_800, "1900-01-01T00:00:00+00:00"),
        (-2_208_988_801, None),  # a day in 1899, or in 1969 as milliseconds
        ("20191129", "2019-11-29T00:00:00+00:00"),
        (20_191_129, "2019-11-29T00:00:00+00:00"),
        ("20191329", None),
        ("20191129120000", None),
        (2019, None),
        ("201911", None),
        (99_999_900, "1973-03-03T09:45:00+00:00"),
        (99_999_901, None),
        (100_000_001, "1973-03-03T09:46:41+00:00"),
    ],
    ids=repr,
)
def test_unit_follows_from_sensible_range(sent: Any, expected: str | None) -> None:
    assert normalized(DATE_TIME, sent) == expected


@pytest.mark.parametrize(
    ("schema", "sent", "expected"),
    [
        (TEXT, 123, "123"),
        (TEXT, "123", "123"),
        (TEXT, True, "true"),
        (TEXT, ["a", 1], '["a",1]'),
        (TEXT, {"a": None}, '{"a":null}'),
        (INTEGER, "42", 42),
        (INTEGER, 42.0, 42),
        (INTEGER, 42.5, None),
        (INTEGER, "", None),
        ({"type": ["number", "null"]}, "", None),
        ({"type": ["boolean", "null"]}, "", None),
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
def test_values_get_their_schemas_type(schema: dict[str, Any], sent: Any, expected: Any) -> None:
    assert normalized(schema, sent) == expected


def test_nested_values_are_normalized() -> None:
    author = {"type": ["object", "null"], "properties": {"id": TEXT, "seen_at": DATE_TIME}}
    schema = {"type": ["array", "null"], "items": {**author, "properties": {"author": author}}}

    found = normalized(schema, [{"author": {"id": 5, "seen_at": 0}}, {"author": None}])

    assert found == [
        {"author": {"id": "5", "seen_at": "1970-01-01T00:00:00+00:00"}},
        {"author": None},
    ]


def test_free_form_objects_stay_unchanged() -> None:
    attributes = {"plan": 1, "Plan": "x", "vip since": 1_700_000_000, "tags": [True, None]}

    assert normalized({"type": ["object", "null"]}, dict(attributes)) == attributes


def test_misfits_are_counted(caplog: pytest.LogCaptureFixture) -> None:
    normalize = normalizer(score=INTEGER)
    normalize({"score": "many"})
    normalize({"score": "few"})

    normalize.log_warnings(logging.getLogger("test"))

    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert re.search(r"\b2\b.*\bscore\b|\bscore\b.*\b2\b", record.getMessage())


def test_misfits_are_never_logged(caplog: pytest.LogCaptureFixture) -> None:
    """They may be personal data."""
    normalize = normalizer(score=INTEGER)
    normalize({"score": "jane@example.com"})

    normalize.log_warnings(logging.getLogger("test"))

    assert "score" in caplog.text
    assert "jane" not in caplog.text


def test_unknown_fields_stay() -> None:
    normalize = normalizer(id=TEXT)

    assert normalize({"id": 1, "brand_new": 2}) == {"id": "1", "brand_new": 2}


def test_unknown_fields_are_reported_once(caplog: pytest.LogCaptureFixture) -> None:
    normalize = normalizer(id=TEXT)
    normalize({"id": 1, "brand_new": 2})
    normalize({"id": 1, "brand_new": 3})

    normalize.log_warnings(logging.getLogger("test"))

    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert "brand_new" in record.getMessage()


def test_normalizing_twice_changes_nothing() -> None:
    normalize = normalizer(at=DATE_TIME, id=TEXT)
    once = normalize({"at": 1_700_000_000, "id": 3})

    twice = normalize(dict(once))

    assert twice == once


@pytest.mark.parametrize("value", [None, True, [], {}])
def test_other_types_are_no_timestamps(value: Any) -> None:
    with pytest.raises(TypeError):
        to_epoch(value)


@pytest.mark.parametrize(
    "schema",
    [{}, {"type": "object", "properties": {"free": {}, "nothing": {"type": "null"}}}],
    ids=["no schema", "no type"],
)
def test_missing_type_takes_any_value(schema: dict[str, Any]) -> None:
    row = {"free": [1], "nothing": {"a": 1}}

    assert Normalizer(schema)(dict(row)) == row
