"""Figure 7: the cost of an incremental run depends on what changed, not on the workspace."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from benchmarks.programs import tap
from benchmarks.report import Row
from benchmarks.sandbox import run_idle_sandbox

if TYPE_CHECKING:
    from benchmarks.sizes import Sizes

HOUR = 3_600
MAX_PAGES = 5
BULK_JOBS = 20
CONVERSATION_STREAMS = {
    "conversations": "updated_at",
    "conversation_parts": "conversation_updated_at",
}
VERSIONS = ("2.16", "2.17")
COMPANY_STREAMS = {
    "companies": "updated_at",
    "company_tags": "company_updated_at",
    "company_segments": "company_updated_at",
}
MAX_COMPANY_REQUESTS = 10


def measure(sizes: Sizes) -> list[Row]:
    """Change a few records of small and large workspaces, and count requests."""
    few, many = (
        _conversation_requests(count, sizes.changed)
        for count in (sizes.workspace_few, sizes.workspace_many)
    )
    return [
        Row(
            f"{sizes.changed} changed conversations with parts in {sizes.workspace_many:,} "
            f"against {sizes.workspace_few:,}",
            "the same number of requests",
            f"{many} against {few}",
            many == few,
        ),
        *(_contacts_row(sizes.updated_contacts, sizes.changed, version) for version in VERSIONS),
        _companies_row(sizes.companies, sizes.changed_companies),
    ]


def _conversation_requests(conversations: int, changed: int) -> int:
    with run_idle_sandbox(contacts=1_000, conversations=conversations) as workspace:
        now = int(time.time())
        workspace.control.touch_oldest("conversations", changed, now - HOUR)
        state = _state(CONVERSATION_STREAMS, now - 3 * HOUR)
        run = tap().sync(workspace.url, CONVERSATION_STREAMS, state)
        _check(run.records["conversations"], changed)
        return len(workspace.control.requests())


def _contacts_row(updated: int, changed: int, version: str) -> Row:
    with run_idle_sandbox(contacts=updated + changed) as workspace:
        now = int(time.time())
        for job in range(BULK_JOBS):
            at = now - 5 * HOUR - job * HOUR // 2
            workspace.control.touch_oldest("contacts", updated // BULK_JOBS, at)
        workspace.control.touch_oldest("contacts", changed, now - HOUR)
        state = _state({"contacts": "updated_at"}, now - 3 * HOUR)
        run = tap().sync(workspace.url, ["contacts"], state, api_version=version)
        _check(run.records["contacts"], changed)
        pages = len(workspace.searches())
    return Row(
        f"{changed} changed contacts on a day with {updated:,} updates, API {version}",
        f"at most {MAX_PAGES} search pages",
        f"{pages}",
        pages <= MAX_PAGES,
    )


def _companies_row(companies: int, changed: int) -> Row:
    """Measure an hourly run between two scrolls, on a day with as many changes each hour."""
    with run_idle_sandbox(companies=companies - changed) as workspace:
        now = int(time.time())
        for hours in range(24, 1, -1):
            workspace.control.touch_oldest("companies", changed, now - hours * HOUR)
        for _ in range(changed):
            workspace.control.create("companies", {"user_count": 1}, now - HOUR)
        state = _state(COMPANY_STREAMS, now - 3 * HOUR // 2)
        for bookmark in state["bookmarks"].values():
            bookmark["scrolled_at"] = bookmark["replication_key_value"]
        run = tap().sync(
            workspace.url, COMPANY_STREAMS, state, api_version="2.17", lookback_seconds=0
        )
        _check(run.records["companies"], changed)
        requests = sum("/companies/" in one.path for one in workspace.control.requests())
    return Row(
        f"{changed} changed companies of {companies:,} in the last hour, API 2.17",
        f"at most {MAX_COMPANY_REQUESTS} requests for companies",
        f"{requests}",
        requests <= MAX_COMPANY_REQUESTS,
    )


def _state(streams: dict[str, str], bookmark: int) -> dict[str, Any]:
    """Return the state after a run with everything up to a timestamp (epoch seconds, UTC)."""
    timestamp = datetime.fromtimestamp(bookmark, UTC).isoformat()
    return {
        "bookmarks": {
            stream: {"replication_key": key, "replication_key_value": timestamp}
            for stream, key in streams.items()
        }
    }


def _check(loaded: int, changed: int) -> None:
    """Check that a run loaded what changed and nothing else.

    Raises:
        ValueError: The numbers differ.
    """
    if loaded != changed:
        message = f"{changed} records changed, and {loaded} were loaded"
        raise ValueError(message)
