"""Streams of what the receiver has stored; they are offered where `webhooks_database` is set."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from tap_intercom.compat import override
from tap_intercom.sync import workspace
from tap_intercom.sync.top_level_stream import TopLevelStream
from tap_intercom.timestamps import TimestampedRecord
from tap_intercom.webhooks.notifications import decode, deletion
from tap_intercom.webhooks.position import Position
from tap_intercom.webhooks.reader import NotificationReader
from tap_intercom.webhooks.topics import TOPICS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from singer_sdk.helpers.types import Record

    from tap_intercom.webhooks.store import StoredNotification


class NotificationStream(TopLevelStream):
    """Rows made from notifications, in the order of `sequence`; the bookmark is a position."""

    replication_key = "sequence"
    permission = "none"
    retention = "old notifications may have been pruned"
    selected_by_default = False

    _position = Position()
    _unread = Position()

    @classmethod
    @override
    def describe_endpoint(cls) -> str:
        return "[webhooks](webhooks.md)"

    def row(self, notification: StoredNotification) -> Record | None:
        """Return the row of a notification, if it has one."""
        raise NotImplementedError

    @property
    @override
    def reads_changes(self) -> bool:
        return True

    @property
    @override
    def start_timestamp(self) -> int:
        return 0

    @override
    def iterate(self, since: int) -> Iterator[TimestampedRecord]:
        saved = None if self.is_read_whole else self.stream_state.get("position")
        unknown_topics = Counter[str]()
        reader = NotificationReader(self.config["webhooks_database"])
        self._position = reader.position(saved)
        workspace_id = workspace.id_in(self.tap_state)
        others = 0
        for notification in reader.read(self._position):
            if not notification.is_of(workspace_id):
                others += 1
            else:
                unknown_topics[notification.topic] += notification.topic not in TOPICS
                if row := self.row(notification):
                    yield TimestampedRecord(row, notification.sequence)
            self._position = self._position.after([notification.sequence])
        self._log_unknown_topics(+unknown_topics)
        if others:
            self.logger.warning("%s: left out %d from other workspaces", self.name, others)

    @override
    def advance_bookmark(self, timestamp: int) -> None:
        """Move the position behind the notifications whose rows have been written."""
        self.stream_state["replication_key"] = self.replication_key
        self.stream_state["position"] = self._position.as_state()

    def _log_unknown_topics(self, counts: Counter[str]) -> None:
        if counts:
            self.logger.warning(
                "%s: %d notifications have topics that this version does not know: %s",
                self.name,
                counts.total(),
                ", ".join(f"{topic or '(none)'} ({count})" for topic, count in counts.items()),
            )


class WebhookNotifications(NotificationStream):
    """Every notification, as it was received."""

    name = "webhook_notifications"
    primary_keys = ("id",)

    @override
    def row(self, notification: StoredNotification) -> Record | None:
        return notification._asdict() | {"body": decode(notification.body)}


class WebhookDeletions(NotificationStream):
    """Records that were deleted or archived, and contacts that were merged into others."""

    name = "webhook_deletions"
    primary_keys = ("type", "id")

    @override
    def row(self, notification: StoredNotification) -> Record | None:
        found = deletion(notification.topic, notification.body)
        if found is None:
            return None
        return {
            **found.record._asdict(),
            "external_id": found.external_id,
            "merged_into_id": found.merged_into_id,
            "deleted_at": notification.created_at or notification.received_at,
            "topic": notification.topic,
            "app_id": notification.app_id,
            "notification_id": notification.id,
            "sequence": notification.sequence,
        }


STREAM_TYPES: tuple[type[NotificationStream], ...] = (WebhookNotifications, WebhookDeletions)
