"""Runs the tap, and parses the Singer messages that it writes."""

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
    def parse(cls, text: str) -> Output:
        """Parse stdout; a line that is no message is an error."""
        return cls([msgspec.json.decode(line) for line in text.splitlines()])

    @property
    def state(self) -> dict[str, Any]:
        """The value of the last STATE message; empty if there is none."""
        states = [message["value"] for message in self.messages if message["type"] == "STATE"]
        return states[-1] if states else {}

    @property
    def schemas(self) -> list[dict[str, Any]]:
        """The SCHEMA messages."""
        return [message for message in self.messages if message["type"] == "SCHEMA"]

    def records(self, stream: str) -> list[Record]:
        """Return a stream's records in the order in which they were written."""
        return self._by_stream.get(stream, [])

    def values(self, stream: str, column: str) -> list[Any]:
        """Return the values of a column in a stream's records."""
        return [record[column] for record in self.records(stream)]

    def streams(self) -> set[str]:
        """Return the streams that have records."""
        return set(self._by_stream)

    @cached_property
    def _by_stream(self) -> dict[str, list[Record]]:
        found = defaultdict(list)
        for message in self.messages:
            if message["type"] == "RECORD":
                found[message["stream"]].append(message["record"])
        return dict(found)

    def until_state(self, number: int) -> Output:
        """Return the output up to its n-th STATE, as of a run that is killed there."""
        seen = 0
        for end, message in enumerate(self.messages, 1):
            seen += message["type"] == "STATE"
            if seen == number:
                return Output(self.messages[:end])
        raise LookupError(f"there are only {seen} STATE messages")

    def __add__(self, later: Output) -> Output:
        return Output(self.messages + later.messages)


@dataclass(frozen=True)
class TapRunner:
    """Runs the tap within this process, with real HTTP.

    Attributes:
        config: The settings of all runs.
        failed_streams: The streams that failed in the last run.
    """

    config: dict[str, Any]
    failed_streams: list[str] = field(default_factory=list)

    def run(
        self,
        state: dict[str, Any] | None = None,
        select: Iterable[str] | None = None,
        **settings: Any,
    ) -> Output:
        """Sync once.

        Args:
            state: The state to resume from.
            select: The streams to select; the default selection if None.
            settings: Settings besides those of `config`.
        """
        config = {**self.config, **settings}
        catalog = None if select is None else discovered_catalog(config, set(select))
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
        self.failed_streams[:] = sorted(tap.run.failures)
        stdout.flush()
        return Output.parse(stdout.buffer.getvalue().decode())  # type: ignore[attr-defined]


def discovered_catalog(config: dict[str, Any], streams: set[str]) -> dict[str, Any]:
    """Discover these streams from the sandbox, and no others; all of them are selected."""
    found = TapIntercom(config=config, setup_mapper=False).streams
    chosen = [stream for name, stream in found.items() if name in streams]
    entries = [stream._singer_catalog_entry.to_dict() for stream in chosen]
    return select_streams({"streams": entries}, streams)


def select_streams(catalog: dict[str, Any], streams: Iterable[str]) -> dict[str, Any]:
    """Return a catalog with these streams selected and no others."""
    chosen = set(streams)
    for entry in catalog["streams"]:
        for item in entry["metadata"]:
            if not item["breadcrumb"]:
                item["metadata"]["selected"] = entry["tap_stream_id"] in chosen
    return catalog
