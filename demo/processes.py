"""Programs that run in the background, and end with this one."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import socket
import subprocess
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

HOST = "127.0.0.1"
MAX_STOP_SECONDS = 10
PORT_ATTEMPTS = 100
SERVER_PORTS = range(20_000, 32_768)  # below those of outgoing connections on Linux and macOS


@contextlib.contextmanager
def running(
    command: list[str | Path],
    *,
    output: IO[str] | int,
    environment: Mapping[str, str],
    stop_signal: signal.Signals = signal.SIGTERM,
    **options: Any,
) -> Iterator[subprocess.Popen[str]]:
    """Run a program until the block ends, however it ends; its child processes end as well.

    The program has a process group of its own, so that Ctrl-C in the terminal does not reach it
    before this process ends it.

    Args:
        command: The program and its arguments.
        output: Where its standard output and standard error go.
        environment: All of its environment variables.
        stop_signal: The signal on which it should clean up and end; it is killed if it does not.
        options: More options of `subprocess.Popen`.
    """
    process = subprocess.Popen(  # noqa: S603
        command,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
        start_new_session=True,
        **options,
    )
    try:
        yield process
    finally:
        _signal_group(process, stop_signal)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(MAX_STOP_SECONDS)
        _signal_group(process, signal.SIGKILL)
        process.wait()


def end_cleanly_on_signals() -> None:
    """Exit with cleanup on the first SIGINT, SIGTERM or SIGHUP; ignore further ones."""
    fatal = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def leave(number: int, _: object) -> None:
        for other in fatal:
            signal.signal(other, signal.SIG_IGN)
        raise SystemExit(128 + number)

    for number in fatal:
        signal.signal(number, leave)


def free_port() -> int:
    """Return a port of the loopback interface that is free, and stays so until a server uses it.

    The system gives none of these ports to an outgoing connection, which could come in between.

    Raises:
        OSError: None of the ports that were tried is free.
    """
    for port in secrets.SystemRandom().sample(SERVER_PORTS, PORT_ATTEMPTS):
        with contextlib.suppress(OSError), socket.create_server((HOST, port)):
            return port
    message = f"No free port was found on {HOST}."
    raise OSError(message)


def _signal_group(process: subprocess.Popen[str], number: signal.Signals) -> None:
    """Send a signal to a program and its child processes, if they still run."""
    with contextlib.suppress(ProcessLookupError, PermissionError):  # all have ended
        os.killpg(process.pid, number)
