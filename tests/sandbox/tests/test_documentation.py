"""The commands in docs/sandbox.md print what is written there."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from demo.processes import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "docs" / "sandbox.md").read_text(encoding="utf-8")
BLOCK = re.compile(
    r"^```(sh|python)\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?", re.DOTALL | re.MULTILINE
)
BLOCKS = BLOCK.findall(TEXT)
START, *COMMANDS = [(code, output) for language, code, output in BLOCKS if language == "sh"]
END_OF_BLOCK = "-- end of block --"


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """Start the sandbox by the first command, at a free port."""
    free = free_port()
    command = START[0].replace("8080", str(free)).replace(".venv/bin/python", sys.executable)
    arguments = command.split()
    with subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == f"Sandbox listening on http://127.0.0.1:{free}\n"
        yield free
        process.terminate()


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_commands_print_the_documented_output(port: int) -> None:
    script = "".join(f"{code}\necho '{END_OF_BLOCK}'\n" for code, _ in COMMANDS)
    bash = ["bash", "-euo", "pipefail", "-c", script.replace("8080", str(port))]

    shown = subprocess.run(bash, capture_output=True, text=True, timeout=60, check=False)

    assert shown.stderr == ""
    assert shown.stdout.split(f"{END_OF_BLOCK}\n")[:-1] == [output for _, output in COMMANDS]


@pytest.mark.parametrize(
    ("code", "output"),
    [(code, output) for language, code, output in BLOCKS if language == "python"],
)
def test_python_prints_the_documented_output(code: str, output: str) -> None:
    shown = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (shown.stderr, shown.stdout) == ("", output)


def test_documented_options_exist() -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "tests.sandbox", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout

    for option in re.findall(r"`(--[a-z-]+\w)", TEXT):
        assert option in shown
