"""The sandbox in a process of its own, so that its processor time is not counted as a tap's."""

from __future__ import annotations

import contextlib
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from benchmarks.programs import ENVIRONMENT, ROOT
from tests.sandbox.control import Control

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.sandbox.request_log import LoggedRequest

UNLIMITED = 1_000_000
"""A rate limit that no program reaches."""

DAY = 86_400
DETAIL = re.compile(r"/conversations/\d+")


class SandboxError(Exception):
    """The sandbox could not start."""


@dataclass(frozen=True)
class RunningSandbox:
    """A running sandbox.

    Attributes:
        url: Its base URL.
        control: Reads and changes its records, clock and options.
    """

    url: str
    control: Control

    def details(self) -> list[LoggedRequest]:
        """Return the requests for one conversation each, oldest first."""
        return [one for one in self.control.requests() if DETAIL.fullmatch(one.path)]

    def searches(self) -> list[LoggedRequest]:
        """Return the searches, oldest first."""
        return [one for one in self.control.requests() if one.path.endswith("/search")]


@contextlib.contextmanager
def run_sandbox(
    *,
    contacts: int = 0,
    companies: int = 0,
    conversations: int = 0,
    tickets: int = 0,
    **options: float,
) -> Iterator[RunningSandbox]:
    """Run a sandbox until the block ends.

    Args:
        contacts: How many contacts.
        companies: How many companies.
        conversations: How many conversations.
        tickets: How many tickets.
        options: Further options of `python -m tests.sandbox`, such as latency (seconds).

    Raises:
        SandboxError: It could not start.
    """
    sizes = {
        "contacts": contacts,
        "companies": companies,
        "conversations": conversations,
        "tickets": tickets,
    }
    arguments = [f"--{name.replace('_', '-')}={value}" for name, value in (sizes | options).items()]
    process = subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", "tests.sandbox", *arguments],
        cwd=ROOT,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        url = _url(process.stdout)
        with contextlib.closing(Control(url)) as control:
            yield RunningSandbox(url, control)
    finally:
        process.kill()
        process.communicate()


@contextlib.contextmanager
def run_idle_sandbox(**options: int) -> Iterator[RunningSandbox]:
    """Run a sandbox in which nothing has changed for a day.

    Args:
        options: Those of `run_sandbox`.
    """
    with run_sandbox(**options, clock_start=time.time() - DAY) as running:
        running.control.clock.set(time.time())
        yield running


def per_second(requests: Sequence[LoggedRequest]) -> float:
    """Return the requests per second that were sustained from the first of them to the last."""
    return len(requests) / (requests[-1].time - requests[0].time)


def _url(output: IO[str] | None) -> str:
    line = output.readline() if output else ""
    if "listening on" not in line:
        raise SandboxError("the sandbox could not start")
    return line.split()[-1]
