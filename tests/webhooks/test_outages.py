"""A database that is full, or away for a while: 503 meanwhile, and nothing is lost or restarted."""

from __future__ import annotations

import json
import resource
import shutil
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from demo.postgres import new_postgres
from tap_intercom.webhooks.notifications import Notification
from tap_intercom.webhooks.receiver import MAX_BODY_BYTES
from tap_intercom.webhooks.store import NotificationStore
from tests.webhooks.program import SECRET, TIMEOUT_SECONDS, post, request, running, wait_for
from tests.webhooks.receiver import RunningReceiver, notification, stored_ids

if TYPE_CHECKING:
    import subprocess


def body(number: int) -> bytes:
    return json.dumps(notification(number)).encode()


def move(source: Path, target: Path) -> None:
    """Move the files of the database as to another disk: by a copy."""
    target.mkdir(exist_ok=True)
    for file in source.glob("notifications.db*"):
        shutil.copy(file, target)
        file.unlink()


def send_all_but_the_end(port: int) -> None:
    """Send most of a body of the largest size, and wait for the refusal."""
    head = f"POST /intercom HTTP/1.1\r\nHost: x\r\nContent-Length: {MAX_BODY_BYTES}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), TIMEOUT_SECONDS) as sender:
        with suppress(ConnectionError):
            sender.sendall(head.encode() + b"x" * (MAX_BODY_BYTES - 1))
        with suppress(ConnectionError):
            sender.recv(100)


def peak_bytes(process: subprocess.Popen[str]) -> int:
    """Return the most memory that a process has had."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


@pytest.mark.end_to_end
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux: reads /proc")
def test_large_bodies_at_once_take_little_memory(database: str) -> None:
    senders = 30
    with running("--database", database, "--port", "0", **SECRET) as process:
        port = int(wait_for(process, r"running on http://127\.0\.0\.1:(\d+)")[1])
        before = peak_bytes(process)
        with ThreadPoolExecutor(senders) as threads:
            list(threads.map(send_all_but_the_end, [port] * senders))

        assert peak_bytes(process) - before < senders * MAX_BODY_BYTES / 2
        assert post(port, body(1)) == 200


@pytest.mark.end_to_end
@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="needs Linux: limits another process")
def test_full_disk_is_reported_until_there_is_space(database: str) -> None:
    with running("--database", database, "--port", "0", **SECRET) as process:
        port = int(wait_for(process, r"running on http://127\.0\.0\.1:(\d+)")[1])
        before = post(port, body(1))
        limits = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)

        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (0, limits[1]))  # no byte fits
        full = {post(port, body(number)) for number in range(2, 12)}
        health = request(port, "GET", "/healthz")
        others = (request(port, "HEAD"), request(port, "POST", body=body(1)))
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, limits)
        after = (post(port, body(2)), request(port, "GET", "/healthz"))

    assert before == 200
    assert full == {503}
    assert health == 503
    assert others == (200, 401)
    assert after == (200, 200)
    assert stored_ids(database) == ["notif_00000001", "notif_00000002"]


def test_file_that_is_away_is_written_once_it_is_back(
    receiver: RunningReceiver, database: str, tmp_path: Path
) -> None:
    before = receiver.send(notification(1))
    away = tmp_path / "away"
    move(tmp_path, away)

    meanwhile = (receiver.send(notification(2)), receiver.request("GET", "/healthz"))
    move(away, tmp_path)
    after = (receiver.send(notification(2)), receiver.request("GET", "/healthz"))

    assert before == 200
    assert meanwhile == (503, 503)
    assert after == (200, 200)
    assert stored_ids(database) == ["notif_00000001", "notif_00000002"]


def test_reader_sees_what_follows_in_a_replaced_file(
    store: NotificationStore, database: str, tmp_path: Path
) -> None:
    store.append([Notification("n1", "ping", "abc123", None, "{}")])
    before = store.latest_sequence()
    away = tmp_path / "away"
    move(tmp_path, away)
    move(away, tmp_path)
    with closing(NotificationStore(database)) as receiver:
        receiver.append([Notification("n2", "ping", "abc123", None, "{}")])

    assert (before, store.latest_sequence()) == (1, 2)


@pytest.mark.end_to_end
def test_postgres_that_is_away_is_used_once_it_is_back() -> None:
    with new_postgres() as postgres, ExitStack() as stack:
        database = f"postgresql://{postgres.url}"
        with postgres.running():
            receiver = stack.enter_context(RunningReceiver(database))
            before = receiver.send(notification(1))
        meanwhile = (receiver.send(notification(2)), receiver.request("GET", "/healthz"))
        with postgres.running():
            after = (receiver.send(notification(2)), receiver.request("GET", "/healthz"))
            stored = stored_ids(database)

    assert before == 200
    assert meanwhile == (503, 503)
    assert after == (200, 200)
    assert stored == ["notif_00000001", "notif_00000002"]
