"""What is built and installed works without the repository."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import yaml

from tap_intercom.api_version import configured_version
from tap_intercom.streams import stream_types
from tests.expected_rows import KEYS
from tests.sources import ROOT, copy_sources, git, make_repository

pytestmark = pytest.mark.end_to_end

UV = Path(sys.executable).parent / "uv"
TIMEOUT_SECONDS = 300
FALLBACK_VERSION = "0.1.0.dev0"


def uv(*arguments: str | Path, cwd: Path) -> None:
    subprocess.run(
        [UV, "--quiet", *map(str, arguments)], check=True, cwd=cwd, timeout=TIMEOUT_SECONDS
    )


def build_wheel(sources: Path, folder: Path) -> Path:
    uv("build", "--wheel", "--out-dir", folder, cwd=sources)
    (built,) = folder.glob("*.whl")
    return built


def version_of(wheel: Path) -> str:
    """Return the version that a wheel's file name tells."""
    return wheel.name.split("-")[1]


def install(wheel: Path, folder: Path) -> Path:
    """Install a wheel into an environment of its own and return its `tap-intercom`."""
    uv("venv", "--python", sys.executable, folder / "venv", cwd=folder)
    python = folder / "venv" / "bin" / "python"
    uv("pip", "install", "--python", python, wheel, cwd=folder)
    return python.with_name("tap-intercom")


def release_step(name: str) -> str:
    """Return the script of a step of the release's first job."""
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "release.yml").read_text())
    (script,) = (s["run"] for s in workflow["jobs"]["build"]["steps"] if s.get("name") == name)
    return script


def output_of(*command: str | Path, cwd: Path) -> str:
    """Run an installed program away from the repository and return what it prints."""
    return subprocess.run(
        command, capture_output=True, text=True, check=True, cwd=cwd, timeout=TIMEOUT_SECONDS
    ).stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(ROOT, tmp_path_factory.mktemp("wheel"))


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """Copy this project without its history."""
    return copy_sources(tmp_path / "sources")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Copy this project into a new repository."""
    return make_repository(tmp_path / "sources")


def test_wheel_carries_every_schema_and_no_test(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()

    assert {f"tap_intercom/schemas/{stream}.json" for stream in KEYS} <= set(names)
    assert "tap_intercom/py.typed" in names
    folders = {name.partition("/")[0] for name in names}
    assert {folder for folder in folders if not folder.endswith(".dist-info")} == {"tap_intercom"}


def test_wheel_carries_every_module(wheel: Path) -> None:
    modules = {str(path.relative_to(ROOT)) for path in (ROOT / "tap_intercom").rglob("*.py")}

    assert modules <= set(zipfile.ZipFile(wheel).namelist())


def test_wheel_works_in_fresh_environment(wheel: Path, tmp_path: Path) -> None:
    tap = install(wheel, tmp_path)

    catalog = json.loads(output_of(tap, "--discover", cwd=tmp_path))

    default = configured_version({})
    offered = {stream.name for stream in stream_types() if stream.min_api_version <= default}
    assert {entry["tap_stream_id"] for entry in catalog["streams"]} == offered


def test_new_subpackage_is_shipped(sources: Path, tmp_path: Path) -> None:
    subpackage = sources / "tap_intercom" / "new" / "newer"
    subpackage.mkdir(parents=True)
    (subpackage.parent / "__init__.py").touch()
    (subpackage / "__init__.py").touch()

    names = zipfile.ZipFile(build_wheel(sources, tmp_path / "wheel")).namelist()

    assert "tap_intercom/new/newer/__init__.py" in names


def test_version_is_the_git_tag(repository: Path, tmp_path: Path) -> None:
    git("tag", "v1.2.3", cwd=repository)

    built = build_wheel(repository, tmp_path / "wheel")

    assert version_of(built) == "1.2.3"


def test_archive_of_tag_has_its_version(repository: Path, tmp_path: Path) -> None:
    git("tag", "v1.2.3", cwd=repository)
    git("archive", "--format=zip", "--output", tmp_path / "archive.zip", "HEAD", cwd=repository)
    zipfile.ZipFile(tmp_path / "archive.zip").extractall(tmp_path / "archive")

    built = build_wheel(tmp_path / "archive", tmp_path / "wheel")

    assert version_of(built) == "1.2.3"


def test_archive_without_tag_is_built(repository: Path, tmp_path: Path) -> None:
    git("archive", "--format=zip", "--output", tmp_path / "archive.zip", "HEAD", cwd=repository)
    zipfile.ZipFile(tmp_path / "archive.zip").extractall(tmp_path / "archive")

    built = build_wheel(tmp_path / "archive", tmp_path / "wheel")

    assert version_of(built) == FALLBACK_VERSION


def test_copy_without_git_is_built(sources: Path, tmp_path: Path) -> None:
    built = build_wheel(sources, tmp_path / "wheel")

    assert version_of(built) == FALLBACK_VERSION


def test_shallow_clone_is_built(repository: Path, tmp_path: Path) -> None:
    git("tag", "v1.2.3", cwd=repository)
    git("commit", "--quiet", "--allow-empty", "--message", "fix: nothing", cwd=repository)
    git("clone", "--quiet", "--depth=1", repository.as_uri(), tmp_path / "shallow", cwd=tmp_path)

    built = build_wheel(tmp_path / "shallow", tmp_path / "wheel")

    assert version_of(built).startswith("0.1.0.dev1+g")


def test_renamed_distribution_knows_its_version(repository: Path, tmp_path: Path) -> None:
    rename = release_step("Name the distribution")
    subprocess.run(
        ["bash", "-euc", rename],
        check=True,
        cwd=repository,
        env={**os.environ, "DISTRIBUTION_NAME": "some-name"},
    )
    git("commit", "--quiet", "--all", "--message", "build: rename", cwd=repository)
    git("tag", "v1.2.3", cwd=repository)
    built = build_wheel(repository, tmp_path / "wheel")

    printed = output_of(install(built, tmp_path), "--version", cwd=tmp_path)

    assert built.name.startswith("some_name-1.2.3-")
    assert printed.startswith("tap-intercom v1.2.3,")
