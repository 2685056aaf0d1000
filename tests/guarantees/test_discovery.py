"""Discovery that can't learn a workspace's types writes no catalog, since catalogs are kept."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from tap_intercom.tap import TapIntercom
from tests.command_line import json_file, run_command
from tests.sandbox.faults import Fault
from tests.sandbox.options import SandboxOptions

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.guarantees.harness import SyncHarness

    Command = Callable[..., tuple[int, str]]

DEFINITIONS = (
    "/data_attributes",
    "/conversations/attributes",
    "/ticket_types",
    "/export/reporting_data/get_datasets",
)
"""The lists that declare what differs between workspaces."""

FAULTS = {
    "503": Fault(kind="status", status=503, times=None),
    "empty": Fault(kind="empty", times=None),
    "reset": Fault(kind="reset", times=None),
    "no such list": Fault(kind="status", status=404, code="not_found", times=None),
}
MODES = {"discover": ["--discover"], "sync": []}


@pytest.fixture
def options() -> SandboxOptions:
    return SandboxOptions(contacts=5, companies=5, conversations=5, tickets=5)


@pytest.fixture
def command(harness: SyncHarness, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Command:
    """Return a function that runs the command, and returns its exit code and what it wrote."""
    config = {**harness.config, "reporting_datasets": ["ticket"]}
    path = json_file(tmp_path, "config", config)

    def run(*arguments: str) -> tuple[int, str]:
        with pytest.raises(SystemExit) as end:
            TapIntercom.cli(["--config", str(path), *arguments])
        return int(end.value.code or 0), capsys.readouterr().out

    return run


def contact_attributes(catalog: dict[str, Any]) -> dict[str, Any]:
    """Return the typed custom attributes of contacts."""
    (entry,) = (one for one in catalog["streams"] if one["tap_stream_id"] == "contacts")
    attributes: dict[str, Any] = entry["schema"]["properties"]["custom_attributes"]
    return attributes.get("properties", {})


@pytest.mark.parametrize("arguments", MODES.values(), ids=MODES)
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
@pytest.mark.parametrize("path", DEFINITIONS)
def test_unknown_types_end_discovery(
    harness: SyncHarness, command: Command, path: str, fault: Fault, arguments: list[str]
) -> None:
    harness.sandbox.faults.add(replace(fault, path=path))

    assert command(*arguments) == (1, "")


@pytest.mark.parametrize("arguments", MODES.values(), ids=MODES)
def test_unknown_types_are_one_error_line(
    harness: SyncHarness,
    command: Command,
    caplog: pytest.LogCaptureFixture,
    arguments: list[str],
) -> None:
    harness.sandbox.faults.add(replace(FAULTS["503"], path="/ticket_types"))

    command(*arguments)

    (error,) = (record for record in caplog.records if record.levelno == logging.ERROR)
    assert "/ticket_types: status 503" in error.getMessage()
    assert error.exc_info is None


@pytest.mark.parametrize("arguments", MODES.values(), ids=MODES)
def test_silent_api_ends_discovery_in_time(
    harness: SyncHarness, tmp_path: Path, arguments: list[str]
) -> None:
    harness.sandbox.faults.add(Fault(kind="hang", seconds=300, times=None))
    config = json_file(tmp_path, "config", {**harness.config, "max_retry_seconds": 1})

    result = run_command("--config", config, *arguments)

    assert result.exit_code == 1
    assert result.stdout == ""
    assert "Traceback" not in result.stderr


def test_refused_token_fails_discovery(harness: SyncHarness, command: Command) -> None:
    harness.sandbox.faults.add(Fault(kind="status", status=401, code="unauthorized", times=None))

    exit_code, written = command("--discover")

    assert exit_code == 1
    assert contact_attributes(json.loads(written)) == {}


def test_missing_permission_leaves_other_types(harness: SyncHarness, command: Command) -> None:
    refused = dict.fromkeys(["/ticket_types", "/export/reporting_data"], "forbidden")
    harness.sandbox.set_options(refused=refused)

    exit_code, written = command("--discover")

    assert exit_code == 0
    assert contact_attributes(json.loads(written)) != {}


def test_catalog_needs_no_discovery(harness: SyncHarness) -> None:
    for path in DEFINITIONS:
        harness.sandbox.faults.add(replace(FAULTS["503"], path=path))

    result = harness.try_sync(select=["contacts", "tags"], reporting_datasets=["ticket"])

    assert result.failures == {}
    assert harness.missing_rows(result, ["contacts", "tags"]) == {}
