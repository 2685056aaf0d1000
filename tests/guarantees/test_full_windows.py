"""A run under Intercom's rate limit uses each window up to its share."""

from __future__ import annotations

from collections import defaultdict
from http import HTTPStatus
from typing import TYPE_CHECKING

import pytest

from tests.sandbox.options import SandboxOptions

if TYPE_CHECKING:
    from tests.guarantees.harness import SyncHarness
    from tests.sandbox.request_log import LoggedRequest

LIMIT = 50
SHARE = 0.9
CONCURRENCY = 4
WINDOW_SECONDS = 10
STREAMS = ("conversations", "conversation_parts")


@pytest.fixture
def options() -> SandboxOptions:
    return SandboxOptions(
        contacts=0, companies=0, conversations=400, tickets=0, rate_limit=LIMIT, frozen=True
    )


def windows(harness: SyncHarness) -> list[list[LoggedRequest]]:
    """Return the requests of each window of the rate limit, from the first window to the last."""
    by_window = defaultdict(list)
    for request in harness.requests():
        by_window[request.time // WINDOW_SECONDS].append(request)
    return [by_window[window] for window in sorted(by_window)]


def test_windows_are_used_to_their_share(harness: SyncHarness) -> None:
    harness.sync(select=STREAMS, concurrency=CONCURRENCY)

    *full, _ = windows(harness)
    assert len(full) >= 8
    # a request in flight when a window ends counts in both
    assert min(len(window) for window in full) >= LIMIT * SHARE - CONCURRENCY


def test_share_is_never_exceeded(harness: SyncHarness) -> None:
    harness.sync(select=STREAMS, concurrency=CONCURRENCY)

    assert max(len(window) for window in windows(harness)) <= LIMIT * SHARE
    assert {request.status for request in harness.requests()} == {HTTPStatus.OK}


def test_searches_and_details_take_turns(harness: SyncHarness) -> None:
    """Of 200 pages, a third at most is read ahead while the details of earlier ones are due."""
    harness.sync(select=STREAMS, page_size=2, concurrency=CONCURRENCY)

    paths = [request.path for request in harness.requests("/conversations/.+")]
    is_search = [path == "/conversations/search" for path in paths]
    first_detail = is_search.index(False)
    details_after_last_search = is_search[::-1].index(True)
    assert first_detail < 100
    assert details_after_last_search < 200
