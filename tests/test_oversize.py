"""Pages that are too large: smaller ones, and what is left of a page without its record."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tap_intercom.api.oversize import stated_size, with_smaller_pages, without_record
from tap_intercom.api.request import Request
from tap_intercom.api.response import parse_response
from tap_intercom.errors import ResponseTooLargeError

ONE = {"pagination": {"per_page": 1}}
TICKETS = Request("/tickets/search", body=ONE, record_keys=("tickets", "data"))
RECORD = (
    b'{"type": "ticket", "id": "7", "tags": [{"id": "8"}], '
    b'"body": "' + b"a]b" * 99 + b'", "list": [[1], []]}'
)
PAGES = {
    "list first": b'{"tickets": [%s], "total_count": 9, "pages": {"per_page": 1, "next": null}}',
    "list last": b'{"total_count": 9, "pages": {"per_page": 1, "next": null}, "tickets": [%s]}',
    "size beside the list": b'{"type": "list", "data": [%s], "total_count": 9, "per_page": 1}',
    "list between": b'{"total_count": 9, "data":[%s], "pages": {"per_page": 1, "next": null}}',
}


def too_large(body: bytes, end: int = 120) -> ResponseTooLargeError:
    return ResponseTooLargeError("too large", head=body[:end], tail=body[-end:])


@pytest.mark.parametrize("body", PAGES.values(), ids=PAGES)
def test_page_loses_its_record_alone(body: bytes) -> None:
    page, identifier = without_record(TICKETS, too_large(body % RECORD))

    assert identifier == "7"
    assert page.records() == []
    assert page.get("total_count") == 9
    assert page.get("pages") in ({"per_page": 1, "next": None}, None)


@pytest.mark.parametrize(
    "body",
    [
        b'{"tickets": [{"id": "1"}, {"id": "2"}], "pages": {"per_page": 2}}',
        b'{"tickets": [{"id": "1"}, {"id": "2"}], "total_count": 2}',
        b'{"errors": [{"id": "1"}]}',
        b'{"tickets": [{"name": "x"}]}',
        b"<html>",
    ],
    ids=["two records", "unknown number", "no list", "no id", "HTML"],
)
def test_other_response_stays_an_error(body: bytes) -> None:
    with pytest.raises(ResponseTooLargeError):
        without_record(TICKETS, too_large(body))


def test_response_that_is_no_list_stays_an_error() -> None:
    detail = Request("/tickets/7")

    with pytest.raises(ResponseTooLargeError):
        without_record(detail, too_large(b'{"id": "7", "data": [{"id": "8"}]}'))


@pytest.mark.parametrize(
    ("params", "smaller"),
    [
        ({"per_page": 150}, {"per_page": 75}),
        ({"per_page": "25"}, {"per_page": 5}),
        ({"per_page": 150, "page": 3}, {"per_page": 75, "page": 5}),
        ({"per_page": 50, "starting_after": "c"}, {"per_page": 25, "starting_after": "c"}),
    ],
)
def test_smaller_page_begins_where_the_large_one_did(
    params: dict[str, str | int], smaller: dict[str, Any]
) -> None:
    request = with_smaller_pages(Request("/articles", params))

    assert request is not None
    assert request.params == smaller


def test_page_of_a_search_gets_smaller() -> None:
    request = Request("/x/search", body={"pagination": {"per_page": 20, "starting_after": "c"}})

    smaller = with_smaller_pages(request)

    assert smaller is not None
    assert smaller.body == {"pagination": {"per_page": 10, "starting_after": "c"}}


@pytest.mark.parametrize(
    ("params", "smaller"),
    [
        ({"page": "3"}, {"per_page": 5, "page": 5}),
        ({"starting_after": "c"}, {"per_page": 5, "starting_after": "c"}),
    ],
)
def test_usual_size_is_divided(params: dict[str, str | int], smaller: dict[str, Any]) -> None:
    request = with_smaller_pages(Request("/articles", params), usual_size=10)

    assert request is not None
    assert request.params == smaller


@pytest.mark.parametrize(
    ("content", "size"),
    [
        ({"pages": {"per_page": 25}}, 25),
        ({"per_page": 10}, 10),
        ({"pages": {"next": None}}, 0),
        ({"pages": {"per_page": "many"}}, 0),
    ],
    ids=["within pages", "beside the list", "none", "no number"],
)
def test_page_says_its_size(content: dict[str, Any], size: int) -> None:
    page = parse_response(Request("/articles"), msgspec.json.encode({"data": [], **content}))

    assert stated_size(page) == size


def test_first_page_of_unknown_size_gets_one() -> None:
    request = with_smaller_pages(Request("/articles"))

    assert request is not None
    assert request.params == {"per_page": 32}


@pytest.mark.parametrize(
    "request_",
    [
        Request("/articles", {"per_page": 1}),
        Request("/articles", {"page": 2}),
        Request("/articles/7", paging="none"),
    ],
    ids=["one record", "page of unknown size", "detail"],
)
def test_other_page_has_no_smaller(request_: Request) -> None:
    assert with_smaller_pages(request_) is None
