"""Kept-open connections to one host, and bodies read with limits of size and time.

`requests` finds the proxy and the certificates of this machine, as in any other program, and its
adapter sends. Its sessions are not used, so there are no redirects, no cookies and no .netrc.
"""

from __future__ import annotations

import copy
import logging
import math
import threading
import time
from contextlib import closing
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import msgspec
import requests
from requests.adapters import HTTPAdapter
from requests.utils import DEFAULT_ACCEPT_ENCODING
from urllib3.exceptions import HTTPError

from tap_intercom.api.connection_error import connection_error
from tap_intercom.api.response import Body, Response
from tap_intercom.compat import override
from tap_intercom.errors import IntercomError, ResponseTooLargeError, RetriableError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import IO

    from urllib3 import BaseHTTPResponse
    from urllib3.connectionpool import ConnectionPool

    from tap_intercom.api.request import Request

    BodyReader = Callable[[Request, BaseHTTPResponse], Body]

# its lines have whole URLs, which may hold personal data
logging.getLogger("urllib3").setLevel(logging.ERROR)

MAX_BODY_BYTES = 32 * 1024 * 1024
"""A longer body is not kept, since memory is limited: a page of it has to be smaller."""

MAX_ENDED_BYTES = 2 * MAX_BODY_BYTES
"""A body that has not ended by then may never end."""

END_BYTES = 64 * 1024
"""What is kept of either end of a body that is too large."""

CONNECT_SECONDS = 20
"""How long to wait for a connection: that takes far less than some answers."""

MAX_FILE_BYTES = 8 * 1024 * 1024 * 1024
"""A longer download is an error: one that never ends would fill the disk."""

LARGE_BODY_BYTES = 2 * 1024 * 1024
"""Longer bodies are read by one thread at a time, to limit the memory of all threads."""

CHUNK_BYTES = 256 * 1024
"""Bytes per read: usually a whole page, since each read lets other threads run."""

MIN_DOWNLOAD_BYTES = 64 * 1024
"""How much a download has to progress within `request_timeout`."""

CONFIGURATION_ADVICE = "Check HTTPS_PROXY, ALL_PROXY, REQUESTS_CA_BUNDLE and api_url"


class _OriginAdapter(HTTPAdapter):
    """An adapter for one origin that returns responses as urllib3 has them.

    Looking up the pool for each request, converting headers and collecting cookies took a tenth of
    a run's processor time.
    """

    _pool: ConnectionPool | None = None

    @override
    def get_connection_with_tls_context(
        self,
        request: requests.PreparedRequest,
        verify: bool | str | None,
        proxies: Mapping[str, str] | None = None,
        cert: tuple[str, str] | str | None = None,
    ) -> ConnectionPool:
        """Return the pool of the origin, looked up once."""
        if self._pool is None:
            self._pool = super().get_connection_with_tls_context(request, verify, proxies, cert)
        return self._pool

    @override
    def build_response(  # type: ignore[override]  # `Transport` alone uses it
        self, req: requests.PreparedRequest, resp: BaseHTTPResponse
    ) -> BaseHTTPResponse:
        """Return the response, whose body is still to be read."""
        return resp


class Transport:
    """Sends single requests to one origin; threads may share it."""

    def __init__(
        self, url: str, headers: Mapping[str, str], timeout: int, max_connections: int
    ) -> None:
        """Look up proxy and certificates; no request is made.

        Args:
            url: The origin to connect to, such as https://api.intercom.io.
            headers: Sent with every request.
            timeout: Seconds for connecting, for each wait for more of a response, and for a body.
            max_connections: Connections that are kept open.

        Raises:
            IntercomError: The environment names a proxy or certificates that can't be used.
        """
        self._url = url
        self._timeout = timeout
        self._adapter = _OriginAdapter(pool_maxsize=max_connections)
        environment = requests.Session().merge_environment_settings(url, {}, None, None, None)
        self._proxies = environment["proxies"]
        self._verify = environment["verify"] or True
        self._prepared = self._prepare({"Accept-Encoding": DEFAULT_ACCEPT_ENCODING, **headers})
        self._headers = dict(self._prepared.headers)
        self._local = threading.local()
        self._large_body = threading.Lock()

    def _prepare(self, headers: Mapping[str, str]) -> requests.PreparedRequest:
        """Return what all requests share, once proxy and certificates are known to be usable."""
        if isinstance(self._verify, str) and not Path(self._verify).exists():
            message = f"The certificates {self._verify} do not exist. {CONFIGURATION_ADVICE}"
            raise IntercomError(message)
        try:
            prepared = requests.Request("GET", self._url, headers).prepare()
            self._adapter.get_connection_with_tls_context(prepared, self._verify, self._proxies)
        except (OSError, HTTPError) as error:
            message = f"{error}. {CONFIGURATION_ADVICE}"
            raise IntercomError(message) from None
        return prepared

    @property
    def received(self) -> int:
        """Bytes of all bodies that this thread has received."""
        return getattr(self._local, "received", 0)

    def send(self, request: Request, read: BodyReader, seconds: float = math.inf) -> Response:
        """Send a request once and return its response, with what `read` returns as the body.

        Args:
            request: What to send.
            read: Reads the body.
            seconds: How long to wait for more of the response, if that is less than the timeout.

        Raises:
            RetriableError: There was no complete response.
            UnreachableError: There will never be one: the certificate is not trusted, or the proxy
                refuses the tunnel.
        """
        try:
            with closing(self._open(request, min(seconds, self._timeout))) as response:
                body = read(request, response)
                return Response(response.status, response.headers, body, self._url)
        except (OSError, HTTPError) as error:  # errors of `requests` are OSErrors
            raise connection_error(request, self._url, error) from None

    def read(self, request: Request, response: BaseHTTPResponse) -> Body:
        """Return a body that fits into memory.

        Raises:
            ResponseTooLargeError: It is larger than `MAX_BODY_BYTES`.
            RetriableError: It is larger than `MAX_ENDED_BYTES`, or not complete within the timeout.
        """
        body = bytearray()
        self._fill(body, request, response, LARGE_BODY_BYTES)
        if len(body) >= LARGE_BODY_BYTES:
            with self._large_body:
                self._fill(body, request, response, MAX_BODY_BYTES + 1)
        if len(body) > MAX_BODY_BYTES:
            raise self._too_large(body, request, response)
        self._local.received = self.received + len(body)
        return body

    def _too_large(
        self, body: bytearray, request: Request, response: BaseHTTPResponse
    ) -> IntercomError:
        """Read a body that is too large to its end, keep both ends, and return the error."""
        head, tail, size = bytes(body[:END_BYTES]), body[-END_BYTES:], len(body)
        body.clear()
        deadline = time.monotonic() + self._timeout
        while size <= MAX_ENDED_BYTES and time.monotonic() <= deadline:
            chunk = response.read1(CHUNK_BYTES, decode_content=True)
            if not chunk and response.status == HTTPStatus.OK:
                message = f"{request}: response larger than {MAX_BODY_BYTES} bytes"
                return ResponseTooLargeError(message, head=head, tail=bytes(tail))
            if not chunk:
                break
            size += len(chunk)
            tail = (tail + chunk)[-END_BYTES:]
        message = f"{request}: response of {size} bytes and more"
        return RetriableError(message, status=response.status)

    def save(self, request: Request, response: BaseHTTPResponse, file: IO[bytes]) -> None:
        """Write a body of any size to a file, from the file's start.

        Raises:
            ResponseTooLargeError: It is larger than `MAX_FILE_BYTES`.
            RetriableError: Less than `MIN_DOWNLOAD_BYTES` came within the timeout.
        """
        file.seek(0)
        file.truncate()
        saved, deadline = 0, time.monotonic() + self._timeout
        while chunk := response.read1(CHUNK_BYTES, decode_content=True):
            file.write(chunk)
            if file.tell() > MAX_FILE_BYTES:
                message = f"{request}: response larger than {MAX_FILE_BYTES} bytes"
                raise ResponseTooLargeError(message)
            if file.tell() - saved >= MIN_DOWNLOAD_BYTES:
                saved, deadline = file.tell(), time.monotonic() + self._timeout
            if time.monotonic() > deadline:
                message = f"{request}: download stalled for {self._timeout} s (request_timeout)"
                raise RetriableError(message)

    def _open(self, request: Request, seconds: float) -> BaseHTTPResponse:
        # prepared once: checking and encoding each request took a tenth of a run's processor time
        prepared = copy.copy(self._prepared)
        prepared.method = request.method
        prepared.url = self._url + request.target
        headers: Any = {**self._headers, "Accept": request.accept}
        if request.api_version:
            headers["Intercom-Version"] = request.api_version
        if request.body is not None:
            prepared.body = msgspec.json.encode(request.body)
            headers["Content-Length"] = str(len(prepared.body))
        prepared.headers = headers  # a plain dict: urllib3 reads it several times per request
        response: Any = self._adapter.send(
            prepared,
            stream=True,
            timeout=(min(seconds, CONNECT_SECONDS), seconds),
            verify=self._verify,
            proxies=self._proxies,
        )
        return cast("BaseHTTPResponse", response)

    def _fill(
        self, body: bytearray, request: Request, response: BaseHTTPResponse, size: int
    ) -> None:
        """Read more of a body until it has a size (bytes), or ends."""
        deadline = time.monotonic() + self._timeout
        # read1 returns what has been received, so that a slow body can't exceed the deadline
        while len(body) < size and (chunk := response.read1(CHUNK_BYTES, decode_content=True)):
            body += chunk
            if time.monotonic() > deadline:
                message = (
                    f"{request}: incomplete response after {self._timeout} s (request_timeout)"
                )
                raise RetriableError(message)
