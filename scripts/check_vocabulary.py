"""Check that code and documents use the words of Singer, HTTP and Python.

    python -m scripts.check_vocabulary

Each line printed names a place, a word that was given up, and what is said instead. The command
exits with 1 if there is any.
"""

from __future__ import annotations

import io
import re
import sys
import tokenize
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
CHECKED = (
    *("tap_intercom", "tests", "benchmarks", "demo", "scripts", "docs"),
    *("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "dev.py"),
)
SUFFIXES = (".py", ".md")

WORDS = {
    **dict.fromkeys(("moment", "moments"), "timestamp"),
    **dict.fromkeys(("walk", "walks", "walked", "walking"), "iterate, sync"),
    **dict.fromkeys(("family", "families"), "parent and children"),
    **dict.fromkeys(("outline", "outlines", "outlined"), "record metadata"),
    **dict.fromkeys(("gathering", "gatherings"), "progress"),
    **dict.fromkeys(("doubt", "doubts"), "warning"),
    **dict.fromkeys(("promise", "promises", "promised"), "expect, guarantee"),
    **dict.fromkeys(("truth", "truths"), "expected rows"),
    **dict.fromkeys(("vanish", "vanishes", "vanished"), "not found, deleted"),
    "settled": "stable",
    "told": "reported",
}
"""Words given up wherever they stand, also as a part of an identifier."""

COMPOUNDS = {
    "stand_in": "sandbox",
    "look_ahead": "prefetch",
    "taken_over": "migrate_state",
    "root_stream": "TopLevelStream",
    "embedded_stream": "EmbeddedChildStream",
    "fetched_stream": "DetailChildStream",
    "own_list": "list_request, ListChildStream",
    "whole_list": "full_list",
    "reference_stream": "item_fields",
    "declared_in": "attribute definitions",
    "root_key": "parent_key",
    "item_key": "id_column",
    "most_items": "max_items",
    "first_version": "min_api_version",
    "temporary_error": "RetriableError",
    "access_token_refused_error": "AuthenticationError",
    "request_refused_error": "InvalidRequestError",
    "jobs_pending_error": "ExportQueueFullError",
}
"""Compounds given up, in snake case; they are found in camel case and with a hyphen too."""

NAMES = {
    "Declarations": "attribute definitions",
    "Step": "TimestampedRecord",
    "_Member": "StreamSync",
    "behind": "after_cursor",
    "exhaust": "on_rate_limited",
    "guard": "guarantees",
    "holds": "record_keys, records_path",
    "omitted": "exclude_fields",
    "place": "cache_key",
    "problems": "errors",
    "stage": "harness",
    "takes": "contains",
    "wants": "needs",
    "warned": "SyncResult.warnings",
}
"""Whole identifiers of Python given up; in sentences these are ordinary words.

Some more were given up for one meaning each (`known`, `reached`, `about`, `lost`, `forbidden`,
`missed`, `arrived`, `detail`): as names of other things they stay, so they are not looked for.
"""

BOUNDS = {"MOST": "MAX", "LONGEST": "MAX", "FEWEST": "MIN"}
"""How the names of constants no longer begin."""

ALLOWED = {
    ("scripts/check_vocabulary.py", ""): "lists the words",
    ("tests/test_vocabulary.py", ""): "tries the words",
    ("benchmarks/chart.py", "family"): "an attribute of SVG is called font-family",
    ("tap_intercom/custom/map_names.py", "walk"): "a function of the module ast",
}
"""File and word (empty for all) that may stand all the same, and why."""

IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9_]*(?:-[A-Za-z]+)*")
PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


class Finding(NamedTuple):
    """A word that was given up, and where it stands."""

    file: str
    line: int
    word: str
    instead: str

    def __str__(self) -> str:
        """Return the place in the form that editors follow."""
        return f"{self.file}:{self.line}: {self.word} (say: {self.instead})"


def main() -> None:
    """Print every finding; exit with 1 if there is one."""
    found = [one for file in _files() for one in findings(file, (ROOT / file).read_text("utf-8"))]
    print(*found, sep="\n", end="\n" if found else "")  # noqa: T201
    sys.exit(1 if found else 0)


def findings(file: str, text: str) -> list[Finding]:
    """Return what stands in a file's text and was given up."""
    found = [*_in_text(file, text), *(_in_names(file, text) if file.endswith(".py") else ())]
    return [one for one in found if not {(file, ""), (file, one.word)} & ALLOWED.keys()]


def _files() -> list[str]:
    inside = (file for name in CHECKED for file in [ROOT / name, *(ROOT / name).rglob("*")])
    return sorted(str(file.relative_to(ROOT)) for file in inside if file.suffix in SUFFIXES)


def _in_text(file: str, text: str) -> Iterator[Finding]:
    for number, line in enumerate(text.splitlines(), 1):
        for identifier in IDENTIFIER.findall(line):
            parts = [part.lower() for part in PART.findall(identifier)]
            for part in parts:
                if part in WORDS:
                    yield Finding(file, number, part, WORDS[part])
            compound = f"_{'_'.join(parts)}_"
            for word, instead in COMPOUNDS.items():
                if f"_{word}_" in compound:
                    yield Finding(file, number, word, instead)


def _in_names(file: str, text: str) -> Iterator[Finding]:
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type != tokenize.NAME:
            continue
        name = token.string
        if name in NAMES:
            yield Finding(file, token.start[0], name, NAMES[name])
        bound = name.strip("_").partition("_")[0]
        if name.isupper() and bound in BOUNDS:
            yield Finding(file, token.start[0], name, BOUNDS[bound])


if __name__ == "__main__":
    main()
