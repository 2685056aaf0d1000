"""What is built and installed works without the repository."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.expected_rows import KEYS

ROOT = Path(__file__).parents[1]
UV = Path(sys.executable).parent / "uv"
TIMEOUT_SECONDS = 300


def uv(*arguments: str | Path, cwd: Path) -> None:
    subprocess.run(
        [UV, "--quiet", *map(str, arguments)], check=True, cwd=cwd, timeout=TIMEOUT_SECONDS
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    uv("build", "--wheel", "--out-dir", folder, cwd=ROOT)
    (built,) = folder.glob("*.whl")
    return built


@pytest.mark.end_to_end
def test_the_wheel_carries_every_schema_and_no_test(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {f"tap_intercom/schemas/{stream}.json" for stream in KEYS} <= set(names)
    assert "tap_intercom/py.typed" in names
    assert not [name for name in names if name.startswith(("tests", "scripts", "demo"))]


@pytest.mark.end_to_end
def test_the_wheel_works_in_a_fresh_environment(wheel: Path, tmp_path: Path) -> None:
    uv("venv", "--python", sys.executable, tmp_path / "venv", cwd=tmp_path)
    python = tmp_path / "venv" / "bin" / "python"
    uv("pip", "install", "--python", python, wheel, cwd=tmp_path)
    done = subprocess.run(
        [python.with_name("tap-intercom"), "--discover"],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        timeout=TIMEOUT_SECONDS,
    )
    assert {entry["tap_stream_id"] for entry in json.loads(done.stdout)["streams"]} == set(KEYS)
