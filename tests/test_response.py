"""A response is checked when it is received, and decoded where it is used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_intercom.api.request import Request
from tap_intercom.api.response import BARE_LIST, Page, parse_response
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


class RecordMetadata(msgspec.Struct):
    id: Any = None
    updated_at: Any = None


def parse(body: bytes, record_keys: Sequence[str] = ("data",)) -> Page:
    return parse_response(Request("/things", record_keys=tuple(record_keys)), body)


@given(RECORDS)
def test_metadata_equals_fields_of_records(content: list[Any]) -> None:
    page = parse(msgspec.json.encode({"data": content}))

    metadata = [(one.id, one.updated_at) for one in page.record_fields(RecordMetadata)]

    records = [(record.get("id"), record.get("updated_at")) for record in page.records()]
    assert metadata == records


@pytest.mark.parametrize("value", [b'"\xff"', b"1e400"])
def test_metadata_of_unusual_json_equals_records(value: bytes) -> None:
    page = parse(b'{"data":[{"id":"1"},{"id":%s},{"id":"3"}]}' % value)

    metadata_ids = [metadata.id for metadata in page.record_fields(RecordMetadata)]

    assert metadata_ids == [record["id"] for record in page.records()]
    assert (metadata_ids[0], metadata_ids[2]) == ("1", "3")


def test_unused_fields_are_not_decoded(caplog: pytest.LogCaptureFixture) -> None:
    page = parse(b'{"data":[],"other":"\xff"}')

    assert page.records() == []

    assert caplog.messages == []


def test_invalid_unicode_is_replaced_with_warning(caplog: pytest.LogCaptureFixture) -> None:
    page = parse(b'{"data":[],"other":"\xff"}')

    assert page.get("other") == "\N{REPLACEMENT CHARACTER}"

    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_records_that_are_no_objects_are_left_out() -> None:
    page = parse(b'{"data":[{"id":"1"},2,null]}')

    assert [metadata.id for metadata in page.record_fields(RecordMetadata)] == ["1"]
    assert page.records() == [{"id": "1"}]


def test_left_out_records_are_reported_once(caplog: pytest.LogCaptureFixture) -> None:
    page = parse(b'{"data":[{"id":"1"},2,null]}')

    page.record_fields(RecordMetadata)
    page.records()

    (line,) = caplog.messages
    assert "2" in line.split()


def test_copy_of_a_page_has_no_changes() -> None:
    page = parse(b'{"data":[{"id":"1"}]}')

    page.records()[0]["id"] = "changed"

    assert page.copy().records() == [{"id": "1"}]


def test_bare_list_is_accepted_where_documented() -> None:
    page = parse(b' [{"id":"1"}]', ("data", BARE_LIST))

    assert page.records() == [{"id": "1"}]


def test_bare_list_is_refused_elsewhere() -> None:
    with pytest.raises(RetriableError):
        parse(b' [{"id":"1"}]')


@pytest.mark.parametrize(
    "body", [b"", b"null", b"1", b"{}", b'{"data":1}', b'{"data":null}', b'{"more":[]}']
)
def test_response_without_records_is_refused(body: bytes) -> None:
    with pytest.raises(RetriableError):
        parse(body)


@pytest.mark.parametrize("body", [b"<html>", b'{"data":[', b"[1", b'{"data":' + b"[" * 5_000])
def test_response_that_is_no_json_is_refused(body: bytes) -> None:
    with pytest.raises(RetriableError):
        parse(body, ("data", BARE_LIST))
