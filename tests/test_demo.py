"""The demo, as `python3 dev.py demo` runs it: it succeeds, and leaves no process or file."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import dev

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.end_to_end

TIMEOUT_SECONDS = 600
README = (dev.ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """Make a folder for temporary files, which Postgres as user `nobody` can enter."""
    with tempfile.TemporaryDirectory(prefix="test-demo-") as name:
        path = Path(name)
        path.chmod(0o711)
        yield path


@pytest.fixture(scope="module")
def demo_run(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the demo."""
    dev.meltano()
    return subprocess.run(
        [sys.executable, "-m", "demo"],
        capture_output=True,
        text=True,
        check=False,
        cwd=dev.ROOT,
        env={**os.environ, "TMPDIR": str(folder)},
        timeout=TIMEOUT_SECONDS,
    )


def running_programs() -> list[str]:
    """Return the command lines of all processes, with their environments if readable."""
    listed = subprocess.run(["ps", "axeww", "-o", "command"], capture_output=True, check=True)
    return listed.stdout.decode(errors="replace").splitlines()


def table(text: str, header: str) -> dict[str, list[str]]:
    """Return the rows of a printed table by their first column."""
    lines = iter(text.splitlines())
    next(line for line in lines if line.split() == header.split())
    rows: dict[str, list[str]] = {}
    for line in lines:
        name, *numbers = line.split()
        if not all(number.replace(",", "").isdigit() for number in numbers):
            break
        rows[name] = numbers
    return rows


def test_demo_loads_and_cleans_up(demo_run: subprocess.CompletedProcess[str], folder: Path) -> None:
    assert demo_run.returncode == 0, demo_run.stdout + demo_run.stderr
    text = demo_run.stdout

    loaded = table(text, "table rows")
    assert loaded["contacts"] == ["3,000"]
    assert loaded.keys() >= {"companies", "conversations", "conversation_parts", "tickets"}

    second_run = table(text, "table rows received new changed")
    new = {name: numbers[2] for name, numbers in second_run.items() if numbers[2] != "0"}
    assert new == {
        "contact_tags": "1",
        "contacts": "1",
        "conversation_part_tags": "1",
        "conversation_parts": "3",
        "deleted_conversations": "1",
    }
    assert "Ada Lovelace" in text
    assert "Grace Hopper" in text

    assert re.search(r"From the last change to the rows in Postgres: \d+\.\d s\n", text)
    assert set(re.findall(r"^ +(company|conversation) +\w+$", text, re.MULTILINE)) == {
        "company",
        "conversation",
    }

    assert not [line for line in running_programs() if str(folder) in line]
    # uv leaves empty lock files behind
    assert not [path for path in folder.iterdir() if path.is_dir()]


@pytest.mark.usefixtures("demo_run")
def test_readme_shows_lines_of_the_demo() -> None:
    (shown,) = re.findall(r"```text\n(.*?)```", README, re.DOTALL)
    log = (dev.CACHE / "demo-meltano.log").read_text(encoding="utf-8")
    logged = {without_numbers(line.partition(" ")[2]) for line in log.splitlines()}

    assert [line for line in shown.splitlines() if without_numbers(line) not in logged] == []


def without_numbers(line: str) -> str:
    """Return a line with its numbers replaced, as times differ from run to run."""
    return re.sub(r"\d+(\.\d+)?", "N", line)
