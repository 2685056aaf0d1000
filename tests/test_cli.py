"""The command line, as Meltano and people use it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from tap_intercom.tap import STREAM_NAMES, TapIntercom
from tests.command_line import TAP, TIMEOUT_SECONDS, json_file, run_command
from tests.expected_rows import ROWS, missing_rows
from tests.sandbox.faults import Fault
from tests.sandbox.options import SandboxOptions
from tests.sandbox.server import Sandbox
from tests.singer import Output, select_streams

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tests.command_line import CommandResult
    from tests.sandbox.control import Control

DEFAULT_STREAMS = ROWS.keys() & {
    name
    for name, stream in TapIntercom(
        config={"access_token": "none"}, setup_mapper=False
    ).streams.items()
    if stream.selected_by_default
}
"""Streams that a run without a catalog loads, and whose rows are known from the sandbox."""

SYNC_AND_TEST = pytest.mark.parametrize("mode", [[], ["--test"]], ids=["sync", "test"])
ALL_MODES = pytest.mark.parametrize(
    "mode", [[], ["--test"], ["--discover"]], ids=["sync", "test", "discover"]
)

WRONG_SETTINGS: list[tuple[dict[str, Any], str]] = [
    ({}, "'access_token' is a required property"),
    ({"access_token": "Bearer x"}, "characters that no Intercom token has"),
    ({"access_token": "x", "region": "EU"}, "region: 'EU' is not one of"),
    ({"access_token": "x", "start_date": "last week"}, "write 2024-01-31"),
]


@pytest.fixture
def options() -> SandboxOptions:
    return SandboxOptions(contacts=160, companies=40, conversations=40, tickets=20, export_polls=0)


@pytest.fixture
def config_file(config: dict[str, Any], tmp_path: Path) -> Path:
    return json_file(tmp_path, "config", config)


@pytest.fixture
def environment(sandbox: Sandbox) -> dict[str, str]:
    """Point the tap at the sandbox by environment variables, for `--config=ENV`."""
    return {
        "TAP_INTERCOM_ACCESS_TOKEN": sandbox.options.token,
        "TAP_INTERCOM_API_URL": sandbox.url,
    }


def catalog_file(folder: Path, *streams: str) -> Path:
    """Write a catalog that names streams and says nothing else about them."""
    entries = [{"tap_stream_id": stream} for stream in streams]
    return json_file(folder, "catalog", {"streams": entries})


def all_missing_rows(output: Output, control: Control, streams: Iterable[str]) -> dict[str, Any]:
    """Return, by stream, the rows that a target lacks or holds in an old version."""
    missing = {stream: missing_rows(output, control, stream) for stream in streams}
    return {stream: rows for stream, rows in missing.items() if rows}


def test_version_needs_no_settings() -> None:
    result = run_command("--version")

    assert result.exit_code == 0
    assert result.stdout.startswith("tap-intercom v")


def test_about_needs_no_settings() -> None:
    result = run_command("--about", "--format=json")

    about = json.loads(result.stdout)
    assert result.exit_code == 0
    assert about["name"] == "tap-intercom"
    assert "access_token" in about["settings"]["properties"]


def test_about_offers_no_batches() -> None:
    """The SDK's batch files ignore field selection and stream maps."""
    about = json.loads(run_command("--about", "--format=json").stdout)

    assert "batch" not in about["capabilities"]


def test_run_without_webhooks_imports_no_database() -> None:
    """SQLAlchemy would take a quarter of the time that the tap needs to start."""
    script = "import sys, tap_intercom.tap; print('sqlalchemy' in sys.modules)"

    imported = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)

    assert imported.stdout == b"False\n"


def test_package_runs_as_module() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "tap_intercom", "--version"],
        capture_output=True,
        text=True,
        check=True,
        timeout=TIMEOUT_SECONDS,
    )

    assert "tap-intercom v" in ended.stdout


def test_discovery_needs_no_settings() -> None:
    result = run_command("--discover")

    entries = json.loads(result.stdout)["streams"]
    assert result.exit_code == 0
    of_others = {"roles", "webhook_deletions", "webhook_notifications"}
    assert {entry["tap_stream_id"] for entry in entries} == STREAM_NAMES - of_others


def test_discovery_without_token_makes_no_request(sandbox: Sandbox, tmp_path: Path) -> None:
    config = json_file(tmp_path, "config", {"api_url": sandbox.url})

    result = run_command("--config", config, "--discover")

    assert result.exit_code == 0
    assert sandbox.control.requests() == []


def test_test_run_tries_every_stream(config_file: Path, sandbox: Sandbox) -> None:
    result = run_command("--config", config_file, "--test")

    paths = {request.path for request in sandbox.control.requests()}
    assert result.exit_code == 0, result.stderr
    assert {"/me", "/contacts/search", "/companies/scroll", "/tickets/search"} <= paths


def test_test_run_reports_no_failure(config_file: Path) -> None:
    result = run_command("--config", config_file, "--test")

    assert result.errors == []
    assert "failed" not in result.stderr
    assert result.log_lines("INFO")[-1] == "The test passed: every selected stream can be read"


def trials(result: CommandResult) -> dict[str, list[str]]:
    """Return the cells of the table behind the stream's name, the columns in one text."""
    assert result.stdout == ""
    lines = result.stderr.splitlines()
    (header,) = [line for line in lines if line.startswith("stream  ")]
    starts = [header.index(title) for title in ("reachable", "missing", "columns of one")]
    ends = [*starts[1:], None]
    rows: dict[str, list[str]] = {}
    for line in lines[lines.index(header) + 1 :]:
        if " | " in line:
            break  # the log goes on
        name = line[: starts[0]].strip()
        cells = [line[start:end].strip() for start, end in zip(starts, ends, strict=True)]
        if name:
            rows[name] = cells
        else:
            rows[list(rows)[-1]][-1] += f" {cells[-1]}"
    return rows


def test_test_run_shows_selected_streams(config_file: Path, sandbox: Sandbox) -> None:
    name = sandbox.control.records("tags")[0]["name"]

    result = run_command("--config", config_file, "--test")

    rows = trials(result)
    assert rows.keys() >= DEFAULT_STREAMS
    assert {cells[0] for cells in rows.values()} == {"yes"}
    assert rows["tags"] == ["yes", "", "type, id, name"]
    assert {"id", "body", "conversation_id"} <= set(rows["conversation_parts"][2].split(", "))
    assert name not in result.stderr


def test_test_run_shows_missing_permission(config_file: Path, sandbox: Sandbox) -> None:
    sandbox.control.set_options(refused={"/teams": "token_unauthorized"})
    sandbox.control.faults.add(Fault("status", path="/tags", status=404, times=None))

    result = run_command("--config", config_file, "--test")

    rows = trials(result)
    assert result.exit_code == 1
    assert rows["teams"] == rows["team_admins"] == ["no", "Read admins", "-"]
    assert rows["tags"] == ["no", "", "-"]
    assert rows["contacts"][0] == "yes"
    assert [error.split(":")[0] for error in result.errors] == ["tags", "teams", "team_admins"]


@pytest.mark.parametrize("is_first", [True, False])
def test_test_run_follows_the_catalog(
    config_file: Path, sandbox: Sandbox, tmp_path: Path, *, is_first: bool
) -> None:
    streams = ["calls", "contact_segments"]
    catalog = select_streams(json.loads(run_command("--discover").stdout), streams)
    options = ["--catalog", json_file(tmp_path, "catalog", catalog)]

    arguments = [*options, "--test"] if is_first else ["--test", *options]
    result = run_command("--config", config_file, *arguments)

    paths = [request.path for request in sandbox.control.requests()]
    assert list(trials(result)) == streams
    assert "/tags" not in paths
    assert 0 < len([path for path in paths if path.endswith("/segments")]) <= 10


def test_stream_without_request_is_not_called_reachable(
    config_file: Path, sandbox: Sandbox, tmp_path: Path
) -> None:
    """Contacts say how many notes they have, and the oldest of the sandbox have none."""
    catalog = select_streams(json.loads(run_command("--discover").stdout), ["contact_notes"])

    arguments = ["--catalog", json_file(tmp_path, "catalog", catalog), "--test"]
    result = run_command("--config", config_file, *arguments)

    paths = {request.path for request in sandbox.control.requests()}
    assert trials(result) == {"contact_notes": ["unknown", "", "-"]}
    assert not any(path.endswith("/notes") for path in paths)


def test_stream_without_record_is_not_called_reachable(
    config: dict[str, Any], tmp_path: Path
) -> None:
    with Sandbox(SandboxOptions(contacts=0, companies=0, conversations=0, tickets=0)) as empty:
        settings = {**config, "api_url": empty.url}
        result = run_command("--config", json_file(tmp_path, "config", settings), "--test")

    rows = trials(result)
    assert rows["conversations"] == ["yes", "", "-"]
    assert rows["conversation_parts"] == ["unknown", "", "-"]


def test_second_sync_resumes_from_state(
    config_file: Path, sandbox: Sandbox, tmp_path: Path
) -> None:
    catalog = json_file(tmp_path, "catalog", json.loads(run_command("--discover").stdout))
    first = run_command("--config", config_file)
    state = json_file(tmp_path, "state", first.output.state)
    sandbox.control.change("contacts", sandbox.control.records("contacts")[0]["id"], {"name": "A"})

    later = run_command("--config", config_file, "--catalog", catalog, "--state", state)

    assert (first.exit_code, later.exit_code) == (0, 0), first.stderr + later.stderr
    output = first.output + later.output
    assert all_missing_rows(output, sandbox.control, DEFAULT_STREAMS) == {}


def test_environment_variables_are_settings(environment: dict[str, str]) -> None:
    result = run_command(
        "--config=ENV",
        "--test",
        **environment,
        TAP_INTERCOM_RATE_LIMIT_SHARE="0.5",
        TAP_INTERCOM_PAGE_SIZE="20",
        TAP_INTERCOM__LOAD_SCHEMA="intercom",
    )

    assert result.exit_code == 0, result.stderr
    assert [line for line in result.warnings if "TAP_INTERCOM_" in line] == []


def test_unknown_environment_variable_is_reported(environment: dict[str, str]) -> None:
    result = run_command("--config=ENV", "--test", **environment, TAP_INTERCOM_REGIO="eu")

    (warning,) = [line for line in result.warnings if "TAP_INTERCOM_" in line]
    assert result.exit_code == 0
    assert "TAP_INTERCOM_REGIO (did you mean TAP_INTERCOM_REGION?)" in warning


@ALL_MODES
def test_unreadable_environment_variables_are_named(mode: list[str]) -> None:
    result = run_command(
        "--config=ENV",
        *mode,
        TAP_INTERCOM_ACCESS_TOKEN="x",
        TAP_INTERCOM_PAGE_SIZE="many",
        TAP_INTERCOM_STREAM_MAPS="none",
    )

    errors = " ".join(result.errors)
    assert result.exit_code == 1
    assert "TAP_INTERCOM_PAGE_SIZE has to be a whole number" in errors
    assert "TAP_INTERCOM_STREAM_MAPS has to be a JSON object" in errors
    assert "Traceback" not in result.stderr


@SYNC_AND_TEST
def test_wrong_token_ends_run_at_once(mode: list[str], sandbox: Sandbox, tmp_path: Path) -> None:
    settings = {"access_token": "wr0ng-t0ken", "api_url": sandbox.url}

    result = run_command("--config", json_file(tmp_path, "config", settings), *mode)

    (error,) = result.errors
    assert result.exit_code == 1
    assert len(sandbox.control.requests()) < 5
    assert error.startswith("Intercom refused the access token")
    assert "Traceback" not in result.stderr
    assert "wr0ng-t0ken" not in result.stderr + result.stdout


@SYNC_AND_TEST
@pytest.mark.parametrize(("settings", "fragment"), WRONG_SETTINGS)
def test_wrong_setting_ends_run(
    mode: list[str], settings: dict[str, Any], fragment: str, tmp_path: Path
) -> None:
    result = run_command("--config", json_file(tmp_path, "config", settings), *mode)

    error, last = result.errors
    assert result.exit_code == 1
    assert fragment in error
    assert last == "Config validation failed"
    assert "Traceback" not in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize(("settings", "fragment"), WRONG_SETTINGS)
def test_discovery_continues_with_wrong_setting(
    settings: dict[str, Any], fragment: str, tmp_path: Path
) -> None:
    result = run_command("--config", json_file(tmp_path, "config", settings), "--discover")

    (warning,) = result.warnings
    assert result.exit_code == 0
    assert warning.startswith("Discovery continues")
    assert fragment in warning
    assert json.loads(result.stdout)["streams"]


@ALL_MODES
@pytest.mark.parametrize(
    ("text", "fragment"),
    [
        ('{"access_token": "s3cret" "region": "eu"}', "is not JSON: line 1 column 27, "),
        ("", "is empty. "),
        ('["s3cret"]', "does not contain a JSON object. "),
    ],
)
def test_unusable_config_file_gets_one_line(
    mode: list[str], text: str, fragment: str, tmp_path: Path
) -> None:
    path = tmp_path / "config.json"
    path.write_text(text)

    result = run_command("--config", path, *mode)

    (line,) = result.stderr.splitlines()
    assert result.exit_code == 1
    assert line.startswith(f"Error: {path} {fragment}")
    assert "s3cret" not in line


def test_missing_config_file_gets_one_line(tmp_path: Path) -> None:
    result = run_command("--config", tmp_path / "none.json")

    (line,) = result.stderr.splitlines()
    assert result.exit_code == 1
    assert line.endswith(f"{tmp_path / 'none.json'} can't be read: No such file or directory")


def test_config_may_come_from_pipe(config: dict[str, Any]) -> None:
    result = run_command("--config", "/dev/stdin", "--discover", stdin=json.dumps(config))

    assert result.exit_code == 0
    assert result.warnings == []


@pytest.mark.parametrize(
    ("text", "fragment"),
    [
        ('{"streams": [', "is not JSON: line 1 column 14, "),
        ("", "is empty. "),
        ("[]", "does not contain a JSON object. "),
        ('{"streams": [{"stream": "contacts"}]}', "is not a Singer catalog. "),
    ],
)
def test_unusable_catalog_gets_one_line(text: str, fragment: str, tmp_path: Path) -> None:
    config = json_file(tmp_path, "config", {"access_token": "none"})
    path = tmp_path / "catalog.json"
    path.write_text(text)

    result = run_command("--config", config, "--catalog", path)

    (line,) = result.stderr.splitlines()
    assert result.exit_code == 1
    assert line.startswith(f"Error: {path} {fragment}")
    assert "--discover" in line


@pytest.mark.parametrize(
    ("text", "fragment"),
    [
        ('{"bookmarks": ', "is not JSON: line 1 column 15, "),
        ('{"bookmarks": {}}\n{"bookmarks": {}}', "is not JSON: line 2 column 1, "),
        ("", "is empty. "),
        ("[]", "does not contain a JSON object. "),
        ("\udcff", "is not UTF-8 text. "),
    ],
)
def test_unusable_state_gets_one_line(text: str, fragment: str, tmp_path: Path) -> None:
    config = json_file(tmp_path, "config", {"access_token": "none"})
    path = tmp_path / "state.json"
    path.write_bytes(text.encode(errors="surrogateescape"))

    result = run_command("--config", config, "--state", path)

    (line,) = result.stderr.splitlines()
    assert result.exit_code == 1
    assert line.startswith(f"Error: {path} {fragment}")
    assert "leave --state out" in line


def test_misspelt_stream_in_catalog_is_reported(config_file: Path, tmp_path: Path) -> None:
    catalog = catalog_file(tmp_path, "workspace", "contcats")

    result = run_command("--config", config_file, "--catalog", catalog)

    (warning,) = result.warnings
    assert result.exit_code == 0
    assert "contcats (did you mean contacts?)" in warning
    assert result.output.streams() == {"workspace"}


def test_stream_of_later_version_is_reported(config: dict[str, Any], tmp_path: Path) -> None:
    settings = json_file(tmp_path, "config", {**config, "api_version": "2.15"})
    catalog = catalog_file(tmp_path, "workspace", "deleted_conversations")

    result = run_command("--config", settings, "--catalog", catalog)

    (warning,) = result.warnings
    assert result.exit_code == 0
    assert "api_version" in warning
    assert "deleted_conversations" in warning


def test_empty_selection_is_reported(config_file: Path, tmp_path: Path) -> None:
    result = run_command("--config", config_file, "--catalog", catalog_file(tmp_path))

    (warning,) = result.warnings
    assert result.exit_code == 0
    assert "selects no stream" in warning


def test_future_start_date_is_reported(config: dict[str, Any], tmp_path: Path) -> None:
    settings = {**config, "start_date": "2999-01-01"}

    result = run_command("--config", json_file(tmp_path, "config", settings), "--test")

    assert result.exit_code == 0
    assert "start_date 2999-01-01" in result.warnings[0]


@SYNC_AND_TEST
def test_refused_api_version_is_named(
    mode: list[str], config: dict[str, Any], sandbox: Sandbox, tmp_path: Path
) -> None:
    refusal = Fault(
        "status",
        times=None,
        status=400,
        code="intercom_version_invalid",
        message="Intercom version '2.7' is not valid.",
    )
    sandbox.control.faults.add(refusal)
    settings = {**config, "api_version": "2.7"}

    result = run_command("--config", json_file(tmp_path, "config", settings), *mode)

    (error,) = result.errors
    assert result.exit_code == 1
    assert error.endswith("Set api_version to 2.17")


def test_api_version_without_endpoint_is_named(config: dict[str, Any], tmp_path: Path) -> None:
    custom = {"name": "found", "path": "/companies/search", "primary_keys": ["id"]}
    streams = [{**custom, "method": "POST", "body": {"query": {}}}]
    settings = {**config, "api_version": "2.16", "custom_streams": streams}

    result = run_command(
        "--config",
        json_file(tmp_path, "config", settings),
        "--catalog",
        catalog_file(tmp_path, "found"),
    )

    (error,) = result.errors
    assert result.exit_code == 1
    assert "Set api_version to 2.18, the newest that this tap knows, or to Preview" in error


def test_unreachable_host_is_named(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(time, "sleep", lambda _: None)
    monkeypatch.setenv("TAP_INTERCOM_ACCESS_TOKEN", "t0ken")
    monkeypatch.setenv("TAP_INTERCOM_API_URL", "http://127.0.0.1:1")

    with pytest.raises(SystemExit) as end:
        TapIntercom.cli(["--config=ENV"])

    last = caplog.messages[-1]
    assert end.value.code == 1
    assert "no connection to http://127.0.0.1:1 (NewConnectionError: Connection refused)" in last
    assert "Check the settings region and api_url" in last
    assert "t0ken" not in caplog.text


def test_last_line_has_totals(config_file: Path, sandbox: Sandbox) -> None:
    result = run_command("--config", config_file)

    records = sum(message["type"] == "RECORD" for message in result.output.messages)
    requests = len(sandbox.control.requests())
    assert re.fullmatch(
        rf"Run: \d+ streams, {records} records in [\d.]+ s, {requests} requests, 0 retries, "
        "0 skipped",
        result.log_lines("INFO")[-1],
    )


def test_token_is_in_no_log(config_file: Path, sandbox: Sandbox) -> None:
    sandbox.control.faults.add(Fault(kind="status", status=503, path="/contacts/search", times=1))

    result = run_command("--config", config_file)

    assert result.exit_code == 0
    assert "DEBUG" in result.stderr
    assert "503" in result.stderr
    assert sandbox.options.token not in result.stderr + result.stdout


def test_denied_stream_is_reported_with_permission(config_file: Path, sandbox: Sandbox) -> None:
    sandbox.control.set_options(refused={"/teams": "token_unauthorized"})

    result = run_command("--config", config_file)

    (error, *_) = [line for line in result.errors if line.startswith("teams: ")]
    assert result.exit_code == 1
    assert '"Read admins"' in error


def test_denied_stream_leaves_others_complete(config_file: Path, sandbox: Sandbox) -> None:
    sandbox.control.set_options(refused={"/teams": "token_unauthorized"})

    result = run_command("--config", config_file)

    others = DEFAULT_STREAMS - {"teams", "team_admins"}
    assert all_missing_rows(result.output, sandbox.control, others) == {}


def test_denied_stream_fails_test_run(config_file: Path, sandbox: Sandbox) -> None:
    sandbox.control.set_options(refused={"/teams": "token_unauthorized"})

    result = run_command("--config", config_file, "--test")

    assert result.exit_code == 1


def test_killed_run_is_completed_by_next(
    config_file: Path, sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox.control.set_options(latency_by_path={"/conversations/[0-9]+": 0.05})
    first = Output.parse("".join(lines_until_killed(config_file, '"conversation_parts"')))
    state = json_file(tmp_path, "state", first.state)

    later = run_command("--config", config_file, "--state", state)

    assert later.exit_code == 0
    output = first + later.output
    assert all_missing_rows(output, sandbox.control, DEFAULT_STREAMS) == {}


def lines_until_killed(config_file: Path, fragment: str) -> list[str]:
    """Sync, kill the tap once it has written a row with some text, and return the lines so far."""
    process = subprocess.Popen(
        [TAP, "--config", config_file], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if fragment in line and '"RECORD"' in line:
            process.kill()
            break
    process.stdout.close()
    process.wait(TIMEOUT_SECONDS)
    return lines
