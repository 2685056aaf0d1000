"""What one run of a program costs, in time and memory."""

from __future__ import annotations

import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TIMEOUT_SECONDS = 600
MAX_SHOWN_LOG = 4_000
BYTES_PER_UNIT = 1 if sys.platform == "darwin" else 1024
"""The unit of memory in getrusage (man getrusage: kilobytes on Linux, bytes on macOS)."""

RECORD = re.compile(rb'\{"type": ?"RECORD", ?"stream": ?"(\w+)"')
STATE = re.compile(rb'\{"type": ?"STATE"')


class ProgramError(Exception):
    """A program failed, or did not end in time."""


@dataclass(frozen=True)
class Run:
    """What a program wrote and what that cost.

    Attributes:
        records: RECORD messages, by stream.
        state: Value of the last STATE message, empty if there was none.
        seconds: From start to end.
        cpu_seconds: Of the program alone, user and system.
        peak_bytes: The largest resident set; on Linux never less than that of this process.
    """

    records: Counter[str]
    state: dict[str, Any]
    seconds: float
    cpu_seconds: float
    peak_bytes: int


def run(command: Sequence[str], environment: Mapping[str, str]) -> Run:
    """Run a program to its end, reading its messages as a target would.

    Raises:
        ProgramError: It failed, or did not end in time.
    """
    with tempfile.TemporaryFile() as log:
        start = time.monotonic()
        process = subprocess.Popen(  # noqa: S603
            command, env=environment, stdout=subprocess.PIPE, stderr=log
        )
        timer = threading.Timer(TIMEOUT_SECONDS, process.kill)
        timer.start()
        usage = None
        try:
            records, state = _read(process.stdout)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        finally:
            timer.cancel()
            if usage is None:
                process.kill()
            process.communicate()
        seconds = time.monotonic() - start
        if process.returncode != 0:
            raise ProgramError(_failure_message(command, process.returncode, log))
    cpu_seconds = usage.ru_utime + usage.ru_stime
    return Run(records, state, seconds, cpu_seconds, usage.ru_maxrss * BYTES_PER_UNIT)


def own_peak_bytes() -> int:
    """Return the largest resident set that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * BYTES_PER_UNIT


def _read(output: IO[bytes] | None) -> tuple[Counter[str], dict[str, Any]]:
    records: Counter[str] = Counter()
    last_state = b'{"value": {}}'
    for line in output or ():
        if found := RECORD.match(line):
            records[found[1].decode()] += 1
        elif STATE.match(line):
            last_state = line
    return records, json.loads(last_state)["value"]


def _failure_message(command: Sequence[str], status: int, log: IO[bytes]) -> str:
    """Return the exit status of a command, with the end of its log."""
    log.seek(0)
    last_lines = log.read().decode(errors="replace")[-MAX_SHOWN_LOG:]
    return f"{' '.join(command)} ended with {status}\n{last_lines}"
