"""The receiver of webhooks and `watch`, as the demo and the benchmark run them."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import sys
import time
from typing import IO, TYPE_CHECKING

import psycopg

from demo.processes import free_port, running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path


PROGRAM = (sys.executable, "-m", "tap_intercom.webhooks")
CLIENT_SECRET = "the demo's client secret"  # noqa: S105  # made up
MAX_SECONDS = 120
POLL_SECONDS = 0.1


class WebhooksError(Exception):
    """A program did not start, or a row did not come in time; the message ends with the log."""


@contextlib.contextmanager
def running_receiver(directory: Path) -> Iterator[str]:
    """Run the receiver until the block ends; the value is the URL that notifications go to.

    Its database is the file `notifications.db` in the directory.

    Raises:
        WebhooksError: It did not start.
    """
    port = free_port()
    options = [f"--database={database_url(directory)}", f"--port={port}"]
    environment = {**os.environ, "TAP_INTERCOM_WEBHOOKS_CLIENT_SECRET": CLIENT_SECRET}
    with (
        (directory / "receiver.log").open("w+") as log,
        running([*PROGRAM, *options], output=log, environment=environment),
    ):
        wait_for(lambda: "running on" in _text(log), log)
        yield f"http://127.0.0.1:{port}/intercom"


@contextlib.contextmanager
def running_watch(
    directory: Path, command: Sequence[str | Path], environment: Mapping[str, str], debounce: str
) -> Iterator[IO[str]]:
    """Run `watch` until the block ends; the value is its log, in which one run has ended.

    Raises:
        WebhooksError: The first run did not end, or failed.
    """
    options = [f"--database={database_url(directory)}", f"--debounce={debounce}", "--"]
    with (
        (directory / "watch.log").open("w+") as log,
        running(
            [*PROGRAM, "watch", *options, *command],
            output=log,
            environment=environment,
            stop_signal=signal.SIGTERM,
        ),
    ):
        wait_for(lambda: re.search(r"command (ended|failed)", _text(log)) is not None, log)
        if "command failed" in _text(log):
            raise WebhooksError(_text(log))
        yield log


def database_url(directory: Path) -> str:
    """Return the URL of the receiver's database in a directory."""
    return f"sqlite:///{directory / 'notifications.db'}"


def seconds_until_row(
    connection: psycopg.Connection[tuple[object, ...]], query: str, log: IO[str]
) -> float:
    """Return how long it takes until a query finds a row.

    Raises:
        WebhooksError: It takes too long.
    """
    start = time.monotonic()
    wait_for(lambda: _finds_row(connection, query), log)
    return time.monotonic() - start


def wait_for(is_done: Callable[[], bool], log: IO[str]) -> None:
    """Wait until something is so.

    Raises:
        WebhooksError: It takes too long.
    """
    deadline = time.monotonic() + MAX_SECONDS
    while not is_done():
        if time.monotonic() > deadline:
            raise WebhooksError(_text(log))
        time.sleep(POLL_SECONDS)


def _finds_row(connection: psycopg.Connection[tuple[object, ...]], query: str) -> bool:
    """Whether a query finds a row; a table may not be there before its first row."""
    try:
        return connection.execute(query.encode()).fetchone() is not None
    except psycopg.errors.UndefinedTable:
        return False


def _text(log: IO[str]) -> str:
    log.seek(0)
    return log.read()
