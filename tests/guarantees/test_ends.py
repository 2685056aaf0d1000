"""A run ends soon, and not with success, when it is stopped or when its target is."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from tap_intercom.tap import TapIntercom
from tests.command_line import json_file
from tests.exports import CONTENT_JOB, ENGAGEMENT
from tests.guarantees.process import TapProcess, wait_until
from tests.sandbox.faults import Fault
from tests.sandbox.options import SandboxOptions
from tests.singer import select_streams

if TYPE_CHECKING:
    from pathlib import Path

    from tests.sandbox.server import Sandbox

LARGE = SandboxOptions(contacts=900, companies=400, conversations=600, tickets=100)
"""Much more than a pipe and the tap's buffer hold."""

MAX_STOP_SECONDS = 5
MAX_TARGET_GONE_SECONDS = 10

WAITS = {
    "retry": Fault(kind="status", status=503, path="/admins"),
    "rate limit": Fault(
        kind="status",
        status=429,
        code="rate_limit_exceeded",
        path="/admins",
        headers={"Retry-After": "60"},
    ),
    "scroll": Fault(kind="status", status=400, code="scroll_exists", path="/companies/scroll"),
    "response": Fault(kind="hang", seconds=60, path="/contacts/search"),
    "detail": Fault(kind="hang", seconds=60, path="/conversations/[0-9]+"),
}
"""What a run may wait for while it writes nothing."""


def has_requested(sandbox: Sandbox, fault: Fault) -> bool:
    return any(fault.matches(one.method, one.path, 0) for one in sandbox.control.requests())


@pytest.mark.parametrize("options", [LARGE], indirect=True)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_stalled_target_does_not_delay_a_signal(
    config: dict[str, Any], tmp_path: Path, number: signal.Signals
) -> None:
    process = TapProcess(tmp_path, config)
    wait_until(lambda: process.is_stdout_full)

    process.send(number)

    assert process.wait_without_target(MAX_STOP_SECONDS) == 1
    assert "The run was stopped" in process.log[-1]


@pytest.mark.parametrize("options", [LARGE], indirect=True)
def test_slow_target_gets_complete_messages(config: dict[str, Any], tmp_path: Path) -> None:
    process = TapProcess(tmp_path, config)
    wait_until(lambda: process.is_stdout_full)

    process.stop(signal.SIGTERM)

    assert process.output.messages[-1]["type"] == "STATE"


@pytest.mark.parametrize("options", [LARGE], indirect=True)
def test_dead_target_ends_a_writing_run(
    sandbox: Sandbox, config: dict[str, Any], tmp_path: Path
) -> None:
    process = TapProcess(tmp_path, config)
    process.start_target()
    wait_until(lambda: has_requested(sandbox, Fault(kind="status", path="/contacts/search")))

    process.kill_target()

    assert process.wait_without_target(MAX_TARGET_GONE_SECONDS) == 1
    assert "The target (standard output) is gone" in process.log[-1]
    assert "Traceback (most recent call last):" not in process.log


@pytest.mark.parametrize("fault", WAITS.values(), ids=WAITS)
def test_dead_target_ends_a_waiting_run(
    sandbox: Sandbox, config: dict[str, Any], tmp_path: Path, fault: Fault
) -> None:
    sandbox.control.faults.add(replace(fault, times=None))
    process = TapProcess(tmp_path, config)
    process.start_target()
    wait_until(lambda: has_requested(sandbox, fault))

    process.kill_target()

    assert process.wait_without_target(MAX_TARGET_GONE_SECONDS) == 1
    assert "The target (standard output) is gone" in process.log[-1]
    assert "Traceback (most recent call last):" not in process.log


def test_dead_target_ends_a_run_that_waits_for_an_export(
    sandbox: Sandbox, config: dict[str, Any], tmp_path: Path
) -> None:
    sandbox.control.set_options(export_polls=10**6, export_seconds=10**9)
    catalog = select_streams(TapIntercom(config=config).catalog_dict, [ENGAGEMENT])
    options = ["--catalog", str(json_file(tmp_path, "catalog", catalog))]
    process = TapProcess(tmp_path, config, options=options)
    process.start_target()
    wait_until(lambda: has_requested(sandbox, Fault(kind="status", path=CONTENT_JOB)))

    process.kill_target()

    assert process.wait_without_target(MAX_TARGET_GONE_SECONDS) == 1
    assert "The target (standard output) is gone" in process.log[-1]
    assert "Traceback (most recent call last):" not in process.log


@pytest.mark.parametrize("arguments", [["--discover"], []], ids=["discover", "sync"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_signal_ends_discovery(
    sandbox: Sandbox,
    config: dict[str, Any],
    tmp_path: Path,
    number: signal.Signals,
    arguments: list[str],
) -> None:
    fault = Fault(kind="hang", seconds=60, path="/data_attributes", times=None)
    sandbox.control.faults.add(fault)
    process = TapProcess(tmp_path, config, options=arguments)
    wait_until(lambda: has_requested(sandbox, fault))

    process.send(number)

    assert process.wait_without_target(MAX_STOP_SECONDS) == 1
    assert process.output.messages == []
