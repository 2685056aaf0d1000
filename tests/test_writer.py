"""The tap's own writer of messages against the SDK's."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from singer_sdk.contrib.msgspec import MsgSpecWriter
from singer_sdk.singerlib import (
    ActivateVersionMessage,
    Message,
    RecordMessage,
    SchemaMessage,
    StateMessage,
)

from tap_intercom.sync.writer import Writer

if TYPE_CHECKING:
    from pathlib import Path

ROW = {
    "id": "1",
    "name": "Zo\u00eb",
    "seats": 3,
    "share": 0.5,
    "tags": ["a", None],
    "more": {"x": {}},
}


@pytest.mark.parametrize("version", [None, 1_764_215_400_000])
def test_row_equals_the_message_of_the_sdk(
    monkeypatch: pytest.MonkeyPatch, version: int | None
) -> None:
    output = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(output, encoding="utf-8"))

    Writer().write_row("contacts", ROW, version)
    MsgSpecWriter().write_message(
        RecordMessage(
            stream="contacts", record=ROW, version=version, time_extracted=datetime.now(UTC)
        )
    )

    ours, theirs = (without_time(line) for line in output.getvalue().splitlines())
    assert ours == theirs


MESSAGES = {
    "schema": SchemaMessage("contacts", {"properties": {"id": {"type": "string"}}}),
    "schema with keys": SchemaMessage("contacts", {}, ["id"], ["updated_at"]),
    "state": StateMessage({"bookmarks": {"contacts": {"replication_key_value": None}}}),
    "version": ActivateVersionMessage("contacts", 1),
    "record": RecordMessage("contacts", ROW),
    "record with a version": RecordMessage(
        "contacts", ROW, version=0, time_extracted=datetime.now(UTC)
    ),
}


@pytest.mark.parametrize("message", MESSAGES.values(), ids=MESSAGES)
def test_message_equals_that_of_the_sdk(message: Message) -> None:
    ours = bytes(Writer().serialize_message(message))  # a copy: the SDK has one buffer for all
    theirs = bytes(MsgSpecWriter().serialize_message(message))

    assert ours == theirs


def test_state_leaves_with_the_rows_before_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A target that has not seen a state can't keep it, however long the run goes on."""
    file = tmp_path / "stdout"
    with file.open("w", encoding="utf-8") as stdout:
        monkeypatch.setattr("sys.stdout", stdout)

        Writer().write_row("contacts", ROW)
        Writer().write_message(StateMessage({"bookmarks": {}}))

        written = [json.loads(line)["type"] for line in file.read_bytes().splitlines()]
    assert written == ["RECORD", "STATE"]


def without_time(line: bytes) -> dict[str, Any]:
    message: dict[str, Any] = json.loads(line)
    assert message.pop("time_extracted").endswith("Z")
    return message
