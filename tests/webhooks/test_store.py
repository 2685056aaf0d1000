"""The store: each notification once, in order, durable, and private."""

from __future__ import annotations

import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from tap_intercom.webhooks.notifications import Notification
from tap_intercom.webhooks.position import MAX_GAPS, Position
from tap_intercom.webhooks.store import TABLE_NAME, NotificationStore, StoreError


def notifications(*numbers: int) -> list[Notification]:
    return [Notification(f"n{number}", "ping", "abc123", None, "{}") for number in numbers]


def stored_ids(store: NotificationStore, position: Position = Position()) -> list[str]:  # noqa: B008  # immutable
    return [item.id for item in store.read(position)]


def test_notification_is_stored_once(store: NotificationStore) -> None:
    store.append(notifications(1, 2, 2))
    store.append(notifications(2, 3))

    assert stored_ids(store) == ["n1", "n2", "n3"]


def test_reader_gets_what_its_position_lacks(store: NotificationStore) -> None:
    store.append(notifications(*range(1, 251)))

    assert stored_ids(store, Position(100, ((7, 8),))) == ["n7", "n8", *stored_ids(store)[100:]]


def test_position_may_have_many_gaps(store: NotificationStore) -> None:
    store.append(notifications(1, 2))

    unread = store.unread(Position(2 * MAX_GAPS, tuple((n, n) for n in range(2, 2 * MAX_GAPS, 2))))

    assert unread == [2]


def test_sequence_is_never_used_again(store: NotificationStore) -> None:
    store.append(notifications(1, 2))
    store.prune(before=2**40)

    store.append(notifications(3))

    assert [item.sequence for item in store.read(Position())] == [3]


def test_prune_deletes_what_is_old(store: NotificationStore) -> None:
    store.append(notifications(*range(2500)))
    received_at = next(iter(store.read(Position()))).received_at

    assert store.prune(before=received_at) == 0
    assert store.prune(before=received_at + 60) == 2500


def test_file_is_private_and_durable(store: NotificationStore, database: str) -> None:
    file = Path(database.removeprefix("sqlite:///"))
    store.append(notifications(1))

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with sqlite3.connect(file) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


def test_commits_reach_the_disk(store: NotificationStore) -> None:
    """SQLite calls it FULL (2): each commit is synced, also in WAL mode."""
    with store._engine.connect() as connection:  # it is set for each connection
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2


def test_store_opens_again(store: NotificationStore, database: str) -> None:
    store.append(notifications(1))

    again = NotificationStore(database)
    again.open()

    assert stored_ids(again) == ["n1"]
    again.close()


def test_earlier_database_is_migrated(store: NotificationStore, database: str) -> None:
    """Version 1 had no index of `received_at`."""
    store.append(notifications(1))
    index = f"ix_{TABLE_NAME}_received_at"
    with closing(sqlite3.connect(database.removeprefix("sqlite:///"))) as connection, connection:
        connection.execute(f"UPDATE {TABLE_NAME}_version SET version = 1")
        connection.execute(f"DROP INDEX {index}")

    store.open()

    with closing(sqlite3.connect(database.removeprefix("sqlite:///"))) as connection:
        version = connection.execute(f"SELECT version FROM {TABLE_NAME}_version").fetchall()
        indexes = connection.execute(f"PRAGMA index_list({TABLE_NAME})").fetchall()
    assert version == [(2,)]
    assert index in {name for _, name, *_ in indexes}
    assert stored_ids(store) == ["n1"]


def test_later_database_is_refused(store: NotificationStore, database: str) -> None:
    with sqlite3.connect(database.removeprefix("sqlite:///")) as connection:
        connection.execute(f"UPDATE {TABLE_NAME}_version SET version = 99")
    connection.close()

    with pytest.raises(StoreError, match="created by a later version"):
        store.open()


@pytest.mark.parametrize(
    "url",
    [
        *("", "notifications.db", "sqlite://", "sqlite:///:memory:", "sqlite+aiosqlite:///x.db"),
        *("mysql://host/database", "postgresql+asyncpg://host/x", "nonsense://x"),
        *("postgresql://host:port/x", "postgresql://[::1/x"),
    ],
)
def test_other_url_is_explained(url: str) -> None:
    with pytest.raises(StoreError, match="SQLite file or of Postgres"):
        NotificationStore(url)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://user:pass-word@127.0.0.1:1/database",
        "postgresql://127.0.0.1:1/database?user=user&password=pass-word",
    ],
)
def test_error_does_not_tell_the_password(url: str) -> None:
    with pytest.raises(StoreError, match=r"127\.0\.0\.1:1/database") as caught:
        NotificationStore(url).open()

    assert "pass-word" not in str(caught.value)
