"""Syncs against a sandbox whose clock moves only while the tap waits.

Every wait of the tap (backoff, rate limit, scroll) advances the sandbox's clock instead of
sleeping, and the tap starts its runs at the time that this clock shows. So no test waits for real,
and a test can take place on any day.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import io
import json
import logging
import re
import threading
import time
from typing import TYPE_CHECKING, Any, Self

import msgspec
import pytest

from tap_intercom.api.client import ME, IntercomClient
from tap_intercom.api.rate_limit import RateLimiter
from tap_intercom.api.response import parse_response
from tap_intercom.api.scroll import scroll_companies
from tap_intercom.compat import override
from tap_intercom.errors import IntercomError, PermissionDeniedError
from tap_intercom.tap import TapIntercom
from tests.expected_rows import CHECKED, Snapshot, missing_rows
from tests.sandbox.server import Sandbox
from tests.singer import Output, select_streams

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import TracebackType

    from tap_intercom.api.request import Request
    from tap_intercom.api.response import Page
    from tests.sandbox.control import Control
    from tests.sandbox.options import SandboxOptions
    from tests.sandbox.request_log import LoggedRequest

NOW = 1_750_000_000
"""2025-06-15 15:06:40 UTC, a Sunday: the time at which a test starts unless it sets another."""

MAX_JOIN_SECONDS = 20

NOT_ME = "(?!/me$).*"
"""All paths but that of the workspace."""

MAX_RETRY_SECONDS = 60
"""How long a request is retried unless a test sets another limit, on the sandbox's clock."""


class Killed(BaseException):
    """Stands for `kill -9`: nothing is written afterwards."""


class Pipe(io.BytesIO):
    """The tap's stdout; it can break after a number of messages, or of STATE messages.

    Every write then raises `breaks_with`: `BrokenPipeError` as when the target is gone, or
    `KeyboardInterrupt` as when a signal comes while the target reads nothing.
    """

    def __init__(
        self,
        messages: float = float("inf"),
        states: float = float("inf"),
        breaks_with: type[BaseException] = Killed,
    ) -> None:
        super().__init__()
        self._messages = messages
        self._states = states
        self._breaks_with = breaks_with

    @override
    def write(self, line: Any) -> int:
        if self.is_broken:
            raise self._breaks_with
        written = super().write(line)
        self._messages -= 1
        self._states -= bytes(line).startswith(b'{"type":"STATE"')
        if self.is_broken:
            raise self._breaks_with
        return written

    def close_reader(self) -> None:
        """Break the pipe: nothing can be written any more."""
        self._messages = 0

    @property
    def is_broken(self) -> bool:
        return self._messages <= 0 or self._states <= 0


class SignalledPipe(Pipe):
    """A stdout that is written to when a signal comes; its target reads on."""

    @override
    def write(self, line: Any) -> int:
        try:
            return super().write(line)
        except Killed:
            self._messages = float("inf")
            raise KeyboardInterrupt from None


@dataclasses.dataclass(frozen=True)
class SyncResult(Output):
    """The messages and log records of one sync, and how it ended.

    Attributes:
        error: What ended the run, or else the first failure that is no denied permission.
        failures: Why streams were not loaded completely, by name.
        is_killed: Whether its stdout broke, or a signal ended it.
        log: What the tap logged, at INFO and above.
    """

    error: IntercomError | None = None
    failures: dict[str, IntercomError] = dataclasses.field(default_factory=dict)
    is_killed: bool = False
    log: list[logging.LogRecord] = dataclasses.field(default_factory=list)

    @property
    def denied_streams(self) -> set[str]:
        """The streams that the token may not read."""
        return {
            name
            for name, failure in self.failures.items()
            if isinstance(failure, PermissionDeniedError)
        }

    def bookmark(self, stream: str) -> str | None:
        """Return a stream's bookmark in the last STATE."""
        value: str | None = (
            self.state.get("bookmarks", {}).get(stream, {}).get("replication_key_value")
        )
        return value

    def summary(self, stream: str) -> dict[str, Any]:
        """Return the fields of the summary that is logged for a stream at the end of a run.

        Raises:
            LookupError: The stream has no summary: it was deselected, or the run was killed.
        """
        return self._logged_fields(stream, "warnings")

    def record_count(self, stream: str) -> dict[str, int]:
        """Return how many records of a search were `received`, and how many were `expected`.

        A search newest first reads until it meets older records, and expects no number.

        Raises:
            LookupError: The stream was not searched to the end.
        """
        fields = self._logged_fields(stream, "received")
        return {name: fields[name] for name in ("received", "expected") if name in fields}

    def _logged_fields(self, stream: str, name: str) -> dict[str, Any]:
        for record in self.log:
            fields = _extra_fields(record)
            if fields.get("stream") == stream and name in fields:
                return fields
        raise LookupError(f"nothing was logged about {stream} with the field {name}")

    def warnings(self, *mentioned: object) -> list[str]:
        """Return the WARNING lines in which all of these words and numbers occur."""
        return self.lines(logging.WARNING, *mentioned)

    def lines(self, level: int, *mentioned: object) -> list[str]:
        """Return the lines of one level in which all of these words and numbers occur."""
        lines = [record.getMessage() for record in self.log if record.levelno == level]
        return [line for line in lines if all(_occurs(word, line) for word in mentioned)]


def _extra_fields(record: logging.LogRecord) -> dict[str, Any]:
    """Return the fields that a log call passed as `extra`."""
    standard = vars(logging.makeLogRecord({}))
    return {name: value for name, value in vars(record).items() if name not in standard}


def _occurs(word: object, line: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(str(word))}(?!\w)", line) is not None


class LogCapture(logging.Handler):
    """Keeps what the tap logs."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    @override
    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


class SandboxTime:
    """Waiting that advances the sandbox's clock; threads that wait at once wait together."""

    def __init__(self, sandbox: Control, lock: threading.RLock) -> None:
        self._sandbox = sandbox
        self._lock = lock
        self._waited = 0.0

    def monotonic(self) -> float:
        with self._lock:  # or a response could be from a time that this clock has yet to reach
            return self._waited

    def sleep(self, seconds: float) -> None:
        end = self.monotonic() + seconds
        with self._lock:
            if end > self._waited:
                self._sandbox.clock.advance(end - self._waited)
                self._waited = end


def page_of(request: Request, content: dict[str, Any]) -> Page:
    """Return the page of a response with this content."""
    return parse_response(request, msgspec.json.encode(content))


class SyncHarness:
    """A sandbox with a stopped clock, and the tap that reads it.

    Attributes:
        sandbox: Reads and changes the workspace, the clock, faults and the log of requests.
        options: What the sandbox was started with.
        settings: Settings of all syncs besides those that point the tap at the sandbox.
    """

    sandbox: Control

    def __init__(self, options: SandboxOptions, **settings: Any) -> None:
        start = NOW if options.clock_start is None else options.clock_start
        self.options = dataclasses.replace(options, clock_start=start, frozen=True)
        self.settings = settings
        self._server = Sandbox(self.options)
        self._actions: list[Callable[[Request], None]] = []
        self._changes: list[Callable[[Request, dict[str, Any]], None]] = []
        self._lock = threading.RLock()
        self._patch = pytest.MonkeyPatch()

    def __enter__(self) -> Self:
        self._server.start()
        self.sandbox = self._server.control
        sandbox_time = SandboxTime(self.sandbox, self._lock)
        self._patch.setattr(time, "sleep", sandbox_time.sleep)
        self._patch.setattr(scroll_companies, "__defaults__", (sandbox_time.sleep,))
        waits = {"clock": sandbox_time.monotonic, "sleep": sandbox_time.sleep}
        self._patch.setattr(RateLimiter.__init__, "__kwdefaults__", waits)
        send = IntercomClient.send
        self._patch.setattr(
            IntercomClient,
            "send",
            lambda client, request, *deadline: self._send(send, client, request, *deadline),
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._patch.undo()
        self._server.stop()

    @property
    def url(self) -> str:
        """The sandbox's base URL."""
        return self._server.url

    @property
    def config(self) -> dict[str, Any]:
        """The settings of all syncs: they let the tap give up soon."""
        return {
            "access_token": self.options.token,
            "api_url": self.url,
            "max_retry_seconds": MAX_RETRY_SECONDS,
            **self.settings,
        }

    def sync(
        self,
        state: dict[str, Any] | None = None,
        select: Iterable[str] | None = None,
        **settings: Any,
    ) -> SyncResult:
        """Sync once; the arguments are those of `try_sync`.

        Raises:
            IntercomError: The run ended with an error, or a stream failed.
        """
        result = self.try_sync(state, select, **settings)
        if result.error:
            raise result.error
        return result

    def try_sync(
        self,
        state: dict[str, Any] | None = None,
        select: Iterable[str] | None = None,
        *,
        pipe: Pipe | None = None,
        **settings: Any,
    ) -> SyncResult:
        """Sync once; the result tells whether it failed or was killed.

        Args:
            state: The state to resume from.
            select: The streams to select; the default selection if None.
            pipe: The stdout.
            settings: Settings besides those of `config`.
        """
        config = {**self.config, **settings}
        catalog = None if select is None else discover(config, set(select))
        return self.try_sync_catalog(config, catalog, state, pipe)

    def try_sync_catalog(
        self,
        config: dict[str, Any],
        catalog: dict[str, Any] | None,
        state: dict[str, Any] | None = None,
        pipe: Pipe | None = None,
    ) -> SyncResult:
        """Sync once with a catalog; the result tells whether it failed or was killed."""
        stdout = io.TextIOWrapper(pipe or Pipe(), encoding="utf-8")
        tap, error, is_killed = None, None, False
        with contextlib.redirect_stdout(stdout), self._sandbox_time(), _captured_log() as log:
            try:
                state = json.loads(json.dumps(state))
                tap = TapIntercom(config=config, catalog=catalog, state=state)
                tap.sync_all()
            except IntercomError as caught:
                error = caught.with_traceback(None)  # it would keep threads alive
                if tap:
                    tap.write_audit(caught)
            except (Killed, KeyboardInterrupt, BrokenPipeError) as end:
                is_killed = True
                if tap and isinstance(end, KeyboardInterrupt):
                    write_last_state(tap)
            _join_prefetch_threads()
        messages = parse_messages(stdout.buffer.getvalue())  # type: ignore[attr-defined]
        failures = dict(tap.run.failures) if tap else {}
        return SyncResult(messages, error or _first_error(failures), failures, is_killed, log)

    def before_request(self, path: str, action: Callable[[], Any], number: int = 1) -> None:
        """Call an action once, before the n-th request whose path matches a pattern."""
        left = number

        def count(request: Request) -> None:
            nonlocal left
            if re.fullmatch(path, request.path):
                left -= 1
                if left == 0:
                    action()

        self.before_each_request(count)

    def before_each_request(self, action: Callable[[Request], None]) -> None:
        """Call an action before each request of the tap, until `clear_actions`."""
        self._actions.append(action)

    def clear_actions(self) -> None:
        """Call nothing before further requests."""
        self._actions.clear()

    def change_responses(self, change: Callable[[Request, dict[str, Any]], None]) -> None:
        """Let a function change the content of each response in place."""
        self._changes.append(change)

    def requests(self, path: str = NOT_ME, method: str = ".*") -> list[LoggedRequest]:
        """Return the requests so far whose path and method match patterns.

        Without a pattern that is all but `/me`, which every run asks for its workspace.
        """
        return [
            request
            for request in self.sandbox.requests()
            if re.fullmatch(path, request.path) and re.fullmatch(method, request.method)
        ]

    def missing_rows(
        self, output: Output, streams: Iterable[str] = tuple(CHECKED)
    ) -> dict[str, Any]:
        """Return, by stream, the expected rows that a target lacks or has with other values."""
        snapshot = Snapshot(self.sandbox)
        found = {name: missing_rows(output, snapshot, name) for name in streams}
        return {name: rows for name, rows in found.items() if rows}

    def _send(
        self,
        send: Callable[..., Page],
        client: IntercomClient,
        request: Request,
        *deadline: float,
    ) -> Page:
        with self._lock:
            for action in self._actions:
                action(request)
        page = send(client, request, *deadline)
        for change in self._changes if request.path != ME.path else ():
            content = page.as_dict()
            change(request, content)
            page = page_of(request, content)
        return page

    @contextlib.contextmanager
    def _sandbox_time(self) -> Iterator[None]:
        """Let the tap start at the time that the sandbox's clock shows."""
        now = self.sandbox.clock.now()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(time, "time", lambda: now)
            yield


def discover(config: dict[str, Any], streams: set[str]) -> dict[str, Any]:
    """Return a catalog of these streams alone, all of them selected."""
    settings = {name: value for name, value in config.items() if name != "api_url"}
    entries = _discover(json.dumps(settings)).items()
    chosen = [msgspec.json.decode(entry) for name, entry in entries if name in streams]
    return select_streams({"streams": chosen}, streams)


@functools.cache
def _discover(settings: str) -> dict[str, bytes]:
    """Return each stream's entry in the catalog for some settings, as JSON, without any request.

    Almost every test needs some, and discovery is as slow as a small run.
    """
    tap = TapIntercom(config=json.loads(settings), setup_mapper=False)
    tap.is_configured = False
    entries = tap.catalog_dict["streams"]
    return {entry["tap_stream_id"]: msgspec.json.encode(entry) for entry in entries}


@contextlib.contextmanager
def _captured_log() -> Iterator[list[logging.LogRecord]]:
    """Keep what the tap logs at INFO and above, and below that if a test sets such a level."""
    logger, capture = logging.getLogger("tap-intercom"), LogCapture()
    level = logger.level
    logger.addHandler(capture)
    logger.setLevel(min(logger.getEffectiveLevel(), logging.INFO))
    try:
        yield capture.records
    finally:
        logger.setLevel(level)
        logger.removeHandler(capture)


def write_last_state(tap: TapIntercom) -> None:
    """Write the STATE, as the command line does after a signal, if the target reads it."""
    with contextlib.suppress(KeyboardInterrupt):
        tap.state_writer.write_state(tap.state)


def parse_messages(stdout: bytes) -> list[dict[str, Any]]:
    """Return the complete messages of a run; a killed one may have cut the last line off."""
    return [msgspec.json.decode(line) for line in stdout.split(b"\n")[:-1]]


def _first_error(failures: dict[str, IntercomError]) -> IntercomError | None:
    errors = [one for one in failures.values() if not isinstance(one, PermissionDeniedError)]
    return errors[0] if errors else None


def _join_prefetch_threads() -> None:
    for thread in threading.enumerate():
        if thread.name == "prefetch":
            thread.join(MAX_JOIN_SECONDS)
