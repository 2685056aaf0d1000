"""Notifications of what happens in the workspace, signed and sent as Intercom sends them.

Sources: Intercom's pages Webhook models and Webhook notifications, and the shapes that captured
notifications have: only the newest parts of a conversation, timestamps of contacts as ISO text, and
little more than an id of what was deleted.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import uuid
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import requests

from tests.sandbox.generate.blueprint import APP_ID

if TYPE_CHECKING:
    from tests.sandbox.control import Control
    from tests.sandbox.records import Body

TIMEOUT_SECONDS: Final = 5
"""How long Intercom waits for an answer."""

HEADERS: Final = {
    "Accept": "application/json",
    "Content-Type": "application/json",
    "User-Agent": "intercom-parrot-service-client/1.0",
}
TOPICS: Final = {
    "contacts": "contact.user.updated",
    "companies": "company.updated",
    "conversations": "conversation.user.replied",
    "tickets": "ticket.attribute.updated",
}


def signature(body: bytes, client_secret: str) -> str:
    """The header X-Hub-Signature: HMAC-SHA1 of the raw body, by the app's client secret."""
    return f"sha1={hmac.new(client_secret.encode(), body, hashlib.sha1).hexdigest()}"


class Webhooks:
    """Changes a sandbox's workspace, and notifies a subscriber of each change.

    Attributes:
        sent: The notifications so far, as they were first sent.
    """

    def __init__(self, control: Control, url: str, client_secret: str) -> None:
        """Subscribe a URL; nothing is sent yet."""
        self.sent: list[Body] = []
        self._control = control
        self._url = url
        self._client_secret = client_secret

    def records(self, kind: str) -> list[Body]:
        """All records of a kind, as the workspace holds them."""
        return self._control.records(kind)

    def change(self, kind: str, record_id: str, fields: Body) -> int:
        """Change a record; returns the status with which the notification was answered."""
        record = self._control.change(kind, record_id, fields)
        return self.notify(TOPICS[kind], _item(kind, record))

    def add_parts(self, conversation_id: str, count: int) -> int:
        """Add comments to a conversation; the notification holds the newest alone."""
        conversation = self._control.add_parts(conversation_id, count)
        return self.notify(TOPICS["conversations"], _item("conversations", conversation))

    def delete(self, kind: str, record_id: str) -> int:
        """Delete a record; the topic is `contact.deleted`, and so on."""
        self._control.delete(kind, record_id)
        resource = {"companies": "company"}.get(kind, kind.removesuffix("s"))
        key = "conversation_id" if kind == "conversations" else "id"
        return self.notify(
            f"{resource}.deleted", {"type": resource, key: record_id, "deleted": True}
        )

    def merge(self, contact_id: str, into: str) -> int:
        """Merge a contact into another."""
        target = self._control.merge(contact_id, into)
        source = {"type": "contact", "id": contact_id}
        return self.notify("contact.merged", {**_item("contacts", target), "merged_from": source})

    def notify(self, topic: str, item: Body, notification_id: str | None = "") -> int:
        """Send a notification; returns the status of the answer.

        Args:
            topic: What happened.
            item: What it happened to.
            notification_id: None for one without an id, empty for a new id.
        """
        now = int(self._control.clock.now())
        notification: dict[str, Any] = {
            "type": "notification_event",
            "app_id": APP_ID,
            "data": {"type": "notification_event_data", "item": item},
            "links": {},
            "id": f"notif_{uuid.uuid4()}" if notification_id == "" else notification_id,
            "topic": topic,
            "delivery_status": "pending",
            "delivery_attempts": 1,
            "delivered_at": 0,
            "first_sent_at": now,
            "created_at": now,
            "self": None,
        }
        self.sent.append(notification)
        return self.deliver(notification)

    def retry(self, notification: Body) -> int:
        """Send a notification for the second time, as a minute after a failure."""
        return self.deliver({**notification, "delivery_status": "retry", "delivery_attempts": 2})

    def deliver(self, notification: Body) -> int:
        """Post a notification; an answer that takes too long counts as 504."""
        body = json.dumps(notification).encode()
        headers = {**HEADERS, "X-Hub-Signature": signature(body, self._client_secret)}
        try:
            with requests.Session() as session:
                session.trust_env = False
                return session.post(
                    self._url, body, headers=headers, timeout=TIMEOUT_SECONDS
                ).status_code
        except requests.RequestException:
            return HTTPStatus.GATEWAY_TIMEOUT


def _item(kind: str, record: Body) -> Body:
    """A record in the shape of notifications."""
    if kind == "contacts":
        times = {key: _iso(value) for key, value in record.items() if key.endswith("_at")}
        return {**record, **times}
    if kind == "conversations":
        parts = record["conversation_parts"]["conversation_parts"][-1:]
        newest = {"type": "conversation_part.list", "conversation_parts": parts}
        return {**record, "conversation_parts": {**newest, "total_count": len(parts)}}
    return record


def _iso(value: Any) -> Any:
    if not isinstance(value, int):
        return value
    return datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%dT%H:%M:%S.000+00:00")
