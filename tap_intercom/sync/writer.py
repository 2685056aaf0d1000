"""Singer messages on stdout."""

from __future__ import annotations

import io
import sys
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from singer_sdk.contrib.msgspec import MsgSpecWriter, serialize_jsonl
from singer_sdk.singerlib import Message, RecordMessage

from tap_intercom.compat import override

if TYPE_CHECKING:
    from singer_sdk.helpers.types import Record

BUFFER_BYTES = 256 * 1024


def enlarge_stdout_buffer() -> None:
    """Write rows in blocks: with Python's 8 KB each row is a system call of its own.

    Each such call also lets another thread run, which costs more than the call.
    """
    with suppress(io.UnsupportedOperation):  # in tests stdout is no file
        buffer = io.BufferedWriter(io.FileIO(sys.stdout.fileno(), "w", closefd=False), BUFFER_BYTES)
        sys.stdout = io.TextIOWrapper(buffer, encoding="utf-8")


class Writer(MsgSpecWriter):
    """Writes messages; rows stay in the buffer until it is full or another message follows."""

    @override
    def write_message(self, message: Message) -> None:
        """Write a message; any but a RECORD flushes stdout."""
        sys.stdout.buffer.write(self.format_message(message))
        if not isinstance(message, RecordMessage):
            sys.stdout.flush()

    def write_row(self, stream: str, row: Record) -> None:
        """Write a RECORD message without the SDK's object for it, which would double the cost."""
        message = {
            "type": "RECORD",
            "stream": stream,
            "record": row,
            "time_extracted": datetime.now(UTC),
        }
        sys.stdout.buffer.write(serialize_jsonl(message))
