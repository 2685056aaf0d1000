"""Random changes of a workspace, random faults and random ends, while the tap reads it."""

from __future__ import annotations

import dataclasses
import functools
from typing import TYPE_CHECKING, Any, Final

from hypothesis import strategies as st
from msgspec.structs import replace

from tests.guarantees.harness import Pipe, SignalledPipe
from tests.sandbox.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_intercom.api.request import Request
    from tests.guarantees.harness import SyncHarness, SyncResult
    from tests.sandbox.control import Control

KINDS: Final = ("contacts", "companies", "conversations", "tickets")
FIELDS: Final[dict[str, dict[str, Any]]] = {
    "contacts": {"name": "Renamed"},
    "companies": {"name": "Renamed"},
    "conversations": {"title": "Renamed"},
    "tickets": {"open": False},
}


def _change(sandbox: Control, kind: str, record_id: str) -> None:
    sandbox.change(kind, record_id, FIELDS[kind])


def _create(sandbox: Control, kind: str, _: str) -> None:
    sandbox.create(kind)


def _touch_many(sandbox: Control, kind: str, _: str) -> None:
    sandbox.touch_oldest(kind, 35)


def _tag(sandbox: Control, kind: str, record_id: str) -> None:
    if kind != "tickets":
        sandbox.tag(kind, record_id, sandbox.records("tags")[0]["id"])


def _reply(sandbox: Control, kind: str, record_id: str) -> None:
    if kind == "conversations":
        sandbox.add_parts(record_id, 2)


def _delete_or_merge(sandbox: Control, kind: str, record_id: str) -> None:
    if kind == "conversations":
        sandbox.delete(kind, record_id)
    if kind == "contacts":
        sandbox.merge(record_id, into=sandbox.records(kind)[-1]["id"])


ACTIONS: Final[tuple[Callable[[Control, str, str], None], ...]] = (
    _change,
    _create,
    _touch_many,
    _tag,
    _reply,
    _delete_or_merge,
)


@dataclasses.dataclass(frozen=True)
class Event:
    """A change that users make in the workspace.

    Attributes:
        request: After how many of the tap's requests.
        seconds: How far the clock advances before it; 0 is the second of the previous event.
        kind: Of the record that is changed.
        position: Which record, from 0 (updated longest ago) to 1 (updated last).
        action: What is done.
    """

    request: int
    seconds: int
    kind: str
    position: float
    action: Callable[[Control, str, str], None]

    def apply(self, sandbox: Control) -> None:
        """Make the change."""
        if self.seconds:
            sandbox.clock.advance(self.seconds)
        records = sandbox.records(self.kind)
        # the latest record is the one that others are merged into
        record = records[int(self.position * (len(records) - 2))]
        self.action(sandbox, self.kind, record["id"])


class Schedule:
    """Applies events between the tap's requests, over as many runs as it takes."""

    def __init__(self, sandbox: Control, events: list[Event]) -> None:
        self._sandbox = sandbox
        self._events = sorted(events, key=lambda event: -event.request)
        self._requests = 0

    def before_request(self, _: Request) -> None:
        """Count a request, and apply the events that are due."""
        self._requests += 1
        while self._events and self._events[-1].request < self._requests:
            self._events.pop().apply(self._sandbox)

    def apply_rest(self) -> None:
        """Apply the events that are left."""
        while self._events:
            self._events.pop().apply(self._sandbox)


def events(requests: int) -> st.SearchStrategy[list[Event]]:
    """Draw some events within a number of requests."""
    event = st.builds(
        Event,
        request=st.integers(0, requests),
        seconds=st.sampled_from((0, 0, 1, 7, 90, 4000)),
        kind=st.sampled_from(KINDS),
        position=st.floats(0, 1),
        action=st.sampled_from(ACTIONS),
    )
    return st.lists(event, min_size=1, max_size=12)


FAULTS: Final = (
    Fault(kind="status", status=500),
    Fault(kind="status", status=503),
    Fault(kind="html_status", status=502),
    Fault(kind="html_status", status=504),
    Fault(kind="status", status=429, code="rate_limit_exceeded"),
    Fault(kind="reset"),
    Fault(kind="cut_body"),
    Fault(kind="empty"),
    Fault(kind="not_json"),
    Fault(kind="early_end"),
)
"""What may go wrong with some requests."""

NO_NETWORK: Final = Fault(kind="reset", times=None)
"""Every request fails until the run ends."""

NO_DETAILS: Final = Fault(kind="html_status", status=404, path="/conversations/[0-9]+", times=None)
"""A proxy finds none of the conversations, from the start: one or two could be deleted."""


def faults(requests: int) -> st.SearchStrategy[list[Fault]]:
    """Draw some faults within a number of requests, each for at most three requests."""
    fault = st.builds(
        replace,
        st.sampled_from(FAULTS),
        after=st.integers(0, requests),
        times=st.integers(1, 3),
    )
    return st.lists(fault, max_size=4)


ENDS: Final[dict[str, Callable[[int], Pipe]]] = {
    "killed": Pipe,
    "SIGTERM": SignalledPipe,
    "target stalled": functools.partial(Pipe, breaks_with=KeyboardInterrupt),
    "target gone": functools.partial(Pipe, breaks_with=BrokenPipeError),
}
"""What may end a run after a number of messages, and the stdout that it has then."""


@dataclasses.dataclass(frozen=True)
class Run:
    """One run of a schedule.

    Attributes:
        faults: What goes wrong with its requests.
        end: What ends it, if it is not complete before: one of `ENDS`.
        messages: After how many messages.
    """

    faults: list[Fault]
    end: str
    messages: int

    def sync(self, harness: SyncHarness, state: dict[str, Any], **settings: Any) -> SyncResult:
        """Sync once."""
        harness.sandbox.faults.clear()
        for fault in self.faults:
            harness.sandbox.faults.add(fault)
        return harness.try_sync(state, pipe=ENDS[self.end](self.messages), **settings)


def runs(requests: int, messages: int) -> st.SearchStrategy[list[Run]]:
    """Draw some runs of at most so many requests and messages."""
    brief = faults(requests)
    no_network = st.builds(replace, st.just(NO_NETWORK), after=st.integers(0, requests))
    lasting = st.one_of(no_network, st.just(NO_DETAILS)).map(lambda fault: [fault])
    run = st.builds(
        Run,
        faults=st.one_of(brief, brief, lasting),
        end=st.sampled_from(sorted(ENDS)),
        messages=st.integers(1, messages),
    )
    return st.lists(run, min_size=1, max_size=5)


@dataclasses.dataclass(frozen=True)
class Plan:
    """What happens to a workspace and to the runs that read it.

    Attributes:
        runs: The runs, one after the other.
        changes: What users change meanwhile.
        page_size: Records per page of a search.
        index_delay: How late (seconds) searches show a record.
        fresh_answers: Whether they then show the record as it is now.
    """

    runs: list[Run]
    changes: list[Event]
    page_size: int
    index_delay: int
    fresh_answers: bool


def plans(requests: int, messages: int) -> st.SearchStrategy[Plan]:
    """Draw a plan for runs of at most so many requests and messages."""
    return st.builds(
        Plan,
        runs=runs(requests, messages),
        changes=events(requests),
        page_size=st.sampled_from((5, 20, 150)),
        index_delay=st.sampled_from((0, 0, 300)),
        fresh_answers=st.booleans(),
    )


def fault_id(fault: Fault) -> str:
    """Return a fault's id in the name of a parametrized test."""
    return " ".join((fault.kind, str(fault.status), fault.body.decode())).strip()
