"""Notifications: how one is recognised, which records it names, and what it says was deleted.

They come in no order, some of them twice, and in the shape of the app's API version. So one is only
read for what happened to which record; the record itself is read from the API (Webhook models).
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from tap_intercom.api.request import Request
from tap_intercom.api.response import parse_response, value_at
from tap_intercom.errors import RetriableError
from tap_intercom.webhooks.topics import CHANGED_RECORDS, DELETED_RECORDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tap_intercom.api.response import Page

NOTIFICATION = Request("notification", record_keys=())
"""Names a notification in log lines about values that had to be replaced."""

MAX_ID_LENGTH = 500
MAX_INTEGER = 2**63

DELIVERY_FIELDS = {"delivery_attempts", "delivery_status", "delivered_at", "first_sent_at"}
"""What may differ between two deliveries of one notification."""


class Notification(NamedTuple):
    """One notification, as it is stored.

    Attributes:
        id: Intercom's id; a digest of the content where Intercom sends none, as for `ping`.
        topic: What happened, such as `contact.deleted`.
        app_id: The id code of the workspace.
        created_at: When it happened (epoch seconds, UTC); None if Intercom does not say.
        body: The JSON text as it was received.
    """

    id: str
    topic: str
    app_id: str
    created_at: int | None
    body: str


class RecordId(NamedTuple):
    """The type and id of a record, such as `contact` and `5ba682d23d7cf92bef87bfd4`."""

    type: str
    id: str


class Deletion(NamedTuple):
    """A record that was deleted, archived, or merged into another.

    Attributes:
        record: Type and id of the record.
        external_id: Its id in the workspace's own system, where the notification has it.
        merged_into_id: The contact that it was merged into, if that is what happened.
    """

    record: RecordId
    external_id: str | None
    merged_into_id: str | None


def parse_notification(body: bytes | bytearray) -> Notification:
    """Return the notification in the body of a request.

    Raises:
        ValueError: The body is not a JSON object in UTF-8, or holds values that can't be read.
    """
    text = body.decode()
    if "\0" in text:  # no JSON has it unescaped, and Postgres stores no text with it
        message = "the body holds a NUL character"
        raise ValueError(message)
    try:
        page = parse_response(NOTIFICATION, body)
        return Notification(
            id=_notification_id(page),
            topic=_text(page.get("topic")),
            app_id=_text(page.get("app_id")),
            created_at=_created_at(page.get("created_at")),
            body=text,
        )
    except RetriableError as error:
        raise ValueError(str(error)) from None


def changed_records(topic: str, body: str) -> Iterator[RecordId]:
    """Yield the contacts, companies, conversations and tickets that a notification names."""
    item = _item(body)
    for record_type, paths in CHANGED_RECORDS.get(topic.partition(".")[0], {}).items():
        if record_id := _first_id(item, paths):
            yield RecordId(record_type, record_id)


def deletion(topic: str, body: str) -> Deletion | None:
    """Return what a notification says is gone; None if it says nothing of that kind."""
    record_type, paths = DELETED_RECORDS.get(topic, ("", ()))
    item = _item(body) if paths else {}
    record_id = _first_id(item, paths)
    if not record_id:
        return None
    is_merged = topic == "contact.merged"
    return Deletion(
        RecordId(record_type, record_id),
        external_id=None if is_merged else _first_id(item, [("external_id",)]),
        merged_into_id=_first_id(item, [("id",)]) if is_merged else None,
    )


def decode(body: str) -> dict[str, Any] | None:
    """Return the content of a notification; None if it is nested too deeply to be read."""
    try:
        return parse_response(NOTIFICATION, body.encode()).as_dict()
    except RetriableError:
        return None


def _item(body: str) -> Any:
    return value_at(decode(body), ("data", "item"))


def _first_id(item: Any, paths: Iterable[Sequence[str]]) -> str | None:
    found = (value_at(item, path) for path in paths)
    return next((str(value) for value in found if value and isinstance(value, str | int)), None)


def _notification_id(page: Page) -> str:
    """Return Intercom's id, or a digest: also of an id that is too long for Postgres to index."""
    notification_id = str(page.get("id") or "")
    return notification_id if 0 < len(notification_id) <= MAX_ID_LENGTH else _digest(page)


def _created_at(value: Any) -> int | None:
    """Return a timestamp that a database can hold, or None."""
    is_timestamp = isinstance(value, int) and not isinstance(value, bool)
    return value if is_timestamp and abs(value) < MAX_INTEGER else None


def _digest(page: Page) -> str:
    """Return what identifies a notification without an id: a digest of its content."""
    identity = {
        name: value for name, value in page.as_dict().items() if name not in DELIVERY_FIELDS
    }
    encoded = msgspec.json.encode(identity, order="deterministic")
    return f"sha256:{hashlib.sha256(encoded).hexdigest()}"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
