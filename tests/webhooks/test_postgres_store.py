"""The store in Postgres, which several receivers may share."""

from __future__ import annotations

import json
import signal
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from demo.postgres import Postgres, running_postgres
from tap_intercom.webhooks.notifications import Notification
from tap_intercom.webhooks.position import Position
from tap_intercom.webhooks.store import TABLE_NAME, NotificationStore, StoreError
from tests.guarantees.process import wait_until
from tests.webhooks.program import SECRET, TIMEOUT_SECONDS, post, running, wait_for
from tests.webhooks.receiver import RunningReceiver, notification

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.end_to_end

INSERT = f"""
    INSERT INTO {TABLE_NAME} (id, topic, app_id, received_at, body)
    VALUES (%s, 'ping', 'abc123', 0, '{{}}')
"""
PING = Notification("n1", "ping", "abc123", None, "{}")

MAX_STOP_SECONDS = 10
"""How soon a receiver ends after SIGTERM."""

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
        for table in (TABLE_NAME, f"{TABLE_NAME}_version", f"{TABLE_NAME}_store"):
            connection.execute(f"DROP TABLE IF EXISTS {table}")
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


def test_retry_leaves_no_gap(store: NotificationStore) -> None:
    """A position would keep it for ever, as it does for what may be committed late."""
    for _ in range(3):
        store.append([PING])

    store.append([PING, PING._replace(id="n2")])

    assert [item.sequence for item in store.read(Position())] == [1, 2]


@pytest.mark.usefixtures("store")
def test_check_needs_a_writable_database(database: str) -> None:
    read_only = f"{database}?options=-cdefault_transaction_read_only%3Don"

    with closing(NotificationStore(read_only)) as other:
        other.check_exists()
        with pytest.raises(StoreError, match="read-only transaction"):
            other.check()


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


def test_earlier_database_is_migrated(store: NotificationStore, postgres: Postgres) -> None:
    """Version 1 had no index of `received_at`."""
    with postgres.connect() as connection:
        connection.execute(f"UPDATE {TABLE_NAME}_version SET version = 1")
        connection.execute(f"DROP INDEX ix_{TABLE_NAME}_received_at")

        store.open()

        version = connection.execute(f"SELECT version FROM {TABLE_NAME}_version").fetchall()
        index = connection.execute(f"SELECT to_regclass('ix_{TABLE_NAME}_received_at')").fetchone()
    assert version == [(2,)]
    assert index is not None
    assert index[0] is not None


@contextmanager
def locked_table(postgres: Postgres) -> Iterator[None]:
    """Let every write to the table wait."""
    with postgres.connect() as connection, connection.transaction():
        connection.execute(f"LOCK TABLE {TABLE_NAME}")
        yield


def test_database_that_hangs_is_given_up(store: NotificationStore, postgres: Postgres) -> None:
    with ThreadPoolExecutor(1) as threads, locked_table(postgres):
        error = threads.submit(store.append, [PING]).exception(TIMEOUT_SECONDS)

    assert isinstance(error, StoreError)
    store.append([PING])
    assert stored_ids(store, Position()) == [PING.id]


def test_server_that_says_nothing_is_given_up() -> None:
    with ThreadPoolExecutor(1) as threads, socket.create_server(("127.0.0.1", 0)) as silent:
        store = NotificationStore(f"postgresql://127.0.0.1:{silent.getsockname()[1]}/x")

        error = threads.submit(store.latest_sequence).exception(TIMEOUT_SECONDS)

    assert isinstance(error, StoreError)


def test_machine_that_is_gone_is_noticed(store: NotificationStore) -> None:
    """No packet is answered any more; the driver of Postgres looks after that."""
    with store._engine.connect() as connection:
        driver: Any = connection.connection.dbapi_connection
        parameters = driver.info.get_parameters()

    assert parameters["keepalives_idle"] == "4"
    assert parameters["tcp_user_timeout"] == "4000"


def test_options_of_the_url_are_kept(database: str, postgres: Postgres) -> None:
    with postgres.connect() as connection:
        connection.execute("CREATE SCHEMA IF NOT EXISTS hooks")
    options = "options=-csearch_path%3Dhooks&connect_timeout=9"

    with closing(NotificationStore(f"{database}?{options}")) as store:
        store.open()
        with store._engine.connect() as connected:
            driver: Any = connected.connection.dbapi_connection
            parameters = driver.info.get_parameters()
            timeout = connected.exec_driver_sql("SHOW statement_timeout").scalar()

    with postgres.connect() as connection:
        table = connection.execute(f"SELECT to_regclass('hooks.{TABLE_NAME}')").fetchone()
        connection.execute("DROP SCHEMA hooks CASCADE")
    assert table is not None
    assert table[0] is not None
    assert (parameters["connect_timeout"], timeout) == ("9", "4s")


def test_sigterm_ends_a_receiver_that_waits(database: str, postgres: Postgres) -> None:
    """For its database, and for senders of bodies and heads."""
    head = b"POST /intercom HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n"
    with ExitStack() as stack:
        process = stack.enter_context(running("--database", database, "--port", "0", **SECRET))
        port = int(wait_for(process, r"running on http://127\.0\.0\.1:(\d+)")[1])
        threads = stack.enter_context(ThreadPoolExecutor(1))
        stack.enter_context(locked_table(postgres))
        for start in (head, head[:20]):
            sender = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            sender.sendall(start)
        answer = threads.submit(post, port, json.dumps(notification()).encode())
        wait_until(lambda: is_waiting(postgres))

        process.send_signal(signal.SIGTERM)

        assert process.wait(MAX_STOP_SECONDS) == 0
        assert answer.result(TIMEOUT_SECONDS) == 503


def is_waiting(postgres: Postgres) -> bool:
    """Whether a session waits for a lock."""
    with postgres.connect() as connection:
        return connection.execute("SELECT 1 FROM pg_locks WHERE NOT granted").fetchone() is not None


def test_program_stores_notifications_in_postgres(database: str) -> None:
    variables = {**SECRET, "TAP_INTERCOM_WEBHOOKS_DATABASE": database}
    body = json.dumps(notification()).encode()

    with running("--port", "0", **variables) as process:
        port = int(wait_for(process, r"running on http://127\.0\.0\.1:(\d+)")[1])
        status = post(port, body)

    assert status == 200
    with closing(NotificationStore(database)) as store:
        assert stored_ids(store, Position()) == [notification()["id"]]
