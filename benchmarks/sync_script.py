"""Tap and target-postgres as users schedule them: a script that keeps the state in a file."""

from __future__ import annotations

import json
import subprocess
import time
from typing import TYPE_CHECKING, Any

import dev
from benchmarks.measure import TIMEOUT_SECONDS, ProgramError
from benchmarks.programs import ENVIRONMENT, TOKEN, tap

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SCRIPT = """\
#!/usr/bin/env bash
set -euo pipefail
cd {directory}
{tap} --config tap.json --state state.json 2> tap.log |
    {target} --config target.json > states.json 2> target.log
test ! -s states.json || tail -n 1 states.json > state.json
"""


def sync_script(
    directory: Path, url: str, target_config: Mapping[str, Any], **settings: object
) -> Path:
    """Write a script that runs both programs once, and its files; return the script.

    Args:
        directory: Where the files lie; it is created.
        url: Base URL of Intercom.
        target_config: The configuration of the target.
        settings: More of the tap's configuration.
    """
    directory.mkdir()
    files = {
        "tap.json": {"access_token": TOKEN, "api_url": url, **settings},
        "target.json": target_config,
        "state.json": {},
    }
    for name, content in files.items():
        (directory / name).write_text(json.dumps(content), encoding="utf-8")
    script = directory / "sync.sh"
    programs = {"tap": tap().command[0], "target": dev.target_postgres()}
    script.write_text(SCRIPT.format(directory=directory, **programs), encoding="utf-8")
    script.chmod(0o755)
    return script


def run_script(script: Path) -> float:
    """Run it; return how long that took (seconds).

    Raises:
        ProgramError: One of the programs failed.
    """
    start = time.monotonic()
    status = subprocess.run([script], env=ENVIRONMENT, check=False, timeout=TIMEOUT_SECONDS)  # noqa: S603
    seconds = time.monotonic() - start
    if status.returncode:
        logs = [(script.parent / name).read_text()[-2000:] for name in ("tap.log", "target.log")]
        raise ProgramError("\n".join(logs))
    return seconds
