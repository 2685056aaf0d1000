"""ACTIVATE_VERSION messages, which tell a target what is gone.

Each row of a stream that is read whole carries the version of the run. The message behind the last
of them lets the target mark all rows of older versions as deleted. A row that exists but was not
written would be marked too, so anything that is known to be missing withholds the message.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, ClassVar

from singer_sdk import Stream
from singer_sdk.singerlib.catalog import REPLICATION_FULL_TABLE

from tap_intercom.compat import override
from tap_intercom.sync.stream_maps import aliases

if TYPE_CHECKING:
    from tap_intercom.sync.run import Run

STATE_KEY = "version"
"""In a stream's bookmark: the version of the last run."""


class VersionedStream(Stream):
    """A stream that reports what is gone, if it is read whole and the settings ask for it.

    Attributes:
        retention: Why Intercom stops to return rows that still hold; empty if it doesn't.
        run: What all streams share.
        version: What the rows of this run carry, if they are to be all that there are.
        missing: Why they are not all that there are; empty as long as they may be.
    """

    retention: ClassVar[str] = ""
    run: Run
    version: int | None = None
    missing = ""

    @property
    @override
    def emit_activate_version_messages(self) -> bool:
        """Whether the SDK writes the messages: never, as it does so before the rows."""
        return False

    @property
    def is_read_whole(self) -> bool:
        """Whether each run reads the stream from its beginning; it may keep a bookmark, too."""
        return self.replication_method == REPLICATION_FULL_TABLE

    def note_missing(self, reason: str) -> None:
        """Note why rows that exist are not written in this run; the first reason is kept."""
        self.missing = self.missing or reason

    def begin_version(self) -> None:
        """Give the rows that follow a version, unless more may exist than any such run writes.

        It is the time in milliseconds, and greater than that of every earlier run.
        """
        if self._is_versioned and not self._obstacle:
            last = self.stream_state.get(STATE_KEY)
            next_one = last + 1 if isinstance(last, int) else 0
            self.version = max(next_one, int(time.time() * 1000))
            self.stream_state[STATE_KEY] = self.version

    def activate_version(self) -> None:
        """Write the message, now that the last row is written, or log why it is withheld."""
        if not self._is_versioned:
            return
        if reason := self._obstacle or self._shortfall:
            self.logger.warning(
                "%s: no ACTIVATE_VERSION message, so no row is marked as deleted: %s",
                self.name,
                reason,
            )
        elif self.version is not None:
            self._write_activate_version_message(self.version)

    @property
    def _is_versioned(self) -> bool:
        """Whether the settings ask for the message; `--test` reads only the first records."""
        is_test = self.ABORT_AT_RECORD_COUNT is not None
        return (
            self.run.settings.emit_activate_version_messages and self.is_read_whole and not is_test
        )

    @property
    def _obstacle(self) -> str:
        """Why rows may exist that no run with these settings writes; empty if none may."""
        if self.run.changes is not None:
            return "webhooks_only reads only the records that notifications name"
        if self.replication_key and self.run.settings.start_date:
            return "start_date leaves out older records. Remove it to read all of them"
        if self.retention:
            return f"it can't be read whole, because {self.retention}"
        others = [one for one in self._tap.streams.values() if one is not self]
        shared = [one.name for one in others if aliases(one) & aliases(self)]
        return f"stream_maps write it and {' and '.join(shared)} to one stream" if shared else ""

    @property
    def _shortfall(self) -> str:
        """Why rows that exist were not written in this run; empty if all were."""
        if self.name in self.run.failures:
            return "it was not loaded completely"
        return self.missing
