"""Companies come from a scroll, which may break, expire or be held by another integration."""

from __future__ import annotations

import logging
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
import requests
from msgspec.structs import replace

from tap_intercom.compat import override
from tap_intercom.sync.progress import SpoolProgress
from tests.guarantees.harness import Pipe
from tests.guarantees.schedules import fault_id
from tests.sandbox.faults import Fault
from tests.sandbox.options import SandboxOptions

if TYPE_CHECKING:
    from tap_intercom.api.request import Request
    from tests.guarantees.harness import SyncHarness

PATH = "/companies/scroll"
STREAMS = ("companies", "company_tags", "company_segments")
COMPANIES = SandboxOptions(contacts=20, companies=430, conversations=0, tickets=0)
NO_COMPANIES = SandboxOptions(companies=0, conversations=0)
PAGES = 5
TIMEOUT_SECONDS = 60
MAX_WAIT_SECONDS = 660
MAX_REQUESTS = 2000
DAY = 86_400

HELD = Fault(kind="status", status=400, code="scroll_exists", path=PATH, times=None)


@pytest.fixture
def options(request: pytest.FixtureRequest) -> SandboxOptions:
    return getattr(request, "param", COMPANIES)


def limit_requests(harness: SyncHarness) -> None:
    """Let a run fail that would make requests forever."""
    numbers = count()

    def check(_: Request) -> None:
        assert next(numbers) < MAX_REQUESTS, "the run would never end"

    harness.before_each_request(check)


def open_scroll(harness: SyncHarness) -> None:
    """Open the workspace's one scroll, as another integration does."""
    headers = {"Authorization": f"Bearer {harness.options.token}", "Intercom-Version": "2.16"}
    response = requests.get(harness.url + PATH, headers=headers, timeout=10)
    assert response.status_code == 200


def test_constant_token_ends_no_scroll(harness: SyncHarness) -> None:
    result = harness.sync(select=STREAMS)

    tokens = [request.query.get("scroll_param") for request in harness.requests(PATH)]
    assert len(tokens) == PAGES + 1
    assert len(set(tokens[1:])) == 1
    assert harness.missing_rows(result, STREAMS) == {}


@pytest.mark.parametrize("page", range(1, PAGES + 1))
@pytest.mark.parametrize(
    "fault",
    [
        Fault(kind="status", status=500),
        Fault(kind="html_status", status=502),
        Fault(kind="html_status", status=404),
        Fault(kind="reset"),
        Fault(kind="cut_body"),
        Fault(kind="empty"),
        Fault(kind="not_json"),
        Fault(kind="raw_body", body=b"[]"),
        Fault(kind="raw_body", body=b'{"type":"list"}'),
        Fault(kind="raw_body", body=b'{"type":"list","data":null,"scroll_param":"x"}'),
        Fault(kind="raw_body", body=b'{"type":"list","data":[{"id":"1","updated_at":1}]}'),
    ],
    ids=fault_id,
)
def test_failed_page_restarts_the_scroll(harness: SyncHarness, fault: Fault, page: int) -> None:
    harness.sandbox.faults.add(replace(fault, path=PATH, after=page))

    result = harness.sync(select=STREAMS)

    assert result.warnings(PATH) != []
    assert harness.missing_rows(result, STREAMS) == {}


def test_expired_scroll_restarts(harness: SyncHarness) -> None:
    harness.before_request(PATH, lambda: harness.sandbox.clock.advance(61), number=4)

    result = harness.sync(select=STREAMS)

    assert 404 in {request.status for request in harness.requests(PATH)}
    assert result.warnings(PATH, 404) != []
    assert harness.missing_rows(result, STREAMS) == {}


def test_restarted_scroll_writes_no_duplicates(harness: SyncHarness) -> None:
    harness.sandbox.faults.add(Fault(kind="status", status=500, path=PATH, after=3))

    result = harness.sync(select=STREAMS)

    ids = result.values("companies", "id")
    assert len(ids) == len(set(ids)) == COMPANIES.companies


@pytest.mark.parametrize("options", [NO_COMPANIES], indirect=True)
@pytest.mark.parametrize("is_not_found", [True, False])
def test_no_companies_is_no_error(harness: SyncHarness, *, is_not_found: bool) -> None:
    harness.sandbox.set_options(empty_scroll_is_404=is_not_found)

    result = harness.sync(select=STREAMS)

    assert result.records("companies") == []
    assert result.warnings() == []
    assert len(harness.requests(PATH)) == 1


@pytest.mark.parametrize("options", [NO_COMPANIES], indirect=True)
@pytest.mark.parametrize("is_not_found", [True, False])
def test_first_company_comes_next_run(harness: SyncHarness, *, is_not_found: bool) -> None:
    harness.sandbox.set_options(empty_scroll_is_404=is_not_found)
    empty = harness.sync(select=STREAMS)
    long_ago = int(harness.sandbox.clock.now()) - 400 * DAY
    harness.sandbox.create("companies", at=long_ago)

    later = harness.sync(empty.state, select=STREAMS)

    assert harness.missing_rows(later, STREAMS) == {}


def test_held_scroll_is_awaited(harness: SyncHarness) -> None:
    open_scroll(harness)
    start = harness.sandbox.clock.now()

    result = harness.sync(select=STREAMS)

    waited = harness.sandbox.clock.now() - start
    assert TIMEOUT_SECONDS <= waited < 2 * TIMEOUT_SECONDS
    assert result.warnings("scroll") != []
    assert harness.missing_rows(result, STREAMS) == {}


def test_scroll_held_forever_fails(harness: SyncHarness) -> None:
    harness.sandbox.faults.add(HELD)
    start = harness.sandbox.clock.now()

    result = harness.try_sync(select=STREAMS)

    waited = harness.sandbox.clock.now() - start
    assert result.error is not None
    assert result.error.code == "scroll_exists"
    assert 540 <= waited <= MAX_WAIT_SECONDS


def test_run_after_held_scroll_completes(harness: SyncHarness) -> None:
    harness.sandbox.faults.add(HELD)
    held = harness.try_sync(select=STREAMS)
    assert {held.bookmark(name) for name in STREAMS} == {None}
    harness.sandbox.faults.clear()

    later = harness.sync(held.state, select=STREAMS)

    assert harness.missing_rows(held + later, STREAMS) == {}


def test_broken_scroll_moves_no_bookmark(harness: SyncHarness) -> None:
    harness.sandbox.faults.add(Fault(kind="status", status=500, path=PATH, after=3, times=None))
    limit_requests(harness)

    result = harness.try_sync(select=STREAMS)

    assert result.error is not None
    assert {result.bookmark(name) for name in STREAMS} == {None}
    assert result.records("companies") == []


def test_endless_scroll_fails(harness: SyncHarness) -> None:
    """Intercom once returned the same page forever: 1.7 billion rows (airbyte#55829)."""
    body = b'{"type":"list","data":[{"id":"1","updated_at":1750000000}],"scroll_param":"x"}'
    harness.sandbox.faults.add(Fault(kind="raw_body", body=body, path=PATH, times=None))
    limit_requests(harness)

    result = harness.try_sync(select=STREAMS)

    assert result.error is not None


def test_circular_scroll_fails(harness: SyncHarness) -> None:
    """Pages A, B, A, B, with the same token."""
    for number in range(100):
        company = b'{"id":"%d","updated_at":1}' % (number % 2)
        body = b'{"data":[%s],"scroll_param":"x"}' % company
        harness.sandbox.faults.add(Fault(kind="raw_body", body=body, path=PATH))
    limit_requests(harness)

    result = harness.try_sync(select=STREAMS)

    assert result.error is not None


def test_slow_target_expires_no_scroll(harness: SyncHarness) -> None:
    """The target takes two seconds for each row, so all of them take far more than a minute."""

    class SlowPipe(Pipe):
        @override
        def write(self, line: Any) -> int:
            harness.sandbox.clock.advance(2)
            return super().write(line)

    result = harness.try_sync(select=STREAMS, pipe=SlowPipe())

    assert result.error is None
    assert len(harness.requests(PATH)) == PAGES + 1
    assert harness.missing_rows(result, STREAMS) == {}


def test_abandoned_scroll_blocks_no_run(harness: SyncHarness) -> None:
    killed = harness.try_sync(select=STREAMS, pipe=Pipe(messages=9))
    open_scroll(harness)

    later = harness.sync(killed.state, select=STREAMS)

    assert harness.missing_rows(killed + later, STREAMS) == {}


def test_other_refusal_is_not_awaited(harness: SyncHarness) -> None:
    harness.sandbox.faults.add(replace(HELD, code="parameter_invalid"))
    start = harness.sandbox.clock.now()

    result = harness.try_sync(select=STREAMS)

    assert result.error is not None
    assert result.error.code == "parameter_invalid"
    assert harness.sandbox.clock.now() == start


def test_long_scroll_logs_progress(harness: SyncHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    """No row is written before all are read, so nothing else shows that the run goes on."""
    four_seconds_a_page = count(step=4)
    clock = lambda: next(four_seconds_a_page)  # noqa: E731
    monkeypatch.setattr(SpoolProgress.__init__, "__defaults__", (clock,))

    result = harness.sync(select=["companies"])

    assert len(result.lines(logging.INFO, "companies", 300)) == 1
