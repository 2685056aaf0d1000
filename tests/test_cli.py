"""The command line, as Meltano and people use it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tap_intercom.tap import TapIntercom
from tests.expected_rows import KEYS, ROWS, missing_rows
from tests.sandbox.faults import Fault
from tests.singer import Output

if TYPE_CHECKING:
    from tests.sandbox.server import Sandbox

TAP = Path(sys.executable).parent / "tap-intercom"
TIMEOUT_SECONDS = 60
LOADED = ROWS.keys() & {
    name
    for name, stream in TapIntercom(
        config={"access_token": "none"}, setup_mapper=False
    ).streams.items()
    if stream.selected_by_default
}
"""Streams that a run without a catalog loads, and whose rows are known from the sandbox."""


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
    return written(tmp_path, "config.json", json.dumps(config))


@pytest.fixture
def environment(sandbox: Sandbox) -> dict[str, str]:
    """Point the tap at the sandbox by environment variables, for `--config=ENV`."""
    return {
        "TAP_INTERCOM_ACCESS_TOKEN": sandbox.options.token,
        "TAP_INTERCOM_API_URL": sandbox.url,
    }


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


def info_lines(done: subprocess.CompletedProcess[str], level: str) -> list[str]:
    """Return the log's lines of a level, without their heads."""
    lines = [line.split(" | ", 3) for line in done.stderr.splitlines()]
    return [line[3] for line in lines if len(line) == 4 and line[1].strip() == level]


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


def test_discovery_needs_no_settings() -> None:
    done = run("--discover")
    assert done.returncode == 0
    assert {entry["tap_stream_id"] for entry in json.loads(done.stdout)["streams"]} == set(KEYS)


def test_discovery_without_a_token_makes_no_request(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.control.clear_requests()
    config = written(tmp_path, "config.json", json.dumps({"api_url": sandbox.url}))
    done = run("--config", config, "--discover")
    assert done.returncode == 0
    assert sandbox.control.requests() == []


def test_a_test_run_tries_every_stream(config_file: Path, sandbox: Sandbox) -> None:
    done = run("--config", config_file, "--test")
    assert done.returncode == 0, done.stderr
    assert info_lines(done, "ERROR") == []
    assert "failed" not in done.stderr
    assert info_lines(done, "INFO")[-1] == "The test passed: every stream can be read"
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
    for stream in LOADED:
        assert missing_rows(both, sandbox.control, stream) == {}, stream


def test_settings_come_from_the_environment_too(environment: dict[str, str]) -> None:
    done = run(
        "--config=ENV",
        "--test",
        **environment,
        TAP_INTERCOM_RATE_LIMIT_SHARE="0.5",
        TAP_INTERCOM_PAGE_SIZE="20",
        TAP_INTERCOM__LOAD_SCHEMA="intercom",
    )
    assert done.returncode == 0, done.stderr
    assert info_lines(done, "WARNING") == []


def test_an_unknown_environment_variable_is_warned_of(environment: dict[str, str]) -> None:
    done = run("--config=ENV", "--test", **environment, TAP_INTERCOM_REGIO="eu")
    assert done.returncode == 0
    (warning,) = info_lines(done, "WARNING")
    assert warning.startswith("No setting belongs to the environment variable TAP_INTERCOM_REGIO ")
    assert warning.endswith("(did you mean TAP_INTERCOM_REGION?)")


@pytest.mark.parametrize("mode", [(), ("--test",), ("--discover",)])
def test_an_environment_variable_of_the_wrong_type_is_named(mode: tuple[str, ...]) -> None:
    done = run(
        "--config=ENV",
        *mode,
        TAP_INTERCOM_ACCESS_TOKEN="x",
        TAP_INTERCOM_PAGE_SIZE="many",
        TAP_INTERCOM_STREAM_MAPS="none",
    )
    assert done.returncode == 1
    errors = " ".join(info_lines(done, "ERROR"))
    assert "TAP_INTERCOM_PAGE_SIZE has to be a whole number" in errors
    assert "TAP_INTERCOM_STREAM_MAPS has to be a JSON object" in errors
    assert "Traceback" not in done.stderr


def test_a_wrong_token_ends_at_once_with_what_to_do(sandbox: Sandbox, tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps({"access_token": "wr0ng-t0ken", "api_url": sandbox.url}))
    for arguments in (["--config", path], ["--config", path, "--test"]):
        start = time.monotonic()
        done = run(*arguments)
        assert done.returncode == 1
        assert time.monotonic() - start < 10
        assert "Intercom refused the access token. Copy it again" in done.stderr
        assert "Traceback" not in done.stderr
        assert len(info_lines(done, "ERROR")) == 1
        assert "wr0ng-t0ken" not in done.stderr + done.stdout


WRONG_SETTINGS: list[tuple[dict[str, Any], str]] = [
    ({}, "'access_token' is a required property"),
    ({"access_token": ""}, "access_token is empty"),
    ({"access_token": "Bearer x"}, "characters that no Intercom token has"),
    ({"access_token": "x", "region": "EU"}, "'EU' is not one of ['us', 'eu', 'au']"),
    ({"access_token": "x", "regoin": "eu"}, "'regoin' was unexpected"),
    ({"access_token": "x", "start_date": "last week"}, "write 2024-01-31"),
    ({"access_token": "x", "api_url": "http://api.intercom.io"}, "has to start with https://"),
]


@pytest.mark.parametrize(("settings", "reason"), WRONG_SETTINGS)
def test_a_wrong_setting_is_told_alike_by_sync_and_test(
    settings: dict[str, Any], reason: str, tmp_path: Path
) -> None:
    path = written(tmp_path, "config.json", json.dumps(settings))
    for mode in ((), ("--test",)):
        done = run("--config", path, *mode)
        assert done.returncode == 1
        found, end = info_lines(done, "ERROR")
        assert reason in found
        assert end == "Config validation failed"
        assert "Traceback" not in done.stderr
        assert done.stdout == ""


@pytest.mark.parametrize(("settings", "reason"), WRONG_SETTINGS)
def test_discovery_warns_of_a_wrong_setting_and_goes_on(
    settings: dict[str, Any], reason: str, tmp_path: Path
) -> None:
    done = run("--config", written(tmp_path, "config.json", json.dumps(settings)), "--discover")
    assert done.returncode == 0
    (warning,) = info_lines(done, "WARNING")
    assert warning.startswith("Discovery goes on, but a sync would be refused: ")
    assert reason in warning
    assert json.loads(done.stdout)["streams"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"access_token": "s3cret" "region": "eu"}', "is no JSON: line 1 column 27, "),
        ("", "is empty. "),
        ('["s3cret"]', "holds no JSON object. "),
    ],
)
def test_a_config_file_that_cannot_be_used_is_told_in_one_line(
    text: str, problem: str, tmp_path: Path
) -> None:
    path = written(tmp_path, "config.json", text)
    for mode in ((), ("--test",), ("--discover",)):
        done = run("--config", path, *mode)
        assert done.returncode == 1
        (line,) = done.stderr.splitlines()
        assert line.startswith(f"Error: {path} {problem}")
        assert "s3cret" not in line


def test_a_config_file_that_does_not_exist_is_told_in_one_line(tmp_path: Path) -> None:
    done = run("--config", tmp_path / "none.json")
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        f"Error: The config file {tmp_path / 'none.json'} can't be read: No such file or directory"
    ]


def test_a_config_may_come_from_a_pipe(config: dict[str, Any]) -> None:
    done = subprocess.run(
        [TAP, "--config", "/dev/stdin", "--discover"],
        input=json.dumps(config),
        capture_output=True,
        text=True,
        check=True,
        timeout=TIMEOUT_SECONDS,
    )
    assert info_lines(done, "WARNING") == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"streams": [', "is no JSON: line 1 column 14, "),
        ("", "is empty. "),
        ("[]", "holds no JSON object. "),
        ('{"streams": [{"stream": "contacts"}]}', "is no Singer catalog. "),
    ],
)
def test_a_catalog_that_cannot_be_used_is_told_in_one_line(
    config_file: Path, text: str, problem: str, tmp_path: Path
) -> None:
    path = written(tmp_path, "catalog.json", text)
    done = run("--config", config_file, "--catalog", path)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"Error: {path} {problem}")
    assert "Write it anew with --discover" in line


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"bookmarks": ', "is no JSON: line 1 column 15, "),
        ('{"bookmarks": {}}\n{"bookmarks": {}}', "is no JSON: line 2 column 1, "),
        ("", "is empty. "),
        ("[]", "holds no JSON object. "),
        ("\udcff", "is no UTF-8 text. "),
    ],
)
def test_a_state_that_cannot_be_used_is_told_in_one_line(
    config_file: Path, text: str, problem: str, tmp_path: Path
) -> None:
    path = tmp_path / "state.json"
    path.write_bytes(text.encode(errors="surrogateescape"))
    done = run("--config", config_file, "--state", path)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"Error: {path} {problem}")
    assert "leave --state out to load everything anew" in line


def selecting(*streams: str) -> str:
    """Return a catalog that names streams and says nothing else about them."""
    return json.dumps({"streams": [{"tap_stream_id": stream} for stream in streams]})


def test_a_misspelt_stream_of_a_catalog_is_warned_of(config_file: Path, tmp_path: Path) -> None:
    path = written(tmp_path, "catalog.json", selecting("workspace", "contcats"))
    done = run("--config", config_file, "--catalog", path)
    assert done.returncode == 0
    assert info_lines(done, "WARNING") == [
        "The catalog selects streams that don't exist: contcats (did you mean contacts?)"
    ]
    assert Output.of(done.stdout).streams() == {"workspace"}


def test_a_stream_that_the_api_version_lacks_is_warned_of(
    config: dict[str, Any], tmp_path: Path
) -> None:
    settings = json.dumps({**config, "api_version": "2.15"})
    catalog = written(tmp_path, "catalog.json", selecting("workspace", "deleted_conversations"))
    done = run("--config", written(tmp_path, "config.json", settings), "--catalog", catalog)
    assert done.returncode == 0
    assert info_lines(done, "WARNING") == [
        "This api_version lacks streams that the catalog selects: deleted_conversations"
    ]


def test_a_catalog_that_selects_nothing_is_warned_of(config_file: Path, tmp_path: Path) -> None:
    path = written(tmp_path, "catalog.json", selecting())
    done = run("--config", config_file, "--catalog", path)
    assert info_lines(done, "WARNING") == [
        "The catalog selects no stream, so nothing will be loaded"
    ]


def test_a_start_date_in_the_future_is_warned_of(config: dict[str, Any], tmp_path: Path) -> None:
    path = written(tmp_path, "config.json", json.dumps({**config, "start_date": "2999-01-01"}))
    done = run("--config", path, "--test")
    assert done.returncode == 0
    assert "start_date 2999-01-01 lies in the future" in info_lines(done, "WARNING")[0]


def test_an_api_version_that_intercom_refuses_is_named(
    config: dict[str, Any], tmp_path: Path
) -> None:
    path = written(tmp_path, "config.json", json.dumps({**config, "api_version": "9.99"}))
    for mode in ((), ("--test",)):
        done = run("--config", path, *mode)
        assert done.returncode == 1
        (error,) = info_lines(done, "ERROR")
        assert error.endswith("Set api_version to one of Intercom's versions, or leave it out")


def test_a_host_that_does_not_answer_is_named_with_the_cause(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(time, "sleep", lambda _: None)
    monkeypatch.setenv("TAP_INTERCOM_ACCESS_TOKEN", "t0ken")
    monkeypatch.setenv("TAP_INTERCOM_API_URL", "http://127.0.0.1:1")
    with pytest.raises(SystemExit) as end:
        TapIntercom.cli(["--config=ENV"])
    assert end.value.code == 1
    assert caplog.messages[-1].endswith(
        "got no whole answer from http://127.0.0.1:1 (NewConnectionError). "
        "Check the settings region and api_url, and the network"
    )
    assert "t0ken" not in caplog.text


def test_a_run_ends_with_one_line_about_all_of_it(config_file: Path, sandbox: Sandbox) -> None:
    done = run("--config", config_file)
    records = sum(message["type"] == "RECORD" for message in Output.of(done.stdout).messages)
    requests = len(sandbox.control.requests())
    line = info_lines(done, "INFO")[-1]
    assert re.fullmatch(
        rf"The run: \d+ streams, {records} records in [\d.]+ s, {requests} requests, "
        "0 retries, 0 skipped",
        line,
    )


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
    for stream in LOADED - {"teams", "team_admins"}:
        assert missing_rows(output, sandbox.control, stream) == {}, stream
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
    for stream in LOADED:
        assert missing_rows(both, sandbox.control, stream) == {}, stream
