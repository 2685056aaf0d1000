"""How one request is made: URL, headers, rate limit, retries, errors, decoding."""

from __future__ import annotations

import json
import logging
import re
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, urlencode, urljoin, urlsplit

import backoff
import msgspec
import requests
from urllib3.exceptions import HTTPError

from tap_intercom.errors import (
    AccessTokenRefusedError,
    IntercomError,
    NotFoundError,
    PermissionDeniedError,
    RequestRefusedError,
    TemporaryError,
)
from tap_intercom.rate_limit import RateLimiter
from tap_intercom.settings import REGION_URLS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tap_intercom.settings import Settings

logger = logging.getLogger("tap-intercom")

MAX_TRIES = 7
"""Tries for one request; with exponential backoff they spread over about a minute."""

MAX_BODY_BYTES = 32 * 1024 * 1024
"""A longer body is an error: no page of Intercom's comes near it, and memory has to last."""

CHUNK_BYTES = 64 * 1024

ESCAPED_NUL = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")
"""A NUL as JSON writes it; behind an escaped backslash the same text is none."""

MAX_MESSAGE_LENGTH = 200
"""Characters of Intercom's own error message that are shown."""

PERMISSION_STATUSES = (
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.PAYMENT_REQUIRED,
    HTTPStatus.FORBIDDEN,
)
GONE_STATUSES = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)


@dataclass(frozen=True)
class Request:
    """What is asked of Intercom: a method, a path below the API's origin, and its parameters.

    `holds` are the names under one of which the answer has to hold a list or an object; an answer
    without counts as a failure, not as an empty page.
    """

    path: str
    params: Mapping[str, str | int] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    holds: tuple[str, ...] = ("data",)

    @property
    def method(self) -> str:
        """GET, or POST where there is a body: the tap only ever reads."""
        return "GET" if self.body is None else "POST"

    def about(self, identifier: object) -> Request:
        """Return the same request with an id in the place of `{id}` in its path."""
        return replace(self, path=self.path.replace("{id}", quote(str(identifier), safe="")))

    def with_params(self, **params: str | int) -> Request:
        """Return the same request with further query parameters."""
        return replace(self, params={**self.params, **params})

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
        self._local = threading.local()
        self._token_is_valid = False
        self.requests = 0
        self.retries = 0
        self._counting = threading.Lock()
        self._slots = threading.BoundedSemaphore(settings.concurrency)

    @property
    def rate_limit_use(self) -> float:
        """The part of the present window that is used up, by whomever; 1 is all of it."""
        return self._limiter.use

    def fetch(self, request: Request) -> Any:
        """Send a request until it is answered, and return the decoded JSON body.

        Raises:
            TemporaryError: Intercom kept failing through all tries.
            IntercomError: Intercom refused the request; see `send`.
        """
        return self.retrying(lambda: self.send(request))

    def retrying(
        self,
        attempt: Callable[[], Any],
        on_failure: Callable[[], None] = lambda: None,
    ) -> Any:
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

    def send(self, request: Request) -> Any:
        """Make one attempt and return the decoded JSON body; a full window is waited for.

        Raises:
            TemporaryError: The attempt failed in a way that another may not.
            AccessTokenRefusedError: Intercom takes the token for nothing.
            PermissionDeniedError: The token may not read this resource.
            NotFoundError: There is no such record.
            RequestRefusedError: Intercom refused the request for another reason.
        """
        while True:
            status, headers, body = self._exchange(request)
            if status != HTTPStatus.TOO_MANY_REQUESTS:
                break
            self._limiter.exhaust(headers)
            logger.warning("%s met the rate limit (429); waiting for the next window", request)
        if status == HTTPStatus.OK:
            return _checked(request, _decode(request, body))
        raise self._error(request, status, body)

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

    def _exchange(self, request: Request) -> tuple[int, Mapping[str, str], bytes]:
        """Send once; return status, headers and the whole body."""
        with self._counting:
            self.requests += 1
        with self._slots:
            self._limiter.acquire()
            return self._answer(request)

    def _answer(self, request: Request) -> tuple[int, Mapping[str, str], bytes]:
        headers: Mapping[str, str] = {}
        try:
            with self._session().send(
                self._prepared(request),
                timeout=self._settings.request_timeout,
                allow_redirects=False,
                stream=True,
            ) as response:
                headers = response.headers
                return response.status_code, headers, self._read(request, response)
        except (requests.RequestException, HTTPError) as error:
            # the class alone: both libraries put URLs and header values into their messages
            message = f"{request} got no whole answer ({type(error).__name__})"
            raise TemporaryError(message) from None
        finally:
            self._limiter.release(headers)

    def _read(self, request: Request, response: requests.Response) -> bytes:
        deadline = time.monotonic() + self._settings.request_timeout
        body = bytearray()
        # read1 hands over what has arrived, so that a dripping body can't outstay the deadline
        while chunk := response.raw.read1(CHUNK_BYTES, decode_content=True):
            body += chunk
            if len(body) > MAX_BODY_BYTES:
                message = f"{request} was answered with more than {MAX_BODY_BYTES} bytes"
                raise TemporaryError(message, status=response.status_code)
            if time.monotonic() > deadline:
                message = f"{request} was not answered whole within request_timeout"
                raise TemporaryError(message)
        return bytes(body)

    def _prepared(self, request: Request) -> requests.PreparedRequest:
        """Fill in what differs between requests; preparing each from scratch is half its cost."""
        prepared = self._template.copy()
        prepared.method = request.method
        prepared.url = self._settings.api_url + request.path
        if request.params:
            prepared.url += f"?{urlencode(request.params)}"
        if request.body is not None:
            prepared.prepare_body(msgspec.json.encode(request.body), None)
        return prepared

    @cached_property
    def _template(self) -> requests.PreparedRequest:
        headers = {
            "Accept": "application/json",
            "Authorization": f"Bearer {self._settings.access_token}",
            "Content-Type": "application/json",
            "Intercom-Version": self._settings.api_version,
            "User-Agent": self._settings.user_agent,
        }
        request = requests.Request("GET", self._settings.api_url, headers)
        return self._session().prepare_request(request)

    def _session(self) -> requests.Session:
        """Return this thread's session: `requests` does not promise to share one safely."""
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = _new_session(self._settings.api_url)
        return session

    def _error(self, request: Request, status: int, body: bytes) -> IntercomError:
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


def _new_session(url: str) -> requests.Session:
    """Open a session with the proxy and the certificates that the environment names for a URL.

    They are looked up once, not for each request; and no .netrc takes the place of the token.
    """
    session = requests.Session()
    environment = session.merge_environment_settings(url, {}, None, None, None)
    session.proxies, session.verify = environment["proxies"], environment["verify"]
    session.trust_env = False
    return session


def _decode(request: Request, body: bytes) -> Any:
    if b"\\u0000" in body:
        body, nuls = ESCAPED_NUL.subn(rb"\1\\ufffd", body)
        logger.warning(
            "%s held %d NUL characters, which databases refuse; they became U+FFFD", request, nuls
        )
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _decode_leniently(request, body)


def _checked(request: Request, answer: Any) -> Any:
    """Return an answer that holds what it has to.

    Raises:
        TemporaryError: It does not.
    """
    if isinstance(answer, dict) and any(
        isinstance(answer.get(name), list | dict) for name in request.holds
    ):
        return answer
    message = f"{request} was answered without {' or '.join(request.holds)}"
    raise TemporaryError(message, status=HTTPStatus.OK)


def _decode_leniently(request: Request, body: bytes) -> Any:
    """Decode a body that strict JSON refuses, such as one with half of a surrogate pair."""
    try:
        text = json.dumps(json.loads(body), ensure_ascii=False)
    except ValueError:
        message = f"{request} was answered with a body that is no JSON ({len(body)} bytes)"
        raise TemporaryError(message, status=HTTPStatus.OK) from None
    logger.warning("%s held characters that are no Unicode; they became U+FFFD", request)
    return json.loads(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))


def _told_error(body: bytes) -> tuple[str, str]:
    """Return the code of an `error.list` body, and code, message and request id as text."""
    try:
        answer = json.loads(body)
        first = answer["errors"][0]
        code = str(first["code"])
    except (ValueError, LookupError, TypeError):
        return "", ""
    said = str(first.get("message") or "")[:MAX_MESSAGE_LENGTH]
    return code, f" ({code}: {said}; request id {answer.get('request_id')})"
