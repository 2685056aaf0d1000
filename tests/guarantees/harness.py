"""A workspace whose time passes only when somebody waits, and the tap that reads it.

Every wait of the tap (backoff, rate limit, scroll) moves the sandbox's clock instead of sleeping,
and the tap begins its runs at the time that this clock shows. So no test waits for real, and a
story may take place on any day.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import io
import itertools
import json
import threading
import time
from typing import TYPE_CHECKING, Any, Self

import msgspec
import pytest

from tap_intercom.api.client import IntercomClient
from tap_intercom.api.rate_limit import RateLimiter
from tap_intercom.api.response import parse_response
from tap_intercom.api.scroll import scroll_companies
from tap_intercom.errors import IntercomError, PermissionDeniedError
from tap_intercom.tap import TapIntercom
from tests.expected_rows import CHECKED, Snapshot, missing_rows
from tests.sandbox.server import Sandbox
from tests.singer import Output, selecting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import TracebackType

    from tap_intercom.api.request import Request
    from tap_intercom.api.response import Page
    from tests.sandbox.control import Control
    from tests.sandbox.options import SandboxOptions
    from tests.sandbox.request_log import LoggedRequest

NOW = 1_750_000_000
"""2025-06-15 15:06:40 UTC, a Sunday: when stories begin unless they say otherwise."""

MAX_JOIN_SECONDS = 20


class Killed(BaseException):
    """Stands for `kill -9`: nothing that comes later gets out."""


class Pipe(io.BytesIO):
    """The tap's stdout; it may break behind a number of messages, or of STATE messages."""

    def __init__(self, messages: float = float("inf"), states: float = float("inf")) -> None:
        super().__init__()
        self._messages = messages
        self._states = states

    def write(self, line: Any) -> int:
        if self.is_broken:
            raise Killed
        written = super().write(line)
        self._messages -= 1
        self._states -= bytes(line).startswith(b'{"type":"STATE"')
        if self.is_broken:
            raise Killed
        return written

    @property
    def is_broken(self) -> bool:
        return self._messages <= 0 or self._states <= 0


@dataclasses.dataclass(frozen=True)
class Run(Output):
    """The messages of one run, and how it ended.

    Attributes:
        error: what ended the run, or the first stream that failed otherwise than by a refusal.
        failures: why streams were not loaded whole.
        killed: whether its stdout broke.
    """

    error: IntercomError | None = None
    failures: dict[str, IntercomError] = dataclasses.field(default_factory=dict)
    killed: bool = False

    @property
    def refused(self) -> frozenset[str]:
        """The streams that the token may not read."""
        return frozenset(
            name
            for name, failure in self.failures.items()
            if isinstance(failure, PermissionDeniedError)
        )


class PassingTime:
    """Waiting that moves the sandbox's clock; threads that wait at once wait together."""

    def __init__(self, control: Control, lock: threading.RLock) -> None:
        self._control = control
        self._lock = lock
        self._waited = 0.0

    def monotonic(self) -> float:
        with self._lock:  # or an answer could tell of a timestamp that this clock has yet to reach
            return self._waited

    def sleep(self, seconds: float) -> None:
        end = self.monotonic() + seconds
        with self._lock:
            if end > self._waited:
                self._control.clock.advance(end - self._waited)
                self._waited = end


def answered(request: Request, content: dict[str, Any]) -> Page:
    """Return the page that answers a request with some content."""
    return parse_response(request, msgspec.json.encode(content))


def rewritten(
    request: Request, page: Page, rewrite: Callable[[Request, dict[str, Any]], None]
) -> Page:
    """Return an answer as it is once its content was changed in place."""
    content = page.as_dict()
    rewrite(request, content)
    return answered(request, content)


class SyncHarness:
    """A sandbox with a clock that stands still, and the tap that talks to it."""

    def __init__(self, options: SandboxOptions) -> None:
        start = NOW if options.clock_start is None else options.clock_start
        self.sandbox = Sandbox(dataclasses.replace(options, clock_start=start, frozen=True))
        self.before_request: Callable[[Request], None] = lambda _: None
        self.rewrite: Callable[[Request, dict[str, Any]], None] | None = None
        self._lock = threading.RLock()
        self._patch = pytest.MonkeyPatch()

    def __enter__(self) -> Self:
        self.sandbox.start()
        passing = PassingTime(self.control, self._lock)
        self._patch.setattr(time, "sleep", passing.sleep)
        self._patch.setattr(scroll_companies, "__defaults__", (passing.sleep,))
        waits = {"clock": passing.monotonic, "sleep": passing.sleep}
        self._patch.setattr(RateLimiter.__init__, "__kwdefaults__", waits)
        send = IntercomClient.send

        def hooked(client: IntercomClient, request: Request) -> Page:
            with self._lock:
                self.before_request(request)
            page = send(client, request)
            return page if self.rewrite is None else rewritten(request, page, self.rewrite)

        self._patch.setattr(IntercomClient, "send", hooked)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._patch.undo()
        self.sandbox.stop()

    @property
    def control(self) -> Control:
        return self.sandbox.control

    @property
    def config(self) -> dict[str, Any]:
        return {"access_token": self.sandbox.options.token, "api_url": self.sandbox.url}

    def run(
        self,
        state: dict[str, Any] | None = None,
        select: Iterable[str] | None = None,
        **settings: Any,
    ) -> Run:
        """Sync once; an error is raised."""
        run = self.attempt(state, select, **settings)
        if run.error:
            raise run.error
        return run

    def attempt(
        self,
        state: dict[str, Any] | None = None,
        select: Iterable[str] | None = None,
        *,
        pipe: Pipe | None = None,
        **settings: Any,
    ) -> Run:
        """Sync once, whatever comes of it.

        Args:
            state: The state to go on from.
            select: The streams to select; the default selection if None.
            pipe: The stdout.
            settings: Settings besides the sandbox's.
        """
        config = {**self.config, **settings}
        catalog = None if select is None else _catalog(config, set(select))
        return self.attempt_catalog(config, catalog, state, pipe)

    def attempt_catalog(
        self,
        config: dict[str, Any],
        catalog: dict[str, Any] | None,
        state: dict[str, Any] | None = None,
        pipe: Pipe | None = None,
    ) -> Run:
        """Sync once with a catalog, whatever comes of it."""
        stdout = io.TextIOWrapper(pipe or Pipe(), encoding="utf-8")
        error, killed = None, False
        with contextlib.redirect_stdout(stdout), self._tap_goes_by_the_clock():
            tap = TapIntercom(config=config, catalog=catalog, state=json.loads(json.dumps(state)))
            try:
                tap.sync_all()
            except IntercomError as caught:
                error = caught
            except Killed:
                killed = True
        _join_prefetch_threads()
        messages = parsed(stdout.buffer.getvalue())  # type: ignore[attr-defined]
        failures = dict(tap.run.failures)
        return Run(messages, error or _first_error(failures), failures, killed)

    def before(self, number: int, path: str, act: Callable[[], Any]) -> None:
        """Let something happen once: before the n-th request below a path."""
        asked = itertools.count(1)

        def act_in_time(request: Request) -> None:
            if request.path.startswith(path) and next(asked) == number:
                act()

        self.before_request = act_in_time

    def requests(self, path: str = "", method: str = "") -> list[LoggedRequest]:
        """Return the requests so far whose path begins so."""
        return [
            request
            for request in self.control.requests()
            if request.path.startswith(path) and request.method.startswith(method)
        ]

    def missing_rows(
        self, output: Output, streams: Iterable[str] = tuple(CHECKED)
    ) -> dict[str, Any]:
        """Return, by stream, the true rows that a target lacks or holds in an old version."""
        snapshot = Snapshot(self.control)
        found = {name: missing_rows(output, snapshot, name) for name in streams}
        return {name: rows for name, rows in found.items() if rows}

    @contextlib.contextmanager
    def _tap_goes_by_the_clock(self) -> Iterator[None]:
        now = self.control.clock.now()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(time, "time", lambda: now)
            yield


def _catalog(config: dict[str, Any], streams: set[str]) -> dict[str, Any]:
    """Return a catalog of these streams alone, all of them selected."""
    settings = {name: value for name, value in config.items() if name != "api_url"}
    entries = json.loads(_discovered(json.dumps(settings)))["streams"]
    chosen = [entry for entry in entries if entry["tap_stream_id"] in streams]
    return selecting({"streams": chosen}, streams)


@functools.cache
def _discovered(settings: str) -> str:
    """Discover without asking for anything, so that a run's own requests stand out; JSON -> JSON.

    Every story needs a catalog, and making one takes as long as a small run.
    """
    tap = TapIntercom(config=json.loads(settings), setup_mapper=False)
    tap.is_configured = False
    return json.dumps(tap.catalog_dict)


def parsed(stdout: bytes) -> list[dict[str, Any]]:
    """Parse the whole messages of a run; of a killed one the last line may be cut off."""
    return [msgspec.json.decode(line) for line in stdout.split(b"\n")[:-1]]


def _first_error(failures: dict[str, IntercomError]) -> IntercomError | None:
    errors = [one for one in failures.values() if not isinstance(one, PermissionDeniedError)]
    return errors[0] if errors else None


def _join_prefetch_threads() -> None:
    for thread in threading.enumerate():
        if thread.name == "look-ahead":
            thread.join(MAX_JOIN_SECONDS)
