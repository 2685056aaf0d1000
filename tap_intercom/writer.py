"""Singer messages on stdout."""

from __future__ import annotations

import sys

from singer_sdk.contrib.msgspec import MsgSpecWriter
from singer_sdk.singerlib import Message, RecordMessage

from tap_intercom.compat import override


class Writer(MsgSpecWriter):
    """Writes messages, and hands rows over in blocks: a system call for each row costs as much."""

    @override
    def write_message(self, message: Message) -> None:
        """Write a message; any but a RECORD pushes out what was written before it, too."""
        sys.stdout.buffer.write(self.format_message(message))
        if not isinstance(message, RecordMessage):
            sys.stdout.flush()
