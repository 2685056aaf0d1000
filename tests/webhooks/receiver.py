"""A receiver that runs in a thread of the test, and requests as Intercom sends them."""

from __future__ import annotations

import http.client
import json
import threading
from contextlib import closing
from typing import TYPE_CHECKING, Any, Self

import uvicorn

from tap_intercom.webhooks.position import Position
from tap_intercom.webhooks.receiver import ReceiverOptions, create_app
from tap_intercom.webhooks.store import NotificationStore
from tests.sandbox.options import SandboxOptions
from tests.sandbox.webhooks import signature

if TYPE_CHECKING:
    from types import TracebackType

SECRET = "client-secret"
WORKSPACE_ID = SandboxOptions().workspace_id
TIMEOUT_SECONDS = 20


def notification(
    number: int = 1, topic: str = "contact.user.updated", **item: Any
) -> dict[str, Any]:
    """Return a notification with an id that follows from a number."""
    return {
        "type": "notification_event",
        "id": f"notif_{number:08}",
        "app_id": WORKSPACE_ID,
        "topic": topic,
        "created_at": 1_790_000_000 + number,
        "first_sent_at": 1_790_000_001 + number,
        "delivery_attempts": 1,
        "delivery_status": "pending",
        "data": {"type": "notification_event_data", "item": item},
    }


def stored_ids(database: str) -> list[str]:
    """Return the ids of the notifications in a database."""
    with closing(NotificationStore(database)) as store:
        return [item.id for item in store.read(Position())]


class RunningReceiver:
    """A receiver on a free port of this machine."""

    def __init__(
        self, database: str, *, secrets: tuple[str, ...] = (SECRET,), app_id: str = ""
    ) -> None:
        self.application = create_app(ReceiverOptions(database, secrets, app_id))
        config = uvicorn.Config(
            self.application, port=0, log_config=None, access_log=False, lifespan="on"
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run)

    def __enter__(self) -> Self:
        self._thread.start()
        for _ in range(1000):
            if self._server.started:
                break
            self._thread.join(0.01)
        self.port = self._server.servers[0].sockets[0].getsockname()[1]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.should_exit = True
        self._thread.join(TIMEOUT_SECONDS)

    def request(
        self, method: str, path: str = "/intercom", body: bytes | None = None, **headers: str
    ) -> int:
        """Send a request and return the status of its answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT_SECONDS)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            connection.request(method, path, body, named)
            return connection.getresponse().status
        finally:
            connection.close()

    def post(self, body: bytes, secret: str = SECRET) -> int:
        """Send a signed body."""
        return self.request("POST", body=body, X_Hub_Signature=signature(body, secret))

    def send(self, content: dict[str, Any]) -> int:
        """Send a signed notification."""
        return self.post(json.dumps(content).encode())
