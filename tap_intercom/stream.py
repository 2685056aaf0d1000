"""What every stream shares: its schema file, the path of a record, its bookmark.

The SDK's private methods that the tap overrides, all of them, and why (`tests/test_sdk_contract.py`
fails when a release of the SDK changes one):

- `Stream._write_record_message`: the SDK walks every record to drop deselected properties, even
  when none is deselected, and makes an object for each message; that would be most of what is left
  of a record's cost.
- `Tap._validate_config` (in `tap.py`): the SDK's message quotes the value that is wrong, which may
  be the access token.
- `Stream._increment_stream_state` (in `family.py`): a family moves the bookmarks of all its
  members together, to the moment up to which nothing is outstanding.
"""

from __future__ import annotations

import copy
from functools import cached_property
from importlib.resources import files
from typing import TYPE_CHECKING, ClassVar

from singer_sdk import Stream, StreamSchema
from singer_sdk.helpers.conform import TypeConformanceLevel
from singer_sdk.schema.source import SchemaDirectory

from tap_intercom.compat import override
from tap_intercom.normalize import Normalizer, to_epoch, to_timestamp
from tap_intercom.progress import Summary

if TYPE_CHECKING:
    from collections.abc import Iterable

    from singer_sdk.helpers.types import Context, Record

    from tap_intercom.client import IntercomClient
    from tap_intercom.errors import IntercomError
    from tap_intercom.settings import Settings
    from tap_intercom.tap import TapIntercom

SCHEMAS = SchemaDirectory(files("tap_intercom.schemas"))


class IntercomStream(Stream):
    """A stream of records out of Intercom's API.

    Its columns are in `schemas/<name>.json`. `permission` is what the token needs, in the words
    of Intercom's Developer Hub; `first_version` is the first API version that has the resource.
    """

    schema: ClassVar[StreamSchema[str]] = StreamSchema(SCHEMAS)
    permission: ClassVar[str] = ""
    first_version: ClassVar[tuple[int, int]] = (2, 7)
    TYPE_CONFORMANCE_LEVEL = TypeConformanceLevel.NONE

    _tap: TapIntercom
    _keyless = 0

    @cached_property
    def summary(self) -> Summary:
        """What became of this stream in the run."""
        return Summary(self.name)

    @override
    def log_sync_costs(self) -> None:
        """Log the stream's summary; the SDK calls this for each stream at the end of a run."""
        if "summary" in vars(self):
            self.summary.log(self.logger)

    @property
    def client(self) -> IntercomClient:
        """The client that all streams share."""
        return self._tap.client

    @property
    def settings(self) -> Settings:
        """The run's settings."""
        return self._tap.settings

    @cached_property
    def normalize(self) -> Normalizer:
        """Brings records to the types of this stream's schema."""
        return Normalizer(self.effective_schema)

    @property
    @override
    def is_sorted(self) -> bool:
        return True

    @property
    @override
    def check_sorted(self) -> bool:
        return False

    @override
    def get_replication_key_signpost(self, context: Context | None = None) -> None:
        """Return nothing: `move_bookmark` itself stops at the moment the run began."""

    @property
    def began_at(self) -> int:
        """The moment (epoch seconds) at which the run began."""
        return self._tap.initialized_at // 1000

    @property
    def bookmark(self) -> int | None:
        """The moment (epoch seconds) up to which all has been emitted; None if there is none."""
        value = self.stream_state.get("replication_key_value")
        return to_epoch(value) if value and self._is_incremental else None

    @property
    def starting_moment(self) -> int:
        """The moment (epoch seconds) from which this run reads; 0 if it reads everything.

        It lies before the bookmark, because Intercom's index runs late. Without a bookmark it is
        the start date.
        """
        if not self._is_incremental:
            return 0
        if self.bookmark is None:
            return self.settings.start_date or 0
        return max(0, self.bookmark - self.settings.lookback_seconds)

    def move_bookmark(self, moment: int) -> None:
        """Move the bookmark to a moment (epoch seconds), if it is incremental and that is forward.

        It never passes the moment the run began: what changes later belongs to the next run too.
        """
        moment = min(moment, self.began_at)
        if self._is_incremental and moment > (self.bookmark or 0):
            self.stream_state["replication_key"] = self.replication_key
            self.stream_state["replication_key_value"] = to_timestamp(moment)

    @property
    def _is_incremental(self) -> bool:
        return self.replication_method == "INCREMENTAL"

    def write_schema(self) -> None:
        """Write the SCHEMA message, where the SDK does not: for a child stream of a family."""
        self._write_schema_message()

    def write_rows(self, rows: Iterable[Record]) -> int:
        """Write RECORD messages and return how many, where the SDK does not."""
        count = 0
        for row in rows:
            if self.has_key(row):
                self._write_record_message(row)
                count += 1
        return count

    def has_key(self, row: Record) -> bool:
        """Whether a row has its whole key; no target could store it otherwise."""
        if all(row.get(key) is not None for key in self.primary_keys):
            return True
        self._keyless += 1
        return False

    def report(self) -> None:
        """Log at the end of a walk what could not be written as it came; then forget it."""
        self.normalize.report(self.logger)
        if self._keyless:
            self.logger.warning("%d records came without a key and were left out", self._keyless)
        self._keyless = 0

    def fail(self, error: IntercomError) -> None:
        """Note why this stream can't be loaded: it ends, its bookmark stays, the run goes on."""
        self._tap.note_failure(self, error)

    @cached_property
    def _whole_records(self) -> bool:
        """Whether every property of the stream is selected."""
        return all(self.mask.values())

    @override
    def _write_record_message(self, record: Record) -> None:
        if not self._whole_records:
            # the SDK drops properties in place, and rows of one family share nested objects
            super()._write_record_message(copy.deepcopy(record))
            return
        for stream_map in self.stream_maps:
            mapped = stream_map.transform(record)
            if mapped is not None:
                self._tap.message_writer.write_row(stream_map.stream_alias, mapped)
        self.state_manager.is_flushed = False
