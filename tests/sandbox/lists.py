"""The lists of a workspace, such as its admins, tags and articles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from tests.sandbox.records import Body


class Lists(Mapping[str, "list[Body]"]):
    """Rows by the name of their list; each list is decoded when it is first needed."""

    def __init__(self, encoded: Mapping[str, bytes]) -> None:
        self._encoded = encoded
        self._decoded: dict[str, list[Body]] = {}

    def __getitem__(self, name: str) -> list[Body]:
        if name not in self._decoded:
            self._decoded[name] = msgspec.json.decode(self._encoded[name])
        return self._decoded[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._encoded)

    def __len__(self) -> int:
        return len(self._encoded)
