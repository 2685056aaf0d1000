"""A sandbox of each test's own, and a tap that reads it."""

from __future__ import annotations

import gc
import logging
import time
from typing import TYPE_CHECKING, Any

import pytest

from tap_intercom import cli
from tests.guarantees.harness import SyncHarness
from tests.sandbox.options import SandboxOptions
from tests.sandbox.server import Sandbox
from tests.singer import TapRunner

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

SMALL = SandboxOptions(contacts=170, companies=110, conversations=24, tickets=10, export_polls=0)
"""Large enough for two pages of contacts and companies, small enough to be read at once."""

SLOW_MODULES = ("test_interrupted_runs", "test_dbt", "test_load_into_postgres", "test_demo")
"""The end-to-end modules that need more than half a minute, the slowest first."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the tests that need other programs last, and of those the slowest modules first.

    A module that begins late would keep one process busy when the others have nothing left.
    """
    items.sort(key=_order)


def _order(item: pytest.Item) -> tuple[bool, int]:
    name = item.path.stem
    rank = SLOW_MODULES.index(name) if name in SLOW_MODULES else len(SLOW_MODULES)
    return item.get_closest_marker("end_to_end") is not None, rank


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collect garbage rarely, and leave out what is imported: it would take a sixth of the time."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.set_threshold(200_000)
        gc.enable()


@pytest.fixture(scope="session", autouse=True)
def untuned_interpreter() -> Iterator[None]:
    """Keep a command that a test runs from tuning the interpreter for all later tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cli, "tune_interpreter", lambda: None)
        yield


@pytest.fixture(autouse=True)
def unchanged_logging() -> Iterator[None]:
    """Remove the log handler of a command that the test ran: it keeps the test's closed stderr."""
    root = logging.getLogger()
    level = root.level
    yield
    for handler in root.handlers[:]:
        if type(handler) is logging.StreamHandler:  # those of pytest are subclasses
            root.removeHandler(handler)
    root.setLevel(level)


@pytest.fixture
def options(request: pytest.FixtureRequest) -> SandboxOptions:
    """Return the test's parameter `options`, or those of a small workspace."""
    return getattr(request, "param", SMALL)


@pytest.fixture
def sandbox(options: SandboxOptions) -> Iterator[Sandbox]:
    """Start a sandbox with one deleted conversation."""
    with Sandbox(options) as running:
        running.control.delete("conversations", running.control.records("conversations")[5]["id"])
        running.control.clear_requests()
        yield running


@pytest.fixture
def harness(options: SandboxOptions) -> Iterator[SyncHarness]:
    """Set up a workspace of the test's own, and a tap whose waits take no time."""
    with SyncHarness(options) as ready:
        yield ready


@pytest.fixture
def machine_in_kiribati(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put this machine into a time zone fourteen hours ahead of UTC."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Pacific/Kiritimati")
        time.tzset()
        yield
    time.tzset()


@pytest.fixture
def config(sandbox: Sandbox) -> dict[str, Any]:
    """Return the settings that point the tap at the sandbox."""
    return {"access_token": sandbox.options.token, "api_url": sandbox.url}


@pytest.fixture
def tap(config: dict[str, Any]) -> TapRunner:
    """Return a runner of the tap within the test's process."""
    return TapRunner(config)
