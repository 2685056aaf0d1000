"""The receiver: what Intercom signed is stored before it is answered; nothing else is stored."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest
from starlette.requests import Request

from tap_intercom.webhooks import committer
from tap_intercom.webhooks import receiver as receiver_module
from tap_intercom.webhooks.committer import Committer
from tap_intercom.webhooks.receiver import MAX_BODY_BYTES, Receiver, ReceiverOptions, create_app
from tap_intercom.webhooks.store import NotificationStore, StoreError
from tests.sandbox.webhooks import signature
from tests.webhooks.receiver import (
    SECRET,
    WORKSPACE_ID,
    RunningReceiver,
    notification,
    stored_ids,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tap_intercom.webhooks.notifications import Notification

BODY = json.dumps(notification()).encode()


def test_answered_notification_is_stored(receiver: RunningReceiver, database: str) -> None:
    assert receiver.send(notification(1)) == 200
    assert stored_ids(database) == ["notif_00000001"]


def test_retry_is_stored_once(receiver: RunningReceiver, database: str) -> None:
    retry = {**notification(1), "delivery_attempts": 2, "delivery_status": "retry"}

    assert [receiver.send(notification(1)), receiver.send(retry)] == [200, 200]
    assert len(stored_ids(database)) == 1


def test_many_are_committed_together(
    receiver: RunningReceiver, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches = list[int]()
    append = NotificationStore.append

    def slow_append(store: NotificationStore, batch: Sequence[object]) -> None:
        batches.append(len(batch))
        time.sleep(0.05)
        append(store, batch)  # type: ignore[arg-type]

    monkeypatch.setattr(NotificationStore, "append", slow_append)
    with ThreadPoolExecutor(32) as threads:
        statuses = list(threads.map(lambda n: receiver.send(notification(n)), range(96)))

    assert statuses == [200] * 96
    assert len(stored_ids(database)) == 96
    assert len(batches) < 48


def test_endpoint_is_validated_without_signature(receiver: RunningReceiver) -> None:
    assert receiver.request("HEAD") == 200


@pytest.mark.parametrize(
    "header",
    [
        "",
        "sha1=",
        "sha1=" + "0" * 40,
        signature(BODY, SECRET).upper(),
        signature(BODY, SECRET).removeprefix("sha1="),
        signature(BODY, "another secret"),
        signature(b"another body", SECRET),
        "sha256=" + "0" * 64,
        "\xe9\xff",
    ],
)
def test_wrong_signature_is_refused(receiver: RunningReceiver, database: str, header: str) -> None:
    assert receiver.request("POST", body=BODY, X_Hub_Signature=header) == 401
    assert stored_ids(database) == []


def test_missing_signature_is_refused(receiver: RunningReceiver) -> None:
    assert receiver.request("POST", body=BODY) == 401


def test_both_secrets_are_taken_during_rotation(database: str) -> None:
    with RunningReceiver(database, secrets=("old", "new")) as running:
        statuses = [running.post(BODY, secret) for secret in ("old", "new", "other")]

    assert statuses == [200, 200, 401]


def test_other_workspace_is_refused(database: str) -> None:
    with RunningReceiver(database, app_id=WORKSPACE_ID) as running:
        own = running.send(notification(1))
        other = running.send({**notification(2), "app_id": "other"})

    assert (own, other) == (200, 403)
    assert stored_ids(database) == ["notif_00000001"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"17",
        BODY[:-1],
        b'{"id": "\xff\xfe"}',
        b'{"a": ' + b"[" * 200_000,
        b'{"a": "\0"}',
    ],
)
def test_anything_but_an_object_is_refused(
    receiver: RunningReceiver, database: str, body: bytes
) -> None:
    assert receiver.post(body) == 400
    assert stored_ids(database) == []


def test_large_body_is_stored(receiver: RunningReceiver, database: str) -> None:
    content = json.dumps(notification(text="x" * (MAX_BODY_BYTES - 1000))).encode()

    assert receiver.post(content) == 200
    assert len(stored_ids(database)) == 1


@pytest.mark.parametrize("size", [MAX_BODY_BYTES + 1, 5_000_000, 30_000_000])
def test_larger_body_is_refused(receiver: RunningReceiver, size: int) -> None:
    try:
        status = receiver.post(b"x" * size)
    except OSError:
        assert size > receiver_module.MAX_DISCARDED_BYTES  # closed before all of it was sent
        status = 413

    assert status == 413
    assert receiver.send(notification()) == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/intercom", 405),
        ("PUT", "/intercom", 405),
        ("DELETE", "/intercom", 405),
        ("POST", "/", 404),
        ("POST", "/intercom/", 404),
        ("POST", "/intercom/x", 404),
        ("GET", "/favicon.ico", 404),
        ("POST", "/healthz", 405),
        ("GET", "/healthz", 200),
    ],
)
def test_other_requests_get_their_status(
    receiver: RunningReceiver, method: str, path: str, status: int
) -> None:
    assert receiver.request(method, path, BODY) == status


def test_slow_senders_hold_nobody_up(
    receiver: RunningReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiver_module, "TIMEOUT_SECONDS", 0.2)
    head = b"POST /intercom HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n"
    slow = [socket.create_connection(("127.0.0.1", receiver.port)) for _ in range(50)]
    try:
        for connection in slow:
            connection.sendall(head + b"x" * 200_000)

        assert receiver.send(notification()) == 200
        for connection in slow:
            connection.settimeout(20)
            assert connection.recv(100).startswith(b"HTTP/1.1 408")
    finally:
        for connection in slow:
            connection.close()


def test_failing_database_is_reported(
    receiver: RunningReceiver, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise StoreError("can't write the database")

    with monkeypatch.context() as broken:
        broken.setattr(NotificationStore, "append", fail)
        broken.setattr(NotificationStore, "check", fail)
        assert receiver.send(notification(1)) == 503
        assert receiver.request("GET", "/healthz") == 503

    assert receiver.send(notification(1)) == 200
    assert receiver.request("GET", "/healthz") == 200
    assert len(stored_ids(database)) == 1


def test_hanging_database_is_reported(
    receiver: RunningReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiver_module, "TIMEOUT_SECONDS", 0.1)
    monkeypatch.setattr(NotificationStore, "append", lambda *_: time.sleep(0.5))

    assert receiver.send(notification()) == 503


def test_end_waits_for_a_hanging_database_no_longer_than_requests(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (committer, receiver_module):
        monkeypatch.setattr(module, "TIMEOUT_SECONDS", 0.1)
    hanging = threading.Event()
    monkeypatch.setattr(NotificationStore, "append", lambda *_: hanging.wait(60))
    with ExitStack() as stack:
        receiver = stack.enter_context(RunningReceiver(database))
        status = receiver.send(notification())

        end = threading.Thread(target=stack.pop_all().close)
        end.start()
        end.join(10)
        has_ended = not end.is_alive()
        hanging.set()

    assert status == 503
    assert has_ended


class LateClock:
    """The clock of the running event loop, which can be advanced."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self._late = 0.0
        now = loop.time
        loop.time = lambda: now() + self._late  # type: ignore[method-assign]

    async def advance(self, seconds: float) -> None:
        """Let time pass, and what was due by then happen."""
        self._late += seconds
        await asyncio.sleep(0.01)


async def status_after(body_seconds: float, commit_seconds: float) -> int:
    """Return the answer's status if body and commit take so long."""
    clock = LateClock()
    chunks = [BODY[:10], BODY[10:]]

    async def receive() -> dict[str, Any]:
        if len(chunks) == 1:
            await clock.advance(body_seconds)
        return {"type": "http.request", "body": chunks.pop(0), "more_body": bool(chunks)}

    class SlowCommitter(Committer):
        async def commit(self, _: Notification) -> None:
            await clock.advance(commit_seconds)

    committer = SlowCommitter(NotificationStore("sqlite:///unused.db"))
    receiver = Receiver(ReceiverOptions("", (SECRET,)), committer)
    headers = [(b"x-hub-signature", signature(BODY, SECRET).encode())]
    request = Request({"type": "http", "method": "POST", "headers": headers}, receive)
    return (await receiver.receive(request)).status_code


@pytest.mark.parametrize(
    ("body_seconds", "commit_seconds", "status"), [(1.5, 1.5, 200), (2.5, 2.5, 503), (5, 0, 408)]
)
def test_answer_comes_before_intercom_gives_up(
    body_seconds: float, commit_seconds: float, status: int
) -> None:
    """It waits five seconds; body and commit together have four."""
    assert asyncio.run(status_after(body_seconds, commit_seconds)) == status


def test_unexpected_error_ends_one_batch_only(
    receiver: RunningReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(NotificationStore, "append", lambda *_: 1 / 0)
        assert receiver.send(notification(1)) == 503

    assert receiver.send(notification(1)) == 200


def test_log_holds_nothing_of_a_body(
    receiver: RunningReceiver, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level("DEBUG")
    private = json.dumps(notification(email="ada@example.com")).encode()

    receiver.post(private)
    receiver.post(private[:-1])
    receiver.request("POST", body=private, X_Hub_Signature="ada@example.com")
    monkeypatch.setattr(committer, "BATCH_SIZE", 1)
    monkeypatch.setattr(NotificationStore, "append", lambda *_: int("ada@example.com"))
    receiver.post(private)

    assert caplog.text
    assert "ada@example.com" not in caplog.text


@pytest.mark.parametrize("secrets", [(), ("",), ("secret", "")])
def test_secret_is_required(database: str, secrets: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="no client secret"):
        create_app(ReceiverOptions(database, secrets))
