"""The command `tap-intercom-webhooks`, run as a program of its own."""

from __future__ import annotations

import http.client
import os
import re
import subprocess
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.sandbox.webhooks import signature
from tests.webhooks.receiver import SECRET as SECRET_TEXT

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAM = [sys.executable, "-m", "tap_intercom.webhooks"]
TIMEOUT_SECONDS = 60

SECRET = {"TAP_INTERCOM_WEBHOOKS_CLIENT_SECRET": SECRET_TEXT}


def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PROGRAM, *arguments],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )


@contextmanager
def running(*arguments: str, **variables: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [*PROGRAM, *arguments],
        env={**os.environ, **variables},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=TIMEOUT_SECONDS)


def wait_for(process: subprocess.Popen[str], pattern: str) -> re.Match[str]:
    """Return the match in the first line of the log that has one; end a program that logs none."""
    assert process.stderr is not None
    limit = threading.Timer(TIMEOUT_SECONDS, process.kill)
    limit.start()
    try:
        for line in process.stderr:
            if match := re.search(pattern, line):
                return match
    finally:
        limit.cancel()
    raise AssertionError(pattern)


def post(port: int, body: bytes) -> int:
    """Send a signed body and return the status of the answer."""
    return request(port, "POST", body=body, signed=signature(body, SECRET_TEXT))


def request(
    port: int, method: str, path: str = "/intercom", body: bytes = b"", signed: str = ""
) -> int:
    """Send a request and return the status of its answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request(method, path, body, {"X-Hub-Signature": signed})
        return connection.getresponse().status
    finally:
        connection.close()
