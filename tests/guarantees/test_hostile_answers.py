"""Answers that would lead the token elsewhere, or never end."""

from __future__ import annotations

import http.server
import threading
import time
from typing import TYPE_CHECKING

import msgspec
import pytest

from tests.sandbox.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.guarantees.harness import SyncHarness

LINKED = ("/conversations/deleted", "/contacts/search", "/conversations/search", "/tickets/search")


class Stranger:
    """Another server on this machine, which notes who calls."""

    def __init__(self) -> None:
        calls: list[str] = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                calls.append(f"{self.path} {self.headers.get('Authorization')}")
                self.send_error(500)

            do_POST = do_GET  # noqa: N815  # the library's name for it

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.calls = calls
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def stranger() -> Iterator[Stranger]:
    server = Stranger()
    yield server
    server.close()


@pytest.mark.parametrize("path", LINKED)
@pytest.mark.parametrize(
    "link",
    [
        "http://{stranger}{path}?page=2",
        "//{stranger}{path}?page=2",
        "http://{sandbox}@{stranger}{path}?page=2",
        "http://{stranger}#@{sandbox}{path}",
        "http://{stranger}\\@{sandbox}{path}?page=2",
        "http://user:password@{sandbox}{path}?page=2",
        "ftp://{sandbox}{path}?page=2",
        "file:///etc/passwd",
        "http://[",
    ],
)
def test_a_next_page_on_another_host_gets_no_request_and_no_token(
    harness: SyncHarness, stranger: Stranger, path: str, link: str
) -> None:
    sandbox = harness.url.removeprefix("http://")
    url = link.format(stranger=stranger.host, sandbox=sandbox, path=path)
    body = {"type": "list", "data": [], "conversations": [], "tickets": [], "pages": {"next": url}}
    harness.sandbox.faults.add(Fault(kind="raw_body", path=path, body=msgspec.json.encode(body)))
    stream = {"/contacts/search": "contacts", "/tickets/search": "tickets"}.get(path)
    run = harness.try_sync(select=[stream or "conversations", "deleted_conversations"])
    assert run.error is not None
    assert harness.options.token not in str(run.error)
    assert stranger.calls == []


@pytest.mark.parametrize("path", ["/me", "/contacts/search", "/companies/scroll", "/tags"])
def test_a_redirect_gets_no_request_and_no_token(
    harness: SyncHarness, stranger: Stranger, path: str
) -> None:
    elsewhere = f"http://{stranger.host}/"
    harness.sandbox.faults.add(Fault(kind="redirect", path=path, url=elsewhere, times=None))
    run = harness.try_sync()
    assert run.error is not None
    assert stranger.calls == []


def test_an_embedded_list_is_read_from_intercom_wherever_its_url_points(
    harness: SyncHarness, stranger: Stranger
) -> None:
    tags = {"type": "list", "data": [], "has_more": True, "url": f"http://{stranger.host}/x"}
    contact = {"id": "..%2f..%2fme?", "updated_at": 1_749_999_990, "tags": tags}
    body = msgspec.json.encode({"type": "list", "data": [contact], "total_count": 1, "pages": {}})
    harness.sandbox.faults.add(Fault(kind="raw_body", path="/contacts/search", body=body))
    harness.try_sync(select=["contacts", "contact_tags"])
    assert stranger.calls == []
    assert not any(request.path == "/me" for request in harness.requests())


@pytest.mark.parametrize("path", ["/tags", "/contacts/search", "/companies/scroll"])
def test_a_body_without_end_is_an_error(harness: SyncHarness, path: str) -> None:
    endless = Fault(kind="endless_body", path=path, times=1)
    harness.sandbox.faults.add(endless)
    run = harness.try_sync()
    # one such body is bad luck: it is asked for again
    assert run.error is None or "bytes" in str(run.error)


@pytest.mark.parametrize("path", ["/tags", "/contacts/search"])
def test_answers_that_make_no_sense_are_no_loss_in_silence(harness: SyncHarness, path: str) -> None:
    for body in (b"[]", b"0", b'"text"', b"true", b'{"data":5}', b'{"data":{"id":"1"}}'):
        harness.sandbox.faults.add(Fault(kind="raw_body", path=path, body=body))
    run = harness.try_sync(select=["contacts", "tags"])
    assert run.error is not None or harness.missing_rows(run, ["contacts", "tags"]) == {}


@pytest.mark.parametrize("url", ["http://[", "", "//", "http://\\"])
def test_a_redirect_to_nowhere_is_an_error_like_any_other(harness: SyncHarness, url: str) -> None:
    harness.sandbox.faults.add(Fault(kind="redirect", path="/tags", url=url, times=None))
    run = harness.try_sync(select=["tags", "segments"])
    assert run.failures.keys() == {"tags"}
    assert "302" in str(run.error)
    assert harness.missing_rows(run, ["segments"]) == {}


def test_a_body_that_drips_is_given_up_after_the_timeout_though_it_never_pauses_long(
    harness: SyncHarness,
) -> None:
    """This one waits for a real second."""
    harness.sandbox.faults.add(Fault(kind="slow_body", path="/tags", seconds=8))
    start = time.monotonic()
    run = harness.sync(select=["tags"], request_timeout=1)
    assert time.monotonic() - start < 5
    assert harness.missing_rows(run, ["tags"]) == {}
