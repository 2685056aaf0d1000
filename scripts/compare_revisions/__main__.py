"""Compare what two revisions of the tap do with the same data.

    python -m scripts.compare_revisions BEFORE [AFTER] [--only SCENARIO] [--expect SCENARIO]

Runs both revisions in every scenario (`--list` names them) against a sandbox and compares standard
output, every message in its order, the final state and the exit code, byte by byte. One thing is
left out: `time_extracted`, which the SDK takes from the real clock. Prints a line for each
scenario, and exits with 1 if one differs that was not expected to (`--expect`), with 2 if a
revision could not be installed.

BEFORE and AFTER are git revisions; each is installed into an environment of its own with the
versions of its own uv.lock. Without AFTER, the working tree is compared, in the environment that
runs this script. The sandbox is always the working tree's.

Both revisions see the same time: the sandbox's clock stands still, the tap's `time.time` starts
with it, and sleeping moves both (`tap_without_waits.py`). Bookmarks that are taken from the run's
start are therefore equal, and nothing in a state needs to be left out.

Requests that the sandbox received in another number, or with other parameters, are printed too but
do not count: where a run stops early, or meets a fault while many requests are in flight, their
number depends on chance.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.compare_revisions.run import Outcome, Revision, ScenarioError, ScenarioRun
from scripts.compare_revisions.scenarios import SCENARIOS, Scenario
from tests.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = Path(__file__).resolve().parents[2]

EXCERPT_LENGTH = 160
EXCERPT_LEAD = 60
"""Characters of a line that are shown, and how many of them stand before the difference."""


@dataclass
class Comparison:
    """The result of one scenario.

    Attributes:
        differences: lines that describe them; none if the revisions are equal.
        requests: lines that describe differences in requests.
        summary: how much was compared.
    """

    differences: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    summary: str = ""


def compare(scenario: Scenario, before: Revision, after: Revision) -> Comparison:
    """Run a scenario with both revisions, side by side, and compare what they did."""
    with ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(run_scenario, scenario, revision) for revision in (before, after)]
    try:
        old, new = (run.result() for run in runs)
    except ScenarioError as error:
        return Comparison([str(error)])
    comparison = Comparison(
        requests=list(request_differences(old.requests, new.requests)),
        summary=_summary(old.outcomes),
    )
    for number, (one, other) in enumerate(zip(old.outcomes, new.outcomes, strict=True), 1):
        found = list(differences(one, other))
        if not one.lines and not scenario.writes_nothing:
            found.append(f"{before.name} wrote nothing: {one.log}")
        comparison.differences += [f"run {number}, {line}" for line in found]
    return comparison


def run_scenario(scenario: Scenario, revision: Revision) -> ScenarioRun:
    """Run a scenario with one revision and a new sandbox."""
    with tempfile.TemporaryDirectory() as directory, Sandbox(scenario.options) as sandbox:
        run = ScenarioRun(revision, sandbox, Path(directory))
        scenario.act(run)
    return run


def differences(before: Outcome, after: Outcome) -> Iterator[str]:
    """Describe how two outcomes differ; a description may have several lines."""
    pairs = itertools.zip_longest(before.lines, after.lines, fillvalue=b"")
    for number, (old, new) in enumerate(pairs, 1):
        if old != new:
            yield f"line {number}:\n" + _side_by_side(old, new)
            yield _extent(before.lines, after.lines)
            break
    if before.state != after.state:
        states = [json.dumps(outcome.state).encode() for outcome in (before, after)]
        yield "final state:\n" + _side_by_side(*states)
    if before.exit_code != after.exit_code:
        codes = f"exit code: {before.exit_code} before, {after.exit_code} after"
        yield f"{codes}\n    before: {before.log}\n    after:  {after.log}"


def request_differences(
    before: Counter[tuple[str, str]], after: Counter[tuple[str, str]]
) -> Iterator[str]:
    """Describe which requests differ in number or, equally many, in their parameters."""
    old, new = _by_name(before), _by_name(after)
    changed = Counter(name for name, _ in (before - after).elements())
    for name in sorted(old.keys() | new.keys()):
        if old[name] != new[name]:
            yield f"{name}: {old[name]} before, {new[name]} after"
        elif changed[name]:
            yield f"{name}: {changed[name]} of {old[name]} with other parameters"


def _by_name(requests: Counter[tuple[str, str]]) -> Counter[str]:
    totals: Counter[str] = Counter()
    for (name, _), count in requests.items():
        totals[name] += count
    return totals


def _side_by_side(old: bytes, new: bytes) -> str:
    """Show the parts of two lines around their first difference."""
    pairs = enumerate(zip(old, new, strict=False))
    same = next((number for number, (one, other) in pairs if one != other), min(len(old), len(new)))
    start = max(0, same - EXCERPT_LEAD)
    excerpts = [
        "..." * (start > 0) + line[start : start + EXCERPT_LENGTH].decode(errors="replace").rstrip()
        for line in (old, new)
    ]
    return f"    before: {excerpts[0] or '(no line)'}\n    after:  {excerpts[1] or '(no line)'}"


def _extent(before: Sequence[bytes], after: Sequence[bytes]) -> str:
    """Say how many lines differ."""
    only_before = (Counter(before) - Counter(after)).total()
    only_after = (Counter(after) - Counter(before)).total()
    if not only_before and not only_after:
        return f"in all: the same {len(before)} lines in another order"
    return (
        f"in all: {only_before} of {len(before)} lines before, {only_after} of {len(after)} after"
    )


def _summary(outcomes: Sequence[Outcome]) -> str:
    lines = sum(len(outcome.lines) for outcome in outcomes)
    codes = [
        "killed" if outcome.exit_code is None else str(outcome.exit_code) for outcome in outcomes
    ]
    return f"{lines:,} lines, exit codes {' '.join(codes)}"


def install(commit: str, directory: Path) -> str:
    """Check a commit out and install it with the versions of its own uv.lock.

    Args:
        commit: Its hash.
        directory: Where it goes; it must not exist yet.

    Returns:
        The Python of its environment.

    Raises:
        subprocess.CalledProcessError: git or uv failed.
    """
    environment = directory / ".venv"
    clone = ["git", "clone", "--quiet", "--shared", "--no-checkout", str(ROOT), str(directory)]
    checkout = ["git", "-C", str(directory), "checkout", "--quiet", "--detach", commit]
    sync = [
        *(sys.executable, "-m", "uv", "--quiet", "sync", "--frozen", "--no-default-groups"),
        *("--python", sys.executable, "--project", str(directory)),
    ]
    variables = {**os.environ, "UV_PROJECT_ENVIRONMENT": str(environment)}
    for command in (clone, checkout, sync):
        subprocess.run(command, check=True, env=variables)  # noqa: S603
    return str(environment / "bin" / "python")


def commit_of(revision: str) -> str:
    """Return the hash of the commit that a revision names.

    Raises:
        subprocess.CalledProcessError: There is no such commit.
    """
    command = ["git", "-C", str(ROOT), "rev-parse", "--verify", f"{revision}^{{commit}}"]
    found = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603
    return found.stdout.strip()


def main(arguments: Sequence[str]) -> int:
    """Compare two revisions; return 1 if they differ in a way that was not expected."""
    options = parse(arguments)
    if options.list:
        for name, scenario in SCENARIOS.items():
            _say(f"{name}: {(scenario.act.__doc__ or '').splitlines()[0]}")
        return 0
    names = options.only or list(SCENARIOS)
    with tempfile.TemporaryDirectory(prefix="tap-intercom-revisions-") as directory:
        before, after = installed(options.before, options.after, Path(directory))
        _say(f"Comparing {before.name} with {after.name}")
        failed = [name for name in names if not report(name, before, after, options.expect)]
    _say(f"{len(names)} scenarios, {len(failed)} with unexpected differences")
    return 1 if failed else 0


def installed(before: str, after: str | None, directory: Path) -> tuple[Revision, Revision]:
    """Install two git revisions in a directory; None is the working tree, installed already.

    Raises:
        subprocess.CalledProcessError: There is no such revision, or git or uv failed.
    """
    commits = {name: commit_of(name) for name in (before, after) if name}
    pythons = {
        commit: install(commit, directory / commit) for commit in sorted(set(commits.values()))
    }
    revisions = [
        Revision(f"{name} ({commits[name][:7]})", pythons[commits[name]])
        if name
        else Revision("the working tree", sys.executable)
        for name in (before, after)
    ]
    return revisions[0], revisions[1]


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the command line; exits with 2 if it is wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m scripts.compare_revisions",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("before", nargs="?", metavar="BEFORE")
    parser.add_argument("after", nargs="?", metavar="AFTER")
    for option, text in (
        ("--only", "run this scenario; may be repeated"),
        ("--expect", "accept differences in this scenario, and print them; may be repeated"),
    ):
        parser.add_argument(
            option, help=text, action="append", choices=SCENARIOS, default=[], metavar="SCENARIO"
        )
    parser.add_argument("--list", action="store_true", help="name the scenarios, and run none")
    options = parser.parse_args(arguments)
    if not options.before and not options.list:
        parser.error("BEFORE is required")
    return options


def report(name: str, before: Revision, after: Revision, expected: Sequence[str]) -> bool:
    """Compare in a scenario and print the result; return whether it is equal or expected."""
    start = time.monotonic()
    comparison = compare(SCENARIOS[name], before, after)
    seconds = time.monotonic() - start
    is_equal = not comparison.differences
    verdict = "equal  " if is_equal else "differs" if name not in expected else "expected"
    _say(f"{verdict} {name:30} {seconds:5.1f} s  {comparison.summary}")
    for line in comparison.differences:
        _say(f"  {line}")
    for line in comparison.requests:
        _say(f"  requests: {line}")
    return is_equal or name in expected


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except subprocess.CalledProcessError as error:  # git or uv has printed why
        sys.stderr.write(f"{error}\n")
        sys.exit(2)
