"""Names of columns: what flattened ones are called, and which names targets can't hold.

A flattened column is called by the names that lead to it, with `flattening_separator` between them.
A name of more bytes than `flattening_max_key_length` is cut, and ends with the first eight
hexadecimal digits of the SHA-256 of the whole name: so names stay distinct, and are the same in
every run.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from singer_sdk.exceptions import MappingError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

PATH_SEPARATOR = "\x1f"
"""What stands between the names of a path: ASCII's unit separator, which no name contains."""

MAX_BYTES = 63
"""The bytes of a PostgreSQL identifier (its documentation, section 4.1.1)."""


class ColumnNameError(MappingError):
    """Two columns of a stream that would have the same name."""


def errors(config: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with the settings for names."""
    length = config.get("flattening_max_key_length")
    return [] if length is None or length > 0 else ["flattening_max_key_length has to be above 0"]


@dataclass(frozen=True)
class Naming:
    """How flattened columns are named; the defaults are those of the SDK."""

    separator: str = "__"
    max_bytes: int = 255

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Naming:
        """Read the settings for flattening."""
        separator = config.get("flattening_separator")
        return cls(
            cls.separator if separator is None else separator,
            config.get("flattening_max_key_length") or cls.max_bytes,
        )

    def column(self, path: str) -> str:
        """Return the name of the column at a path."""
        name = path.replace(PATH_SEPARATOR, self.separator)
        if PATH_SEPARATOR not in path or len(name.encode()) <= self.max_bytes:
            return name
        digest = f"_{hashlib.sha256(name.encode()).hexdigest()[:8]}"
        kept = name.encode()[: max(0, self.max_bytes - len(digest))].decode(errors="ignore")
        return f"{kept}{digest}"[-self.max_bytes :]

    def columns(self, stream: str, paths: Iterable[str]) -> dict[str, str]:
        """Return the name of each column by its path.

        Raises:
            ColumnNameError: Two columns have the same name.
        """
        names = {path: self.column(path) for path in paths}
        same = same_names((name, path.replace(PATH_SEPARATOR, ".")) for path, name in names.items())
        if pairs := [f"{' and '.join(paths)} the column {name}" for name, paths in same]:
            raise ColumnNameError(
                f"{stream}: flattening would make {', '.join(pairs)}: change flattening_separator "
                "or flattening_max_key_length, or deselect all but one"
            )
        return names


def warnings(stream: str, columns: Iterable[str]) -> Iterator[str]:
    """Yield a warning for names of a stream and its columns that many targets refuse or merge."""
    names = list(columns)
    if len(stream.encode()) > MAX_BYTES:
        yield (
            f"{stream}: PostgreSQL holds names of {MAX_BYTES} bytes, and this stream's is longer: "
            "give it another one by __alias__ in stream_maps"
        )
    if too_long := [name for name in names if len(name.encode()) > MAX_BYTES]:
        yield (
            f"{stream}: PostgreSQL holds names of {MAX_BYTES} bytes, and these columns have longer "
            f"ones, which targets cut off or refuse: {', '.join(too_long)}. "
            f"Deselect them, or set flattening_max_key_length to {MAX_BYTES} if they are flattened"
        )
    for cleaned, same in same_names((cleaned_name(name), name) for name in names):
        yield (
            f"{stream}: targets that clean names take {' and '.join(same)} for one column, "
            f"{cleaned or 'without a name'}: they refuse it, or keep the values of one of them. "
            "Deselect all but one, or choose a target that keeps names as they are"
        )


def same_names(named: Iterable[tuple[str, str]]) -> Iterator[tuple[str, list[str]]]:
    """Yield each name that several items have, with these items."""
    groups = defaultdict(list)
    for name, item in named:
        groups[name].append(item)
    return ((name, items) for name, items in groups.items() if len(items) > 1)


def cleaned_name(name: str) -> str:
    """Return what targets of the SDK make of a name (its `SQLSink.conform_name`)."""
    kept = re.sub(r"[^a-zA-Z0-9_\-.\s]", "", name)
    return re.sub(r"[-. ]", "_", kept.strip().lower())
