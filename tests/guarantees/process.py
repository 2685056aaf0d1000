"""The tap as a process of its own, where one is needed: for signals and for memory."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

from tests.guarantees.harness import parsed
from tests.singer import Output

if TYPE_CHECKING:
    import signal
    from pathlib import Path

TIMEOUT_SECONDS = 60

MEASURED = """
import atexit, pathlib, sys, time
from tap_intercom.tap import TapIntercom
peak = pathlib.Path("/proc/self/status").read_text
atexit.register(lambda: sys.stderr.write(peak()))
time.sleep = lambda seconds: None
TapIntercom.cli()
"""
"""Runs the tap without waits, and tells at its end what the kernel knows of the process."""


class Process:
    """A sync that may be sent a signal."""

    def __init__(
        self, folder: Path, config: dict[str, Any], state: dict[str, Any] | None = None
    ) -> None:
        arguments = ["--config", _file(folder, "config", config)]
        if state:
            arguments += ["--state", _file(folder, "state", state)]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tap_intercom", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._lines: list[bytes] = []
        self._reader = threading.Thread(target=self.read, daemon=True)

    def read(self, lines: float = float("inf")) -> None:
        """Read so many lines of its output, or all of it, as a target does."""
        assert self._process.stdout is not None
        while lines > 0 and (line := self._process.stdout.readline()):
            self._lines.append(line)
            lines -= 1

    def follow(self) -> None:
        """Let a thread read whatever comes."""
        self._reader.start()

    def send(self, number: signal.Signals) -> float:
        """Send a signal, read what still comes, and return how long the end took (seconds)."""
        start = time.monotonic()
        self._process.send_signal(number)
        self.end()
        return time.monotonic() - start

    def end(self) -> int:
        """Read the rest, and return the exit code."""
        if not self._reader.ident:
            self.follow()
        self._reader.join(TIMEOUT_SECONDS)
        code = self._process.wait(TIMEOUT_SECONDS)
        assert self._process.stdout is not None
        self._process.stdout.close()
        return code

    def kill(self) -> None:
        """See to it that it is gone."""
        self._process.kill()
        self.end()

    @property
    def output(self) -> Output:
        return Output(parsed(b"".join(self._lines)))


def measured(folder: Path, config: dict[str, Any]) -> tuple[int, int, str]:
    """Sync once; return the exit code, the peak of its memory (MB) and what it logged."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, "--config", _file(folder, "config", config)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        check=False,
        text=True,
        timeout=2 * TIMEOUT_SECONDS,
    )
    log, _, status = done.stderr.rpartition("VmHWM:")
    return done.returncode, int(status.split()[0]) // 1024, log


def _file(folder: Path, name: str, content: dict[str, Any]) -> str:
    path = folder / f"{name}.json"
    path.write_text(json.dumps(content))
    return str(path)
