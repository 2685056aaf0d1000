"""The check of forbidden words."""

from __future__ import annotations

import pytest

from scripts.check_vocabulary import findings


def words(text: str, file: str = "tap_intercom/tap.py") -> list[str]:
    return [one.word for one in findings(file, text)]


@pytest.mark.parametrize(
    "line",
    [
        "# The first moment counts",
        "moment = 1",
        "last_moment = 1",
        "class MomentOfChange: ...",
        "MOMENT = 1",
        '"a moment"',
    ],
)
def test_forbidden_word_is_found(line: str) -> None:
    assert words(line) == ["moment"]


@pytest.mark.parametrize(
    "line", ["root_key = 1", "def _root_key(): ...", "class RootKey: ...", "# see `root_key`"]
)
def test_forbidden_compound_is_found(line: str) -> None:
    assert words(line) == ["root_key"]


@pytest.mark.parametrize("text", ["A stand-in for it", "A Stand-In for it", "the stand_in"])
def test_hyphen_counts_as_underscore(text: str) -> None:
    assert words(text, "README.md") == ["stand_in"]


def test_forbidden_name_is_found() -> None:
    assert words("def wants(self): ...") == ["wants"]


def test_bound_has_the_usual_prefix() -> None:
    assert words("MOST_PAGES, MAX_PAGES = 1, 2") == ["MOST_PAGES"]


@pytest.mark.parametrize(
    "text", ["# Whoever wants it takes place 1", "wants_more = 1", "'holds'", "momentum = 1"]
)
def test_ordinary_words_pass(text: str) -> None:
    assert words(text) == []


def test_finding_names_place_and_replacement() -> None:
    (finding,) = findings("docs/x.md", "one\nA moment")

    assert str(finding) == "docs/x.md:2: moment (say: timestamp)"
