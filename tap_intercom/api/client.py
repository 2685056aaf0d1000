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

from tap_intercom.api.error_response import error_from_response, unreadable_response
from tap_intercom.api.outage import ME, Outage
from tap_intercom.api.rate_limit import RateLimiter
from tap_intercom.api.response import Body, Page, parse_response
from tap_intercom.api.retry import Retries
from tap_intercom.api.transport import Transport
from tap_intercom.api_version import ApiVersion
from tap_intercom.errors import (
    CHECK_ACCESS,
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

    from tap_intercom.api.request import Request
    from tap_intercom.api.response import Response
    from tap_intercom.api.transport import BodyReader
    from tap_intercom.settings import Settings

logger = logging.getLogger("tap-intercom")

MIN_ATTEMPT_SECONDS = 5
"""How long an attempt may wait for its response, however little is left for retries."""

TOKEN_UNAUTHORIZED = "token_unauthorized"  # noqa: S105  # a code of Intercom's
"""Intercom's code for a token that may not read one resource (OpenAPI 2.16, 401)."""

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
        self._outage = Outage(self._transport)
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
            UnreachableError: It did, and Intercom answers no other request either.
            IntercomError: Intercom refused the request.
        """
        retries = Retries(self._max_retry_seconds)
        while True:
            started = time.monotonic()
            try:
                return attempt(started + retries.left)
            except IntercomError as error:
                seconds = time.monotonic() - started
                wait = retries.wait_after(error, seconds, is_known=self._has_succeeded)
                if wait is None:
                    if isinstance(error, RetriableError):
                        self._outage.check(error)
                    raise
                logger.warning("%s; retrying in %.1f s", error, wait)
            with self._counting:
                self.retries += 1
            on_retry()
            time.sleep(wait)

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
            UnreachableError: Intercom can't be reached.
            AuthenticationError: Intercom refuses the token everywhere.
            PermissionDeniedError: The token may not read this resource.
            NotFoundError: The record does not exist (404, 410).
            ExportQueueFullError: Too many export jobs are pending.
            InvalidRequestError: Intercom refused the request for another reason.
        """
        response = self._send(request, self._transport.read, deadline)
        try:
            page = parse_response(request, response.body)
        except RetriableError as error:
            raise unreadable_response(error, response) from None
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

    @property
    def workspace_id(self) -> str:
        """The `id_code` of the token's workspace.

        Raises:
            IntercomError: It could not be fetched.
        """
        if workspace_id := self.workspace.get("id_code"):
            return str(workspace_id)
        message = f"{ME}: response without the id_code of the workspace"
        raise RetriableError(message, status=HTTPStatus.OK)

    def is_reachable(self) -> bool:
        """Whether Intercom answers this run; if no request has succeeded yet, `/me` is tried."""
        return self._has_succeeded or self._outage.is_over()

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

    def _send(self, request: Request, read: BodyReader, deadline: float) -> Response:
        """Send a request until it is not answered 429, and return a response 200."""
        while True:
            response = self._send_once(request, read, deadline)
            if response.status == HTTPStatus.OK:
                return response
            if not response.is_rate_limited:
                raise self._error(request, response)
            self._rate_limiter.on_rate_limited(response.headers)
            logger.warning("%s: rate limited (429), retrying in the next window", request)

    def _send_once(self, request: Request, read: BodyReader, deadline: float) -> Response:
        with self._counting:
            self.requests += 1
        with self._slots:
            self._outage.raise_if_known()
            self._rate_limiter.acquire()
            headers: Mapping[str, str] = {}
            try:
                seconds = max(MIN_ATTEMPT_SECONDS, deadline - time.monotonic())
                response = self._transport.send(request, read, seconds)
                headers = response.headers
                return response
            finally:
                self._rate_limiter.release(headers)

    def _error(self, request: Request, response: Response) -> IntercomError:
        error = error_from_response(request, response)
        if response.status == HTTPStatus.UNAUTHORIZED and not error.is_doubtful:
            return self._token_error(request, error)
        return error

    def _token_error(self, request: Request, error: IntercomError) -> IntercomError:
        """Return what a 401 of Intercom's means: an error of the token, or of one resource."""
        if self._is_token_refused(request, error):
            return AuthenticationError(
                f"Intercom refused the access token ({error})",
                status=error.status,
                code=error.code,
                request_id=error.request_id,
                advice=error.advice or CHECK_ACCESS,
            )
        # "Access Token Invalid" of a token that is valid contradicts itself
        error.is_doubtful = error.code != TOKEN_UNAUTHORIZED
        return error

    def _is_token_refused(self, request: Request, error: IntercomError) -> bool:
        """Whether a 401 concerns the token itself: then `/me` fails too, without any permission."""
        is_about_resource = error.code == TOKEN_UNAUTHORIZED
        if request.path == ME.path:
            return not (is_about_resource and self._has_succeeded)
        if is_about_resource and self._token_is_valid:
            return False
        try:
            self.fetch(ME)
        except AuthenticationError:
            return True
        except PermissionDeniedError:
            pass
        self._token_is_valid = True
        return False
