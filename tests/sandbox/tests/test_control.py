"""The control route, and the sandbox as a program."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import requests

from tests.sandbox import ControlError, Sandbox, SandboxOptions
from tests.sandbox.__main__ import parsed_options
from tests.sandbox.tests.client import NOON, TIMEOUT_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.sandbox.tests.client import Start


def call(url: str, method: str, **arguments: Any) -> requests.Response:
    return requests.post(f"{url}/_sandbox/{method}", json=arguments, timeout=TIMEOUT_SECONDS)


def test_control_route_calls_a_method(start: Start) -> None:
    client = start()

    response = call(client.url, "clock/advance", seconds=60)

    assert response.json() == client.control.clock.now() == NOON + 60


@pytest.mark.parametrize(
    "method",
    [
        "clock/nonsense",
        "nonsense/now",
        "clock/_offset_seconds",
        "workspace/_record",
        "options/clock",
    ],
)
def test_other_names_are_refused(start: Start, method: str) -> None:
    response = call(start().url, method)

    assert response.status_code == 422
    assert response.json()["error"].startswith("there is no method")


@pytest.mark.parametrize("arguments", [{}, {"seconds": 1, "hours": 1}, {"seconds": "x"}])
def test_wrong_arguments_are_refused(start: Start, arguments: dict[str, Any]) -> None:
    assert call(start().url, "clock/advance", **arguments).status_code == 422


def test_wrong_fault_is_refused(start: Start) -> None:
    response = call(start().url, "faults/add", kind="nonsense")

    assert response.status_code == 422
    assert "nonsense" in response.json()["error"]


def test_control_needs_no_token(start: Start) -> None:
    client = start(rate_limit=0)

    assert call(client.url, "clock/now").status_code == 200
    assert client.control.requests() == []


def test_unknown_record_is_named(start: Start) -> None:
    with pytest.raises(ControlError, match="no contacts with id x"):
        start().control.change("contacts", "x", {})


def test_unknown_kind_is_refused(start: Start) -> None:
    with pytest.raises(ControlError, match="nonsense"):
        start().control.records("nonsense")


def test_unknown_children_are_refused(start: Start) -> None:
    with pytest.raises(ControlError, match="no children called notes"):
        start().control.give_children("notes", "1", [])


def test_fixed_options_cannot_change(start: Start) -> None:
    with pytest.raises(ControlError, match="cannot be changed: seed"):
        start().control.set_options(seed=2)


def test_taken_port_is_reported(start: Start) -> None:
    port = int(start().url.rpartition(":")[2])

    with pytest.raises(RuntimeError, match="could not start"):
        Sandbox(SandboxOptions(port=port, contacts=1)).start()


def test_every_option_has_an_argument() -> None:
    options = parsed_options(
        [
            *("--contacts", "7", "--latency", "0.5", "--clock-start", "1750000000", "--frozen"),
            *("--no-event-ids", "--export-outcome", "failed", "--timezone", "UTC"),
            *("--index-delay", "contacts=300", "--index-delay", "tickets=60"),
            *("--refused", "/tickets=forbidden", "--list-sizes", "articles=200"),
        ]
    )

    assert options == SandboxOptions(
        contacts=7,
        latency=0.5,
        clock_start=1_750_000_000,
        frozen=True,
        event_ids=False,
        export_outcome="failed",
        timezone="UTC",
        index_delay={"contacts": 300, "tickets": 60},
        refused={"/tickets": "forbidden"},
        list_sizes={"articles": 200},
    )


def test_options_have_their_defaults() -> None:
    assert parsed_options([]) == SandboxOptions()


def test_help_describes_every_option(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parsed_options(["--help"])

    shown = capsys.readouterr().out
    for name in vars(SandboxOptions()):
        assert f"--{name.replace('_', '-')}" in shown


@contextlib.contextmanager
def program(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """Run the sandbox from the shell; yields its process and what it wrote at the start."""
    command = [sys.executable, "-m", "tests.sandbox", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(8)]
        try:
            yield process, lines
        finally:
            process.kill()


def test_program_shows_url_and_token() -> None:
    with program("--contacts", "5", "--token", "secret") as (_, lines):
        url = lines[0].split()[-1]
        headers = {"Authorization": "Bearer secret", "Intercom-Version": "2.16"}
        response = requests.get(f"{url}/contacts", headers=headers, timeout=TIMEOUT_SECONDS)

    assert lines[0] == f"Sandbox listening on {url}\n"
    assert lines[1] == "Access token: secret\n"
    assert any(f"'{url}/contacts?per_page=5'" in line for line in lines)
    assert response.json()["total_count"] == 5


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_program_ends_on_a_signal(number: int) -> None:
    with program("--contacts", "5") as (process, _):
        process.send_signal(number)
        status = process.wait(timeout=TIMEOUT_SECONDS)

    assert status == 0
