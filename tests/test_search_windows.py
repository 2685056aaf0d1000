"""Long searches are split into windows that are read side by side."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.expected_rows import expected_rows, loaded, missing_rows, timestamp
from tests.sandbox import SandboxOptions

if TYPE_CHECKING:
    from tests.sandbox import Sandbox
    from tests.singer import Output, TapRunner

LONG = SandboxOptions(contacts=3000, companies=20, conversations=600, tickets=600)
SEARCHED = ["contacts", "contact_tags", "conversations", "conversation_parts", "tickets"]


def without_time_extracted(output: Output) -> list[dict[str, Any]]:
    return [
        {key: value for key, value in message.items() if key != "time_extracted"}
        for message in output.messages
    ]


def search_bodies(sandbox: Sandbox) -> list[dict[str, Any]]:
    return [request.body for request in sandbox.control.requests() if request.body]


def unsigned_lines(output: Output) -> list[str]:
    """Return the messages as JSON, without when they were extracted and how URLs are signed."""
    messages = without_time_extracted(output)
    return [re.sub(r"\?expires=\d+&signature=\w+", "", json.dumps(one)) for one in messages]


def is_window(body: dict[str, Any]) -> bool:
    return body["query"].get("operator") == "AND"


pytestmark = pytest.mark.parametrize("options", [LONG], indirect=True)


@pytest.mark.parametrize("api_version", ["2.16", "2.17"])
def test_output_does_not_depend_on_concurrency(
    sandbox: Sandbox, tap: TapRunner, api_version: str
) -> None:
    """Half of the responses overtake others, and latency keeps many threads busy."""
    alone = tap.run(select=SEARCHED, concurrency=1, api_version=api_version)
    sandbox.control.set_options(latency=0.03, latency_by_path={"[13579]$": 0.06})

    together = tap.run(select=SEARCHED, concurrency=32, api_version=api_version)

    assert unsigned_lines(together) == unsigned_lines(alone)
    assert max(request.in_flight for request in sandbox.control.requests()) > 1


def test_windows_miss_and_repeat_nothing(sandbox: Sandbox, tap: TapRunner) -> None:
    output = tap.run(select=SEARCHED)

    assert any(map(is_window, search_bodies(sandbox)))
    for stream in SEARCHED:
        assert missing_rows(output, sandbox.control, stream) == {}
        assert len(output.records(stream)) == len(expected_rows(sandbox.control, stream))


def test_windows_are_returned_in_order(tap: TapRunner) -> None:
    output = tap.run(select=SEARCHED)

    for stream in ("contacts", "conversations", "tickets"):
        timestamps = [record["updated_at"] for record in output.records(stream)]
        assert timestamps == sorted(timestamps)


def test_two_pages_are_not_split(sandbox: Sandbox, tap: TapRunner) -> None:
    contacts = sandbox.control.records("contacts")

    tap.run(select=["contacts"], start_date=timestamp(contacts[-290]["updated_at"]))

    bodies = search_bodies(sandbox)
    assert not any(map(is_window, bodies))
    assert len(bodies) <= 4


def test_every_state_is_safe_to_resume_from(tap: TapRunner) -> None:
    whole = tap.run(select=["contacts"])
    states = sum(message["type"] == "STATE" for message in whole.messages)
    assert states > 20

    for number in range(1, states, states // 5):
        killed = whole.until_state(number)
        resumed = tap.run(killed.state, select=["contacts"])

        assert loaded(killed + resumed, "contacts").keys() == loaded(whole, "contacts").keys()
        assert len(resumed.records("contacts")) < len(whole.records("contacts")) or number == 1
