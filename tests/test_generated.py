"""What repeats the code is as `python3 dev.py generate` writes it."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.generate.__main__ import contents, with_parts

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("file", contents())
def test_file_is_up_to_date(file: str) -> None:
    written = (ROOT / file).read_text(encoding="utf-8")

    assert written == contents()[file], f"{file}: run python3 dev.py generate"


def test_part_is_replaced() -> None:
    text = "a\n<!-- generated: x -->\nold\n<!-- /generated -->\nb"

    replaced = with_parts("file.md", text, {"x": "new"})

    assert replaced == "a\n<!-- generated: x -->\nnew\n<!-- /generated -->\nb"


def test_missing_part_is_an_error() -> None:
    with pytest.raises(LookupError, match="lacks the comments"):
        with_parts("file.md", "a", {"x": "new"})


def test_comments_of_yaml_enclose_a_part() -> None:
    text = "a:\n    # generated: x\n    old: 1\n    # /generated\n"

    replaced = with_parts("file.yml", text, {"x": "    new: 2"})

    assert replaced == "a:\n    # generated: x\n    new: 2\n    # /generated\n"
