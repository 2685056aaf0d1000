"""The rate limit, the clock, latency and the log of requests."""

from __future__ import annotations

import concurrent.futures
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.guarantees.process import wait_until
from tests.sandbox.tests.client import NOON, error_of, message_of

if TYPE_CHECKING:
    from tests.sandbox.tests.client import Client, Start


def remaining(client: Client) -> str:
    return client.get("/me").headers["X-RateLimit-Remaining"]


def test_headers_count_the_window_down(start: Start) -> None:
    client = start(rate_limit=3, clock_start=NOON + 4.0)

    headers = [client.get("/me").headers for _ in range(3)]

    assert [h["X-RateLimit-Remaining"] for h in headers] == ["3", "2", "1"]
    assert {h["X-RateLimit-Limit"] for h in headers} == {"3"}


@pytest.mark.parametrize("offset", [0, 2, 6])
def test_reset_lies_after_the_window(start: Start, offset: int) -> None:
    client = start(rate_limit=3, clock_start=NOON + 4.0, reset_offset=offset)

    reset = client.get("/me").headers["X-RateLimit-Reset"]

    assert reset == str(NOON + 10 + offset)


def test_header_names_are_lower_case(start: Start) -> None:
    names = start().get("/me").headers

    assert {"x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"} <= set(names)


def test_request_over_limit_is_refused(start: Start) -> None:
    client = start(rate_limit=1)
    client.get("/me")

    response = client.get("/me")

    assert error_of(response) == (429, "rate_limit_exceeded")
    assert message_of(response) == "Exceeded rate limit of 1 in 10_seconds"
    assert response.headers["X-RateLimit-Remaining"] == "0"


def test_limit_ends_with_its_window(start: Start) -> None:
    client = start(rate_limit=1)
    client.get("/me")

    client.control.clock.set(NOON + 9.9)
    before = client.get("/me")
    client.control.clock.set(NOON + 10)
    after = client.get("/me")

    assert before.status_code == 429
    assert after.headers["X-RateLimit-Remaining"] == "1"


def test_rate_limit_headers_may_lack(start: Start) -> None:
    client = start(rate_limit=1, rate_limit_headers=False)

    responses = [client.get("/me") for _ in range(2)]

    assert [response.status_code for response in responses] == [200, 429]
    for response in responses:
        assert not any(name.startswith("x-ratelimit") for name in response.headers)


@pytest.mark.parametrize("other", [{"other_requests": 60}, {"other_share": 0.6}])
def test_another_program_uses_the_limit(start: Start, other: Any) -> None:
    client = start(rate_limit=100, **other)

    counts = [remaining(client)]
    for second in (5, 10):
        client.control.clock.set(NOON + second)
        counts.append(remaining(client))

    assert counts == ["100", "69", "100"]


def test_windows_may_be_shorter(start: Start) -> None:
    client = start(rate_limit=1, window_seconds=1)
    client.get("/me")

    refused = client.get("/me")
    client.control.clock.advance(1)

    assert message_of(refused).endswith("in 1_seconds")
    assert client.get("/me").status_code == 200


def test_date_header_follows_the_clock(start: Start) -> None:
    client = start()

    before = client.get("/me").headers["Date"]
    client.control.clock.advance(61)
    after = client.get("/me").headers["Date"]

    assert before == "Mon, 15 Jun 2026 12:00:00 GMT"
    assert after == "Mon, 15 Jun 2026 12:01:01 GMT"


def test_frozen_clock_stands_still(start: Start) -> None:
    clock = start().control.clock

    assert clock.now() == clock.now() == NOON


def test_clock_runs_on_from_there(start: Start) -> None:
    clock = start().control.clock

    assert NOON <= clock.run() < NOON + 5
    assert clock.now() > NOON


def test_running_clock_can_be_frozen(start: Start) -> None:
    clock = start(frozen=False).control.clock

    frozen_at = clock.freeze()

    assert clock.now() == frozen_at


def test_latency_can_depend_on_path(start: Start) -> None:
    client = start(latency=0.0, latency_by_path={"^/tags": 0.1})

    begin = time.perf_counter()
    client.get("/tags")

    assert time.perf_counter() - begin >= 0.1


def test_response_shows_the_workspace_at_the_request(start: Start) -> None:
    """So what the sandbox does for it is part of the latency."""
    client = start(contacts=1, latency_by_path={"^/contacts/": 0.5})
    contact = client.control.records("contacts")[0]["id"]

    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        pending = pool.submit(client.get, f"/contacts/{contact}")
        wait_until(lambda: bool(client.control.requests()))
        client.control.delete("contacts", contact)

    assert pending.result().status_code == 200
    assert client.get(f"/contacts/{contact}").status_code == 404


def test_requests_are_logged(start: Start) -> None:
    client = start()
    client.get("/me")

    client.search("contacts", per_page=5)

    first, second = client.control.requests()
    assert (first.path, first.body) == ("/me", None)
    assert (second.method, second.path) == ("POST", "/contacts/search")
    assert (second.status, second.time, second.api_version) == (200, NOON, "2.16")
    assert second.body["pagination"] == {"per_page": 5}


def test_requests_in_flight_are_counted(start: Start) -> None:
    client = start(latency=0.5)

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: client.get("/me"), range(4)))

    assert max(entry.in_flight for entry in client.control.requests()) > 1


def test_token_is_not_logged(start: Start) -> None:
    client = start()

    client.get("/me")

    (entry,) = client.control.requests()
    assert entry.authorized
    assert "sandbox-token" not in str(entry)


def test_log_can_be_cleared(start: Start) -> None:
    client = start()
    client.get("/me")

    client.control.clear_requests()

    assert client.control.requests() == []
