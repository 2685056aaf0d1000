"""Change the code in one place at a time, and see whether a test notices.

    python3 dev.py mutate [--sample NUMBER] [--seed NUMBER] [--tests PATH ...] [path ...]

A change is one of cosmic-ray's (a comparison, a number, a condition, a loop) or a statement left
out. Prints each change that no test noticed, as a diff, and at the end how many were noticed.

Changes are made in a clone of the last commit. The tests, all but the slow ones, first run there
once, to record which of them execute which lines. For a change only those that execute its line
run, the fastest first, until one fails.
"""

from __future__ import annotations

import argparse
import difflib
import os
import random
import re
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from importlib import import_module
from itertools import accumulate, chain
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest
from cosmic_ray.ast import ast_nodes, get_ast_from_path
from cosmic_ray.mutating import use_mutation
from cosmic_ray.plugins import get_operator, operator_names
from coverage import CoverageData
from parso.python.tree import Keyword

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ROOT = Path(__file__).resolve().parents[1]
CLONE = ROOT / ".cache" / "mutation-clone"
LINES = CLONE / ".coverage"
TIMES = CLONE / ".cache" / "times.xml"

PATHS = ("tap_intercom/api", "tap_intercom/schema", "tap_intercom/sync", "tap_intercom/settings.py")

UNUSED_OPERATORS = re.compile("BitOr|RemoveDecorator")
"""`|` stands in type hints, which are not executed, and `@override` does nothing at run time."""

UNCHANGED_LINES = re.compile(r"TYPE_CHECKING|logger|message = |^MAX_|^MIN_|_SECONDS =")
"""Imports for type hints, what is logged, and limits that are judgements."""

PRELOADED = ("aiohttp.web", "backoff", "hypothesis", "jsonschema", "singer_sdk.contrib.msgspec")
"""Most of what tests import, and what takes most of their time when there are few."""

MAX_TEST_SECONDS = 40
"""Recorded seconds of the tests that run for one change."""

TIMEOUT_FACTOR = 5
START_SECONDS = 10
"""A change whose tests take longer than the start of pytest and five times what was recorded counts
as noticed: it probably makes a loop endless."""


class RemoveStatement:
    """Leaves out a call, a `raise`, or an assignment to something that has a value already."""

    def mutation_positions(self, node: Any) -> Iterator[tuple[Any, Any]]:
        """Yield where a node begins and ends, if it can be left out."""
        is_statement = node.parent is not None and node.parent.type == "simple_stmt"
        if is_statement and (node.type in {"atom_expr", "raise_stmt"} or _is_reassignment(node)):
            yield node.start_pos, node.end_pos

    def mutate(self, node: Any, index: int) -> Any:  # noqa: ARG002  # a node has one position
        """Return what stands in the place of a statement."""
        return Keyword("pass", node.start_pos, node.get_first_leaf().prefix)


@dataclass(frozen=True)
class Change:
    """A change of one file: the operator that makes it, and where among the operator's places."""

    path: Path
    line: int
    operator: Any
    number: int


def main() -> None:
    """Try a sample of the changes, and print those that no test noticed."""
    parser = argparse.ArgumentParser(
        prog="python3 dev.py mutate", description=__doc__.partition("\n")[0]
    )
    parser.add_argument("paths", nargs="*", default=PATHS, help="files and folders to change")
    parser.add_argument("--sample", type=int, default=100, help="number of changes (100)")
    parser.add_argument("--seed", type=int, default=1, help="equal seeds draw equal samples (1)")
    parser.add_argument("--tests", nargs="+", default=["tests"], help="tests to run (all)")
    options = parser.parse_args()
    _record_tests(options.tests)
    os.chdir(CLONE)
    for name in PRELOADED:
        import_module(name)
    possible = [change for file in _files(options.paths) for change in changes(file)]
    sample = random.Random(options.seed).sample(possible, min(options.sample, len(possible)))  # noqa: S311
    tests = Tests()
    counts = Counter(try_change(change, tests) for change in sample)
    noticed, tried = counts["noticed"], counts["noticed"] + counts["unnoticed"]
    print(f"{noticed} of {tried} changes noticed, in a sample of {len(possible)}")  # noqa: T201


def changes(path: Path) -> Iterator[Change]:
    """Yield every possible change of a file."""
    nodes = list(ast_nodes(get_ast_from_path(path)))
    lines = path.read_text(encoding="utf-8").splitlines()
    for operator in _operators():
        starts = [start for node in nodes for start, _ in operator.mutation_positions(node)]
        for number, (line, _) in enumerate(starts):
            if not UNCHANGED_LINES.search(lines[line - 1]):
                yield Change(path, line, operator, number)


def try_change(change: Change, tests: Tests) -> str:
    """Run the tests of a changed line, and print the change if none of them fails."""
    names = tests.of(change.path, change.line)
    with use_mutation(change.path, change.operator, change.number) as (before, after):
        if not _is_python(after):
            return "impossible"
        if names and _fails(names, START_SECONDS + TIMEOUT_FACTOR * tests.seconds(names)):
            return "noticed"
    diff = difflib.unified_diff(
        *(before.splitlines(), after.splitlines()),
        *(f"{change.path}:{change.line}", f"{len(names)} tests"),
        lineterm="",
    )
    print(*diff, "", sep="\n", flush=True)  # noqa: T201
    return "unnoticed"


class Tests:
    """The tests that execute a line, as they were recorded."""

    def __init__(self) -> None:
        """Read what was recorded."""
        self._lines = CoverageData(str(LINES))
        self._lines.read()
        cases = ET.parse(TIMES).iter("testcase")  # noqa: S314  # pytest wrote it
        self._seconds = {_node_id(case): float(case.attrib["time"]) for case in cases}

    def of(self, path: Path, line: int) -> list[str]:
        """Return the tests of a line, the fastest first; those of its file if it has none."""
        by_line = self._lines.contexts_by_lineno(str(CLONE / path))
        names = self._names(by_line.get(line, ())) or self._names(chain(*by_line.values()))
        fastest_first = sorted(names, key=self._seconds.__getitem__)
        ends = accumulate(self._seconds[name] for name in fastest_first)
        return [
            one for one, end in zip(fastest_first, ends, strict=True) if end <= MAX_TEST_SECONDS
        ]

    def _names(self, contexts: Iterable[str]) -> set[str]:
        """Return the tests in coverage's contexts; imports happen in none of them."""
        return {context.rpartition("|")[0] for context in contexts} & self._seconds.keys()

    def seconds(self, names: Iterable[str]) -> float:
        """Return how long tests took when they were recorded."""
        return sum(self._seconds[name] for name in names)


def _record_tests(paths: list[str]) -> None:
    """Clone the last commit, and run its tests."""
    shutil.rmtree(CLONE, ignore_errors=True)
    _output("git", "clone", "--quiet", str(ROOT), str(CLONE), cwd=ROOT)
    options = ["--cov=tap_intercom", "--cov-context=test", "--cov-report=", f"--junitxml={TIMES}"]
    slow = ["-m", "not end_to_end and not hypothesis", "--ignore=tests/sandbox"]
    command = [sys.executable, "-m", "pytest", "-q", *options, *slow, *paths]
    if subprocess.run(command, cwd=CLONE, check=False).returncode:  # noqa: S603
        sys.exit("A test fails without any change. Mend it first")


def _operators() -> list[Any]:
    names = [name for name in operator_names() if not UNUSED_OPERATORS.search(name)]
    kinds = [get_operator(name) for name in names]
    return [RemoveStatement(), *(kind() for kind in kinds if not kind.arguments())]


def _files(paths: Iterable[str]) -> Iterator[Path]:
    for path in map(Path, paths):
        yield from sorted(path.rglob("*.py")) if path.is_dir() else [path]


def _fails(names: list[str], timeout: float) -> bool:
    """Run tests in a process that has imported all but the tap and its tests."""
    process = get_context("fork").Process(target=_run_tests, args=(names,))
    process.start()
    process.join(timeout)
    if process.is_alive():
        process.kill()
        process.join()
    return process.exitcode != 0


def _run_tests(names: list[str]) -> None:
    sys.dont_write_bytecode = True  # a changed file may be as old as its compiled form, in seconds
    sys.path[0] = str(CLONE)
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        sys.stdout = sys.stderr = nowhere
        sys.exit(pytest.main(["-qx", "--assert=plain", "-p", "no:cacheprovider", *names]))


def _is_python(code: str) -> bool:
    """Whether a change left valid code: cosmic-ray also replaces the `**` of `{**values}`."""
    try:
        compile(code, "changed", "exec")
    except SyntaxError:
        return False
    return True


def _node_id(case: ET.Element) -> str:
    """Return the name of a test as pytest's command line accepts it."""
    return f"{case.attrib['classname'].replace('.', '/')}.py::{case.attrib['name']}"


def _is_reassignment(node: Any) -> bool:
    """Whether a node assigns to an attribute or an item, or adds to a variable."""
    if node.type != "expr_stmt":
        return False
    target, assigned = node.children[:2]
    return target.type == "atom_expr" or getattr(assigned, "value", "=") != "="


def _output(*command: str, cwd: Path) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=True)  # noqa: S603
    return done.stdout.strip()


if __name__ == "__main__":
    main()
