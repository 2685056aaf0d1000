"""What the next `meltano run` repeats after one that was stopped."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import yaml

import dev
from demo.meltano import NO_PROXY, PIPELINE, clean_environment
from demo.postgres import Postgres, running_postgres
from demo.processes import running
from tap_intercom.timestamps import format_timestamp
from tests.expected_rows import expected_rows
from tests.guarantees.process import wait_until
from tests.sandbox import Sandbox, SandboxOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from tests.sandbox.records import Body

    Send = Callable[[int, signal.Signals], None]

pytestmark = pytest.mark.end_to_end

STREAMS = ("conversations", "conversation_parts")
SLOW = SandboxOptions(contacts=1, companies=0, conversations=600, tickets=0, rate_limit=120)
"""A first load lasts about a minute, so that it is stopped in its middle."""

TARGET = """\
from target_postgres.target import TargetPostgres

TargetPostgres._MAX_RECORD_AGE_IN_MINUTES = 1 / 60
TargetPostgres.cli()
"""
"""target-postgres, except that its five minutes between two STATE messages are a second."""

TIMEOUT_SECONDS = 300


class Project:
    """The Meltano project of this clone elsewhere, with two streams and the target above."""

    def __init__(self, folder: Path, sandbox: Sandbox, postgres: Postgres) -> None:
        self.sandbox = sandbox
        self.postgres = postgres
        self._folder = folder
        self._command = [dev.meltano(), "run", *PIPELINE]
        (folder / "target.py").write_text(TARGET)
        target = [dev.target_postgres().with_name("python"), folder / "target.py"]
        project = yaml.safe_load((dev.ROOT / "meltano.yml").read_text())
        extractor, loader = (project["plugins"][kind][0] for kind in ("extractors", "loaders"))
        extractor |= {"select": [f"{stream}.*" for stream in STREAMS]}
        self._set_program(extractor, [sys.executable, "-m", "tap_intercom"])
        self._set_program(loader, target)
        project["plugins"] = {"extractors": [extractor], "loaders": [loader]}
        (folder / "meltano.yml").write_text(yaml.safe_dump(project))
        settings = {
            "TAP_INTERCOM_ACCESS_TOKEN": sandbox.options.token,
            "TAP_INTERCOM_API_URL": sandbox.url,
            "TAP_INTERCOM_LOOKBACK_SECONDS": "0",
            "TARGET_POSTGRES_SQLALCHEMY_URL": postgres.sqlalchemy_url,
        }
        self._environment = clean_environment(folder, settings) | NO_PROXY

    def run_and_stop(self, send: Send, number: signal.Signals) -> None:
        """Run until Meltano has stored that some conversations were loaded, and send a signal."""
        oldest = min(map(updated_at, self.sandbox.control.records("conversations")))
        with (
            (self._folder / "log").open("w+") as log,
            running(
                self._command, output=log, environment=self._environment, cwd=self._folder
            ) as meltano,
        ):
            wait_until(
                lambda: self.bookmark > oldest or meltano.poll() is not None, TIMEOUT_SECONDS
            )
            assert meltano.poll() is None, (self._folder / "log").read_text()
            send(meltano.pid, number)
            meltano.wait(TIMEOUT_SECONDS)
        self.sandbox.control.clear_requests()
        self.sandbox.control.set_options(rate_limit=1_000_000)

    def run(self, *options: str) -> subprocess.CompletedProcess[str]:
        """Run the pipeline to its end."""
        return subprocess.run(
            [*self._command, *options],
            cwd=self._folder,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=TIMEOUT_SECONDS,
        )

    @property
    def bookmark(self) -> str:
        """The bookmark of conversations that Meltano has stored; empty if there is none."""
        with contextlib.closing(sqlite3.connect(self._folder / "meltano.db")) as database:
            try:
                stored = database.execute("SELECT completed_state FROM state").fetchone()
            except sqlite3.OperationalError:  # Meltano has not made its tables yet
                return ""
        state = json.loads(stored[0])["singer_state"] if stored else {}
        bookmark = state.get("bookmarks", {}).get("conversations", {})
        return bookmark.get("replication_key_value", "")

    def details(self) -> set[str]:
        """Return the ids of the conversations that were requested since the stop."""
        paths = [request.path.split("/") for request in self.sandbox.control.requests()]
        return {path[2] for path in paths if path[1] == "conversations" and path[2].isdigit()}

    def keys(self, table: str) -> set[tuple[str]]:
        """Return the keys of the rows in a table."""
        with self.postgres.connect() as connection:
            rows = connection.execute(f"SELECT id FROM tap_intercom.{table}".encode())
            return set(rows.fetchall())

    def _set_program(self, plugin: dict[str, object], program: Sequence[str | Path]) -> None:
        """Have Meltano run a program that is installed already."""
        script = self._folder / str(plugin["name"])
        words = " ".join(f'"{word}"' for word in program)
        script.write_text(f'#!/bin/sh\nexec {words} "$@"\n')
        script.chmod(0o755)
        plugin["executable"] = str(script)
        del plugin["pip_url"]


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """Make a project that loads a workspace slowly into an empty Postgres."""
    with Sandbox(SLOW) as sandbox, running_postgres() as postgres:
        yield Project(tmp_path, sandbox, postgres)


def test_target_hands_on_states_every_five_minutes() -> None:
    """The other tests replace this value, and no setting changes it."""
    program = (
        "from target_postgres.target import TargetPostgres\n"
        "print(TargetPostgres._MAX_RECORD_AGE_IN_MINUTES)"
    )
    python = dev.target_postgres().with_name("python")

    printed = subprocess.run(
        [python, "-c", program], capture_output=True, text=True, check=True, timeout=60
    ).stdout

    assert float(printed) == 5


STOPS = {
    "Ctrl-C": (os.killpg, signal.SIGINT),
    "SIGTERM of a container": (os.kill, signal.SIGTERM),
}


@pytest.mark.parametrize(("send", "number"), STOPS.values(), ids=STOPS)
def test_next_run_resumes_stopped_one(project: Project, send: Send, number: signal.Signals) -> None:
    project.run_and_stop(send, number)
    bookmark = project.bookmark

    done = project.run()

    assert done.returncode == 0, done.stdout
    assert_only_rest_was_loaded(project, bookmark)


def test_next_run_resumes_crashed_one_with_force(project: Project) -> None:
    project.run_and_stop(os.killpg, signal.SIGKILL)
    bookmark = project.bookmark

    refused = project.run()
    done = project.run("--force")

    assert refused.returncode == 1
    assert "is already running" in refused.stdout
    assert done.returncode == 0, done.stdout
    assert_only_rest_was_loaded(project, bookmark)


def assert_only_rest_was_loaded(project: Project, bookmark: str) -> None:
    """Check that the tables are complete, and that nothing older than a bookmark was read again."""
    conversations = project.sandbox.control.records("conversations")
    rest = {one["id"] for one in conversations if updated_at(one) >= bookmark}
    assert len(rest) < len(conversations)
    assert project.details() == rest
    for stream in STREAMS:
        assert project.keys(stream) == expected_rows(project.sandbox.control, stream).keys()


def updated_at(conversation: Body) -> str:
    """Return when a conversation was updated, in the notation of bookmarks."""
    return format_timestamp(conversation["updated_at"])
