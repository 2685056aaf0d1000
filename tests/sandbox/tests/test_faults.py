"""Faults: what can go wrong between a client and Intercom."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
import requests

from tests.sandbox import Fault
from tests.sandbox.tests.client import INVALID_PARAMETER, TIMEOUT_SECONDS, Client, error_of

if TYPE_CHECKING:
    from tests.sandbox.tests.client import Start

ELSEWHERE = "http://127.0.0.1:9/elsewhere"


@pytest.fixture
def client(start: Start) -> Client:
    return start(contacts=30)


def statuses(client: Client, count: int) -> list[int]:
    return [client.get("/tags").status_code for _ in range(count)]


def test_fault_lets_some_requests_through(client: Client) -> None:
    client.control.faults.add(Fault(kind="status", path="/t.*s", status=503, after=1, times=2))

    assert statuses(client, 5) == [200, 503, 503, 200, 200]


def test_fault_can_recur(client: Client) -> None:
    fault = Fault(kind="status", path="/tags", status=503, after=1, every=2, times=2)
    client.control.faults.add(fault)

    assert statuses(client, 7) == [200, 200, 503, 200, 503, 200, 200]


def test_fault_is_for_its_path(client: Client) -> None:
    client.control.faults.add(Fault(kind="status", method="GET", path="/tags", times=None))

    assert client.get("/admins").status_code == 200
    assert client.search("contacts").status_code == 200
    assert statuses(client, 2) == [500, 500]


def test_faults_can_be_cleared(client: Client) -> None:
    client.control.faults.add(Fault(kind="status", times=None))

    client.control.faults.clear()

    assert statuses(client, 1) == [200]


def test_fault_has_code_and_headers(client: Client) -> None:
    headers = {"X-RateLimit-Reset": "1"}
    fault = Fault(kind="status", status=429, code="rate_limit_exceeded", headers=headers)
    client.control.faults.add(fault)

    response = client.get("/tags")

    assert error_of(response) == (429, "rate_limit_exceeded")
    assert response.headers["X-RateLimit-Reset"] == "1"


def test_fault_can_have_status_and_body(client: Client) -> None:
    body = b'{"status":400,"error":"Bad Request"}'
    client.control.faults.add(Fault(kind="raw_status", status=400, body=body))

    response = client.get("/tags")

    assert (response.status_code, response.content) == (400, body)


@pytest.mark.parametrize("status", [404, 502, 504])
def test_proxy_can_answer_with_html(client: Client, status: int) -> None:
    client.control.faults.add(Fault(kind="html_status", status=status))

    response = client.get("/tags")

    assert response.status_code == status
    assert "nginx" in response.text


def test_connection_can_be_reset(client: Client) -> None:
    client.control.faults.add(Fault(kind="reset"))

    with pytest.raises(requests.ConnectionError):
        client.get("/tags")

    assert statuses(client, 1) == [200]


def test_body_can_be_cut(client: Client) -> None:
    client.control.faults.add(Fault(kind="cut_body"))

    with pytest.raises((requests.exceptions.ChunkedEncodingError, requests.ConnectionError)):
        client.get("/tags")


def test_body_can_be_empty(client: Client) -> None:
    client.control.faults.add(Fault(kind="empty"))

    response = client.get("/tags")

    assert (response.status_code, response.content) == (200, b"")


def test_body_can_be_html(client: Client) -> None:
    client.control.faults.add(Fault(kind="not_json"))

    response = client.get("/tags")

    assert (response.status_code, response.content[:6]) == (200, b"<html>")


def test_body_can_be_slow(client: Client) -> None:
    client.control.faults.add(Fault(kind="slow_body", seconds=0.15))

    begin = time.perf_counter()
    rows = client.get("/tags").json()["data"]

    assert rows == client.records("tags")
    assert time.perf_counter() - begin >= 0.14


def test_request_can_hang(client: Client) -> None:
    client.control.faults.add(Fault(kind="hang", seconds=60))

    with pytest.raises(requests.ReadTimeout):
        client.session.get(client.url + "/tags", timeout=0.1)

    assert statuses(client, 1) == [200]


def test_body_can_be_endless(client: Client) -> None:
    client.control.faults.add(Fault(kind="endless_body"))

    with client.session.get(client.url + "/tags", stream=True, timeout=TIMEOUT_SECONDS) as response:
        chunks = zip(response.iter_content(65_536), range(64), strict=False)
        size = sum(len(chunk) for chunk, _ in chunks)

    assert size > 1_000_000
    assert statuses(client, 1) == [200]


@pytest.mark.parametrize("kind", ["redirect", "endless_redirect"])
def test_request_can_be_redirected(client: Client, kind: Any) -> None:
    client.control.faults.add(Fault(kind=kind, url=ELSEWHERE))

    url = client.url + "/tags"
    with client.session.get(
        url, allow_redirects=False, stream=True, timeout=TIMEOUT_SECONDS
    ) as response:
        assert response.status_code == 302
        assert response.headers["Location"] == ELSEWHERE


@pytest.mark.parametrize("path", ["/conversations/deleted", "/articles"])
def test_next_can_be_elsewhere(client: Client, path: str) -> None:
    client.control.faults.add(Fault(kind="foreign_next", url=ELSEWHERE))

    assert client.get(path).json()["pages"]["next"] == ELSEWHERE


def test_cursor_can_be_repeated(client: Client) -> None:
    first = client.search("contacts", per_page=10).json()["pages"]["next"]["starting_after"]
    client.control.faults.add(Fault(kind="repeated_cursor"))

    again = client.search("contacts", per_page=10, starting_after=first).json()

    assert again["pages"]["next"]["starting_after"] == first


def test_search_can_end_early(client: Client) -> None:
    client.control.faults.add(Fault(kind="early_end"))

    content = client.search("contacts", per_page=10).json()

    assert "next" not in content["pages"]
    assert (len(content["data"]), content["total_count"]) == (10, 30)


def test_list_can_end_early(client: Client) -> None:
    client.control.faults.add(Fault(kind="early_end"))

    content = client.get("/articles", per_page=2).json()

    assert content["pages"].keys() & {"next", "page", "total_pages"} == set()
    assert content["total_count"] > len(content["data"])


def test_large_pages_alone_can_fail(client: Client) -> None:
    fault = Fault(kind="small_pages", path=".*/search", per_page=37, status=504, times=None)
    client.control.faults.add(fault)

    sizes = (150, 75, 38, 37, 10)
    answers = [client.search("contacts", per_page=size).status_code for size in sizes]

    assert answers == [504, 504, 504, 200, 200]
    assert error_of(client.get("/conversations", per_page=151)) == INVALID_PARAMETER


def test_body_can_be_any_bytes(client: Client) -> None:
    body = b'{"type":"list","data":[{"id":"1","name":"\\ud83d"}]}'
    client.control.faults.add(Fault(kind="raw_body", body=body))

    response = client.get("/tags")

    assert response.content == body
    assert response.json()["data"][0]["name"] == "\ud83d"
