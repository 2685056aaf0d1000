"""Runs amid changes, faults and sudden ends: what all of them wrote together is complete."""

from __future__ import annotations

import pytest
from hypothesis import given

from tap_intercom.api_version import ApiVersion
from tap_intercom.streams import stream_types
from tests.expected_rows import CHECKED
from tests.guarantees.harness import SyncHarness
from tests.guarantees.schedules import KINDS, Plan, Schedule, plans
from tests.sandbox.options import SandboxOptions
from tests.singer import Output

WORKSPACE = SandboxOptions(contacts=45, companies=110, conversations=24, tickets=16)
"""More than one page of everything, and little more: a schedule has up to six runs."""

MAX_REQUESTS = 90
MAX_MESSAGES = 1200
"""About as many as a run over `WORKSPACE` has."""

SCROLL_SECONDS = 24 * 3600
"""After that time a run scrolls again, and writes changed companies without users."""


def offered(api_version: str) -> set[str]:
    """Return the streams with checked rows that an API version has."""
    version = ApiVersion.parse(api_version)
    return {one.name for one in stream_types() if one.min_api_version <= version} & CHECKED


@pytest.mark.parametrize("api_version", ["2.11", "2.16", "2.17"])
@given(plan=plans(MAX_REQUESTS, MAX_MESSAGES))
def test_union_of_runs_is_complete(api_version: str, plan: Plan) -> None:
    settings = {"page_size": plan.page_size, "api_version": api_version}
    with SyncHarness(WORKSPACE) as harness:
        harness.sandbox.set_options(
            index_delay=dict.fromkeys(KINDS, plan.index_delay), fresh_answers=plan.fresh_answers
        )
        schedule = Schedule(harness.sandbox, plan.changes)
        harness.before_each_request(schedule.before_request)
        written = Output([])

        for run in plan.runs:
            written += run.sync(harness, written.state, **settings)
        schedule.apply_rest()
        harness.sandbox.faults.clear()
        harness.sandbox.clock.advance(plan.index_delay + SCROLL_SECONDS)
        last = harness.sync(written.state, **settings)

        assert harness.missing_rows(written + last, offered(api_version)) == {}
