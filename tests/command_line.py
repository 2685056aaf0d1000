"""The command `tap-intercom` as a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.singer import Output

TAP = Path(sys.executable).parent / "tap-intercom"
TIMEOUT_SECONDS = 60


@dataclass(frozen=True)
class CommandResult:
    """How a command ended, and what it wrote."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def output(self) -> Output:
        """The Singer messages; stdout has to hold nothing else."""
        return Output.parse(self.stdout)

    @property
    def errors(self) -> list[str]:
        return self.log_lines("ERROR")

    @property
    def warnings(self) -> list[str]:
        return self.log_lines("WARNING")

    def log_lines(self, level: str) -> list[str]:
        """Return the log's messages of a level."""
        lines = [line.split(" | ", 3) for line in self.stderr.splitlines()]
        return [line[3] for line in lines if len(line) == 4 and line[1].strip() == level]


def run_command(
    *arguments: str | Path, stdin: str | None = None, **environment: str
) -> CommandResult:
    """Run `tap-intercom` with arguments, and with no environment variables but these."""
    ended = subprocess.run(
        [TAP, *map(str, arguments)],
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT_SECONDS,
        env={"TAP_INTERCOM_LOGLEVEL": "DEBUG", **environment},
    )
    return CommandResult(ended.returncode, ended.stdout, ended.stderr)


def json_file(folder: Path, name: str, content: Any) -> Path:
    """Write a JSON file, such as a configuration, and return its path."""
    path = folder / f"{name}.json"
    path.write_text(json.dumps(content))
    return path
