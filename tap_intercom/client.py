"""How one request is made: URL, headers, rate limit, retries, errors."""

from __future__ import annotations

import json
import logging
import threading
import time
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import parse_qsl, quote, urlencode, urljoin, urlsplit

import backoff
import msgspec
from urllib3.exceptions import HTTPError

from tap_intercom.connections import Connections
from tap_intercom.errors import (
    AccessTokenRefusedError,
    IntercomError,
    JobsPendingError,
    NotFoundError,
    PermissionDeniedError,
    RequestRefusedError,
    TemporaryError,
)
from tap_intercom.page import Body, Page, page_of
from tap_intercom.rate_limit import RateLimiter
from tap_intercom.settings import REGION_URLS, version_number

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import IO

    from urllib3 import BaseHTTPResponse

    from tap_intercom.settings import Settings

logger = logging.getLogger("tap-intercom")

MAX_TRIES = 7
"""Tries for one request; with exponential backoff they spread over about a minute."""

MAX_BODY_BYTES = 32 * 1024 * 1024
"""A longer body is an error: no page of Intercom's comes near it, and memory has to last."""

MAX_FILE_BYTES = 8 * 1024 * 1024 * 1024
"""A longer download is an error: one that never ends would fill the disk."""

LARGE_BODY_BYTES = 2 * 1024 * 1024
"""What is longer is read by one thread at a time: together they would exhaust the memory."""

CHUNK_BYTES = 256 * 1024
"""What is read of a body at a time: a whole page mostly, as each read lets other threads in."""

SLOWEST_DOWNLOAD_BYTES = 64 * 1024
"""How much further a download has to come within `request_timeout`."""

MAX_MESSAGE_LENGTH = 200
"""Characters of Intercom's own error message that are shown."""

PERMISSION_STATUSES = (
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.PAYMENT_REQUIRED,
    HTTPStatus.FORBIDDEN,
)
GONE_STATUSES = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)

Result = TypeVar("Result")


@dataclass(frozen=True)
class Request:
    """What is asked of Intercom: a method, a path below the API's origin, and its parameters.

    `holds` are the names under one of which the answer has to hold a list or an object; an answer
    without counts as a failure, not as an empty page. Without names any object will do. `paging`
    is how the pages after the first are found, one of `pagination.STYLES`. `accept` is the media
    type that the answer is asked to have.
    """

    path: str
    params: Mapping[str, str | int] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    holds: tuple[str, ...] = ("data",)
    paging: str = "auto"
    accept: str = "application/json"

    @property
    def method(self) -> str:
        """GET, or POST where there is a body: the tap only ever reads."""
        return "GET" if self.body is None else "POST"

    @property
    def target(self) -> str:
        """What stands behind the method: the path with the query."""
        return f"{self.path}?{urlencode(self.params)}" if self.params else self.path

    @cached_property
    def place(self) -> str:
        """All that tells requests apart: two of one place get the same answer and pages."""
        place = f"{self.path}?{urlencode(sorted(self.params.items()))} {self.holds} {self.paging}"
        return place if self.body is None else f"{place} {json.dumps(self.body, sort_keys=True)}"

    def about(self, identifier: object) -> Request:
        """Return the same request with an id in the place of `{id}` in path and parameters."""
        path = self.path.replace("{id}", quote(str(identifier), safe=""))
        params = {
            name: str(identifier) if value == "{id}" else value
            for name, value in self.params.items()
        }
        return replace(self, path=path, params=params)

    def with_params(self, **params: str | int) -> Request:
        """Return the same request with further query parameters."""
        return replace(self, params={**self.params, **params})

    def behind(self, cursor: str) -> Request:
        """Return the same request for the page behind a cursor, which a POST has in its body."""
        if self.body is None:
            return self.with_params(starting_after=cursor)
        pagination = {**(self.body.get("pagination") or {}), "starting_after": cursor}
        return replace(self, body={**self.body, "pagination": pagination})

    def __str__(self) -> str:
        """Name the request for a log line."""
        return f"{self.method} {self.path}"


class IntercomClient:
    """Sends requests to Intercom's API for all streams and threads of a run."""

    def __init__(self, settings: Settings, limiter: RateLimiter | None = None) -> None:
        """Prepare a client; no request is made.

        Args:
            settings: The run's settings.
            limiter: The limiter to pass; made from the settings if none is given.
        """
        self._settings = settings
        self._limiter = limiter or RateLimiter(settings.rate_limit_share)
        headers = {
            "Authorization": f"Bearer {settings.access_token}",
            "Content-Type": "application/json",
            "Intercom-Version": settings.api_version,
            "User-Agent": settings.user_agent,
        }
        self._connections = Connections(settings.api_url, headers, settings.concurrency)
        self._local = threading.local()
        self._token_is_valid = False
        self._has_served = False
        self.requests = 0
        self.retries = 0
        self._counting = threading.Lock()
        self._slots = threading.BoundedSemaphore(settings.concurrency)
        self._large_body = threading.Lock()

    @property
    def received(self) -> int:
        """Bytes of all bodies that this thread has received."""
        return getattr(self._local, "received", 0)

    @property
    def api_version(self) -> tuple[float, ...]:
        """The API version that is asked for, to be compared with others."""
        return version_number(self._settings.api_version)

    @property
    def rate_limit_use(self) -> float:
        """The part of the present window that is used up, by whomever; 1 is all of it."""
        return self._limiter.use

    def fetch(self, request: Request) -> Page:
        """Send a request until it is answered, and return the answer.

        Raises:
            TemporaryError: Intercom kept failing through all tries.
            IntercomError: Intercom refused the request; see `send`.
        """
        return self.retrying(lambda: self.send(request))

    def retrying(
        self,
        attempt: Callable[[], Result],
        on_failure: Callable[[], None] = lambda: None,
    ) -> Result:
        """Run an attempt until it succeeds, waiting exponentially longer after each failure.

        Args:
            attempt: Makes one attempt.
            on_failure: Called after each failed attempt that is followed by another.

        Raises:
            TemporaryError: The last attempt failed as well.
        """

        def note(details: Any) -> None:
            error: TemporaryError = details["exception"]
            logger.warning("%s; trying again in %.1f s", error, details["wait"])
            with self._counting:
                self.retries += 1
            on_failure()

        return backoff.on_exception(
            backoff.expo,
            TemporaryError,
            max_tries=MAX_TRIES,
            on_backoff=note,
            logger=None,
        )(attempt)()

    def send(self, request: Request) -> Page:
        """Make one attempt and return the answer; a full window is waited for.

        Raises:
            TemporaryError: The attempt failed in a way that another may not.
            AccessTokenRefusedError: Intercom takes the token for nothing.
            PermissionDeniedError: The token may not read this resource.
            NotFoundError: There is no such record.
            JobsPendingError: Too many export jobs are pending.
            RequestRefusedError: Intercom refused the request for another reason.
        """
        body = self._whole_body(request, lambda response: self._read(request, response))
        page = page_of(request, body)
        self._has_served = True
        return page

    def download(self, request: Request, file: IO[bytes]) -> None:
        """Write a body of any size to a file, from the file's start, until it has come whole.

        Raises:
            TemporaryError: Intercom kept failing through all tries.
            IntercomError: Intercom refused the request; see `send`.
        """

        def save(response: BaseHTTPResponse) -> Body:
            if response.status != HTTPStatus.OK:
                return self._read(request, response)
            self._save(request, response, file)
            return b""

        self.retrying(lambda: self._whole_body(request, save))

    @cached_property
    def workspace(self) -> dict[str, Any]:
        """The workspace that the token belongs to, as `/me` tells it; fetched once.

        Raises:
            IntercomError: Intercom does not tell.
        """
        app = self.fetch(Request("/me", holds=("app",))).get("app")
        if isinstance(app, dict):
            return app
        message = "GET /me was answered without a workspace"
        raise TemporaryError(message, status=HTTPStatus.OK)

    def is_served(self) -> bool:
        """Whether Intercom answers this run at all; if nothing was answered yet, `/me` is tried."""
        with suppress(IntercomError):
            return self._has_served or bool(self.send(Request("/me", holds=("app",))))
        return False

    def linked(self, request: Request, url: str) -> Request:
        """Turn a link out of an answer into a request, if it leads to Intercom's own API.

        A link to another of Intercom's API hosts is followed on the host in use, since pages of
        European workspaces are known to name the American one.

        Raises:
            RequestRefusedError: The link leads elsewhere; the token must not go there.
        """
        known = {self._settings.api_url, *REGION_URLS.values()}
        with suppress(ValueError):
            parts = urlsplit(urljoin(self._settings.api_url, url))
            if f"{parts.scheme}://{parts.netloc}" in known:
                return replace(request, path=parts.path, params=dict(parse_qsl(parts.query)))
        message = f"{request} was answered with a link to another host, which is not followed"
        raise RequestRefusedError(message)

    def _whole_body(self, request: Request, read: Callable[[BaseHTTPResponse], Body]) -> Body:
        """Return what was read of an answer 200; a full window is waited for."""
        while True:
            status, headers, body = self._exchange(request, read)
            if status == HTTPStatus.OK:
                return body
            if status != HTTPStatus.TOO_MANY_REQUESTS or _tells_of_jobs(body):
                raise self._error(request, status, body)
            self._limiter.exhaust(headers)
            logger.warning("%s met the rate limit (429); waiting for the next window", request)

    def _exchange(
        self, request: Request, read: Callable[[BaseHTTPResponse], Body]
    ) -> tuple[int, Mapping[str, str], Body]:
        """Send once; return status, headers and what was read of the body."""
        with self._counting:
            self.requests += 1
        with self._slots:
            self._limiter.acquire()
            return self._answer(request, read)

    def _answer(
        self, request: Request, read: Callable[[BaseHTTPResponse], Body]
    ) -> tuple[int, Mapping[str, str], Body]:
        headers: Mapping[str, str] = {}
        try:
            response = self._connections.open(
                request.method,
                request.target,
                None if request.body is None else msgspec.json.encode(request.body),
                {"Accept": request.accept},
                self._settings.request_timeout,
            )
            headers = response.headers
            with closing(response):
                return response.status, headers, read(response)
        except HTTPError as error:
            # the class alone: the library puts URLs and header values into its messages
            host, cause = self._settings.api_url, type(error).__name__
            message = f"{request} got no whole answer from {host} ({cause})"
            raise TemporaryError(message) from None
        finally:
            self._limiter.release(headers)

    def _read(self, request: Request, response: BaseHTTPResponse) -> Body:
        body = bytearray()
        self._fill(body, request, response, LARGE_BODY_BYTES)
        if len(body) >= LARGE_BODY_BYTES:
            with self._large_body:
                self._fill(body, request, response, MAX_BODY_BYTES + 1)
        if len(body) > MAX_BODY_BYTES:
            message = f"{request} was answered with more than {MAX_BODY_BYTES} bytes"
            raise TemporaryError(message, status=response.status)
        self._local.received = self.received + len(body)
        return body

    def _fill(
        self, body: bytearray, request: Request, response: BaseHTTPResponse, size: int
    ) -> None:
        """Read on until a body has a size, or ends."""
        deadline = time.monotonic() + self._settings.request_timeout
        # read1 hands over what has arrived, so that a dripping body can't outstay the deadline
        while len(body) < size and (chunk := response.read1(CHUNK_BYTES, decode_content=True)):
            body += chunk
            if time.monotonic() > deadline:
                message = f"{request} was not answered whole within request_timeout"
                raise TemporaryError(message)

    def _save(self, request: Request, response: BaseHTTPResponse, file: IO[bytes]) -> None:
        """Write a body to a file, as long as it does not come too slowly."""
        file.seek(0)
        file.truncate()
        reached, deadline = 0, time.monotonic() + self._settings.request_timeout
        while part := response.read1(CHUNK_BYTES, decode_content=True):
            file.write(part)
            if file.tell() > MAX_FILE_BYTES:
                message = f"{request} was answered with more than {MAX_FILE_BYTES} bytes"
                raise TemporaryError(message, status=response.status)
            if file.tell() - reached >= SLOWEST_DOWNLOAD_BYTES:
                reached = file.tell()
                deadline = time.monotonic() + self._settings.request_timeout
            if time.monotonic() > deadline:
                message = f"{request} was not answered any further within request_timeout"
                raise TemporaryError(message)

    def _error(self, request: Request, status: int, body: Body) -> IntercomError:
        code, told = _told_error(body)
        message = f"{request} was answered with {status}{told}"
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT:
            return TemporaryError(message, status=status, code=code)
        if status == HTTPStatus.UNAUTHORIZED and self._is_refused_everywhere(request):
            return AccessTokenRefusedError(
                "Intercom refused the access token. Copy it again from Intercom's Developer Hub "
                "(Settings > Integrations > Developer Hub > your app > Authentication) into the "
                "setting access_token, and check that region is the workspace's",
                status=status,
                code=code,
            )
        if status in PERMISSION_STATUSES:
            return PermissionDeniedError(message, status=status, code=code)
        if status in GONE_STATUSES:
            return NotFoundError(message, status=status, code=code)
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            return JobsPendingError(message, status=status, code=code)
        return RequestRefusedError(message, status=status, code=code)

    def _is_refused_everywhere(self, request: Request) -> bool:
        """Ask `/me`, which needs no permission, whether the token is any good."""
        if request.path == "/me":
            return True
        if not self._token_is_valid:
            try:
                self.fetch(Request("/me", holds=("app",)))
            except AccessTokenRefusedError:
                return True
            except PermissionDeniedError:
                pass
            self._token_is_valid = True
        return False


def _tells_of_jobs(body: Body) -> bool:
    """Whether a 429 is about pending export jobs; both kinds have the code rate_limit_exceeded.

    "Exceeded rate limit of 1 pending message data export jobs", or "of 5 pending reporting dataset
    export jobs" (OpenAPI 2.16, /export/content/data and /export/reporting_data/enqueue).
    """
    return b" pending " in body and b" export jobs" in body


def _told_error(body: Body) -> tuple[str, str]:
    """Return the code of an `error.list` body, and code, message and request id as text."""
    try:
        answer = json.loads(body)
        first = answer["errors"][0]
        code = str(first["code"])
    except (ValueError, LookupError, TypeError):
        return "", ""
    said = str(first.get("message") or "")[:MAX_MESSAGE_LENGTH]
    return code, f" ({code}: {said}; request id {answer.get('request_id')})"
