#!/usr/bin/env python3
"""Work on tap-intercom with nothing installed but git and Python 3.11 or later.

python3 dev.py demo                 a local Intercom, Meltano and Postgres; two runs, explained
python3 dev.py test [pytest args]   ruff, mypy, import-linter, the vocabulary and pytest
python3 dev.py bench [figure ...]   the figures of docs/performance.md, as a table
python3 dev.py mutate [path ...]    changes the code, and shows what no test notices
python3 dev.py generate [--check]   what repeats the code: tables in README and docs

Each command first builds what it needs inside this clone, from the versions in uv.lock:
`.venv` for development, environments of their own for the programs around the tap in `.cache`.
Nothing is installed anywhere else. pip and uv keep their own caches and configuration (mirrors).
"""

import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

# An old interpreter must get this far to see the message, so there is no __future__ import above.
if sys.version_info < (3, 11):  # noqa: UP036
    version = "{}.{}".format(*sys.version_info)
    sys.exit(
        f"tap-intercom needs Python 3.11 or later; {sys.executable} is {version}.\n"
        "Run this command with a later one, for example: python3.13 dev.py"
    )

ROOT = Path(__file__).resolve().parent
CACHE = ROOT / ".cache"
UV_VERSION = "0.13.9"


def main() -> None:
    """Run the command named on the command line; exit with its status."""
    commands = {"bench": bench, "demo": demo, "generate": generate, "mutate": mutate, "test": test}
    if len(sys.argv) < 2 or sys.argv[1] not in commands:  # noqa: PLR2004
        sys.exit(__doc__)
    commands[sys.argv[1]](sys.argv[2:])


def bench(arguments: list[str]) -> None:
    """Become the benchmark, as `demo` becomes the demo."""
    python = str(development() / "python")
    os.chdir(ROOT)
    os.execv(python, [python, "-m", "benchmarks", *arguments])  # noqa: S606


def demo(arguments: list[str]) -> None:
    """Become the demo, so that Ctrl-C and signals reach it and nobody else."""
    python = str(development() / "python")
    meltano()
    os.chdir(ROOT)
    os.execv(python, [python, "-m", "demo", *arguments])  # noqa: S606


def generate(arguments: list[str]) -> None:
    """Become the generator of what repeats the code."""
    python = str(development() / "python")
    os.chdir(ROOT)
    os.execv(python, [python, "-m", "scripts.generate", *arguments])  # noqa: S606


def mutate(arguments: list[str]) -> None:
    """Become the mutation test, in an environment that has its tools as well."""
    python = str(_environment(CACHE / "mutation", "--group", "mutation") / "python")
    os.chdir(ROOT)
    os.execv(python, [python, "-m", "scripts.mutation", *arguments])  # noqa: S606


PROCESSES = (os.cpu_count() or 1) + 2
"""Two more than there are cores: tests that run other programs often wait for them."""

PARALLEL = (f"--numprocesses={PROCESSES}", "--dist=loadfile", "--no-loadscope-reorder")
"""All tests of a file in one process, so that what they share, such as a loaded database or the
demo, is prepared once."""


def test(arguments: list[str]) -> None:
    """Run every check, the tests last, and exit with 1 if any of them failed.

    The programs around the tap are installed before the tests, so that no test waits for them; if
    pytest is given arguments, each is installed when a test first needs it.
    """
    programs = development()
    signal.signal(signal.SIGINT, _leave_it_to_the_child)
    # tests start the tap some hundred times: let the first one keep its bytecode
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    checks = {
        "ruff check": ["ruff", "check", "."],
        "ruff format": ["ruff", "format", "--check", "."],
        "mypy": ["mypy"],
        "import-linter": ["lint-imports", "--no-cache", "--no-logo"],
        "vocabulary": ["python", "-m", "scripts.check_vocabulary"],
    }
    failed = [name for name, command in checks.items() if not _passes(name, programs, command)]
    if not arguments:
        for install in (meltano, target_postgres, dbt, duckdb):
            install()
    if not _passes("pytest", programs, ["pytest", *PARALLEL, *arguments]):
        failed.append("pytest")
    sys.exit(1 if failed else 0)


def development() -> Path:
    """Return the directory of executables of `.venv`: the tap, its tests, ruff and mypy."""
    return _environment(ROOT / ".venv")


def meltano() -> Path:
    """Return the locked `meltano` executable."""
    return _environment(CACHE / "meltano", "--only-group", "meltano") / "meltano"


def target_postgres() -> Path:
    """Return the locked `target-postgres` executable."""
    group = ("--only-group", "target-postgres")
    return _environment(CACHE / "target-postgres", *group) / "target-postgres"


def dbt() -> Path:
    """Return the locked `dbt` executable, with its adapter for Postgres."""
    return _environment(CACHE / "dbt", "--only-group", "dbt") / "dbt"


def duckdb() -> Path:
    """Return a Python that has the locked DuckDB, with its extension for Postgres."""
    return _environment(CACHE / "recipes", "--only-group", "recipes") / "python"


def constraints(name: str, *groups: str) -> Path:
    """Write the versions that uv.lock has for some groups as a file of pip constraints.

    Args:
        name: Name of the file, without its suffix.
        groups: Options of `uv export` that choose the groups.

    Returns:
        The file.
    """
    file = CACHE / f"{name}.txt"
    options = ["--quiet", "--frozen", "--no-hashes", "--no-emit-project", *groups]
    _run([_uv(), "export", *options, "--output-file", str(file)])
    return file


def _environment(directory: Path, *groups: str) -> Path:
    """Rebuild an environment if it is not in step with uv.lock; return where its programs are.

    Tests in several processes may need it at the same time: the first one builds it.
    """
    CACHE.mkdir(exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        stamp = directory / "in-step-with.sha256"
        fingerprint = _fingerprint(directory, *groups)
        if not stamp.exists() or stamp.read_text() != fingerprint:
            _say(f"Preparing {directory.relative_to(ROOT)} from uv.lock")
            uv = [_uv(), "--quiet"]
            _run([*uv, "venv", "--clear", "--python", _interpreter(), str(directory)])
            # compiled once: with PYTHONDONTWRITEBYTECODE each start of a program would do it again
            sync = [*uv, "sync", "--frozen", "--compile-bytecode", *groups]
            _run(sync, UV_PROJECT_ENVIRONMENT=str(directory))
            stamp.write_text(fingerprint)
    return directory / "bin"


def _interpreter() -> str:
    """Return the Python that runs this, and not the environment that it may run in."""
    base = Path(sys.base_prefix, "bin", "python{}.{}".format(*sys.version_info))
    return str(base) if base.exists() else sys.executable


def _fingerprint(*also: object) -> str:
    """Hash everything that an environment is made from."""
    digest = hashlib.sha256(repr((sys.version, sys.base_prefix, *also)).encode())
    for name in ("pyproject.toml", "setup.py", "uv.lock"):
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def _uv() -> str:
    """Return the uv of this clone, installed by pip into an environment of its own when new."""
    directory = CACHE / f"uv-{UV_VERSION}"
    uv = directory / "bin" / "uv"
    if not uv.exists():
        _say(f"Installing uv {UV_VERSION} into {directory.relative_to(ROOT)}")
        pip = _pip_for(directory)
        _run([*pip, "install", "--quiet", "--no-user", f"uv=={UV_VERSION}"])
    return str(uv)


def _pip_for(directory: Path) -> list[str]:
    """Create an environment and return a pip command that installs into it."""
    create = [sys.executable, "-m", "venv", "--clear", str(directory)]
    python = str(directory / "bin" / "python")
    if _succeeds(create):
        return [python, "-m", "pip"]
    # Debian's python3 comes without ensurepip; an installed pip can fill an empty environment.
    if _succeeds([*create, "--without-pip"]):
        pip = [sys.executable, "-m", "pip", "--python", python]
        if _succeeds([*pip, "--version"]):
            return pip
    shutil.rmtree(directory, ignore_errors=True)
    version = "{}.{}".format(*sys.version_info)
    sys.exit(
        f"{sys.executable} cannot create virtual environments: it lacks ensurepip, and pip.\n"
        f"On Debian or Ubuntu: apt-get install python{version}-venv. Elsewhere, install the\n"
        "packages of your system that provide venv and pip for it. Then run this command again."
    )


def _passes(name: str, programs: Path, command: list[str]) -> bool:
    """Announce a check, run it and say at once if it failed."""
    _say(f"\n{name}")
    program, *arguments = command
    done = subprocess.run([programs / program, *arguments], cwd=ROOT, check=False)  # noqa: S603
    passed = done.returncode == 0
    if not passed and name != "pytest":  # pytest closes with its own summary
        _say(f"{name} failed")
    return passed


def _succeeds(command: list[str]) -> bool:
    """Run a command unseen and return whether it succeeded."""
    return subprocess.run(command, capture_output=True, check=False).returncode == 0  # noqa: S603


def _run(command: list[str], **variables: str) -> None:
    """Run a command with more environment variables; exit with its status if it fails."""
    environment = {**os.environ, **variables}
    result = subprocess.run(command, cwd=ROOT, env=environment, check=False)  # noqa: S603
    if result.returncode != 0:
        _say(f"This command failed: {' '.join(command)}")
        sys.exit(result.returncode)


def _say(line: str) -> None:
    """Print a line now, in its place among the output of other programs."""
    print(line, flush=True)  # noqa: T201


def _leave_it_to_the_child(*_: object) -> None:
    """Ignore Ctrl-C here: the running check gets it too, cleans up and ends."""


if __name__ == "__main__":
    main()
