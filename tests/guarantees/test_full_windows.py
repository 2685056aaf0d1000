"""A run under Intercom's rate limit, on a clock that moves only while the tap waits."""

from __future__ import annotations

from collections import defaultdict
from http import HTTPStatus
from typing import TYPE_CHECKING

import pytest

from tests.sandbox import SandboxOptions

if TYPE_CHECKING:
    from tests.guarantees.harness import SyncHarness
    from tests.sandbox.request_log import LoggedRequest

LIMIT = 50
SHARE = 0.9
CONCURRENCY = 4
WINDOW_SECONDS = 10

LIMITED = SandboxOptions(
    contacts=0, companies=0, conversations=400, tickets=0, rate_limit=LIMIT, frozen=True
)


def windows(harness: SyncHarness) -> list[list[LoggedRequest]]:
    """Return what was asked in each window, from the first window to the last."""
    by_window = defaultdict(list)
    for request in harness.requests():
        by_window[request.time // WINDOW_SECONDS].append(request)
    return [by_window[window] for window in sorted(by_window)]


def searches(window: list[LoggedRequest]) -> int:
    return sum(request.path.endswith("/search") for request in window)


@pytest.mark.parametrize("options", [LIMITED], indirect=True)
def test_every_window_is_used_up_to_the_share_and_none_beyond(harness: SyncHarness) -> None:
    harness.sync(select=["conversations", "conversation_parts"], concurrency=CONCURRENCY)
    *used_up, last = windows(harness)
    assert len(used_up) >= 8
    for window in used_up:
        # what is on its way when a window ends is counted in both
        assert LIMIT * SHARE - CONCURRENCY <= len(window) <= LIMIT * SHARE
    assert len(last) <= LIMIT * SHARE
    assert {request.status for request in harness.requests()} == {HTTPStatus.OK}


@pytest.mark.parametrize("options", [LIMITED], indirect=True)
def test_searches_and_details_leave_room_for_each_other(harness: SyncHarness) -> None:
    """80 pages are to be searched for, 400 details to be fetched, 45 requests fit in a window."""
    harness.sync(select=["conversations", "conversation_parts"], page_size=5)
    for window in windows(harness)[:4]:
        assert 0 < searches(window) < len(window)
