"""What may happen to a workspace, and on the way to it, while it is read."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Final

from hypothesis import strategies as st
from msgspec.structs import replace

from tests.sandbox.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_intercom.api.request import Request
    from tests.sandbox.control import Control

KINDS: Final = ("contacts", "companies", "conversations", "tickets")
FIELDS: Final[dict[str, dict[str, Any]]] = {
    "contacts": {"name": "Renamed"},
    "companies": {"name": "Renamed"},
    "conversations": {"title": "Renamed"},
    "tickets": {"open": False},
}


def _change(control: Control, kind: str, record_id: str) -> None:
    control.change(kind, record_id, FIELDS[kind])


def _create(control: Control, kind: str, _: str) -> None:
    control.create(kind)


def _touch_many(control: Control, kind: str, _: str) -> None:
    control.touch_oldest(kind, 35)


def _tag(control: Control, kind: str, record_id: str) -> None:
    if kind != "tickets":
        control.tag(kind, record_id, control.records("tags")[0]["id"])


def _answer(control: Control, kind: str, record_id: str) -> None:
    if kind == "conversations":
        control.add_parts(record_id, 2)


def _vanish(control: Control, kind: str, record_id: str) -> None:
    if kind == "conversations":
        control.delete(kind, record_id)
    if kind == "contacts":
        control.merge(record_id, into=control.records(kind)[-1]["id"])


ACTIONS: Final[tuple[Callable[[Control, str, str], None], ...]] = (
    _change,
    _create,
    _touch_many,
    _tag,
    _answer,
    _vanish,
)


@dataclasses.dataclass(frozen=True)
class Event:
    """Something that people do in the workspace.

    Attributes:
        request: behind how many of the tap's requests.
        seconds: how far the clock moves before it; 0 is the same second as what came before.
        kind: of the record that is concerned.
        place: which of the records, 0 the one that was updated longest ago, 1 the latest.
        action: what is done.
    """

    request: int
    seconds: int
    kind: str
    place: float
    action: Callable[[Control, str, str], None]

    def happen(self, control: Control) -> None:
        if self.seconds:
            control.clock.advance(self.seconds)
        records = control.records(self.kind)
        # the latest record is where others are merged into
        self.action(control, self.kind, records[int(self.cache_key * (len(records) - 2))]["id"])


class Schedule:
    """Lets events happen between the tap's requests, over as many runs as it takes."""

    def __init__(self, control: Control, events: list[Event]) -> None:
        self._control = control
        self._events = sorted(events, key=lambda event: -event.request)
        self._requests = 0

    def before_request(self, _: Request) -> None:
        self._requests += 1
        while self._events and self._events[-1].request < self._requests:
            self._events.pop().happen(self._control)

    def rest(self) -> None:
        """Let happen what is left."""
        while self._events:
            self._events.pop().happen(self._control)


def events(requests: int) -> st.SearchStrategy[list[Event]]:
    """Draw some events within so many requests."""
    event = st.builds(
        Event,
        request=st.integers(0, requests),
        seconds=st.sampled_from((0, 0, 1, 7, 90, 4000)),
        kind=st.sampled_from(KINDS),
        place=st.floats(0, 1),
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
)


def faults(requests: int) -> st.SearchStrategy[list[Fault]]:
    """Draw some faults within so many requests; none lasts."""
    fault = st.builds(
        replace,
        st.sampled_from(FAULTS),
        after=st.integers(0, requests),
        times=st.integers(1, 3),
    )
    return st.lists(fault, max_size=4)


def name_of(fault: Fault) -> str:
    """Name a fault for a test's id."""
    return " ".join((fault.kind, str(fault.status), fault.body.decode())).strip()
