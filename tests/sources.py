"""This project's files elsewhere: without git, or as the one commit of a new repository."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[1]
TIMEOUT_SECONDS = 60
IDENTITY = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")


def git(*arguments: str | Path, cwd: Path) -> None:
    """Run git with an author of its own."""
    command = ["git", *IDENTITY, *map(str, arguments)]
    subprocess.run(command, check=True, cwd=cwd, timeout=TIMEOUT_SECONDS, capture_output=True)


def copy_sources(folder: Path) -> Path:
    """Copy what git keeps of this project, without its history, and return the folder."""
    ignored = (ROOT / ".gitignore").read_text().split()
    ignore = shutil.ignore_patterns(".git", *(pattern.strip("/") for pattern in ignored))
    return shutil.copytree(ROOT, folder, ignore=ignore)


def make_repository(folder: Path) -> Path:
    """Commit a copy of this project into a new repository and return the folder."""
    copy_sources(folder)
    git("init", "--quiet", cwd=folder)
    git("add", "--all", cwd=folder)
    git("commit", "--quiet", "--message", "feat: everything", cwd=folder)
    return folder
