"""Programs that run beside ours for a while, and end with it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

MAX_QUEUE_WAIT_SECONDS = 10


@contextlib.contextmanager
def running(
    command: list[str | Path],
    *,
    output: IO[str] | int,
    environment: Mapping[str, str],
    farewell: signal.Signals = signal.SIGTERM,
    **options: Any,
) -> Iterator[subprocess.Popen[str]]:
    """Run a program until the block ends, however it ends; its own children end as well.

    The program leads a process group of its own, so Ctrl-C in the terminal does not reach it:
    it is asked to end when we end.

    Args:
        command: The program and its arguments.
        output: Where its standard output and standard error go.
        environment: All of its environment variables.
        farewell: The signal that asks it to clean up and end; it is killed if it does not.
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
        _signal_group(process, farewell)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(MAX_QUEUE_WAIT_SECONDS)
        _signal_group(process, signal.SIGKILL)
        process.wait()


def end_cleanly_on_signals() -> None:
    """Turn the first Ctrl-C, termination or hang-up into an exit that cleans up; ignore others."""
    fatal = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def leave(number: int, _: object) -> None:
        for other in fatal:
            signal.signal(other, signal.SIG_IGN)
        raise SystemExit(128 + number)

    for number in fatal:
        signal.signal(number, leave)


def _signal_group(process: subprocess.Popen[str], number: signal.Signals) -> None:
    """Send a signal to what is left of a program and its children."""
    with contextlib.suppress(ProcessLookupError, PermissionError):  # nobody is left
        os.killpg(process.pid, number)
