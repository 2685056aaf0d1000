"""Notifications in a store, and runs of the tap that read them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tap_intercom.webhooks.notifications import parse_notification
from tests.webhooks.receiver import notification

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tap_intercom.webhooks.store import NotificationStore
    from tests.guarantees.harness import Pipe, SyncHarness, SyncResult

PARENTS = ("contacts", "companies", "conversations", "tickets")
GROUPS = (*PARENTS, "conversation_parts", "contact_tags", "company_tags", "ticket_parts")


class Inbox:
    """A store that is filled as a receiver fills it, and runs of the tap that read it."""

    def __init__(self, harness: SyncHarness, store: NotificationStore, database: str) -> None:
        self.harness = harness
        self.store = store
        self.database = database
        self._count = 0

    def put(self, topic: str, **item: Any) -> None:
        """Store a notification."""
        self._count += 1
        body = json.dumps(notification(self._count, topic, **item))
        self.store.append([parse_notification(body.encode())])

    def try_sync(
        self,
        state: dict[str, Any] | None = None,
        select: Iterable[str] = GROUPS,
        pipe: Pipe | None = None,
        **settings: Any,
    ) -> SyncResult:
        """Read what changed since a state."""
        settings = {"webhooks_only": True, "webhooks_database": self.database, **settings}
        return self.harness.try_sync(state, select, pipe=pipe, **settings)

    def sync(self, state: dict[str, Any] | None = None, **options: Any) -> SyncResult:
        """Read what changed since a state; a failure is raised."""
        result = self.try_sync(state, **options)
        if result.error:
            raise result.error
        return result
