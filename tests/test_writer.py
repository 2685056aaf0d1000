"""The tap's own way of writing rows says what the SDK's does."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from singer_sdk.contrib.msgspec import MsgSpecWriter
from singer_sdk.singerlib import RecordMessage

from tap_intercom.sync.writer import Writer

if TYPE_CHECKING:
    import pytest

ROW = {
    "id": "1",
    "name": "Zo\u00eb",
    "seats": 3,
    "share": 0.5,
    "tags": ["a", None],
    "more": {"x": {}},
}


def test_a_row_is_the_message_that_the_sdk_would_write(monkeypatch: pytest.MonkeyPatch) -> None:
    stdout = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    monkeypatch.setattr("sys.stdout", stdout)
    Writer().write_row("contacts", ROW)
    message = RecordMessage(stream="contacts", record=ROW, time_extracted=datetime.now(UTC))
    MsgSpecWriter().write_message(message)
    ours, theirs = (parsed(line) for line in stdout.buffer.getvalue().splitlines())  # type: ignore[attr-defined]
    assert ours == theirs


def parsed(line: bytes) -> dict[str, Any]:
    message: dict[str, Any] = json.loads(line)
    assert message.pop("time_extracted").endswith("Z")
    return message
