"""Record what a version of the tap writes, as the version before for `tests/test_migration.py`.

    python -m tests.migration.record PATH_TO_TAP_INTERCOM

`catalog.json.gz` and `messages.jsonl.gz` beside this file are those of commit 959b391, the last one
with API version 2.16 by default and signed URLs in the keys of attachments. The present code can't
make them: record anew only another version to migrate from.
"""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.migration import CATALOG, MESSAGES, STREAMS, WORKSPACE, change_between_runs
from tests.sandbox.server import Sandbox
from tests.singer import select_streams


def record(program: str, directory: Path) -> None:
    """Run the program twice, and write its catalog and its messages."""

    def run(*options: str) -> str:
        command = [program, "--config", "config.json", *options]
        return subprocess.run(
            command, cwd=directory, stdout=subprocess.PIPE, text=True, check=True
        ).stdout

    with Sandbox(WORKSPACE) as sandbox:
        config = {"access_token": WORKSPACE.token, "api_url": sandbox.url}
        (directory / "config.json").write_text(json.dumps(config))
        found = json.loads(run("--discover"))
        entries = [entry for entry in found["streams"] if entry["tap_stream_id"] in STREAMS]
        catalog = select_streams({"streams": entries}, STREAMS)
        (directory / "catalog.json").write_text(json.dumps(catalog))
        first = run("--catalog", "catalog.json")
        last_state = json.loads(first.splitlines()[-1])["value"]
        (directory / "state.json").write_text(json.dumps(last_state))
        change_between_runs(sandbox.control)
        second = run("--catalog", "catalog.json", "--state", "state.json")
    CATALOG.write_bytes(gzip.compress(json.dumps(catalog).encode(), mtime=0))
    MESSAGES.write_bytes(gzip.compress((first + second).encode(), mtime=0))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        record(sys.argv[1], Path(name))
