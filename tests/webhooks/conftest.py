"""A receiver of each test's own, with a SQLite file as its store."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tap_intercom.webhooks.store import NotificationStore
from tests.webhooks.inbox import Inbox
from tests.webhooks.receiver import RunningReceiver

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.guarantees.harness import SyncHarness


@pytest.fixture
def database(tmp_path: Path) -> str:
    """Return the URL of a SQLite file that does not exist yet."""
    return f"sqlite:///{tmp_path}/notifications.db"


@pytest.fixture
def store(database: str) -> Iterator[NotificationStore]:
    """Open a store in the test's database."""
    store = NotificationStore(database)
    store.open()
    yield store
    store.close()


@pytest.fixture
def receiver(database: str) -> Iterator[RunningReceiver]:
    """Run a receiver on a free port."""
    with RunningReceiver(database) as running:
        yield running


@pytest.fixture
def inbox(harness: SyncHarness, store: NotificationStore, database: str) -> Inbox:
    """Return the store of a tap that reads what is put into it."""
    return Inbox(harness, store, database)
