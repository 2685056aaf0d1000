"""An answer is checked when it comes, and decoded where it is used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_intercom.api.request import Request
from tap_intercom.api.response import BARE_LIST, Page, parse_response
from tap_intercom.errors import RetriableError
from tests.guarantees.log_lines import warning_lines

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


def page(body: bytes, holds: Sequence[str] = ("data",)) -> Page:
    return parse_response(Request("/things", record_keys=tuple(holds)), body)


@given(RECORDS)
def test_outlines_tell_of_each_record_what_the_record_tells(content: list[Any]) -> None:
    answer = page(msgspec.json.encode({"data": content}))
    outlined = [
        (metadata.id, metadata.updated_at) for metadata in answer.record_fields(RecordMetadata)
    ]
    assert outlined == [(record.get("id"), record.get("updated_at")) for record in answer.records()]


@pytest.mark.parametrize("value", [b'"\xff"', b"1e400"])
def test_outlines_and_records_agree_where_strict_json_refuses_a_record(value: bytes) -> None:
    answer = page(b'{"data":[{"id":"1"},{"id":%s},{"id":"3"}]}' % value)
    ids = [record["id"] for record in answer.records()]
    assert [metadata.id for metadata in answer.record_fields(RecordMetadata)] == ids
    assert (ids[0], ids[2]) == ("1", "3")


def test_what_nobody_asks_for_is_not_decoded(caplog: pytest.LogCaptureFixture) -> None:
    answer = page(b'{"data":[],"other":"\xff"}')
    assert answer.records() == []
    assert warning_lines(caplog) == []
    assert answer.get("other") == "\N{REPLACEMENT CHARACTER}"
    assert len(warning_lines(caplog)) == 1


def test_records_that_are_no_objects_are_told_of_once(caplog: pytest.LogCaptureFixture) -> None:
    answer = page(b'{"data":[{"id":"1"},2,null]}')
    assert [metadata.id for metadata in answer.record_fields(RecordMetadata)] == ["1"]
    assert answer.records() == [{"id": "1"}]
    assert [line for line in warning_lines(caplog) if "2 records that are no objects" in line]
    assert len(warning_lines(caplog)) == 1


def test_a_page_taken_afresh_is_as_it_came() -> None:
    answer = page(b'{"data":[{"id":"1"}]}')
    answer.records()[0]["id"] = "changed"
    assert answer.copy().records() == [{"id": "1"}]


def test_a_bare_list_is_taken_where_it_may_come_alone() -> None:
    body = b' [{"id":"1"}]'
    assert page(body, ("data", BARE_LIST)).records() == [{"id": "1"}]
    with pytest.raises(RetriableError, match="without data"):
        page(body)


@pytest.mark.parametrize(
    "body", [b"", b"null", b"1", b"{}", b'{"data":1}', b'{"data":null}', b'{"more":[]}']
)
def test_an_answer_without_what_it_has_to_hold_is_refused(body: bytes) -> None:
    with pytest.raises(RetriableError, match=r"without data|no JSON"):
        page(body)


@pytest.mark.parametrize("body", [b"<html>", b'{"data":[', b"[1", b'{"data":' + b"[" * 5_000])
def test_an_answer_that_is_no_json_is_refused_when_it_comes(body: bytes) -> None:
    with pytest.raises(RetriableError, match="no JSON"):
        page(body, ("data", BARE_LIST))
