"""Sandboxes for the sandbox's own tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.sandbox import Sandbox, SandboxOptions
from tests.sandbox.tests.client import NOON, Client

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.sandbox.tests.client import Start


@pytest.fixture
def start() -> Iterator[Start]:
    """Start sandboxes of the test's own."""
    running: list[tuple[Sandbox, Client]] = []

    def start_one(**options: Any) -> Client:
        empty = {"contacts": 0, "companies": 0, "conversations": 0, "tickets": 0}
        sandbox = Sandbox(
            SandboxOptions(**{**empty, "clock_start": NOON, "frozen": True, **options})
        )
        sandbox.start()
        running.append((sandbox, Client(sandbox)))
        return running[-1][1]

    yield start_one
    for sandbox, client in running:
        client.session.close()
        sandbox.stop()


@pytest.fixture(scope="session")
def shared() -> Iterator[Client]:
    """A sandbox that no test changes."""
    options = SandboxOptions(
        contacts=1200,
        companies=200,
        conversations=1000,
        tickets=150,
        clock_start=NOON,
        frozen=True,
        rate_limit=1_000_000,
    )
    with Sandbox(options) as sandbox:
        client = Client(sandbox)
        yield client
        client.session.close()
