"""Running one revision of the tap against a sandbox, and keeping what it did."""

from __future__ import annotations

import fnmatch
import itertools
import json
import os
import re
import signal
import subprocess
import threading
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tests.sandbox import Control, LoggedRequest, Sandbox

Catalog = dict[str, Any]
State = dict[str, Any]

WRAPPER = Path(__file__).with_name("tap_without_waits.py")

START = 1_750_000_000
"""When the first sync of a scenario starts: 2025-06-15 15:06:40 UTC, in epoch seconds."""

HOUR = 3600
PROCESS_TIMEOUT_SECONDS = 120

REQUEST_TIMEOUT_SECONDS = 24 * HOUR
"""In simulated time, which every sleep of any thread moves."""

TIME_EXTRACTED = re.compile(rb',"time_extracted":"[^"]*"')

ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if not name.startswith("TAP_INTERCOM_")},
    "NO_PROXY": "127.0.0.1",
    "PYTHONHASHSEED": "0",
}


class ScenarioError(Exception):
    """A revision could not discover the catalog that a scenario needs, or a run did not end."""


@dataclass(frozen=True)
class Revision:
    """A revision of the tap, installed.

    Attributes:
        name: what the report calls it.
        python: the interpreter of the environment that it is installed in.
        catalogs: what it discovered so far, by sandbox options and settings.
    """

    name: str
    python: str
    catalogs: dict[str, Catalog] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """What one run of the tap did.

    Attributes:
        lines: standard output without `time_extracted`.
        exit_code: None if the tap was killed.
        log: the last line of standard error.
    """

    lines: tuple[bytes, ...]
    exit_code: int | None
    log: str = ""

    @property
    def state(self) -> State | None:
        """The value of the last STATE message."""
        for line in reversed(self.lines):
            if line.startswith(b'{"type":"STATE"'):
                state: State = json.loads(line)["value"]
                return state
        return None


class ScenarioRun:
    """A scenario under way with one revision.

    Attributes:
        outcomes: of its runs of the tap, in order.
        requests: how often each request was sent, by its name and its parameters.
    """

    def __init__(self, revision: Revision, sandbox: Sandbox, directory: Path) -> None:
        """Prepare; files are written to the directory."""
        self._revision = revision
        self._sandbox = sandbox
        self._directory = directory
        self._syncs = 0
        self.outcomes: list[Outcome] = []
        self.requests: Counter[tuple[str, str]] = Counter()

    @property
    def control(self) -> Control:
        """The sandbox's control, to change records and to order faults."""
        return self._sandbox.control

    def sync(
        self,
        streams: Sequence[str] | None = None,
        *,
        state: State | None = None,
        deselected: Sequence[tuple[str, str]] = (),
        max_lines: int | None = None,
        **settings: Any,
    ) -> Outcome:
        """Sync, an hour after the sync before.

        Args:
            streams: Patterns of the streams to select; None runs without a catalog.
            state: The state to resume from.
            deselected: Streams and properties of them that are not selected.
            max_lines: Kill the tap once so many lines were read; None lets it finish.
            settings: Settings besides the token and the URL.
        """
        arguments = []
        if streams is not None:
            catalog = _selecting(self._catalog(settings), streams, deselected)
            arguments += ["--catalog", self._file("catalog.json", catalog)]
        if state is not None:
            arguments += ["--state", self._file("state.json", state)]
        self.control.clock.set(START + self._syncs * HOUR)
        self._syncs += 1
        outcome = self.command(*arguments, max_lines=max_lines, **settings)
        # the time of whatever the scenario changes before the next sync
        self.control.clock.set(START + self._syncs * HOUR - HOUR // 2)
        return outcome

    def command(self, *arguments: str, max_lines: int | None = None, **settings: Any) -> Outcome:
        """Run the tap's command line; `max_lines` and settings are those of `sync`."""
        self.control.clear_requests()
        outcome = self._run(arguments, settings, max_lines)
        self.outcomes.append(outcome)
        if max_lines is None:  # a killed tap may have sent more or less than its output shows
            self.requests.update(_name_and_parameters(one) for one in self.control.requests())
        return outcome

    def _run(
        self, arguments: Sequence[str], settings: Mapping[str, Any], max_lines: int | None = None
    ) -> Outcome:
        config = {
            "access_token": self._sandbox.options.token,
            "api_url": self._sandbox.url,
            "request_timeout": REQUEST_TIMEOUT_SECONDS,
            **settings,
        }
        time = str(self.control.clock.now())
        log = self._directory / "log.txt"
        with log.open("wb") as stderr:
            process = subprocess.Popen(  # noqa: S603
                [
                    *(self._revision.python, "-P", str(WRAPPER), self._sandbox.url, time),
                    *("--config", self._file("config.json", config), *arguments),
                ],
                cwd=self._directory,
                env=ENVIRONMENT,
                stdout=subprocess.PIPE,
                stderr=stderr,
            )
            lines, exit_code = _read(process, max_lines)
        last_line = log.read_text(encoding="utf-8", errors="replace").splitlines()[-1:]
        return Outcome(lines, exit_code, "".join(last_line))

    def _catalog(self, settings: Mapping[str, Any]) -> Catalog:
        """Return a new copy of what the revision discovers with some settings."""
        key = repr((replace(self._sandbox.options, port=0), sorted(settings.items())))
        catalogs = self._revision.catalogs
        if key not in catalogs:
            outcome = self._run(["--discover"], settings)
            if outcome.exit_code != 0:
                raise ScenarioError(f"{self._revision.name}: discovery failed: {outcome.log}")
            catalogs[key] = json.loads(b"".join(outcome.lines))
        copy: Catalog = json.loads(json.dumps(catalogs[key]))
        return copy

    def _file(self, name: str, content: Any) -> str:
        path = self._directory / name
        path.write_text(json.dumps(content), encoding="utf-8")
        return str(path)


def _read(
    process: subprocess.Popen[bytes], max_lines: int | None
) -> tuple[tuple[bytes, ...], int | None]:
    """Read a process's output to its end or kill it on the way; return lines and exit code.

    Raises:
        ScenarioError: The process did not end in time.
    """
    timer = threading.Timer(PROCESS_TIMEOUT_SECONDS, process.kill)
    timer.start()
    with process:
        output: Iterator[bytes] = iter(process.stdout or ())
        lines = tuple(TIME_EXTRACTED.sub(b"", line) for line in itertools.islice(output, max_lines))
        is_cut = max_lines is not None and len(lines) == max_lines
        if is_cut:
            process.kill()
    timer.cancel()
    if is_cut:
        return lines, None
    if process.returncode == -signal.SIGKILL:
        raise ScenarioError(f"the tap did not end within {PROCESS_TIMEOUT_SECONDS} s")
    return lines, process.returncode


def _selecting(
    catalog: Catalog, streams: Sequence[str], deselected: Sequence[tuple[str, str]]
) -> Catalog:
    """Select streams in a catalog by patterns of their names, and no others."""
    for entry in catalog["streams"]:
        name = entry["tap_stream_id"]
        is_selected = any(fnmatch.fnmatchcase(name, pattern) for pattern in streams)
        for item in entry["metadata"]:
            if not item["breadcrumb"]:
                item["metadata"]["selected"] = is_selected
            elif (name, item["breadcrumb"][-1]) in deselected:
                item["metadata"]["selected"] = False
    return catalog


def _name_and_parameters(request: LoggedRequest) -> tuple[str, str]:
    """Return a request's method and path without ids, and what else the tap chose.

    Ids of export jobs and the scroll's parameter differ from sandbox to sandbox.
    """
    path = re.sub(r"/[^/]*\d[^/]*", "/{id}", request.path)
    name = f"{request.method} {path}"
    if path.startswith(("/export/", "/download/")) and request.method == "GET":
        return name, ""
    query = {key: value for key, value in request.query.items() if key != "scroll_param"}
    return name, json.dumps([request.path, query, request.body], sort_keys=True)
