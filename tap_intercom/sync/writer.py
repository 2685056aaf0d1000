"""Singer messages on stdout."""

from __future__ import annotations

import sys
from dataclasses import fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from singer_sdk.contrib.msgspec import MsgSpecWriter, serialize_jsonl
from singer_sdk.singerlib import Message, RecordMessage

from tap_intercom.compat import override

if TYPE_CHECKING:
    from singer_sdk.helpers.types import Record


class Writer(MsgSpecWriter):
    """Writes messages; rows stay in the buffer until it is full or another message follows."""

    @override
    def serialize_message(self, message: Message) -> bytearray:
        """Return a message as JSON; the SDK would first copy the whole schema or state."""
        values = {one.name: getattr(message, one.name) for one in fields(message)}
        return serialize_jsonl({name: value for name, value in values.items() if value is not None})

    @override
    def write_message(self, message: Message) -> None:
        """Write a message; any but a RECORD flushes stdout."""
        sys.stdout.buffer.write(self.format_message(message))
        if not isinstance(message, RecordMessage):
            sys.stdout.flush()

    def write_row(self, stream: str, row: Record, version: int | None = None) -> None:
        """Write a RECORD message without the SDK's object for it, which would double the cost."""
        message: dict[str, Any] = {
            "type": "RECORD",
            "stream": stream,
            "record": row,
            "time_extracted": datetime.now(UTC),
        }
        if version is not None:
            message["version"] = version
        sys.stdout.buffer.write(serialize_jsonl(message))
