"""Figure 8: the receiver of webhooks keeps up, stays small, and loses nothing when it is killed."""

from __future__ import annotations

import asyncio
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measure import TIMEOUT_SECONDS, ProgramError
from benchmarks.programs import ENVIRONMENT
from benchmarks.report import Row
from demo.processes import free_port
from tap_intercom.webhooks.position import Position
from tap_intercom.webhooks.store import NotificationStore
from tests.sandbox.webhooks import signature

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.sizes import Sizes

SECRET = "client-secret"  # noqa: S105  # made up
CONNECTIONS = 64
BODY_BYTES = 4096
LARGE_BODY_BYTES = 4_000_000
KILLS = 5
SECONDS_TO_KILL = 2

TARGET_PER_SECOND = 1000
TARGET_P99_SECONDS = 0.5
TARGET_BYTES = 150_000_000


class Load:
    """Notifications that are sent over many connections, and what became of them.

    Attributes:
        statuses: The status of each answer.
        seconds: How long each answer took.
        accepted: The ids that were answered with 200.
    """

    def __init__(self, body_bytes: int) -> None:
        """Prepare notifications of a size."""
        self.statuses = list[int]()
        self.seconds = list[float]()
        self.accepted = set[str]()
        self._body_bytes = body_bytes
        self._numbers = count()

    def send(self, port: int, seconds: float, connections: int = CONNECTIONS) -> None:
        """Send for some seconds, over each connection one after the other."""
        asyncio.run(self._send(port, seconds, connections))

    async def _send(self, port: int, seconds: float, connections: int) -> None:
        end = time.monotonic() + seconds
        await asyncio.gather(*(self._connection(port, end) for _ in range(connections)))

    async def _connection(self, port: int, end: float) -> None:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            while time.monotonic() < end:
                name = f"notif_{next(self._numbers):012}"
                start = time.monotonic()
                writer.write(self._request(name))
                await writer.drain()
                head = await reader.readuntil(b"\r\n\r\n")
                self.seconds.append(time.monotonic() - start)
                self.statuses.append(status := int(head[9:12]))
                if status == 200:  # noqa: PLR2004  # OK
                    self.accepted.add(name)
            writer.close()
        except (OSError, asyncio.IncompleteReadError):
            return  # the receiver was killed

    def _request(self, name: str) -> bytes:
        head = f'{{"id": "{name}", "topic": "conversation.user.replied", "app_id": "abc123", '
        body = f'{head}"created_at": 1790000000, "data": "{"x" * self._body_bytes}'.encode()
        body = body[: self._body_bytes - 2] + b'"}'
        return (
            "POST /intercom HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"X-Hub-Signature: {signature(body, SECRET)}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        ).encode() + body


def measure(sizes: Sizes) -> list[Row]:
    """Send many notifications, large ones, and some while the receiver is killed."""
    with tempfile.TemporaryDirectory() as directory:
        return [
            _rate(Path(directory, "rate.db"), sizes.webhook_seconds),
            _memory(Path(directory, "memory.db"), sizes.webhook_seconds),
            _kills(Path(directory, "kills.db")),
        ]


def _rate(database: Path, seconds: int) -> Row:
    load = Load(BODY_BYTES)
    with _receiver(database, port := free_port()):
        load.send(port, seconds)
    rate = len(load.statuses) / seconds
    p99 = statistics.quantiles(load.seconds, n=100)[-1]
    refused = len(load.statuses) - len(load.accepted)
    return Row(
        f"webhooks, {CONNECTIONS} connections, bodies of 4 KB",
        f"at least {TARGET_PER_SECOND:,} a second, p99 below {TARGET_P99_SECONDS * 1000:.0f} ms, "
        "only 200",
        f"{rate:,.0f} a second, p99 {p99 * 1000:.0f} ms, {refused} other answers",
        rate >= TARGET_PER_SECOND and p99 < TARGET_P99_SECONDS and not refused,
    )


def _memory(database: Path, seconds: int) -> Row:
    load = Load(LARGE_BODY_BYTES)
    with _receiver(database, port := free_port()) as process:
        load.send(port, seconds)
        status = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
    peak = int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) * 1024
    return Row(
        f"webhooks, resident memory with bodies of 4 MB over {CONNECTIONS} connections",
        f"below {TARGET_BYTES / 1e6:.0f} MB",
        f"{peak / 1e6:.0f} MB ({len(load.accepted)} stored)",
        peak < TARGET_BYTES and bool(load.accepted),
    )


def _kills(database: Path) -> Row:
    load, port = Load(BODY_BYTES), free_port()
    for _ in range(KILLS):
        with _receiver(database, port, stop_signal=signal.SIGKILL) as process:
            killer = _kill_later(process)
            load.send(port, SECONDS_TO_KILL + 1)
            killer.wait()
    store = NotificationStore(f"sqlite:///{database}")
    stored = [item.id for item in store.read(Position())]
    store.close()
    missing, twice = len(load.accepted - set(stored)), len(stored) - len(set(stored))
    return Row(
        f"webhooks, {KILLS} times kill -9 under load",
        "what got 200 is stored, once",
        f"{len(load.accepted):,} got 200; {missing} missing, {twice} stored twice",
        not missing and not twice and bool(load.accepted),
    )


def _kill_later(process: subprocess.Popen[bytes]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(["sh", "-c", f"sleep {SECONDS_TO_KILL}; kill -9 {process.pid}"])  # noqa: S603, S607  # sh is everywhere


@contextmanager
def _receiver(
    database: Path, port: int, stop_signal: signal.Signals = signal.SIGTERM
) -> Iterator[subprocess.Popen[bytes]]:
    """Run the receiver as a program until the block ends.

    Raises:
        ProgramError: It did not start.
    """
    options = [f"--database=sqlite:///{database}", f"--port={port}"]
    process = subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", "tap_intercom.webhooks", *options],
        env={**ENVIRONMENT, "TAP_INTERCOM_WEBHOOKS_CLIENT_SECRET": SECRET},
        stderr=subprocess.PIPE,
    )
    try:
        for line in process.stderr or ():
            if b"running on" in line:
                break
        else:
            raise ProgramError("the receiver did not start")
        yield process
        process.send_signal(stop_signal)
        process.wait(TIMEOUT_SECONDS)
    finally:
        process.kill()
        process.communicate()
