"""The workflows test what the package supports, and run only code that was reviewed."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import pytest
import yaml

from tests.sources import ROOT

FOLDER = ROOT / ".github" / "workflows"
WORKFLOWS = sorted(path.name for path in FOLDER.iterdir())


def jobs(workflow: str) -> dict[str, dict[str, Any]]:
    """Return the jobs of a workflow by their ids."""
    content: dict[str, Any] = yaml.safe_load((FOLDER / workflow).read_text())
    return content["jobs"]


@pytest.mark.parametrize(("workflow", "job"), [("test.yml", "test"), ("release.yml", "install")])
def test_job_covers_every_supported_python(workflow: str, job: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    prefix = "Programming Language :: Python :: "

    tested = jobs(workflow)[job]["strategy"]["matrix"]["python"]

    assert tested == [c.removeprefix(prefix) for c in project["classifiers"] if prefix in c]


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_actions_are_pinned_by_commit(workflow: str) -> None:
    used = re.findall(r"uses: (\S+)", (FOLDER / workflow).read_text())

    pinned = [name for name in used if re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", name)]

    assert pinned == [name for name in used if not name.startswith("./")]


def test_publishing_waits_for_every_other_job() -> None:
    release = jobs("release.yml")

    needed = set(release["publish"]["needs"])

    assert needed == release.keys() - {"publish"}
