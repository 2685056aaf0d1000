"""Pages of lists: a list that only repeats itself ends, and a long one says how far it is."""

from __future__ import annotations

import logging
from itertools import count
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from tap_intercom import settings
from tap_intercom.api.client import IntercomClient
from tap_intercom.api.pagination import pages
from tap_intercom.api.request import Request
from tap_intercom.api.response import parse_response
from tap_intercom.api.seen_records import MAX_IDLE_PAGES, MAX_REMEMBERED, SeenRecords
from tap_intercom.errors import InvalidRequestError
from tap_intercom.settings import Settings
from tap_intercom.tap import TapIntercom

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_intercom.api.response import Page

LIST = Request("/things")
NEXT: dict[str, Callable[[int], dict[str, Any]]] = {
    "cursor": lambda number: {"pages": {"next": {"starting_after": f"cursor-{number}"}}},
    "link": lambda number: {"pages": {"next": f"/things?token={number}"}},
    "number": lambda number: {"pages": {"page": number, "total_pages": number + 1}},
    "number at the top": lambda number: {"page": number, "total_pages": number + 1},
}
"""By way of paging, what leads to one page more each time."""

MAX_PAGES = 100

in_each_way = pytest.mark.parametrize("following", NEXT.values(), ids=NEXT.keys())


@pytest.fixture
def client() -> IntercomClient:
    config = {"access_token": "made-up-token"}
    settings.complete(config, TapIntercom.config_jsonschema)
    return IntercomClient(Settings.from_config(config))


def serve(
    monkeypatch: pytest.MonkeyPatch,
    records: Callable[[int], list[dict[str, Any]]],
    following: Callable[[int], dict[str, Any]],
) -> None:
    """Let the client read pages that never end, made from their number, which counts from 1."""
    numbers = count(1)

    def fetch(_: IntercomClient, request: Request) -> Page:
        number = next(numbers)
        assert number < MAX_PAGES, "the list would never end"
        content = {"data": records(number), **following(number)}
        return parse_response(request, msgspec.json.encode(content))

    monkeypatch.setattr(IntercomClient, "fetch", fetch)


@in_each_way
@pytest.mark.parametrize(
    "records",
    [
        lambda _: [],
        lambda _: [{"id": 1}, {"id": 2}],
        lambda number: [{"id": number % 3}],
        lambda number: [{"id": min(number, 9)}],
    ],
    ids=["no record", "one page", "three pages", "the last page"],
)
def test_repeated_pages_end_with_an_error(
    monkeypatch: pytest.MonkeyPatch, client: IntercomClient, records: Any, following: Any
) -> None:
    serve(monkeypatch, records, following)

    with pytest.raises(InvalidRequestError, match=f"{MAX_IDLE_PAGES} pages without a new record"):
        list(pages(client, LIST))


@in_each_way
def test_some_pages_without_new_records_end_no_list(
    monkeypatch: pytest.MonkeyPatch, client: IntercomClient, following: Any
) -> None:
    def until_tenth(number: int) -> dict[str, Any]:
        return following(number) if number < 10 else {}  # type: ignore[no-any-return]

    serve(monkeypatch, lambda number: [{"id": number // 4}], until_tenth)

    assert len(list(pages(client, LIST))) == 10


def test_changed_record_is_a_new_one() -> None:
    seen = SeenRecords()

    for version in range(2 * MAX_IDLE_PAGES):
        seen.add_page([("1", version)])

    assert (seen.count, seen.idle_pages) == (1, 0)


@pytest.mark.parametrize("loop", [range(3), range(MAX_REMEMBERED * 2, MAX_REMEMBERED * 2 + 3)])
def test_loop_of_a_very_long_list_is_noticed(loop: range) -> None:
    """It leads back to the start, or stays at the end."""
    seen = SeenRecords()
    seen.add_page((key, 0) for key in range(MAX_REMEMBERED * 2 + 10))

    for _ in range(MAX_IDLE_PAGES):
        seen.add_page((key, 0) for key in loop)

    assert seen.is_endless


def test_long_list_logs_a_line_a_minute(
    monkeypatch: pytest.MonkeyPatch, client: IntercomClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    seconds = count(0, 20)
    serve(monkeypatch, lambda number: [{"id": number}], NEXT["cursor"])

    for _, _page in zip(range(10), pages(client, LIST, lambda: next(seconds)), strict=False):
        pass

    assert [line for line in caplog.messages if "so far" in line][:2] == [
        "GET /things: read 3 records so far",
        "GET /things: read 6 records so far",
    ]
