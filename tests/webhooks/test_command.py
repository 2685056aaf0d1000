"""The command `tap-intercom-webhooks`, as a program of its own."""

from __future__ import annotations

import json
import re
import signal
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tap_intercom.webhooks.notifications import Notification
from tap_intercom.webhooks.position import Position
from tests.sandbox.webhooks import signature
from tests.webhooks.program import SECRET, TIMEOUT_SECONDS, post, request, run, running, wait_for
from tests.webhooks.receiver import WORKSPACE_ID, notification

if TYPE_CHECKING:
    from tap_intercom.webhooks.store import NotificationStore


def wait_until_written(file: Path, lines: int) -> None:
    for _ in range(TIMEOUT_SECONDS * 20):
        if file.exists() and len(file.read_text().splitlines()) >= lines:
            return
        time.sleep(0.05)
    raise AssertionError(file.read_text() if file.exists() else "no file")


def test_receiver_stores_what_intercom_signed(store: NotificationStore, database: str) -> None:
    body = json.dumps(notification()).encode()
    with running("--port", "0", TAP_INTERCOM_WEBHOOKS_DATABASE=database, **SECRET) as process:
        port = int(wait_for(process, r"running on http://127\.0\.0\.1:(\d+)")[1])
        status = post(port, body)

    assert status == 200
    assert [item.body.encode() for item in store.read(Position())] == [body]


def test_receiver_keeps_to_its_settings(store: NotificationStore, database: str) -> None:
    """The secrets, the workspace and the path that it is started with."""
    mine = notification()
    nobodys = {key: value for key, value in notification(2).items() if key != "app_id"}
    variables = {
        "TAP_INTERCOM_WEBHOOKS_CLIENT_SECRET": "old, new",
        "TAP_INTERCOM_WEBHOOKS_APP_ID": WORKSPACE_ID,
    }
    attempts = [
        ("/hooks", "old", mine, 200),
        ("/hooks", "new", mine, 200),
        ("/hooks", "other", mine, 401),
        ("/intercom", "new", mine, 404),
        ("/hooks", "new", {**mine, "app_id": "another"}, 403),
        ("/hooks", "new", nobodys, 403),
    ]
    options = ("--database", database, "--port", "0", "--path", "/hooks")

    with running(*options, **variables) as process:
        port = int(wait_for(process, r"running on http://127\.0\.0\.1:(\d+)")[1])
        answers = [
            request(port, "POST", path, body, signature(body, secret))
            for path, secret, content, _ in attempts
            for body in [json.dumps(content).encode()]
        ]

    assert answers == [status for *_, status in attempts]
    assert [item.id for item in store.read(Position())] == [mine["id"]]


def test_receiver_ends_on_sigterm(database: str) -> None:
    with running("--database", database, "--port", "0", **SECRET) as process:
        wait_for(process, r"running on http://127\.0\.0\.1:\d+")
        process.send_signal(signal.SIGTERM)

        assert process.wait(TIMEOUT_SECONDS) == 0


def test_receiver_needs_a_secret(database: str) -> None:
    ended = run("--database", database, TAP_INTERCOM_WEBHOOKS_CLIENT_SECRET=" , ")

    assert ended.returncode == 1
    assert "TAP_INTERCOM_WEBHOOKS_CLIENT_SECRET" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_receiver_needs_a_writable_database(tmp_path: Path) -> None:
    ended = run("--database", f"sqlite:///{tmp_path}/missing/file.db", **SECRET)

    assert ended.returncode == 1
    assert re.fullmatch(r"Error: can't write the database sqlite.*\n", ended.stderr)


def test_unknown_option_is_refused(database: str) -> None:
    ended = run("--databse", database, **SECRET)

    assert ended.returncode == 2
    assert "--databse" in ended.stderr


def test_prune_deletes_old_notifications(store: NotificationStore, database: str) -> None:
    store.append([Notification("n1", "ping", "abc123", None, "{}")])

    kept = run("prune", "--older-than", "30d", TAP_INTERCOM_WEBHOOKS_DATABASE=database)

    assert kept.stdout == "Deleted 0 notifications\n"
    assert len(list(store.read(Position()))) == 1


def test_prune_wants_a_time(database: str) -> None:
    ended = run("prune", "--database", database, "--older-than", "30 days")

    assert ended.returncode == 2
    assert "'30 days' is not a time such as 30d" in ended.stderr


def test_watch_runs_the_command(store: NotificationStore, database: str, tmp_path: Path) -> None:
    log = tmp_path / "runs.txt"
    script = f"echo run >> {log}"
    options = ("watch", "--database", database, "--debounce", "0s")
    with running(*options, "--", "sh", "-c", script) as process:
        wait_until_written(log, lines=1)
        store.append([Notification("n1", "ping", "abc123", None, "{}")])
        wait_until_written(log, lines=2)

        process.send_signal(signal.SIGTERM)
        assert process.wait(TIMEOUT_SECONDS) == 0


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_signal_ends_watch_after_the_command(database: str, tmp_path: Path, name: str) -> None:
    started, ended = tmp_path / "started", tmp_path / "ended"
    script = f"echo x > {started}; sleep 1; echo x > {ended}"
    with running("watch", "--database", database, "--", "sh", "-c", script) as process:
        wait_until_written(started, lines=1)
        process.send_signal(signal.Signals[name])

        assert process.wait(TIMEOUT_SECONDS) == 0
    assert ended.exists()


def test_killed_watch_leaves_one_command_at_a_time(database: str, tmp_path: Path) -> None:
    log, end = tmp_path / "log", tmp_path / "end"
    wait = f"for _ in $(seq 300); do [ -e {end} ] && break; sleep 0.1; done"
    script = f"echo start >> {log}; {wait}; echo end >> {log}"
    command = ("watch", "--database", database, "--", "sh", "-c", script)
    with running(*command) as killed:
        wait_until_written(log, lines=1)
        killed.kill()
        with running(*command) as restarted:
            wait_for(restarted, "waiting for another watch")
            assert log.read_text() == "start\n"

            end.touch()
            wait_until_written(log, lines=4)
            restarted.send_signal(signal.SIGTERM)
            assert restarted.wait(TIMEOUT_SECONDS) == 0

    assert log.read_text() == "start\nend\nstart\nend\n"


def test_each_database_has_a_watch_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even if their URLs are the same text: one is relative to the folder."""
    options = ("watch", "--database", "sqlite:///notifications.db", "--", "sh", "-c", "echo > ran")
    with ExitStack() as stack:
        for folder in (tmp_path / "one", tmp_path / "two"):
            folder.mkdir()
            monkeypatch.chdir(folder)
            stack.enter_context(running(*options))
            wait_until_written(folder / "ran", lines=1)


def test_watch_explains_a_missing_command(database: str) -> None:
    ended = run("watch", "--database", database, "--", "no-such-program")

    assert ended.returncode == 1
    assert ended.stderr == "Error: can't run no-such-program: there is no such program\n"


@pytest.mark.parametrize("command", ["prune", "watch"])
def test_missing_arguments_are_named(command: str) -> None:
    ended = run(command)

    assert ended.returncode == 2
    assert "Missing" in ended.stderr


@pytest.mark.parametrize("path", ["intercom", "/intercom?x", "/{a}{a}", "/inter com"])
def test_path_has_to_be_one(database: str, path: str) -> None:
    ended = run("--database", database, "--path", path, **SECRET)

    assert ended.returncode == 2
    assert "--path" in ended.stderr


def test_prune_creates_no_database(database: str) -> None:
    ended = run("prune", "--database", database, "--older-than", "30d")

    assert ended.returncode == 1
    assert "does not exist" in ended.stderr
    assert not Path(database.removeprefix("sqlite:///")).exists()


def test_absurd_duration_is_refused(database: str) -> None:
    ended = run("prune", "--database", database, "--older-than", f"{'9' * 30}d")

    assert ended.returncode == 2
    assert "--older-than" in ended.stderr
