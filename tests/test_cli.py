"""The command line, as Meltano and people use it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.sandbox.faults import Fault
from tests.singer import Output
from tests.truth import KEYS, ROWS, missing_or_stale

if TYPE_CHECKING:
    from tests.sandbox.server import Sandbox

TAP = Path(sys.executable).parent / "tap-intercom"
TIMEOUT_SECONDS = 60


def run(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [TAP, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT_SECONDS,
        env={"TAP_INTERCOM_LOGLEVEL": "DEBUG", **environment},
    )


@pytest.fixture
def config_file(config: dict[str, Any], tmp_path: Path) -> Path:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(config))
    return path


def test_version_and_about_need_no_settings() -> None:
    assert run("--version").stdout.startswith("tap-intercom v")
    about = json.loads(run("--about", "--format=json").stdout)
    assert about["name"] == "tap-intercom"
    assert "access_token" in about["settings"]["properties"]
    assert "batch" not in about["capabilities"]


def test_the_package_runs_as_a_module_too() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tap_intercom", "--version"],
        capture_output=True,
        text=True,
        check=True,
        timeout=TIMEOUT_SECONDS,
    )
    assert "tap-intercom v" in done.stdout


def test_discovery_needs_no_settings_and_makes_no_request() -> None:
    done = run("--discover")
    assert done.returncode == 0
    assert {entry["tap_stream_id"] for entry in json.loads(done.stdout)["streams"]} == set(KEYS)


def test_a_test_run_tries_every_stream(config_file: Path, sandbox: Sandbox) -> None:
    done = run("--config", config_file, "--test")
    assert done.returncode == 0, done.stderr
    paths = {request.path for request in sandbox.control.requests()}
    assert {"/me", "/contacts/search", "/companies/scroll", "/tickets/search"} <= paths


def test_a_sync_with_catalog_and_state_goes_on_where_the_last_one_ended(
    config_file: Path, sandbox: Sandbox, tmp_path: Path
) -> None:
    catalog, state = tmp_path / "catalog.json", tmp_path / "state.json"
    catalog.write_text(run("--discover").stdout)
    whole = run("--config", config_file)
    assert whole.returncode == 0, whole.stderr
    first = Output.of(whole.stdout)
    state.write_text(json.dumps(first.state))
    sandbox.control.change("contacts", sandbox.control.records("contacts")[0]["id"], {"name": "A"})
    later = run("--config", config_file, "--catalog", catalog, "--state", state)
    assert later.returncode == 0, later.stderr
    both = first + Output.of(later.stdout)
    for stream in ROWS:
        assert missing_or_stale(both, sandbox.control, stream) == {}, stream


def test_settings_come_from_the_environment_too(sandbox: Sandbox) -> None:
    done = run(
        "--config=ENV",
        "--test",
        TAP_INTERCOM_ACCESS_TOKEN=sandbox.options.token,
        TAP_INTERCOM_API_URL=sandbox.url,
    )
    assert done.returncode == 0, done.stderr


def test_a_wrong_token_ends_at_once_with_what_to_do(sandbox: Sandbox, tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps({"access_token": "wr0ng-t0ken", "api_url": sandbox.url}))
    for arguments in (["--config", path], ["--config", path, "--test"]):
        start = time.monotonic()
        done = run(*arguments)
        assert done.returncode == 1
        assert time.monotonic() - start < 10
        assert "Intercom refused the access token. Copy it again" in done.stderr
        assert "Traceback" not in done.stderr.splitlines()[-1]
        assert "wr0ng-t0ken" not in done.stderr + done.stdout


def test_an_unknown_setting_is_an_error(sandbox: Sandbox, tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps({"access_token": "x", "api_url": sandbox.url, "regoin": "eu"}))
    done = run("--config", path)
    assert done.returncode == 1
    assert "'regoin' was unexpected" in done.stderr
    assert sandbox.control.requests() == []


def test_the_token_is_in_no_log_at_any_level(config_file: Path, sandbox: Sandbox) -> None:
    sandbox.control.faults.add(Fault(kind="status", status=503, path="/contacts/search", times=1))
    done = run("--config", config_file)
    assert done.returncode == 0
    assert "DEBUG" in done.stderr
    assert "503" in done.stderr
    assert sandbox.options.token not in done.stderr
    assert sandbox.options.token not in done.stdout


def test_a_stream_without_permission_fails_the_run_but_not_the_other_streams(
    config_file: Path, sandbox: Sandbox
) -> None:
    sandbox.control.set_options(refused={"/teams": "token_unauthorized"})
    done = run("--config", config_file)
    assert done.returncode == 1
    assert "Stream teams was not loaded: GET /teams was answered with 401" in done.stderr
    assert '"Read admins"' in done.stderr
    output = Output.of(done.stdout)
    for stream in ROWS.keys() - {"teams", "team_admins"}:
        assert missing_or_stale(output, sandbox.control, stream) == {}, stream
    assert run("--config", config_file, "--test").returncode == 1


def test_a_killed_run_is_completed_by_the_next(
    config_file: Path, sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox.control.set_options(latency_by_path={"/conversations/[0-9]+": 0.05})
    process = subprocess.Popen(
        [TAP, "--config", str(config_file)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if '"conversation_parts"' in line and '"RECORD"' in line:
            process.kill()
            break
    process.stdout.close()
    process.wait(TIMEOUT_SECONDS)
    first = Output.of("".join(lines))
    state = tmp_path / "state.json"
    state.write_text(json.dumps(first.state))
    later = run("--config", config_file, "--state", state)
    assert later.returncode == 0
    both = first + Output.of(later.stdout)
    for stream in ROWS:
        assert missing_or_stale(both, sandbox.control, stream) == {}, stream
