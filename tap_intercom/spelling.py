"""Unknown names, and the known names that were probably meant."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def unknown(names: Iterable[str], known: Iterable[str]) -> list[str]:
    """Return the unknown names, each with the known name that is closest to it, if any is.

    For example `["contcats (did you mean contacts?)"]`.
    """
    right = sorted(known)
    return [name + suggestion(name, right) for name in names if name not in right]


def suggestion(name: str, known: Iterable[str]) -> str:
    """Return the known name that is closest to an unknown one, as a question in parentheses."""
    matches = get_close_matches(name, sorted(known), 1)
    return f" (did you mean {matches[0]}?)" if matches else ""
