"""What the tap reads from the store: which records changed since its last run."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from tap_intercom.sync.change_feed import ChangedIds
from tap_intercom.webhooks.notifications import changed_records, deletion
from tap_intercom.webhooks.position import Position

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_intercom.webhooks.store import NotificationStore, StoredNotification


class NotificationReader:
    """Reads the notifications that a position lacks; implements the sync's `ChangeFeed`."""

    def __init__(self, database: str) -> None:
        """Prepare a reader.

        Args:
            database: The SQLAlchemy URL of the store.

        Raises:
            StoreError: It is not the URL of a SQLite file or a Postgres database.
        """
        self._database = database

    @cached_property
    def store(self) -> NotificationStore:
        """The store, which has to be there: only receivers create it.

        Raises:
            StoreError: It can't be read.
        """
        from tap_intercom.webhooks.store import NotificationStore

        store = NotificationStore(self._database)
        store.check_exists()
        return store

    def position(self, value: Any) -> Position:
        """Return the position in the store that a state holds; the beginning of any other store.

        Raises:
            StoreError: The database can't be read.
        """
        return self.store.resume(Position.from_state(value))

    def read(self, position: Position) -> Iterator[StoredNotification]:
        """Yield the notifications that a position lacks, in the order of their sequence.

        Raises:
            StoreError: The database can't be read.
        """
        return self.store.read(position)

    def changed_ids(self, record_type: str, position: Any, workspace_id: str) -> ChangedIds:
        """Return the ids of one type of record that notifications since a position name.

        Args:
            record_type: Such as `contact`.
            position: What the state holds; None is the beginning.
            workspace_id: Leave out notifications of other workspaces; empty if it is unknown.

        Raises:
            StoreError: The database can't be read.
        """
        start = self.position(position)
        ids: dict[str, None] = {}
        deleted_ids = set[str]()
        sequences = list[int]()
        for notification in self.read(start):
            sequences.append(notification.sequence)
            if not notification.is_of(workspace_id):
                continue
            for record in changed_records(notification.topic, notification.body):
                if record.type == record_type:
                    ids[record.id] = None
            gone = deletion(notification.topic, notification.body)
            if gone and gone.record.type == record_type:
                deleted_ids.add(gone.record.id)
        return ChangedIds(list(ids), deleted_ids, start.after(sequences).as_state())
