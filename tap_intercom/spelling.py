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
    return [_with_suggestion(name, right) for name in names if name not in right]


def _with_suggestion(name: str, known: list[str]) -> str:
    matches = get_close_matches(name, known, 1)
    return f"{name} (did you mean {matches[0]}?)" if matches else name
