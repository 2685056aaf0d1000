"""Records change all the time while they are read, in every family."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.guarantees.harness import SyncHarness
from tests.guarantees.schedules import Event, Schedule, events
from tests.sandbox.options import SandboxOptions

WORKSPACE = SandboxOptions(contacts=90, companies=120, conversations=40, tickets=40)
REQUESTS = 90


@given(
    drift=events(REQUESTS),
    page_size=st.sampled_from((7, 20, 150)),
    index_delay=st.sampled_from((0, 0, 300)),
)
def test_a_run_amid_changes_and_a_further_run_hold_the_latest_version_of_every_record(
    drift: list[Event], page_size: int, index_delay: int
) -> None:
    with SyncHarness(WORKSPACE) as harness:
        kinds = ("contacts", "conversations", "tickets")
        harness.sandbox.set_options(index_delay=dict.fromkeys(kinds, index_delay))
        schedule = Schedule(harness.sandbox, drift)
        harness.before_each_request(schedule.before_request)
        first = harness.sync(page_size=page_size)
        schedule.apply_rest()
        harness.sandbox.clock.advance(index_delay)
        assert harness.missing_rows(first + harness.sync(first.state, page_size=page_size)) == {}
