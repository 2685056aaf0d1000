"""Running the tap and reading what it writes."""

from __future__ import annotations

import contextlib
import io
import json
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import msgspec

from tap_intercom.tap import TapIntercom

if TYPE_CHECKING:
    from collections.abc import Iterable

Record = dict[str, Any]


@dataclass(frozen=True)
class Output:
    """The Singer messages of one run."""

    messages: list[dict[str, Any]]

    @classmethod
    def of(cls, text: str) -> Output:
        """Parse stdout; it has to hold nothing but messages."""
        return cls([msgspec.json.decode(line) for line in text.splitlines()])

    @property
    def state(self) -> dict[str, Any]:
        """The value of the last STATE; empty if there is none."""
        states = [message["value"] for message in self.messages if message["type"] == "STATE"]
        return states[-1] if states else {}

    @property
    def schemas(self) -> list[dict[str, Any]]:
        return [message for message in self.messages if message["type"] == "SCHEMA"]

    def records(self, stream: str) -> list[Record]:
        return self._by_stream.get(stream, [])

    def streams(self) -> set[str]:
        return set(self._by_stream)

    @cached_property
    def _by_stream(self) -> dict[str, list[Record]]:
        found = defaultdict(list)
        for message in self.messages:
            if message["type"] == "RECORD":
                found[message["stream"]].append(message["record"])
        return dict(found)

    def until_state(self, number: int) -> Output:
        """Cut the output off behind its n-th STATE, as a kill at that timestamp does."""
        seen = 0
        for place, message in enumerate(self.messages, 1):
            seen += message["type"] == "STATE"
            if seen == number:
                return Output(self.messages[:place])
        message = f"there are only {seen} STATE messages"
        raise LookupError(message)

    def __add__(self, later: Output) -> Output:
        return Output(self.messages + later.messages)


@dataclass(frozen=True)
class TapRunner:
    """Runs the tap within this process, with real HTTP."""

    config: dict[str, Any]
    refusals: list[str] = field(default_factory=list)

    def run(
        self,
        state: dict[str, Any] | None = None,
        select: Iterable[str] | None = None,
        **settings: Any,
    ) -> Output:
        """Sync once.

        Args:
            state: The state to go on from.
            select: The streams to select; the default selection if None.
            settings: Settings besides the sandbox's.
        """
        config = {**self.config, **settings}
        catalog = (
            None if select is None else selecting(TapIntercom(config=config).catalog_dict, select)
        )
        return self.run_catalog(config, catalog, state)

    def run_catalog(
        self,
        config: dict[str, Any],
        catalog: dict[str, Any] | None,
        state: dict[str, Any] | None = None,
    ) -> Output:
        """Sync once with a catalog."""
        stdout = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
        with contextlib.redirect_stdout(stdout):
            tap = TapIntercom(config=config, catalog=catalog, state=json.loads(json.dumps(state)))
            tap.sync_all()
        self.refusals[:] = sorted(tap.run.failures)
        stdout.flush()
        return Output.of(stdout.buffer.getvalue().decode())  # type: ignore[attr-defined]


def selecting(catalog: dict[str, Any], streams: Iterable[str]) -> dict[str, Any]:
    """Return a catalog with these streams selected and no others."""
    chosen = set(streams)
    for entry in catalog["streams"]:
        for item in entry["metadata"]:
            if not item["breadcrumb"]:
                item["metadata"]["selected"] = entry["tap_stream_id"] in chosen
    return catalog
