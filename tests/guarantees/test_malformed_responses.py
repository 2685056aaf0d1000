"""Responses that point the token at another host, never end, or have the wrong shape."""

from __future__ import annotations

import http.server
import itertools
import threading
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from tests.sandbox.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_intercom.api.request import Request
    from tests.guarantees.harness import SyncHarness

LINKED_LISTS = {
    "/conversations/deleted": "deleted_conversations",
    "/contacts/search": "contacts",
    "/conversations/search": "conversations",
    "/tickets/search": "tickets",
}
"""Lists whose pages may hold the URL of the next page, and the streams that read them."""


class OtherServer:
    """Another server on this machine, which keeps the requests that it gets."""

    def __init__(self) -> None:
        requests: list[str] = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                requests.append(f"{self.path} {self.headers.get('Authorization')}")
                self.send_error(500)

            do_POST = do_GET  # noqa: N815  # the library's name for it

            def log_message(self, *_: object) -> None:
                """Log nothing."""

        self.requests = requests
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def other_server() -> Iterator[OtherServer]:
    server = OtherServer()
    yield server
    server.close()


def return_contact(harness: SyncHarness, contact: dict[str, object]) -> None:
    """Let the next search for contacts return this one alone."""
    content = {"type": "list", "data": [contact], "total_count": 1, "pages": {}}
    body = msgspec.json.encode(content)
    harness.sandbox.faults.add(Fault(kind="raw_body", path="/contacts/search", body=body))


@pytest.mark.parametrize("path", LINKED_LISTS)
@pytest.mark.parametrize(
    "link",
    [
        "http://{other}{path}?page=2",
        "//{other}{path}?page=2",
        "http://{sandbox}@{other}{path}?page=2",
        "http://{other}#@{sandbox}{path}",
        "http://{other}\\@{sandbox}{path}?page=2",
        "http://user:password@{sandbox}{path}?page=2",
        "ftp://{sandbox}{path}?page=2",
        "file:///etc/passwd",
        "http://[",
    ],
)
def test_foreign_next_page_is_rejected(
    harness: SyncHarness, other_server: OtherServer, path: str, link: str
) -> None:
    sandbox = harness.url.removeprefix("http://")
    url = link.format(other=other_server.host, sandbox=sandbox, path=path)
    content = {"type": "list", "data": [], "conversations": [], "tickets": []}
    body = msgspec.json.encode({**content, "pages": {"next": url}})
    harness.sandbox.faults.add(Fault(kind="raw_body", path=path, body=body))

    result = harness.try_sync(select=[LINKED_LISTS[path]])

    assert other_server.requests == []
    assert result.error is not None
    assert harness.options.token not in str(result.error)


@pytest.mark.parametrize("path", ["/me", "/contacts/search", "/companies/scroll", "/tags"])
def test_redirect_is_not_followed(
    harness: SyncHarness, other_server: OtherServer, path: str
) -> None:
    url = f"http://{other_server.host}/"
    harness.sandbox.faults.add(Fault(kind="redirect", path=path, url=url, times=None))

    result = harness.try_sync()

    assert other_server.requests == []
    assert result.error is not None


@pytest.mark.parametrize("url", ["http://[", "", "//", "http://\\"])
def test_invalid_redirect_fails_one_stream(harness: SyncHarness, url: str) -> None:
    harness.sandbox.faults.add(Fault(kind="redirect", path="/tags", url=url, times=None))

    result = harness.try_sync(select=["tags", "segments"])

    assert {name: error.status for name, error in result.failures.items()} == {"tags": 302}
    assert harness.missing_rows(result, ["segments"]) == {}


def test_embedded_list_url_is_ignored(harness: SyncHarness, other_server: OtherServer) -> None:
    url = f"http://{other_server.host}/x"
    tags = {"type": "list", "data": [], "has_more": True, "url": url}
    return_contact(harness, {"id": "1", "updated_at": 1_749_999_990, "tags": tags})

    harness.try_sync(select=["contacts", "contact_tags"])

    assert other_server.requests == []
    assert len(harness.requests("/contacts/1/tags")) == 1


def test_record_id_cannot_change_paths(harness: SyncHarness) -> None:
    tags = {"type": "list", "data": [], "has_more": True}
    return_contact(harness, {"id": "..%2f..%2fme?", "updated_at": 1_749_999_990, "tags": tags})

    harness.try_sync(select=["contacts", "contact_tags"])

    (request,) = harness.requests(".*/tags")
    assert request.path.startswith("/contacts/")
    assert len(harness.requests("/me")) == 1  # for the workspace


@pytest.mark.parametrize("path", ["/tags", "/contacts/search", "/companies/scroll"])
def test_endless_body_is_requested_again(harness: SyncHarness, path: str) -> None:
    harness.sandbox.faults.add(Fault(kind="endless_body", path=path, times=1))

    result = harness.sync()

    assert harness.missing_rows(result) == {}


@pytest.mark.parametrize("path", ["/tags", "/contacts/search"])
def test_wrong_shape_never_loses_rows_silently(harness: SyncHarness, path: str) -> None:
    for body in (b"[]", b"0", b'"text"', b"true", b'{"data":5}', b'{"data":{"id":"1"}}'):
        harness.sandbox.faults.add(Fault(kind="raw_body", path=path, body=body))

    result = harness.try_sync(select=["contacts", "tags"])

    assert result.error is not None or harness.missing_rows(result, ["contacts", "tags"]) == {}


def test_slow_body_times_out(harness: SyncHarness) -> None:
    """The body never pauses as long as the timeout of a second, which passes in real time."""
    harness.sandbox.faults.add(Fault(kind="slow_body", path="/tags", seconds=8))

    result = harness.sync(select=["tags"], request_timeout=1)

    assert result.warnings("/tags", "request_timeout") != []
    assert harness.missing_rows(result, ["tags"]) == {}


def test_custom_list_without_new_records_ends(harness: SyncHarness) -> None:
    """Each response has another link and another stamp, and the same records."""
    numbers = itertools.count()

    def repeat(request: Request, content: dict[str, Any]) -> None:
        if request.path == "/articles":
            number = next(numbers)
            content["stamp"] = number
            content["pages"] = {"next": f"{harness.url}/articles?number={number}"}

    harness.change_responses(repeat)
    definition = {"name": "own", "path": "/articles", "primary_keys": ["id"]}

    result = harness.try_sync(select=["own"], custom_streams=[definition])

    assert "without a new record" in str(result.error)
    assert next(numbers) < 10
