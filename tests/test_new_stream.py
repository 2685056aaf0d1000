"""A stream takes two files, its class and its schema; `dev.py generate` writes the rest."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests

from tests.sandbox.options import SandboxOptions
from tests.singer import Output

if TYPE_CHECKING:
    from tests.sandbox.server import Sandbox

pytestmark = pytest.mark.end_to_end

ROOT = Path(__file__).parents[1]
LIMIT_SECONDS = 120
TINY = SandboxOptions(contacts=10, companies=10, conversations=10, tickets=10, export_polls=0)

CLASS = '''
"""Types of entries in the activity log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_intercom.api.request import Request
from tap_intercom.compat import override
from tap_intercom.api_version import ApiVersion
from tap_intercom.sync.list_stream import ListStream
from tap_intercom.timestamps import TimestampedRecord

if TYPE_CHECKING:
    from collections.abc import Iterator


class ActivityTypes(ListStream):
    """Types of entries in the activity log."""

    name = "activity_types"
    primary_keys = ("name",)
    permission = "Read admin activity logs"
    min_api_version = ApiVersion(2, 16)
    requests = (Request("/admins/activity_log_event_types", record_keys=("event_types",)),)

    @override
    def iterate(self, since: int) -> Iterator[TimestampedRecord]:
        for page in self.pages(self.requests[0]):
            for name in page.get("event_types"):
                yield TimestampedRecord({"name": name})
'''

SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "properties": {"name": {"type": "string"}},
    "additionalProperties": True,
}

WRITTEN = {
    "README.md",
    "dbt/models/sources.yml",
    "docs/columns.md",
    "docs/streams.md",
    "tests/__snapshots__/catalog.yml",
}
"""The generated files that name a stream which is selected by default and refers to no other."""


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the repository and add a stream to it: a class and a schema."""
    copy = tmp_path_factory.mktemp("repository") / "tap-intercom"
    unwanted = shutil.ignore_patterns(".*", "*.egg-info", "build", "dist", "output", "__pycache__")
    shutil.copytree(ROOT, copy, ignore=unwanted)
    # the wheel has the schemas in the package
    (copy / "tap_intercom" / "schemas").symlink_to(copy / "schemas")
    (copy / "tap_intercom" / "streams" / "activity_types.py").write_text(CLASS, encoding="utf-8")
    (copy / "schemas" / "activity_types.json").write_text(json.dumps(SCHEMA), encoding="utf-8")
    return copy


@pytest.fixture(scope="module")
def generated(repository: Path) -> set[str]:
    """Run the generator in the copy and return the names of the files that it wrote."""
    lines = run(repository, "-m", "scripts.generate").stdout.splitlines()
    return {line.removesuffix(": written") for line in lines}


def run(repository: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python in the copy."""
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=repository,
        env={**os.environ, "PYTHONPATH": str(repository)},
        timeout=LIMIT_SECONDS,
    )


def test_stale_files_are_named(repository: Path) -> None:
    copy = repository.with_name("stale")
    shutil.copytree(repository, copy, symlinks=True, dirs_exist_ok=True)

    done = run(copy, "-m", "scripts.generate", "--check")

    assert done.returncode == 1
    assert {line.partition(":")[0] for line in done.stdout.splitlines()} == WRITTEN


def test_generated_files_name_the_stream(repository: Path, generated: set[str]) -> None:
    assert generated == WRITTEN
    for file in WRITTEN:
        assert "activity_types" in (repository / file).read_text(encoding="utf-8"), file


@pytest.mark.usefixtures("generated")
def test_generated_files_are_up_to_date(repository: Path) -> None:
    done = run(repository, "-m", "scripts.generate", "--check")

    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("options", [TINY], indirect=True)
def test_rows_are_loaded(repository: Path, sandbox: Sandbox, tmp_path: Path) -> None:
    config = {"access_token": sandbox.options.token, "api_url": sandbox.url}
    (tmp_path / "config.json").write_text(json.dumps(config), encoding="utf-8")

    done = run(repository, "-m", "tap_intercom", "--config", str(tmp_path / "config.json"))

    assert done.returncode == 0, done.stderr
    rows = Output.parse(done.stdout).records("activity_types")
    assert rows == [{"name": name} for name in event_types(sandbox)]


def event_types(sandbox: Sandbox) -> list[str]:
    """Ask the sandbox for what the stream has to load."""
    headers = {"Authorization": f"Bearer {sandbox.options.token}", "Intercom-Version": "2.16"}
    response = requests.get(
        f"{sandbox.url}/admins/activity_log_event_types", headers=headers, timeout=LIMIT_SECONDS
    )
    names: list[str] = response.json()["event_types"]
    assert names
    return names
