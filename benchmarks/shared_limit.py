"""Figure 5: the rate limit is kept while another program uses half of it."""

from __future__ import annotations

from collections import Counter
from http import HTTPStatus
from statistics import mean
from typing import TYPE_CHECKING

from benchmarks.programs import tap
from benchmarks.report import Row
from benchmarks.sandbox import run_sandbox

if TYPE_CHECKING:
    from benchmarks.sizes import Sizes
    from tests.sandbox.request_log import LoggedRequest

LATENCY = 0.1
WINDOW_SECONDS = 10
OTHER_SHARE = 0.5
LIMITS = (83, 167, 1_666)
WITHOUT_HEADERS = 1_666
STREAMS = ("conversations", "conversation_parts")
MAX_RATE_LIMITED = 0.01
MIN_USED = 0.88
"""`rate_limit_share` is 0.9 by default, and 0.9 of 83 is no whole number."""


def measure(sizes: Sizes) -> list[Row]:
    """Fetch conversations under each limit, with its headers, and once without them."""
    rows = [_row(limit, _fetch(limit, sizes.shared_windows, headers=True)) for limit in LIMITS]
    requests = _fetch(WITHOUT_HEADERS, sizes.shared_windows, headers=False)
    return [
        *rows,
        Row(_name(f"{WITHOUT_HEADERS:,}, no headers"), "", _figures(requests, WITHOUT_HEADERS)),
    ]


def _name(limit: str) -> str:
    return f"half of the limit used by another program, limit {limit}"


def _row(limit: int, requests: list[LoggedRequest]) -> Row:
    return Row(
        _name(f"{limit:,}"),
        f"at most {MAX_RATE_LIMITED:.0%} answered 429, at least {MIN_USED:.0%} of the windows used",
        _figures(requests, limit),
        _rate_limited(requests) <= MAX_RATE_LIMITED and mean(_used(requests, limit)) >= MIN_USED,
    )


def _figures(requests: list[LoggedRequest], limit: int) -> str:
    used = _used(requests, limit)
    return (
        f"{_rate_limited(requests):.1%} of {len(requests):,} answered 429, "
        f"{mean(used):.0%} used in {len(used)} windows"
    )


def _rate_limited(requests: list[LoggedRequest]) -> float:
    """Return the share of the requests that were answered 429."""
    return mean(one.status == HTTPStatus.TOO_MANY_REQUESTS for one in requests)


def _fetch(limit: int, windows: int, *, headers: bool) -> list[LoggedRequest]:
    """Fetch conversations for so many windows, and return the sandbox's log of requests."""
    with run_sandbox(
        contacts=1_000,
        conversations=int(windows * limit * 0.8),
        latency=LATENCY,
        rate_limit=limit,
        other_share=OTHER_SHARE,
    ) as workspace:
        workspace.control.set_options(rate_limit_headers=headers)
        tap().sync(workspace.url, STREAMS)
        return workspace.control.requests()


def _used(requests: list[LoggedRequest], limit: int) -> list[float]:
    """Return the share of each window that both programs used, without the first and the last."""
    ours = Counter(
        int((one.time + LATENCY) // WINDOW_SECONDS)
        for one in requests
        if one.status == HTTPStatus.OK
    )
    others = int(OTHER_SHARE * limit)
    return [min(1.0, (ours[window] + others) / limit) for window in range(min(ours) + 1, max(ours))]
