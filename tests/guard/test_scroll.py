"""The company scroll: a run that ends well has every company."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
import requests

from tap_intercom.client import IntercomClient
from tap_intercom.gathering import Gathering
from tests.guard.log import told, warned
from tests.guard.schedules import name_of
from tests.guard.stage import Pipe, answered
from tests.sandbox.faults import Fault
from tests.sandbox.options import SandboxOptions

if TYPE_CHECKING:
    from tap_intercom.client import Request
    from tap_intercom.page import Page
    from tests.guard.stage import Stage

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


def test_the_same_token_on_every_page_does_not_end_the_walk(stage: Stage) -> None:
    run = stage.run(select=STREAMS)
    assert stage.lost(run, STREAMS) == {}
    tokens = [request.query.get("scroll_param") for request in stage.requests(PATH)]
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
    ids=name_of,
)
def test_a_failure_in_the_middle_begins_the_scroll_again(
    stage: Stage, caplog: pytest.LogCaptureFixture, fault: Fault, page: int
) -> None:
    stage.control.faults.add(msgspec.structs.replace(fault, path=PATH, after=page))
    run = stage.run(select=STREAMS)
    assert stage.lost(run, STREAMS) == {}
    assert warned(caplog) != []


def test_a_scroll_that_expires_in_the_middle_begins_again(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    stage.before(4, PATH, lambda: stage.control.clock.advance(61))
    run = stage.run(select=STREAMS)
    assert stage.lost(run, STREAMS) == {}
    assert 404 in {request.status for request in stage.requests(PATH)}
    assert any("it starts again" in line for line in warned(caplog))


@pytest.mark.parametrize("options", [SandboxOptions(companies=0, conversations=0)], indirect=True)
@pytest.mark.parametrize("not_found", [True, False])
def test_a_workspace_without_companies_is_no_error(
    stage: Stage, caplog: pytest.LogCaptureFixture, *, not_found: bool
) -> None:
    stage.control.set_options(empty_scroll_is_404=not_found)
    run = stage.run(select=STREAMS)
    assert run.records("companies") == []
    assert len(stage.requests(PATH)) == 1
    assert warned(caplog) == []
    stage.control.create("companies", at=int(stage.control.clock.now()) - 400 * 86_400)
    assert stage.lost(stage.run(run.state, select=STREAMS), STREAMS) == {}


def test_a_scroll_that_another_integration_holds_is_waited_for(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    _open_a_scroll(stage)
    start = stage.control.clock.now()
    run = stage.run(select=STREAMS)
    assert stage.lost(run, STREAMS) == {}
    assert 60 <= stage.control.clock.now() - start < 120
    assert any("Another integration holds" in line for line in warned(caplog))


def test_a_scroll_that_another_integration_never_lets_go_ends_the_run_with_its_reason(
    stage: Stage,
) -> None:
    held = Fault(kind="status", status=400, code="scroll_exists", path=PATH, times=None)
    stage.control.faults.add(held)
    start = stage.control.clock.now()
    run = stage.attempt(select=STREAMS)
    assert run.error is not None
    assert "Another integration has held" in str(run.error)
    assert 540 <= stage.control.clock.now() - start <= 660
    assert "replication_key_value" not in str(run.state)
    stage.control.faults.clear()
    assert stage.lost(run + stage.run(run.state, select=STREAMS), STREAMS) == {}


def test_a_scroll_that_never_holds_moves_no_bookmark(stage: Stage) -> None:
    stage.control.faults.add(Fault(kind="status", status=500, path=PATH, after=3, times=None))
    stage.before_request = Patience()
    run = stage.attempt(select=STREAMS)
    assert run.error is not None
    assert "replication_key_value" not in str(run.state)
    assert run.records("companies") == []


def test_a_scroll_that_never_ends_is_an_error(stage: Stage) -> None:
    """Intercom once handed out the same page for ever: 1.7 billion rows (airbyte#55829)."""
    body = b'{"type":"list","data":[{"id":"1","updated_at":1750000000}],"scroll_param":"x"}'
    stage.control.faults.add(Fault(kind="raw_body", body=body, path=PATH, times=None))
    stage.before_request = Patience()
    assert stage.attempt(select=STREAMS).error is not None


def test_a_slow_target_does_not_let_the_scroll_expire(stage: Stage) -> None:
    """The target takes two seconds over each row, so all of them take far more than a minute."""

    class SlowPipe(Pipe):
        def write(self, line: Any) -> int:
            stage.control.clock.advance(2)
            return super().write(line)

    run = stage.attempt(select=STREAMS, pipe=SlowPipe())
    assert run.error is None
    assert stage.lost(run, STREAMS) == {}
    assert len(stage.requests(PATH)) == PAGES + 1


def test_a_killed_run_that_left_its_scroll_open_does_not_block_the_next(stage: Stage) -> None:
    run = stage.attempt(select=STREAMS, pipe=Pipe(messages=9))
    _open_a_scroll(stage)
    assert stage.lost(run + stage.run(run.state, select=STREAMS), STREAMS) == {}


def _open_a_scroll(stage: Stage) -> None:
    """Open the workspace's one scroll, as another program does."""
    headers = {"Authorization": "Bearer sandbox-token", "Intercom-Version": "2.16"}
    answer = requests.get(stage.sandbox.url + PATH, headers=headers, timeout=10)
    assert answer.status_code == 200


def test_a_scroll_that_goes_round_in_a_circle_is_an_error(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A, B, A, B, with the same token all the time."""
    send, number = IntercomClient.send, count()

    def in_a_circle(client: IntercomClient, request: Request) -> Page:
        if request.path != PATH:
            return send(client, request)
        page = next(number)
        assert page < MOST_REQUESTS, "the run would never end"
        company = {"id": str(page % 2), "updated_at": 1}
        return answered(request, {"data": [company], "scroll_param": "x"})

    monkeypatch.setattr(IntercomClient, "send", in_a_circle)
    assert stage.attempt(select=STREAMS).error is not None


def test_a_scroll_that_begins_again_writes_no_company_twice(stage: Stage) -> None:
    stage.control.faults.add(Fault(kind="status", status=500, path=PATH, after=3))
    run = stage.run(select=STREAMS)
    ids = [row["id"] for row in run.records("companies")]
    assert len(ids) == len(set(ids)) == 430


def test_a_refusal_that_is_not_about_another_scroll_is_not_waited_for(stage: Stage) -> None:
    refusal = Fault(kind="status", status=400, code="parameter_invalid", path=PATH, times=None)
    stage.control.faults.add(refusal)
    start = stage.control.clock.now()
    run = stage.attempt(select=STREAMS)
    assert "parameter_invalid" in str(run.error)
    assert stage.control.clock.now() == start


def test_a_long_scroll_says_how_far_it_is(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    clock = iter(range(0, 1000, 4))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Gathering.__init__, "__defaults__", (lambda: next(clock),))
        stage.run(select=["companies"])
    lines = [line for line in told(caplog) if line.startswith("companies: ") and "read;" in line]
    assert lines[0] == "companies: 300 records read; they are written once all are"
