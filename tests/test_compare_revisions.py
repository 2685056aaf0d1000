"""The script that compares two revisions of the tap."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from scripts.compare_revisions.__main__ import differences, request_differences
from scripts.compare_revisions.run import Outcome

ROOT = Path(__file__).parents[1]
TIMEOUT_SECONDS = 300
COMMITTER = ("-c", "user.name=Test", "-c", "user.email=test@example.com")
LINES = (
    b'{"type":"RECORD","stream":"tags","record":{"id":"1"}}\n',
    b'{"type":"RECORD","stream":"tags","record":{"id":"2"}}\n',
    b'{"type":"STATE","value":{"bookmarks":{"tags":{}}}}\n',
)
OTHER_STATE = b'{"type":"STATE","value":{"bookmarks":{}}}\n'

needs_git = pytest.mark.skipif(not (ROOT / ".git").exists(), reason="no git repository")


def compare(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "scripts.compare_revisions", *arguments],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT_SECONDS,
    )


def git(*arguments: str | Path) -> None:
    subprocess.run(["git", *arguments], check=True, capture_output=True)


def test_equal_outcomes_have_no_differences() -> None:
    found = list(differences(Outcome(LINES, 0), Outcome(LINES, 0)))

    assert found == []


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (Outcome((LINES[0], LINES[0], LINES[2]), 0), "line 2:"),
        (Outcome((LINES[1], LINES[0], LINES[2]), 0), "the same 3 lines in another order"),
        (Outcome(LINES[:2], 0), "after:  (no line)"),
        (Outcome((*LINES, LINES[0]), 0), "before: (no line)"),
        (Outcome((*LINES[:2], OTHER_STATE), 0), "final state:"),
        (Outcome(LINES, 1), "exit code: 0 before, 1 after"),
    ],
)
def test_any_difference_is_described(after: Outcome, expected: str) -> None:
    found = "\n".join(differences(Outcome(LINES, 0), after))

    assert expected in found


def test_requests_are_compared_by_number() -> None:
    before = Counter({("GET /tags", "a"): 1, ("GET /me", "a"): 1, ("GET /teams", "a"): 1})
    after = Counter({("GET /tags", "a"): 2, ("GET /me", "b"): 1, ("GET /teams", "a"): 1})

    found = list(request_differences(before, after))

    assert found == ["GET /me: 1 of 1 with other parameters", "GET /tags: 1 before, 2 after"]


@needs_git
@pytest.mark.end_to_end
def test_revision_equals_itself() -> None:
    result = compare(ROOT, "HEAD", "HEAD", "--only", "status-429")

    assert result.returncode == 0, result.stdout + result.stderr
    assert "equal   status-429" in result.stdout
    assert "exit codes 0\n" in result.stdout
    assert "1 scenarios, 0 with unexpected differences" in result.stdout


@needs_git
@pytest.mark.end_to_end
def test_changed_schema_is_noticed(tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    git("clone", "--shared", ROOT, clone)
    schema = clone / "schemas" / "admins.json"
    columns = json.loads(schema.read_text(encoding="utf-8"))
    columns["properties"]["added"] = {"type": ["string", "null"]}
    schema.write_text(json.dumps(columns), encoding="utf-8")
    git("-C", clone, *COMMITTER, "commit", "--all", "--message", "Add a column")

    result = compare(clone, "HEAD~1", "HEAD", "--only", "default")

    assert result.returncode == 1, result.stdout + result.stderr
    assert "differs default" in result.stdout
    assert '"added"' in result.stdout
