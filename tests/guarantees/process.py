"""The tap as a process of its own, where one is needed: for signals and for memory."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.guarantees.harness import parse_messages
from tests.singer import Output

if TYPE_CHECKING:
    import signal
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
    """A sync that can be sent a signal."""

    def __init__(
        self, folder: Path, config: dict[str, Any], state: dict[str, Any] | None = None
    ) -> None:
        arguments = ["--config", _write_json(folder, "config", config)]
        if state:
            arguments += ["--state", _write_json(folder, "state", state)]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tap_intercom", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._lines: list[bytes] = []
        self._reader = threading.Thread(target=self.read, daemon=True)

    def read(self, lines: float = float("inf")) -> None:
        """Read a number of lines of its output, or all of it, as a target does."""
        assert self._process.stdout is not None
        while lines > 0 and (line := self._process.stdout.readline()):
            self._lines.append(line)
            lines -= 1

    def read_in_background(self) -> None:
        """Let a thread read all of its output."""
        self._reader.start()

    def stop(self, number: signal.Signals) -> float:
        """Send a signal, read the rest, and return how long the process took to end (seconds)."""
        start = time.monotonic()
        self._process.send_signal(number)
        self.wait()
        return time.monotonic() - start

    def wait(self) -> int:
        """Read the rest of the output, and return the exit code."""
        if not self._reader.ident:
            self.read_in_background()
        self._reader.join(TIMEOUT_SECONDS)
        code = self._process.wait(TIMEOUT_SECONDS)
        assert self._process.stdout is not None
        self._process.stdout.close()
        return code

    def kill(self) -> None:
        """Kill the process if it is still running."""
        self._process.kill()
        self.wait()

    @property
    def output(self) -> Output:
        """What was read so far."""
        return Output(parse_messages(b"".join(self._lines)))


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
