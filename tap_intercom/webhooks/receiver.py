"""The receiver: an ASGI application that answers a notification once it is committed.

Intercom waits five seconds for an answer, and sends a notification that failed once more, after a
minute. 410 would end the subscription and 429 slow it down, so neither is ever sent (Webhook
notifications).
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tap_intercom.webhooks.committer import Committer
from tap_intercom.webhooks.notifications import parse_notification
from tap_intercom.webhooks.store import TIMEOUT_SECONDS, NotificationStore, StoreError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request

    from tap_intercom.webhooks.notifications import Notification

logger = logging.getLogger("tap-intercom-webhooks")

SIGNATURE_HEADER = "X-Hub-Signature"

MAX_BODY_BYTES = 4 * 1024 * 1024

SMALL_BODY_BYTES = 128 * 1024
"""Bodies above this are read by few requests at a time, which bounds the memory."""

LARGE_BODIES_AT_ONCE = 2

MAX_DISCARDED_BYTES = 16 * 1024 * 1024
"""How much of a body that is too large is read, so that its sender gets to see the answer."""


@dataclass(frozen=True)
class ReceiverOptions:
    """The settings of a receiver.

    Attributes:
        database: The SQLAlchemy URL of the store.
        secrets: Client secrets of the app; several while one is replaced.
        app_id: The only workspace whose notifications are taken; empty for any.
        path: Where notifications are posted.
    """

    database: str
    secrets: tuple[str, ...]
    app_id: str = ""
    path: str = "/intercom"


def create_app(options: ReceiverOptions) -> Starlette:
    """Return the application, for uvicorn or any other ASGI server.

    Raises:
        StoreError: The database can't be written.
        ValueError: There is no secret; without one, anybody could send notifications.
    """
    if not options.secrets or not all(options.secrets):
        message = "no client secret"
        raise ValueError(message)
    store = NotificationStore(options.database)
    store.open()
    receiver = Receiver(options, Committer(store))
    application = Starlette(
        routes=[
            Route(options.path, receiver.validate, methods=["HEAD"]),
            Route(options.path, receiver.receive, methods=["POST"]),
            Route("/healthz", receiver.report_health, methods=["GET"]),
        ],
        lifespan=receiver.lifespan,
    )
    application.router.redirect_slashes = False  # Intercom does not say that it follows redirects
    return application


class Receiver:
    """Answers requests: what is signed by Intercom is stored, anything else refused."""

    def __init__(self, options: ReceiverOptions, committer: Committer) -> None:
        """Prepare a receiver whose lifespan starts and stops the committer."""
        self._options = options
        self._committer = committer
        self._secrets = [secret.encode() for secret in options.secrets]
        self._large_bodies = asyncio.Semaphore(LARGE_BODIES_AT_ONCE)

    @asynccontextmanager
    async def lifespan(self, _: Starlette) -> AsyncIterator[None]:
        """Run the committer as long as the application runs."""
        self._committer.start()
        yield
        self._committer.stop()

    async def validate(self, _: Request) -> Response:
        """Answer the HEAD request that Intercom sends when the endpoint's URL is saved."""
        return Response()

    async def report_health(self, _: Request) -> Response:
        """Say whether the database accepts writes."""
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                await self._committer.check()
        except (StoreError, TimeoutError):
            return JSONResponse({"status": "unavailable"}, HTTPStatus.SERVICE_UNAVAILABLE)
        return JSONResponse({"status": "ok"})

    async def receive(self, request: Request) -> Response:
        """Store a notification; the answer comes after the commit, but before Intercom gives up."""
        deadline = asyncio.get_running_loop().time() + TIMEOUT_SECONDS
        try:
            async with AsyncExitStack() as large_body:
                content = await self._read(request, large_body, deadline)
                self._check_signature(request, content)
                notification = self._parse(content)
                async with asyncio.timeout_at(deadline):
                    await self._committer.commit(notification)
        except HTTPException as refusal:
            logger.warning("request refused: status %d, %s", refusal.status_code, refusal.detail)
            return Response(status_code=refusal.status_code)
        except (StoreError, TimeoutError):
            return Response(status_code=HTTPStatus.SERVICE_UNAVAILABLE)
        except ClientDisconnect:
            logger.warning("request not answered: its sender closed the connection")
            return Response(status_code=HTTPStatus.BAD_REQUEST)
        return Response()

    async def _read(
        self, request: Request, large_body: AsyncExitStack, deadline: float
    ) -> bytearray:
        """Return the body; few large ones are read at a time, which bounds the memory."""
        content = bytearray()
        received = 0
        try:
            async with asyncio.timeout_at(deadline):
                async for chunk in request.stream():
                    if received <= SMALL_BODY_BYTES < received + len(chunk):
                        await large_body.enter_async_context(self._large_bodies)
                    received += len(chunk)
                    if received > MAX_DISCARDED_BYTES:
                        break
                    if received <= MAX_BODY_BYTES:
                        content += chunk
        except TimeoutError:
            raise HTTPException(
                HTTPStatus.REQUEST_TIMEOUT, "the body did not arrive in time"
            ) from None
        if received > MAX_BODY_BYTES:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "a body of more than 4 MB")
        return content

    def _check_signature(self, request: Request, content: bytearray) -> None:
        """Refuse a body that was not signed with one of the client secrets.

        The signature is the HMAC-SHA1 of the raw body (Webhook models, Signed notifications).
        """
        received = request.headers.get(SIGNATURE_HEADER, "").encode("latin-1")
        matches = [
            hmac.compare_digest(
                received, f"sha1={hmac.new(secret, content, hashlib.sha1).hexdigest()}".encode()
            )
            for secret in self._secrets
        ]
        if not any(matches):
            raise HTTPException(HTTPStatus.UNAUTHORIZED, f"{SIGNATURE_HEADER} missing or wrong")

    def _parse(self, content: bytearray) -> Notification:
        try:
            notification = parse_notification(content)
        except ValueError:
            raise HTTPException(HTTPStatus.BAD_REQUEST, "the body is not a JSON object") from None
        if self._options.app_id and notification.app_id != self._options.app_id:
            raise HTTPException(HTTPStatus.FORBIDDEN, "a notification of another app_id")
        return notification
