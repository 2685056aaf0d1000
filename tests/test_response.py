"""A response is checked when it comes, and decoded where it is used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_intercom.api.request import Request
from tap_intercom.api.response import (
    BARE_LIST,
    Page,
    Response,
    parse_response,
)
from tap_intercom.errors import RetriableError

if TYPE_CHECKING:
    from collections.abc import Sequence

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda values: st.lists(values) | st.dictionaries(st.text(), values),
    max_leaves=5,
)
RECORDS = st.lists(
    st.dictionaries(st.sampled_from(["id", "updated_at", "name"]), VALUES) | VALUES, max_size=5
)


class Fields(msgspec.Struct):
    id: Any = None
    updated_at: Any = None


def page(body: bytes, record_keys: Sequence[str] = ("data",)) -> Page:
    return parse_response(Request("/things", record_keys=tuple(record_keys)), body)


@given(RECORDS)
def test_fields_equal_those_of_the_records(content: list[Any]) -> None:
    response = page(msgspec.json.encode({"data": content}))

    fields = [(one.id, one.updated_at) for one in response.record_fields(Fields)]

    assert fields == [(one.get("id"), one.get("updated_at")) for one in response.records()]


@pytest.mark.parametrize("value", [b'"\xff"', b"1e400"])
def test_fields_survive_invalid_json(value: bytes) -> None:
    response = page(b'{"data":[{"id":"1"},{"id":%s},{"id":"3"}]}' % value)

    ids = [one.id for one in response.record_fields(Fields)]

    assert ids == [record["id"] for record in response.records()]
    assert (ids[0], ids[2]) == ("1", "3")


def test_unused_values_are_not_decoded(caplog: pytest.LogCaptureFixture) -> None:
    response = page(b'{"data":[],"other":"\xff"}')

    response.records()

    assert caplog.messages == []


def test_invalid_unicode_is_replaced(caplog: pytest.LogCaptureFixture) -> None:
    response = page(b'{"data":[],"other":"\xff"}')

    assert response.get("other") == "\N{REPLACEMENT CHARACTER}"
    assert len(caplog.messages) == 1


def test_records_that_are_no_objects_are_reported_once(caplog: pytest.LogCaptureFixture) -> None:
    response = page(b'{"data":[{"id":"1"},2,null]}')

    ids = [one.id for one in response.record_fields(Fields)]

    assert ids == ["1"]
    assert response.records() == [{"id": "1"}]
    assert len(caplog.messages) == 1
    assert "2 records that are not objects" in caplog.messages[0]


def test_copy_is_without_changes() -> None:
    response = page(b'{"data":[{"id":"1"}]}')

    response.records()[0]["id"] = "changed"

    assert response.copy().records() == [{"id": "1"}]


def test_bare_list_is_read_where_allowed() -> None:
    assert page(b' [{"id":"1"}]', ("data", BARE_LIST)).records() == [{"id": "1"}]


def test_bare_list_is_refused_elsewhere() -> None:
    with pytest.raises(RetriableError, match="without data"):
        page(b' [{"id":"1"}]')


@pytest.mark.parametrize(
    "body", [b"null", b"1", b"{}", b'{"data":1}', b'{"data":null}', b'{"more":[]}']
)
def test_response_without_records_is_retriable(body: bytes) -> None:
    with pytest.raises(RetriableError, match="without data"):
        page(body)


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"data":[', b"[1", b'{"data":' + b"[" * 5_000])
def test_response_that_is_no_json_is_retriable(body: bytes) -> None:
    with pytest.raises(RetriableError, match="not JSON"):
        page(body, ("data", BARE_LIST))


@pytest.mark.parametrize("jobs", ["1 pending message data", "5 pending reporting dataset"])
def test_pending_export_jobs_are_no_rate_limit(jobs: str) -> None:
    body = f"Exceeded rate limit of {jobs} export jobs".encode()

    assert not Response(429, {}, body).is_rate_limited


def test_status_429_is_the_rate_limit() -> None:
    assert Response(429, {}, b"Exceeded rate limit of 1666 in 10_seconds").is_rate_limited
