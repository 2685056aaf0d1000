"""A failed request is sent again: after which pauses, and for how long."""

from __future__ import annotations

from email.utils import formatdate
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from tap_intercom.api.rate_limit import WINDOW_SECONDS
from tap_intercom.api.retry import MAX_WAIT_SECONDS
from tap_intercom.errors import RetriableError
from tests.guarantees.harness import NOW
from tests.sandbox.faults import Fault

if TYPE_CHECKING:
    from tests.guarantees.harness import SyncHarness

UNAVAILABLE = Fault(kind="status", status=503, path="/tags")
RATE_LIMITED = Fault(kind="status", status=429, code="rate_limit_exceeded", path="/tags")
BY_STATUS = pytest.mark.parametrize("fault", [UNAVAILABLE, RATE_LIMITED], ids=["503", "429"])


def fail(harness: SyncHarness, fault: Fault, times: int | None = 1, retry_after: str = "") -> None:
    """Let requests for tags fail, with a `Retry-After` if one is given."""
    headers = {"Retry-After": retry_after} if retry_after else {}
    harness.sandbox.faults.add(replace(fault, times=times, headers=headers))


def waits(harness: SyncHarness) -> list[float]:
    """Return how long (seconds) the tap waited before each request for tags but the first."""
    times = [request.time for request in harness.requests("/tags")]
    return [later - earlier for earlier, later in pairwise(times)]


@BY_STATUS
@pytest.mark.parametrize("retry_after", ["45", formatdate(NOW + 45, usegmt=True)])
def test_retry_after_is_obeyed(harness: SyncHarness, fault: Fault, retry_after: str) -> None:
    fail(harness, fault, retry_after=retry_after)

    harness.sync(select=["tags"])

    assert waits(harness) == [pytest.approx(45)]


def test_long_retry_after_is_capped(harness: SyncHarness) -> None:
    fail(harness, UNAVAILABLE, retry_after="86400")

    result = harness.sync(select=["tags"], max_retry_seconds=120)

    assert harness.missing_rows(result, ["tags"]) == {}
    assert waits(harness) == [pytest.approx(120, abs=5)]


def test_first_429_without_headers_waits_a_window(harness: SyncHarness) -> None:
    fail(harness, RATE_LIMITED)

    result = harness.sync(select=["tags"])

    assert harness.missing_rows(result, ["tags"]) == {}
    assert 0 < waits(harness)[0] <= WINDOW_SECONDS


@pytest.mark.parametrize("seconds", [1, 30, 900])
def test_request_is_retried_for_max_retry_seconds(harness: SyncHarness, seconds: int) -> None:
    fail(harness, UNAVAILABLE, times=None)

    result = harness.try_sync(select=["tags"], max_retry_seconds=seconds)

    assert isinstance(result.error, RetriableError)
    assert sum(waits(harness)) == pytest.approx(seconds, abs=5)
    assert max(waits(harness)) <= MAX_WAIT_SECONDS


def test_each_request_has_its_own_retry_time(harness: SyncHarness) -> None:
    for path in ("/tags", "/segments"):
        fault = replace(UNAVAILABLE, path=path, times=5)
        harness.sandbox.faults.add(fault)

    result = harness.sync(select=["tags", "segments"], max_retry_seconds=45)

    assert harness.missing_rows(result, ["tags", "segments"]) == {}
