"""The company scroll: a run that ends well has every company."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
import requests

from tap_intercom.api.client import IntercomClient
from tap_intercom.sync.progress import SpoolProgress
from tests.guarantees.harness import Pipe, page_of
from tests.guarantees.log_lines import info_lines, warning_lines
from tests.guarantees.schedules import fault_id
from tests.sandbox.faults import Fault
from tests.sandbox.options import SandboxOptions

if TYPE_CHECKING:
    from tap_intercom.api.request import Request
    from tap_intercom.api.response import Page
    from tests.guarantees.harness import SyncHarness

PATH = "/companies/scroll"
STREAMS = ("companies", "company_tags", "company_segments")
COMPANIES = SandboxOptions(contacts=20, companies=430, conversations=0, tickets=0)
PAGES = 5
MOST_REQUESTS = 2000


@pytest.fixture
def options(request: pytest.FixtureRequest) -> SandboxOptions:
    return getattr(request, "param", COMPANIES)


class Patience:
    """Breaks off a run that asks for ever."""

    def __init__(self) -> None:
        self.requests = 0

    def __call__(self, _: Request) -> None:
        self.requests += 1
        assert self.requests < MOST_REQUESTS, "the run would never end"


def test_the_same_token_on_every_page_does_not_end_the_walk(harness: SyncHarness) -> None:
    run = harness.sync(select=STREAMS)
    assert harness.missing_rows(run, STREAMS) == {}
    tokens = [request.query.get("scroll_param") for request in harness.requests(PATH)]
    assert len(set(tokens[1:])) == 1
    assert len(tokens) == PAGES + 1


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
def test_a_failure_in_the_middle_begins_the_scroll_again(
    harness: SyncHarness, caplog: pytest.LogCaptureFixture, fault: Fault, page: int
) -> None:
    harness.sandbox.faults.add(msgspec.structs.replace(fault, path=PATH, after=page))
    run = harness.sync(select=STREAMS)
    assert harness.missing_rows(run, STREAMS) == {}
    assert warning_lines(caplog) != []


def test_a_scroll_that_expires_in_the_middle_begins_again(
    harness: SyncHarness, caplog: pytest.LogCaptureFixture
) -> None:
    harness.before_request(PATH, lambda: harness.sandbox.clock.advance(61), number=4)
    run = harness.sync(select=STREAMS)
    assert harness.missing_rows(run, STREAMS) == {}
    assert 404 in {request.status for request in harness.requests(PATH)}
    assert any("it starts again" in line for line in warning_lines(caplog))


@pytest.mark.parametrize("options", [SandboxOptions(companies=0, conversations=0)], indirect=True)
@pytest.mark.parametrize("not_found", [True, False])
def test_a_workspace_without_companies_is_no_error(
    harness: SyncHarness, caplog: pytest.LogCaptureFixture, *, not_found: bool
) -> None:
    harness.sandbox.set_options(empty_scroll_is_404=not_found)
    run = harness.sync(select=STREAMS)
    assert run.records("companies") == []
    assert len(harness.requests(PATH)) == 1
    assert warning_lines(caplog) == []
    harness.sandbox.create("companies", at=int(harness.sandbox.clock.now()) - 400 * 86_400)
    assert harness.missing_rows(harness.sync(run.state, select=STREAMS), STREAMS) == {}


def test_a_scroll_that_another_integration_holds_is_waited_for(
    harness: SyncHarness, caplog: pytest.LogCaptureFixture
) -> None:
    _open_a_scroll(harness)
    start = harness.sandbox.clock.now()
    run = harness.sync(select=STREAMS)
    assert harness.missing_rows(run, STREAMS) == {}
    assert 60 <= harness.sandbox.clock.now() - start < 120
    assert any("Another integration holds" in line for line in warning_lines(caplog))


def test_a_scroll_that_another_integration_never_lets_go_ends_the_run_with_its_reason(
    harness: SyncHarness,
) -> None:
    held = Fault(kind="status", status=400, code="scroll_exists", path=PATH, times=None)
    harness.sandbox.faults.add(held)
    start = harness.sandbox.clock.now()
    run = harness.try_sync(select=STREAMS)
    assert run.error is not None
    assert "Another integration has held" in str(run.error)
    assert 540 <= harness.sandbox.clock.now() - start <= 660
    assert "replication_key_value" not in str(run.state)
    harness.sandbox.faults.clear()
    assert harness.missing_rows(run + harness.sync(run.state, select=STREAMS), STREAMS) == {}


def test_a_scroll_that_never_holds_moves_no_bookmark(harness: SyncHarness) -> None:
    harness.sandbox.faults.add(Fault(kind="status", status=500, path=PATH, after=3, times=None))
    harness.before_each_request(Patience())
    run = harness.try_sync(select=STREAMS)
    assert run.error is not None
    assert "replication_key_value" not in str(run.state)
    assert run.records("companies") == []


def test_a_scroll_that_never_ends_is_an_error(harness: SyncHarness) -> None:
    """Intercom once handed out the same page for ever: 1.7 billion rows (airbyte#55829)."""
    body = b'{"type":"list","data":[{"id":"1","updated_at":1750000000}],"scroll_param":"x"}'
    harness.sandbox.faults.add(Fault(kind="raw_body", body=body, path=PATH, times=None))
    harness.before_each_request(Patience())
    assert harness.try_sync(select=STREAMS).error is not None


def test_a_slow_target_does_not_let_the_scroll_expire(harness: SyncHarness) -> None:
    """The target takes two seconds over each row, so all of them take far more than a minute."""

    class SlowPipe(Pipe):
        def write(self, line: Any) -> int:
            harness.sandbox.clock.advance(2)
            return super().write(line)

    run = harness.try_sync(select=STREAMS, pipe=SlowPipe())
    assert run.error is None
    assert harness.missing_rows(run, STREAMS) == {}
    assert len(harness.requests(PATH)) == PAGES + 1


def test_a_killed_run_that_left_its_scroll_open_does_not_block_the_next(
    harness: SyncHarness,
) -> None:
    run = harness.try_sync(select=STREAMS, pipe=Pipe(messages=9))
    _open_a_scroll(harness)
    assert harness.missing_rows(run + harness.sync(run.state, select=STREAMS), STREAMS) == {}


def _open_a_scroll(harness: SyncHarness) -> None:
    """Open the workspace's one scroll, as another program does."""
    headers = {"Authorization": "Bearer sandbox-token", "Intercom-Version": "2.16"}
    answer = requests.get(harness.url + PATH, headers=headers, timeout=10)
    assert answer.status_code == 200


def test_a_scroll_that_goes_round_in_a_circle_is_an_error(
    harness: SyncHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A, B, A, B, with the same token all the time."""
    send, number = IntercomClient.send, count()

    def in_a_circle(client: IntercomClient, request: Request) -> Page:
        if request.path != PATH:
            return send(client, request)
        page = next(number)
        assert page < MOST_REQUESTS, "the run would never end"
        company = {"id": str(page % 2), "updated_at": 1}
        return page_of(request, {"data": [company], "scroll_param": "x"})

    monkeypatch.setattr(IntercomClient, "send", in_a_circle)
    assert harness.try_sync(select=STREAMS).error is not None


def test_a_scroll_that_begins_again_writes_no_company_twice(harness: SyncHarness) -> None:
    harness.sandbox.faults.add(Fault(kind="status", status=500, path=PATH, after=3))
    run = harness.sync(select=STREAMS)
    ids = [row["id"] for row in run.records("companies")]
    assert len(ids) == len(set(ids)) == 430


def test_a_refusal_that_is_not_about_another_scroll_is_not_waited_for(harness: SyncHarness) -> None:
    refusal = Fault(kind="status", status=400, code="parameter_invalid", path=PATH, times=None)
    harness.sandbox.faults.add(refusal)
    start = harness.sandbox.clock.now()
    run = harness.try_sync(select=STREAMS)
    assert "parameter_invalid" in str(run.error)
    assert harness.sandbox.clock.now() == start


def test_a_long_scroll_says_how_far_it_is(
    harness: SyncHarness, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    clock = iter(range(0, 1000, 4))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SpoolProgress.__init__, "__defaults__", (lambda: next(clock),))
        harness.sync(select=["companies"])
    lines = [
        line for line in info_lines(caplog) if line.startswith("companies: ") and "read;" in line
    ]
    assert lines[0] == "companies: 300 records read; they are written once all are"
