"""Figure 5: another program uses half of the same rate limit."""

from __future__ import annotations

from collections import Counter
from http import HTTPStatus
from statistics import mean
from typing import TYPE_CHECKING

from benchmarks.intercom import intercom
from benchmarks.programs import tap
from benchmarks.report import Row

if TYPE_CHECKING:
    from benchmarks.sizes import Sizes
    from tests.sandbox.request_log import LoggedRequest

LATENCY = 0.1
WINDOW_SECONDS = 10
OTHER_SHARE = 0.5
LIMITS = (83, 167, 1_666)
WITHOUT_HEADERS = 1_666
STREAMS = ("conversations", "conversation_parts")
MOST_REFUSED = 0.01
LEAST_USED = 0.88
"""`rate_limit_share` is 0.9 unless set, and a share of 83 is no whole number."""


def measure(sizes: Sizes) -> list[Row]:
    """Fetch conversations under each limit, told by headers, and once without them."""
    rows = [_row(f"limit {limit:,}", limit, sizes.shared_windows, headers=True) for limit in LIMITS]
    name = f"limit {WITHOUT_HEADERS:,}, no headers"
    return [*rows, _row(name, WITHOUT_HEADERS, sizes.shared_windows, headers=False)]


def _row(name: str, limit: int, windows: int, *, headers: bool) -> Row:
    with intercom(
        contacts=1_000,
        conversations=int(windows * limit * 0.8),
        latency=LATENCY,
        rate_limit=limit,
        other_share=OTHER_SHARE,
    ) as workspace:
        workspace.control.set_options(rate_limit_headers=headers)
        tap().sync(workspace.url, STREAMS)
        requests = workspace.control.requests()
    refused = mean(one.status == HTTPStatus.TOO_MANY_REQUESTS for one in requests)
    used = _used(requests, limit)
    return Row(
        f"half of the limit used by another program, {name}",
        f"at most {MOST_REFUSED:.0%} answered 429, at least {LEAST_USED:.0%} of the windows used",
        f"{refused:.1%} of {len(requests):,} answered 429, "
        f"{mean(used):.0%} used in {len(used)} windows",
        refused <= MOST_REFUSED and mean(used) >= LEAST_USED,
    )


def _used(requests: list[LoggedRequest], limit: int) -> list[float]:
    """Return the part of each window that both programs used, but for the first and the last."""
    ours = Counter(
        int((one.time + LATENCY) // WINDOW_SECONDS)
        for one in requests
        if one.status == HTTPStatus.OK
    )
    others = int(OTHER_SHARE * limit)
    return [min(1.0, (ours[window] + others) / limit) for window in range(min(ours) + 1, max(ours))]
