"""Records of all kinds change while they are read."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.guarantees.harness import SyncHarness
from tests.guarantees.schedules import Event, Schedule, events
from tests.sandbox.options import SandboxOptions

WORKSPACE = SandboxOptions(contacts=90, companies=120, conversations=40, tickets=40)
REQUESTS = 90

DAY = 86_400
"""After that time a run scrolls again, and writes changed companies without users."""


@given(
    changes=events(REQUESTS),
    page_size=st.sampled_from((7, 20, 150)),
    index_delay=st.sampled_from((0, 0, 300)),
)
def test_changes_during_sync_are_loaded(
    changes: list[Event], page_size: int, index_delay: int
) -> None:
    """A run amid changes and a further run have the latest version of every record.

    The first one may fail: if neighbours are deleted at once, several details in a row are missing.
    """
    with SyncHarness(WORKSPACE) as harness:
        kinds = ("contacts", "conversations", "tickets")
        harness.sandbox.set_options(index_delay=dict.fromkeys(kinds, index_delay))
        schedule = Schedule(harness.sandbox, changes)
        harness.before_each_request(schedule.before_request)

        first = harness.try_sync(page_size=page_size)
        schedule.apply_rest()
        harness.sandbox.clock.advance(index_delay + DAY)
        second = harness.sync(first.state, page_size=page_size)

        assert harness.missing_rows(first + second) == {}
