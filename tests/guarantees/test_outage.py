"""A network or an Intercom that dies in the middle of a run ends it, once, and loses nothing."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from tap_intercom.api import client, outage
from tap_intercom.errors import UnreachableError
from tests.sandbox.faults import Fault
from tests.sandbox.options import SandboxOptions

if TYPE_CHECKING:
    from tests.guarantees.harness import SyncHarness, SyncResult

MAX_RETRY_SECONDS = 30
MAX_EXTRA_SECONDS = 15
"""How much longer than `max_retry_seconds` a run may last after the network died."""

DEATHS = {
    "reset": Fault(kind="reset", times=None),
    "502": Fault(kind="html_status", status=502, times=None),
    "no JSON": Fault(kind="not_json", times=None),
}
BY_DEATH = pytest.mark.parametrize("fault", DEATHS.values(), ids=DEATHS)
AFTER = pytest.mark.parametrize("after", [2, 40])
"""Requests that go well first: so Intercom dies within a scroll, or within details."""

STREAMS = ("companies", "contacts", "contact_tags", "conversations", "conversation_parts", "tags")


@pytest.fixture
def options() -> SandboxOptions:
    return SandboxOptions(contacts=20, companies=120, conversations=60, tickets=0)


def sync_until_death(
    harness: SyncHarness, fault: Fault, after: int, concurrency: int = 32
) -> SyncResult:
    """Sync while nothing is answered any more after a number of requests."""
    harness.sandbox.faults.add(replace(fault, after=after))
    return harness.try_sync(
        select=STREAMS, max_retry_seconds=MAX_RETRY_SECONDS, concurrency=concurrency
    )


@AFTER
@BY_DEATH
def test_outage_ends_the_run(harness: SyncHarness, fault: Fault, after: int) -> None:
    result = sync_until_death(harness, fault, after)

    assert isinstance(result.error, UnreachableError)


@AFTER
def test_outage_is_waited_for_once(harness: SyncHarness, after: int) -> None:
    sync_until_death(harness, DEATHS["reset"], after, concurrency=1)

    times = [request.time for request in harness.requests()]
    assert times[-1] - times[after] < MAX_RETRY_SECONDS + MAX_EXTRA_SECONDS


def test_outage_is_found_out_once(harness: SyncHarness) -> None:
    """All threads have requests that fail; the run's first request reads the workspace."""
    sync_until_death(harness, DEATHS["reset"], after=40)

    assert len(harness.requests("/me")) == 2


@AFTER
@BY_DEATH
def test_outage_loses_nothing(harness: SyncHarness, fault: Fault, after: int) -> None:
    first = sync_until_death(harness, fault, after)
    harness.sandbox.faults.clear()

    second = harness.sync(first.state, select=STREAMS)

    assert harness.missing_rows(first + second, STREAMS) == {}


def test_hanging_network_ends_the_run(
    harness: SyncHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """This one waits for some real seconds, instead of one minute (`request_timeout`)."""
    monkeypatch.setattr(client, "MIN_ATTEMPT_SECONDS", 1)
    monkeypatch.setattr(outage, "PROBE_SECONDS", 1)
    harness.sandbox.faults.add(Fault(kind="hang", seconds=60, after=40, times=None))
    started = time.monotonic()

    result = harness.try_sync(select=STREAMS, max_retry_seconds=1)

    assert isinstance(result.error, UnreachableError)
    assert time.monotonic() - started < 1 + MAX_EXTRA_SECONDS


def test_failing_resource_is_no_outage(harness: SyncHarness) -> None:
    harness.sandbox.faults.add(Fault(kind="reset", path="/tags", times=None))

    result = harness.try_sync(select=["tags", "teams"])

    assert result.failures.keys() == {"tags"}
    assert harness.missing_rows(result, ["teams"]) == {}


@pytest.mark.parametrize("status", [401, 403])
def test_refused_probe_is_no_outage(harness: SyncHarness, status: int) -> None:
    """Intercom answers, be it with a refusal."""
    refusal = Fault(kind="status", status=status, code="token_unauthorized", path="/me")
    harness.sandbox.faults.add(replace(refusal, times=None))
    harness.sandbox.faults.add(Fault(kind="reset", path="/tags", times=None))

    result = harness.try_sync(select=["tags", "teams"])

    assert result.failures.keys() == {"tags"}
