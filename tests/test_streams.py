"""Streams are found by their classes, and each has a schema file."""

from __future__ import annotations

from pathlib import Path

from tap_intercom.streams import stream_types
from tap_intercom.sync.stream import IntercomStream
from tap_intercom.tap import STREAM_NAMES

SCHEMAS = {path.stem for path in (Path(__file__).parents[1] / "schemas").glob("*.json")}

SHARED_SCHEMAS = {"custom_objects"}
"""Schemas of streams that users name in the settings."""


def test_every_stream_has_a_schema() -> None:
    assert SCHEMAS >= STREAM_NAMES


def test_every_schema_has_a_stream() -> None:
    assert SCHEMAS - STREAM_NAMES == SHARED_SCHEMAS


def test_stream_names_are_unique() -> None:
    names = [stream_type.name for stream_type in stream_types()]  # type: ignore[misc]

    assert len(names) == len(set(names))


def test_base_classes_are_not_offered() -> None:
    offered = set(stream_types())

    bases = {base for stream_type in offered for base in stream_type.__mro__[1:]}

    assert offered & bases == set()
    assert IntercomStream in bases
