"""The client: sends requests with headers, rate limit and retries, and raises errors."""

from __future__ import annotations

import logging
import math
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import cached_property
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import parse_qsl, urljoin, urlsplit

from tap_intercom.api.rate_limit import RateLimiter
from tap_intercom.api.request import Request
from tap_intercom.api.response import Body, Page, error_from_response, parse_response
from tap_intercom.api.retry import waits
from tap_intercom.api.transport import Transport
from tap_intercom.api_version import ApiVersion
from tap_intercom.errors import (
    AuthenticationError,
    IntercomError,
    InvalidRequestError,
    PermissionDeniedError,
    RetriableError,
)
from tap_intercom.settings import REGION_URLS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import IO

    from urllib3 import BaseHTTPResponse

    from tap_intercom.api.response import Response
    from tap_intercom.api.transport import BodyReader
    from tap_intercom.settings import Settings

logger = logging.getLogger("tap-intercom")

MIN_ATTEMPT_SECONDS = 5
"""How long an attempt may wait for its response, however little is left for retries."""

FIRST_CONTACT_SECONDS = 15
"""How long a host is tried that has not answered this run yet: a wrong address never will."""

ME = Request("/me", record_keys=("app",))
"""The token's teammate and workspace; it needs no permission."""

Result = TypeVar("Result")


class IntercomClient:
    """Sends requests to Intercom's API for all streams and threads of a run."""

    def __init__(self, settings: Settings, rate_limiter: RateLimiter | None = None) -> None:
        """Prepare a client; no request is made.

        Args:
            settings: The run's settings.
            rate_limiter: Made from the settings if none is given.
        """
        self._settings = settings
        self._max_retry_seconds: float = settings.max_retry_seconds
        self._rate_limiter = rate_limiter or RateLimiter(settings.rate_limit_share)
        headers = {
            "Authorization": f"Bearer {settings.access_token}",
            "Content-Type": "application/json",
            "Intercom-Version": settings.api_version,
            "User-Agent": settings.user_agent.strip(),
        }
        self._transport = Transport(
            settings.api_url, headers, settings.request_timeout, settings.concurrency
        )
        self._token_is_valid = False
        self._has_succeeded = False
        self.requests = 0
        self.retries = 0
        self._counting = threading.Lock()
        self._slots = threading.BoundedSemaphore(settings.concurrency)

    @property
    def received(self) -> int:
        """Bytes of all bodies that this thread has received."""
        return self._transport.received

    @property
    def api_version(self) -> ApiVersion:
        """The API version of all requests."""
        return ApiVersion.parse(self._settings.api_version)

    @property
    def rate_limit_use(self) -> float:
        """The used part of the current window, by all programs that use the app; 1 is all of it."""
        return self._rate_limiter.use

    def fetch(self, request: Request) -> Page:
        """Send a request, with retries, and return its page.

        Raises:
            RetriableError: All tries failed.
            IntercomError: Intercom refused the request; see `send`.
        """
        return self.retry(lambda deadline: self.send(request, deadline))

    def retry(
        self,
        attempt: Callable[[float], Result],
        on_retry: Callable[[], None] = lambda: None,
    ) -> Result:
        """Run an attempt until it succeeds, for as long as `max_retry_seconds`.

        Args:
            attempt: Makes one attempt, which should end by the time (`time.monotonic`) it is given.
            on_retry: Called after each failed attempt that is followed by another.

        Raises:
            RetriableError: The last attempt failed as well.
        """
        spent, pauses = 0.0, waits()
        while True:
            started = time.monotonic()
            try:
                return attempt(started + self._max_retry_seconds - spent)
            except RetriableError as error:
                spent += time.monotonic() - started
                left = self._retry_seconds(error) - spent
                if left <= 0:
                    raise
                wait = min(left, max(error.retry_after, next(pauses)))
                self._note_retry(error, wait)
            on_retry()
            time.sleep(wait)
            spent += wait  # not measured, so that a test need not wait for it

    @contextmanager
    def retrying_for(self, seconds: float) -> Iterator[None]:
        """Retry requests for some seconds, instead of `max_retry_seconds`, within the block."""
        self._max_retry_seconds = seconds
        try:
            yield
        finally:
            self._max_retry_seconds = self._settings.max_retry_seconds

    def send(self, request: Request, deadline: float = math.inf) -> Page:
        """Make one attempt and return the page; it is resent only while Intercom answers 429.

        Args:
            request: What to send.
            deadline: When to stop waiting for a response (`time.monotonic`), if that is sooner
                than `request_timeout`.

        Raises:
            RetriableError: The attempt failed in a way that another may not.
            AuthenticationError: Intercom refuses the token everywhere.
            PermissionDeniedError: The token may not read this resource.
            NotFoundError: The record does not exist (404, 410).
            ExportQueueFullError: Too many export jobs are pending.
            InvalidRequestError: Intercom refused the request for another reason.
        """
        page = parse_response(request, self._send(request, self._transport.read, deadline))
        self._has_succeeded = True
        return page

    def download(self, request: Request, file: IO[bytes]) -> None:
        """Write a body of any size to a file, from the file's start, with retries.

        Raises:
            RetriableError: All tries failed.
            IntercomError: Intercom refused the request; see `send`.
        """

        def save(request: Request, response: BaseHTTPResponse) -> Body:
            if response.status != HTTPStatus.OK:
                return self._transport.read(request, response)
            self._transport.save(request, response, file)
            return b""

        self.retry(lambda deadline: self._send(request, save, deadline))

    @cached_property
    def workspace(self) -> dict[str, Any]:
        """The token's workspace, as `/me` describes it; fetched once.

        Raises:
            IntercomError: It could not be fetched.
        """
        app = self.fetch(ME).get("app")
        if isinstance(app, dict):
            return app
        message = f"{ME}: response without a workspace"
        raise RetriableError(message, status=HTTPStatus.OK)

    def is_reachable(self) -> bool:
        """Whether Intercom answers this run; if no request has succeeded yet, `/me` is tried."""
        with suppress(IntercomError):
            return self._has_succeeded or bool(self.send(ME))
        return False

    def follow_link(self, request: Request, url: str) -> Request:
        """Return the request for a link in a response, if it leads to Intercom's own API.

        A link to another of Intercom's API hosts is followed on the host in use, since pages of
        European workspaces are known to name the American one.

        Raises:
            InvalidRequestError: The link leads elsewhere; the token must not go there.
        """
        origins = {self._settings.api_url, *REGION_URLS.values()}
        with suppress(ValueError):
            parts = urlsplit(urljoin(self._settings.api_url, url))
            if f"{parts.scheme}://{parts.netloc}" in origins:
                return replace(request, path=parts.path, params=dict(parse_qsl(parts.query)))
        message = f"{request}: refused to follow a link to another host"
        raise InvalidRequestError(message)

    def _send(self, request: Request, read: BodyReader, deadline: float) -> Body:
        """Send a request and return its body; resend it only while Intercom answers 429."""
        while True:
            response = self._send_once(request, read, deadline)
            if response.status == HTTPStatus.OK:
                return response.body
            if not response.is_rate_limited:
                raise self._error(request, response)
            self._rate_limiter.on_rate_limited(response.headers)
            logger.warning("%s: rate limited (429), retrying in the next window", request)

    def _send_once(self, request: Request, read: BodyReader, deadline: float) -> Response:
        with self._counting:
            self.requests += 1
        with self._slots:
            self._rate_limiter.acquire()
            headers: Mapping[str, str] = {}
            try:
                seconds = max(MIN_ATTEMPT_SECONDS, deadline - time.monotonic())
                response = self._transport.send(request, read, seconds)
                headers = response.headers
                return response
            finally:
                self._rate_limiter.release(headers)

    def _retry_seconds(self, error: RetriableError) -> float:
        """How long a request that failed like this is retried."""
        if self._has_succeeded or error.status >= HTTPStatus.BAD_REQUEST:
            return self._max_retry_seconds
        return min(self._max_retry_seconds, FIRST_CONTACT_SECONDS)

    def _note_retry(self, error: RetriableError, wait: float) -> None:
        logger.warning("%s; retrying in %.1f s", error, wait)
        with self._counting:
            self.retries += 1

    def _error(self, request: Request, response: Response) -> IntercomError:
        error = error_from_response(request, response)
        if response.status == HTTPStatus.UNAUTHORIZED and self._is_token_refused(request):
            return AuthenticationError(
                "Intercom refused the access token. Copy it again from Intercom's Developer Hub "
                "(Settings > Integrations > Developer Hub > your app > Authentication) into the "
                "setting access_token, and check that region matches the workspace",
                status=error.status,
                code=error.code,
                request_id=error.request_id,
            )
        return error

    def _is_token_refused(self, request: Request) -> bool:
        """Whether a 401 concerns the token itself: then `/me` fails too, without any permission."""
        if request.path == ME.path:
            return True
        if not self._token_is_valid:
            try:
                self.fetch(ME)
            except AuthenticationError:
                return True
            except PermissionDeniedError:
                pass
            self._token_is_valid = True
        return False
