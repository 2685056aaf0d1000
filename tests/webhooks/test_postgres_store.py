"""The store in Postgres, which several receivers may share."""

from __future__ import annotations

import contextlib
import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from demo.postgres import Postgres, running_postgres
from tap_intercom.webhooks.notifications import Notification
from tap_intercom.webhooks.position import Position
from tap_intercom.webhooks.store import TABLE_NAME, NotificationStore
from tests.webhooks.program import SECRET, post, running, wait_for
from tests.webhooks.receiver import RunningReceiver, notification

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.end_to_end

INSERT = f"""
    INSERT INTO {TABLE_NAME} (id, topic, app_id, received_at, body)
    VALUES (%s, 'ping', 'abc123', 0, '{{}}')
"""
END_SESSIONS = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()
"""


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    with running_postgres() as running:
        yield running


@pytest.fixture
def database(postgres: Postgres) -> Iterator[str]:
    with postgres.connect() as connection:
        connection.execute(f"DROP TABLE IF EXISTS {TABLE_NAME}, {TABLE_NAME}_version")
    return f"postgresql://{postgres.url}"


@pytest.fixture
def stores(database: str) -> Iterator[list[NotificationStore]]:
    """Stores of several receivers, none of them open."""
    several = [NotificationStore(database) for _ in range(8)]
    yield several
    for store in several:
        store.close()


def stored_ids(store: NotificationStore, position: Position) -> list[str]:
    return [item.id for item in store.read(position)]


def test_receivers_open_it_together(stores: list[NotificationStore]) -> None:
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(NotificationStore.open, stores))

    assert stores[0].latest_sequence() == 0


def test_receivers_store_a_notification_once(stores: list[NotificationStore]) -> None:
    batch = [Notification(f"n{n}", "ping", "abc123", None, "{}") for n in range(100)]
    stores[0].open()

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda store: store.append(batch), stores))

    assert sorted(stored_ids(stores[0], Position())) == sorted(item.id for item in batch)


def test_late_commit_is_read_later(store: NotificationStore, postgres: Postgres) -> None:
    with postgres.connect() as late, postgres.connect() as other:
        late.autocommit = False
        late.execute(INSERT, ["late"])
        other.execute(INSERT, ["early"])
        position = Position()

        first = list(store.read(position))
        position = position.after(item.sequence for item in first)
        late.commit()

        assert [item.id for item in first] == ["early"]
        assert stored_ids(store, position) == ["late"]


def test_receiver_goes_on_after_a_lost_connection(database: str, postgres: Postgres) -> None:
    with RunningReceiver(database) as receiver:
        before = receiver.send(notification(1))
        with postgres.connect() as connection:
            connection.execute(END_SESSIONS)

        after = receiver.send(notification(2))

    assert (before, after) == (200, 200)


def test_program_stores_notifications_in_postgres(database: str) -> None:
    variables = {**SECRET, "TAP_INTERCOM_WEBHOOKS_DATABASE": database}
    body = json.dumps(notification()).encode()

    with running("--port", "0", **variables) as process:
        port = int(wait_for(process, r"running on http://127\.0\.0\.1:(\d+)")[1])
        status = post(port, body)

    assert status == 200
    with contextlib.closing(NotificationStore(database)) as store:
        assert stored_ids(store, Position()) == [notification()["id"]]
