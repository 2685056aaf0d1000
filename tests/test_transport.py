"""Single requests: what is sent, by which way, and which limits a response has."""

from __future__ import annotations

import gzip
import io
import socket
import ssl
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
import trustme

from tap_intercom.api import transport as transport_module
from tap_intercom.api.request import Request
from tap_intercom.api.transport import Transport
from tap_intercom.errors import (
    IntercomError,
    ResponseTooLargeError,
    RetriableError,
    UnreachableError,
    explain,
)
from tap_intercom.tap import TapIntercom

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import Message
    from pathlib import Path

    from tap_intercom.api.response import Response

NOWHERE = "http://127.0.0.1:9"
"""The port of the discard service, at which nobody listens."""

PROXY_VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
TAGS = Request("/tags", {"page": 2})
TOKEN = "made-up-token"
HEADERS = {"Authorization": f"Bearer {TOKEN}"}


class Server(ThreadingHTTPServer):
    """Sends one response to every request, and keeps what it was sent."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.status = 200
        self.response_headers: dict[str, str] = {}
        self.chunks = [b"{}"]
        self.missing_bytes = 0
        self.connections = 0
        self.lines: list[str] = []
        self.headers: list[Message] = []
        self.bodies: list[bytes] = []

    def process_request(self, *arguments: Any) -> None:
        self.connections += 1
        super().process_request(*arguments)

    def handle_error(self, *_: Any) -> None:
        """A client that closes the connection or refuses the certificate is expected."""


class Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"

    def answer(self) -> None:
        self.server.lines.append(f"{self.command} {self.path}")
        self.server.headers.append(self.headers)
        self.server.bodies.append(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        length = sum(map(len, self.server.chunks)) + self.server.missing_bytes
        self.send_response(self.server.status)
        for name, value in {**self.server.response_headers, "Content-Length": length}.items():
            self.send_header(name, str(value))
        self.end_headers()
        for chunk in self.server.chunks:
            self.wfile.write(chunk)
        self.close_connection = self.server.missing_bytes > 0

    do_CONNECT = do_GET = do_POST = answer  # noqa: N815  # the names that the base class calls

    def log_message(self, *_: Any) -> None:
        """Print nothing."""


@contextmanager
def running(server: Server) -> Iterator[Server]:
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*PROXY_VARIABLES, "requests_ca_bundle", "curl_ca_bundle"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def server() -> Iterator[Server]:
    with running(Server()) as http:
        yield http


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def tls_server(authority: trustme.CA) -> Iterator[Server]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    https = Server()
    https.socket = context.wrap_socket(
        https.socket, server_side=True, do_handshake_on_connect=False
    )
    with running(https):
        yield https


def url_of(server: Server, scheme: str = "http") -> str:
    return f"{scheme}://127.0.0.1:{server.server_port}"


def send(url: str, request: Request = TAGS) -> Response:
    transport = Transport(url, HEADERS, 60, 4)
    return transport.send(request, transport.read)


def save(url: str) -> bytes:
    transport = Transport(url, HEADERS, 60, 4)
    file = io.BytesIO(b"what an earlier attempt left")

    def read(request: Request, response: Any) -> bytes:
        transport.save(request, response, file)
        return b""

    transport.send(TAGS, read)
    return file.getvalue()


def pass_seconds(monkeypatch: pytest.MonkeyPatch, seconds: int) -> None:
    """Let so many seconds pass between one look at the clock and the next."""
    ticks = count(0, seconds)
    clock = SimpleNamespace(monotonic=lambda: next(ticks))
    monkeypatch.setattr(transport_module, "time", clock)


def test_get_sends_path_query_and_headers(server: Server) -> None:
    response = send(url_of(server))

    assert (response.status, response.body) == (200, b"{}")
    assert server.lines == ["GET /tags?page=2"]
    assert server.headers[0]["Authorization"] == f"Bearer {TOKEN}"
    assert server.headers[0]["Accept"] == "application/json"
    assert "gzip" in server.headers[0]["Accept-Encoding"]


def test_post_sends_its_body(server: Server) -> None:
    query = {"query": {"field": "name", "value": "Zoë"}}

    send(url_of(server), Request("/contacts/search", body=query))

    assert server.lines == ["POST /contacts/search"]
    assert msgspec.json.decode(server.bodies[0]) == query


def test_requests_share_a_connection(server: Server) -> None:
    transport = Transport(url_of(server), HEADERS, 60, 4)

    for _ in range(3):
        transport.send(TAGS, transport.read)

    assert (len(server.lines), server.connections) == (3, 1)


def test_headers_of_one_request_stay_with_it(server: Server) -> None:
    transport = Transport(url_of(server), HEADERS, 60, 4)

    transport.send(Request("/contacts/search", body={}, accept="text/csv"), transport.read)
    transport.send(TAGS, transport.read)

    assert server.headers[1]["Accept"] == "application/json"
    assert server.headers[1]["Content-Length"] is None


def test_redirect_is_not_followed(server: Server) -> None:
    server.status, server.response_headers = 302, {"Location": "/elsewhere"}

    response = send(url_of(server))

    assert response.status == 302
    assert len(server.lines) == 1


def test_retry_after_is_left_to_the_caller(server: Server) -> None:
    server.status, server.response_headers = 503, {"Retry-After": "0"}

    response = send(url_of(server))

    assert (response.status, response.headers["retry-after"]) == (503, "0")
    assert len(server.lines) == 1


def test_cookies_are_not_sent_back(server: Server) -> None:
    server.response_headers = {"Set-Cookie": "session=1; Path=/"}
    transport = Transport(url_of(server), HEADERS, 60, 4)

    for _ in range(2):
        transport.send(TAGS, transport.read)

    assert [headers["Cookie"] for headers in server.headers] == [None, None]


def test_netrc_is_not_read(server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login somebody password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))

    send(url_of(server))

    assert server.headers[0]["Authorization"] == f"Bearer {TOKEN}"


def test_compressed_body_is_unpacked(server: Server) -> None:
    server.chunks = [gzip.compress(b'{"data":[]}')]
    server.response_headers = {"Content-Encoding": "gzip"}

    assert send(url_of(server)).body == b'{"data":[]}'


def test_received_bytes_are_counted(server: Server) -> None:
    server.chunks = [b"x" * 1000]
    transport = Transport(url_of(server), HEADERS, 60, 4)

    for _ in range(2):
        transport.send(TAGS, transport.read)

    assert transport.received == 2000


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_too_large_body_is_refused(
    server: Server, monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    monkeypatch.setattr(transport_module, "LARGE_BODY_BYTES", 1_000)
    monkeypatch.setattr(transport_module, "MAX_BODY_BYTES", 10_000)
    body = b"x" * 10_001
    server.chunks = [gzip.compress(body) if encoding == "gzip" else body]
    server.response_headers = {"Content-Encoding": encoding}

    with pytest.raises(ResponseTooLargeError, match="response larger than 10000 bytes"):
        send(url_of(server))


def test_too_large_body_keeps_its_ends(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport_module, "MAX_BODY_BYTES", 1_000)
    monkeypatch.setattr(transport_module, "END_BYTES", 3)
    server.chunks = [b"abc", b"x" * 2_000, b"xyz"]

    with pytest.raises(ResponseTooLargeError) as caught:
        send(url_of(server))

    assert (caught.value.head, caught.value.tail) == (b"abc", b"xyz")


def test_body_without_end_is_retriable(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport_module, "MAX_BODY_BYTES", 1_000)
    monkeypatch.setattr(transport_module, "MAX_ENDED_BYTES", 2_000)
    server.chunks = [b"x" * 1_000] * 4

    with pytest.raises(RetriableError, match="bytes and more"):
        send(url_of(server))


def test_large_body_is_read_whole(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport_module, "LARGE_BODY_BYTES", 1_000)
    server.chunks = [b"x" * 700] * 4

    assert send(url_of(server)).body == b"x" * 2_800


def test_slow_body_is_given_up(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    pass_seconds(monkeypatch, 61)

    with pytest.raises(RetriableError, match=r"incomplete response after 60 s \(request_timeout\)"):
        send(url_of(server))


def test_download_replaces_an_earlier_attempt(server: Server) -> None:
    server.chunks = [b"id\n", b"1\n"]

    assert save(url_of(server)) == b"id\n1\n"


def test_stalled_download_is_given_up(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    pass_seconds(monkeypatch, 61)

    with pytest.raises(RetriableError, match=r"download stalled for 60 s \(request_timeout\)"):
        save(url_of(server))


def test_dripping_download_is_given_up(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    pass_seconds(monkeypatch, 1)
    monkeypatch.setattr(transport_module, "CHUNK_BYTES", 10)
    server.chunks = [b"x" * 10] * 120

    with pytest.raises(RetriableError, match=r"download stalled for 60 s \(request_timeout\)"):
        save(url_of(server))


def test_steady_download_outlasts_the_timeout(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    pass_seconds(monkeypatch, 1)
    monkeypatch.setattr(transport_module, "CHUNK_BYTES", 1024)
    monkeypatch.setattr(transport_module, "MIN_DOWNLOAD_BYTES", 1024)
    server.chunks = [b"x" * 1024] * 120

    assert len(save(url_of(server))) == sum(map(len, server.chunks))


def test_too_large_download_is_refused(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport_module, "MAX_FILE_BYTES", 10)
    server.chunks = [b"x" * 11]

    with pytest.raises(ResponseTooLargeError, match="response larger than 10 bytes"):
        save(url_of(server))


def test_cut_body_is_retriable(server: Server) -> None:
    server.missing_bytes = 5

    with pytest.raises(
        RetriableError,
        match=r"GET /tags: incomplete response .*(ProtocolError|IncompleteRead)",
    ):
        send(url_of(server))


def test_refused_connection_is_retriable() -> None:
    with pytest.raises(
        RetriableError, match=r"no connection to .* \(NewConnectionError: Connection refused\)"
    ) as error:
        send(NOWHERE)

    assert TOKEN not in str(error.value)


def test_untrusted_certificate_is_refused(tls_server: Server) -> None:
    with pytest.raises(UnreachableError, match="certificate not trusted: ") as error:
        send(url_of(tls_server, "https"))

    assert tls_server.lines == []
    assert "REQUESTS_CA_BUNDLE" in error.value.advice


def test_certificate_of_another_host_is_refused(
    tls_server: Server, authority: trustme.CA, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "ca.pem"))

    with pytest.raises(UnreachableError, match="certificate not trusted: Hostname mismatch"):
        send(url_of(tls_server, "https").replace("127.0.0.1", "localhost"))


def test_certificates_of_the_environment_are_trusted(
    tls_server: Server, authority: trustme.CA, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "ca.pem"))

    assert send(url_of(tls_server, "https")).status == 200


def test_missing_certificates_are_named(
    config: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere/certificates.pem")
    tap = TapIntercom(config={**config, "api_url": "https://127.0.0.1:9"}, setup_mapper=False)

    with pytest.raises(IntercomError, match=r"/nowhere/certificates.pem.* REQUESTS_CA_BUNDLE"):
        _ = tap.run.client


def test_proxy_of_the_environment_is_used(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", url_of(server))

    send(NOWHERE)

    assert server.lines == [f"GET {NOWHERE}/tags?page=2"]


@pytest.mark.parametrize(
    ("status", "error"),
    [(403, UnreachableError), (407, UnreachableError), (502, RetriableError)],
)
def test_refused_tunnel_names_the_proxy(
    server: Server, monkeypatch: pytest.MonkeyPatch, status: int, error: type[IntercomError]
) -> None:
    """What the proxy can't reach now it may reach later; what it refuses it always will."""
    server.status = status
    monkeypatch.setenv("https_proxy", url_of(server).replace("://", "://user:s3cret@"))

    with pytest.raises(error, match=f"refused the tunnel with status {status}") as refusal:
        send("https://api.intercom.test")

    assert server.lines == ["CONNECT api.intercom.test:443"]
    assert "HTTPS_PROXY" in refusal.value.advice
    assert "s3cret" not in explain(refusal.value)


def test_missing_proxy_names_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", NOWHERE.replace("://", "://user:s3cret@"))

    with pytest.raises(RetriableError, match="Connection refused") as error:
        send("https://api.intercom.test")

    assert "HTTPS_PROXY" in error.value.advice
    assert "s3cret" not in explain(error.value)


def test_unknown_host_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve(*_: Any, **__: Any) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)

    with pytest.raises(RetriableError, match=r"https://api.intercom.invalid \(NameResolutionError"):
        send("https://api.intercom.invalid")


def test_no_proxy_names_hosts_without(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", NOWHERE)
    monkeypatch.setenv("no_proxy", "127.0.0.1")

    assert send(url_of(server)).status == 200


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:9", "http://", "gopher://127.0.0.1:9"])
def test_unusable_proxy_names_the_variables(proxy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", proxy)

    with pytest.raises(IntercomError, match="Check HTTPS_PROXY"):
        Transport("https://api.intercom.io", {}, 60, 1)
