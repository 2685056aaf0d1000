"""The tap as a process of its own, where one is needed: for signals and for memory."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.guarantees.harness import parse_messages
from tests.singer import Output

if TYPE_CHECKING:
    import signal
    from collections.abc import Callable, Sequence
    from pathlib import Path

TIMEOUT_SECONDS = 60

MEASURED_TAP = """
import atexit, pathlib, sys, time
from tap_intercom.tap import TapIntercom
status = pathlib.Path("/proc/self/status").read_text
atexit.register(lambda: sys.stderr.write(status()))
time.sleep = lambda seconds: None
TapIntercom.cli()
"""
"""Runs the tap without waits, and writes the kernel's status of the process at its end."""


class TapProcess:
    """A tap that can be sent a signal, and whose target can stop reading or die."""

    def __init__(
        self,
        folder: Path,
        config: dict[str, Any],
        state: dict[str, Any] | None = None,
        options: Sequence[str] = (),
    ) -> None:
        arguments = ["--config", _write_json(folder, "config", config), *options]
        if state:
            arguments += ["--state", _write_json(folder, "state", state)]
        read_end, self._write_end = os.pipe()
        self._stdout = os.fdopen(read_end, "rb")
        self._stderr = folder / "stderr"
        with self._stderr.open("wb") as stderr:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tap_intercom", *arguments],
                stdout=self._write_end,
                stderr=stderr,
            )
        self._lines: list[bytes] = []
        self._reader = threading.Thread(target=self.read, daemon=True)

    @property
    def is_stdout_full(self) -> bool:
        """Whether a write of the tap would wait for the target."""
        return not select.select([], [self._write_end], [], 0)[1]

    def read(self, lines: float = float("inf")) -> None:
        """Read a number of lines of its output, or all of it, as a target does."""
        while lines > 0 and (line := self._stdout.readline()):
            self._lines.append(line)
            lines -= 1

    def read_in_background(self) -> None:
        """Let a thread read all of its output."""
        self._close_write_end()
        self._reader.start()

    def start_target(self) -> None:
        """Let another process read its output."""
        self._target = subprocess.Popen(["cat"], stdin=self._stdout, stdout=subprocess.DEVNULL)
        self._stdout.close()

    def kill_target(self) -> None:
        """Kill the process that reads its output."""
        self._target.kill()
        self._target.wait(TIMEOUT_SECONDS)

    def send(self, number: signal.Signals) -> None:
        """Send a signal."""
        self._process.send_signal(number)

    def stop(self, number: signal.Signals) -> float:
        """Send a signal, read the rest, and return how long the process took to end (seconds)."""
        start = time.monotonic()
        self.send(number)
        self.wait()
        return time.monotonic() - start

    def wait(self) -> int:
        """Read the rest of the output, and return the exit code."""
        if not self._reader.ident:
            self.read_in_background()
        self._reader.join(TIMEOUT_SECONDS)
        code = self._process.wait(TIMEOUT_SECONDS)
        self._stdout.close()
        return code

    def wait_without_target(self, seconds: float) -> int:
        """Return the exit code; nothing is read.

        Raises:
            subprocess.TimeoutExpired: It is still running after so many seconds.
        """
        try:
            return self._process.wait(seconds)
        finally:
            self._process.kill()
            self._process.wait()
            self._close_write_end()
            self._stdout.close()

    def kill(self) -> None:
        """Kill the process if it is still running."""
        self._process.kill()
        self.wait()

    @property
    def output(self) -> Output:
        """What was read so far."""
        return Output(parse_messages(b"".join(self._lines)))

    @property
    def log(self) -> list[str]:
        """The lines of the log so far."""
        return self._stderr.read_text().splitlines()

    def _close_write_end(self) -> None:
        """Leave the tap alone with the pipe, so that its end is the end of the output."""
        os.close(self._write_end)


def wait_until(is_met: Callable[[], bool], seconds: int = 60) -> None:
    """Wait for another process, by default for a minute at most.

    Raises:
        TimeoutError: The condition was not met by then.
    """
    for _ in range(20 * seconds):
        if is_met():
            return
        threading.Event().wait(0.05)
    raise TimeoutError


class MeasuredSync(NamedTuple):
    """How a sync ended, the peak of its memory, and what it logged."""

    exit_code: int
    peak_megabytes: int
    log: str


def measure_sync(folder: Path, config: dict[str, Any]) -> MeasuredSync:
    """Sync once in a process of its own, and measure its memory."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURED_TAP, "--config", _write_json(folder, "config", config)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        check=False,
        text=True,
        timeout=2 * TIMEOUT_SECONDS,
    )
    log, _, status = done.stderr.rpartition("VmHWM:")
    return MeasuredSync(done.returncode, int(status.split()[0]) // 1024, log)


def _write_json(folder: Path, name: str, content: dict[str, Any]) -> str:
    path = folder / f"{name}.json"
    path.write_text(json.dumps(content))
    return str(path)
