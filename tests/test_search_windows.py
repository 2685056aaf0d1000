"""Long searches are read side by side, and nobody can tell from the output."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.expected_rows import expected_rows, loaded, missing_rows, timestamp
from tests.sandbox import SandboxOptions

if TYPE_CHECKING:
    from tests.sandbox import Sandbox
    from tests.singer import Output, TapRunner

LONG = SandboxOptions(contacts=3000, companies=20, conversations=600, tickets=600)
SEARCHED = ["contacts", "contact_tags", "conversations", "conversation_parts", "tickets"]


def without_times(output: Output) -> list[dict[str, Any]]:
    return [
        {key: value for key, value in message.items() if key != "time_extracted"}
        for message in output.messages
    ]


@pytest.mark.parametrize("options", [LONG], indirect=True)
@pytest.mark.parametrize("api_version", ["2.16", "2.17"])
def test_concurrency_changes_nothing_but_the_time(
    sandbox: Sandbox, tap: TapRunner, api_version: str
) -> None:
    """Half of the answers overtake others, and there is latency for many threads to hide."""
    alone = tap.run(select=SEARCHED, concurrency=1, api_version=api_version)
    sandbox.control.set_options(latency=0.03, latency_by_path={"[13579]$": 0.06})
    together = tap.run(select=SEARCHED, concurrency=32, api_version=api_version)
    assert json.dumps(without_times(together)) == json.dumps(without_times(alone))
    assert max(request.in_flight for request in sandbox.control.requests()) > 24


@pytest.mark.parametrize("options", [LONG], indirect=True)
def test_windows_miss_nothing_and_repeat_nothing(sandbox: Sandbox, tap: TapRunner) -> None:
    output = tap.run(select=SEARCHED)
    for stream in SEARCHED:
        assert missing_rows(output, sandbox.control, stream) == {}
        assert len(output.records(stream)) == len(expected_rows(sandbox.control, stream))
    for stream in ("contacts", "conversations", "tickets"):
        timestamps = [record["updated_at"] for record in output.records(stream)]
        assert timestamps == sorted(timestamps)
    bodies = [request.body for request in sandbox.control.requests() if request.body]
    assert any(body["query"].get("operator") == "AND" for body in bodies), "no window was cut"


@pytest.mark.parametrize("options", [LONG], indirect=True)
def test_a_few_pages_are_not_cut(sandbox: Sandbox, tap: TapRunner) -> None:
    contacts = sandbox.control.records("contacts")
    tap.run(select=["contacts"], start_date=timestamp(contacts[-290]["updated_at"]))
    bodies = [request.body for request in sandbox.control.requests() if request.body]
    assert not any(body["query"].get("operator") == "AND" for body in bodies)
    assert len(bodies) <= 4


@pytest.mark.parametrize("options", [LONG], indirect=True)
def test_every_state_within_windows_is_safe_to_resume_from(tap: TapRunner) -> None:
    whole = tap.run(select=["contacts"])
    states = sum(message["type"] == "STATE" for message in whole.messages)
    assert states > 20
    for number in range(1, states, states // 5):
        cut = whole.until_state(number)
        rest = tap.run(cut.state, select=["contacts"])
        assert loaded(cut + rest, "contacts").keys() == loaded(whole, "contacts").keys()
        assert len(rest.records("contacts")) < len(whole.records("contacts")) or number == 1
