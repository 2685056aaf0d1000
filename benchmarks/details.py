"""Figure 1: one request per conversation, as fast as the rate limit allows."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from benchmarks.programs import peer, tap
from benchmarks.report import Row
from benchmarks.sandbox import per_second, run_sandbox

if TYPE_CHECKING:
    from benchmarks.programs import Program
    from benchmarks.sizes import Sizes

LATENCY = 0.1
LIMIT = 1_666
STREAMS = ("conversations", "conversation_parts")
TARGET_PER_SECOND = 140
TARGET_RATIO = 15


def measure(sizes: Sizes) -> list[Row]:
    """Fetch conversations with this tap, with one request at a time, and with the peer."""
    fast, rate_limited = _sustained(tap(), sizes.detail_conversations)
    one, _ = _sustained(tap(), sizes.one_by_one_conversations, concurrency=1)
    other, _ = _sustained(peer(), sizes.one_by_one_conversations)
    name = f"details of {sizes.detail_conversations:,} conversations"
    return [
        Row(
            name,
            f"at least {TARGET_PER_SECOND} requests/s",
            f"{fast:.0f} requests/s",
            fast >= TARGET_PER_SECOND,
        ),
        Row(f"{name}: answered 429", "none", f"{rate_limited}", rate_limited == 0),
        Row(
            f"{name} against the peer",
            f"at least {TARGET_RATIO} times",
            f"{fast / other:.1f} times ({other:.1f} requests/s)",
            fast / other >= TARGET_RATIO,
        ),
        Row(
            f"{name} against `concurrency: 1`",
            "",
            f"{fast / one:.1f} times ({one:.1f} requests/s)",
        ),
    ]


def _sustained(program: Program, conversations: int, **settings: Any) -> tuple[float, int]:
    """Return a program's details per second, and how many of its requests were answered 429."""
    with run_sandbox(
        contacts=1_000, conversations=conversations, latency=LATENCY, rate_limit=LIMIT
    ) as workspace:
        program.sync(workspace.url, STREAMS, **settings)
        rate_limited = sum(
            one.status == HTTPStatus.TOO_MANY_REQUESTS for one in workspace.control.requests()
        )
        answered = [one for one in workspace.details() if one.status == HTTPStatus.OK]
    return per_second(answered), rate_limited
