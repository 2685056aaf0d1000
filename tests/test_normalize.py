"""Values in any notation get the type of their schema."""

from __future__ import annotations

import json
import logging
import re
from typing import Any

import pytest

from tap_intercom.schema.normalize import Normalizer
from tap_intercom.timestamps import to_epoch

DATE_TIME = {"type": ["string", "null"], "format": "date-time"}
INTEGER = {"type": ["integer", "null"]}
NUMBER = {"type": ["number", "null"]}
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
        (NUMBER, "", None),
        ({"type": ["boolean", "null"]}, "", None),
        (INTEGER, 2**63 - 1, 2**63 - 1),
        (INTEGER, 2**63, None),
        (INTEGER, -(2**63) - 1, None),
        (INTEGER, "12345678901234567890123", None),
        (INTEGER, 1e20, None),
        (INTEGER, "NaN", None),
        (NUMBER, "4.5", 4.5),
        (NUMBER, 7, 7),
        (NUMBER, "many", None),
        (NUMBER, 2**63, None),
        (NUMBER, 1e20, 1e20),
        (NUMBER, "nan", None),
        (NUMBER, "-Infinity", None),
        (NUMBER, "1_000", None),
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


@pytest.mark.parametrize("sent", ["many", 2**63, [1], {"a": None}], ids=str)
def test_unfit_value_is_kept_as_sent(sent: Any) -> None:
    row = normalizer(score=INTEGER, name=TEXT)({"score": sent, "name": "x"})

    assert row.pop("unfit_values") == json.dumps({"score": sent}, separators=(",", ":"))
    assert row == {"score": None, "name": "x"}


def test_unfit_nested_values_have_paths() -> None:
    author = {"type": ["object", "null"], "properties": {"id": TEXT, "seen_at": DATE_TIME}}
    authors = {"type": ["array", "null"], "items": author}
    sent = [{"id": 1, "seen_at": "soon"}, {"id": 2, "seen_at": 0}, "x", {"seen_at": "late"}]

    row = normalizer(authors=authors)({"authors": sent})

    assert json.loads(row["unfit_values"]) == {
        "authors[0].seen_at": "soon",
        "authors[2]": "x",
        "authors[3].seen_at": "late",
    }
    assert row["authors"][1] == {"id": "2", "seen_at": "1970-01-01T00:00:00+00:00"}


def test_rows_that_share_unfit_values_keep_them() -> None:
    """A conversation and its tags, say, are rows that share what is nested in them."""
    by = {"type": ["object", "null"], "properties": {"at": DATE_TIME}}
    shared = {"at": "soon"}

    rows = [normalizer(by=by)({"by": shared}) for _ in range(2)]

    assert [row["unfit_values"] for row in rows] == ['{"by.at":"soon"}'] * 2
    assert [row["by"] for row in rows] == [{"at": None}] * 2


@pytest.mark.parametrize("sent", ["", [], {}], ids=str)
def test_empty_value_that_does_not_fit_is_null(sent: Any) -> None:
    assert normalizer(score=INTEGER)({"score": sent}) == {"score": None}


def test_object_with_unfit_value_is_kept_whole() -> None:
    attributes = {"type": ["object", "null"], "properties": {"seats": INTEGER, "at": DATE_TIME}}
    schema = {"type": "object", "properties": {"attributes": attributes}}
    normalize = Normalizer(schema, raw_columns={"attributes": "attributes_raw"})

    row = normalize({"attributes": {"seats": "n/a", "at": 0}})

    assert json.loads(row["attributes_raw"]) == {"seats": "n/a", "at": 0}
    assert row["attributes"] == {"seats": None, "at": "1970-01-01T00:00:00+00:00"}
    assert "unfit_values" not in row


def test_bare_list_becomes_its_object() -> None:
    contacts = {"type": ["array", "null"], "items": {"type": "object", "properties": {"id": TEXT}}}
    holder = {"type": ["object", "null"], "properties": {"type": TEXT, "contacts": contacts}}

    row = normalizer(contacts=holder)({"contacts": [{"id": 1}]})

    assert row == {"contacts": {"contacts": [{"id": "1"}]}}


def test_text_becomes_its_object() -> None:
    avatar = {"type": ["object", "null"], "properties": {"image_url": TEXT}}
    schema = {"type": "object", "properties": {"avatar": avatar}}
    normalize = Normalizer(schema, text_fields={"avatar": "image_url"})

    assert normalize({"avatar": "https://a"}) == {"avatar": {"image_url": "https://a"}}
    assert normalize({"avatar": 5}) == {"avatar": None, "unfit_values": '{"avatar":5}'}


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
