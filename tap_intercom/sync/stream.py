"""What every stream shares: its schema file, the path of a record, its bookmark.

The SDK's private methods that the tap overrides, and why (`tests/test_sdk_contract.py` fails when
a release of the SDK changes one):

- `Stream._write_record_message`: the SDK searches every record for deselected properties, which
  `normalize` has left out already, and creates an object for each message; that would be most of
  what is left of a record's cost.
- `Stream._increment_stream_state` (in `top_level_stream.py`): the bookmarks of a parent and its
  children advance together, to the timestamp up to which nothing is outstanding.
- `Tap._validate_config` (in `tap.py`): the SDK's message quotes the value that is wrong, which may
  be the access token.
- `Tap._reset_state_progress_markers` (in `tap.py`): it is what the SDK calls first in a sync, whose
  own method is final, so the state is compared with the token's workspace there.
- `Tap._handle_termination` (in `tap.py`): after a signal the SDK's waits for the target, without
  end if that reads nothing, and ends the run with exit code 0.
"""

from __future__ import annotations

from functools import cached_property
from importlib.resources import files
from typing import TYPE_CHECKING, Any, ClassVar

from singer_sdk.helpers.conform import TypeConformanceLevel
from singer_sdk.schema.source import SchemaDirectory
from singer_sdk.singerlib.catalog import REPLICATION_FULL_TABLE

from tap_intercom.api.pagination import pages
from tap_intercom.api_version import OLDEST, ApiVersion
from tap_intercom.compat import override
from tap_intercom.schema.column_names import Naming
from tap_intercom.schema.columns import (
    COLUMNS_OF_ALL_STREAMS,
    WORKSPACE_COLUMNS,
    WORKSPACE_ID,
)
from tap_intercom.schema.normalize import Normalizer
from tap_intercom.schema.personal_data import Protector, without_marks
from tap_intercom.schema.selection import deselected_properties, selected_schema, without
from tap_intercom.sync.activate_version import VersionedStream
from tap_intercom.sync.audit import Audit
from tap_intercom.sync.incoming_catalog import keep_key_columns
from tap_intercom.sync.progress import Summary
from tap_intercom.sync.stream_maps import adapted_maps
from tap_intercom.timestamps import format_timestamp, parse_timestamp, to_epoch

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from singer_sdk import Tap
    from singer_sdk.helpers.types import Context, Record
    from singer_sdk.mapper import StreamMap
    from singer_sdk.singerlib import Catalog

    from tap_intercom.api.client import IntercomClient
    from tap_intercom.api.request import Request
    from tap_intercom.api.response import Page
    from tap_intercom.errors import IntercomError
    from tap_intercom.schema.selection import Deselected
    from tap_intercom.settings import Settings
    from tap_intercom.sync.run import Run

SCHEMAS = SchemaDirectory(files("tap_intercom.schemas"))


class IntercomStream(VersionedStream):
    """A stream of records from Intercom's API; its columns are in `schemas/<name>.json`.

    Attributes:
        added_columns: Columns that the tap adds to what Intercom sends; a catalog of an older
            version that lacks one gets it, as it holds what no other column does.
        text_fields: Objects that some API versions send as text: by column, the field of the object
            that the text is.
        permission: What the token needs, as Intercom's Developer Hub calls it.
        min_api_version: The first API version that has the resource.
        is_preview: Whether its requests ask for the version Preview, whatever that of the run.
        attributes: The column of custom attributes that the schema declares; empty if none.
    """

    added_columns: ClassVar[tuple[str, ...]] = ()
    text_fields: ClassVar[Mapping[str, str]] = {}
    permission: ClassVar[str] = ""
    min_api_version: ClassVar[ApiVersion] = OLDEST
    is_preview: ClassVar[bool] = False
    attributes: ClassVar[str] = ""
    TYPE_CONFORMANCE_LEVEL = TypeConformanceLevel.NONE

    _records_without_key = 0

    def __init__(self, tap: Tap, run: Run, name: str | None = None) -> None:
        """Create the stream; a schema that the workspace defines is read now."""
        self.run = run
        super().__init__(tap, name=name)

    @classmethod
    def describe_endpoint(cls) -> str:
        """Return where the rows come from, as `docs/streams.md` says it (Markdown)."""
        raise NotImplementedError

    @property
    def reads_changes(self) -> bool:
        """Whether a run that reads only changed records syncs this stream."""
        return False

    @property
    @override
    def selected(self) -> bool:
        """Whether the run reads the stream; without a catalog that is the stream's default."""
        return self._is_selected

    @selected.setter
    def selected(self, value: bool | None) -> None:
        VersionedStream.selected.fset(self, value)  # type: ignore[attr-defined]  # a property
        self._is_selected = self.mask[()]

    @cached_property
    def _is_selected(self) -> bool:
        """Whether it is selected, without listing its columns if no catalog names it."""
        catalog = self._tap.input_catalog
        if catalog is None:
            return self.selected_by_default
        return self.name in catalog and self.mask[()]

    @property
    def is_read(self) -> bool:
        """Whether this run reads the stream, if it is selected."""
        return self.run.changes is None or self.reads_changes

    @property
    def own_schema(self) -> dict[str, Any]:
        """The JSON Schema of the columns that not every stream has, with marks of personal data."""
        return SCHEMAS.get_schema(self.name)

    @property
    @override
    def schema(self) -> dict[str, Any]:
        return self._schema_of_all_columns

    @cached_property
    def _schema_of_all_columns(self) -> dict[str, Any]:
        own = without_marks(self.own_schema)
        first = WORKSPACE_COLUMNS if self.config.get("workspace_column") else {}
        properties = {**first, **own["properties"], **first, **COLUMNS_OF_ALL_STREAMS}
        return {**own, "properties": properties}

    def add_workspace_to_key(self) -> None:
        """Put the column `_workspace_id` first in the key, if the setting adds it.

        A stream without a key keeps none: one of the workspace alone would be a key of one row.
        """
        own_keys = [key for key in self.primary_keys if key != WORKSPACE_ID]
        if self.config.get("workspace_column") and own_keys:
            self.primary_keys = (WORKSPACE_ID, *own_keys)

    @override
    def apply_catalog(self, catalog: Catalog) -> None:
        """Take columns, selection and the method FULL_TABLE from a catalog, but no keys.

        What it lacks of the columns that the tap adds is added to it.
        """
        primary_keys, replication_key = self.primary_keys, self.replication_key
        if entry := catalog.get_stream(self.name):
            keep_key_columns(entry, self)
        super().apply_catalog(catalog)
        self.primary_keys, self.replication_key = primary_keys, replication_key
        if self.forced_replication_method != REPLICATION_FULL_TABLE:
            self.forced_replication_method = None
        self.add_missing_columns()

    def add_missing_columns(self) -> None:
        """Add to the columns of a catalog what it lacks of those that the tap adds."""
        if self._input_schema is None:
            return
        own, given = self.schema["properties"], self._input_schema.setdefault("properties", {})
        of_all_streams = {**WORKSPACE_COLUMNS, **COLUMNS_OF_ALL_STREAMS}
        for name in (*of_all_streams, *self.added_columns, *self.raw_columns.values()):
            if name in own:
                given.setdefault(name, own[name])

    @cached_property
    def summary(self) -> Summary:
        """The stream's figures for the run."""
        return Summary(self.name)

    @cached_property
    def audit(self) -> Audit:
        """What `sync_audit` says of the stream; first needed before its bookmark advances."""
        return Audit(self.stream_state.get("replication_key_value"))

    @override
    def log_sync_costs(self) -> None:
        """Log the stream's summary; the SDK calls this for each stream at the end of a run."""
        if "summary" in vars(self):
            self.summary.log(self.logger)

    @property
    def client(self) -> IntercomClient:
        """The client that all streams share."""
        return self.run.client

    @property
    def settings(self) -> Settings:
        """The run's settings."""
        return self.run.settings

    @cached_property
    def _normalizer(self) -> Normalizer:
        return Normalizer(
            self.effective_schema, text_fields=self.text_fields, raw_columns=self.raw_columns
        )

    @property
    def raw_columns(self) -> Mapping[str, str]:
        """Columns that keep an object as it was sent if a value in it doesn't fit, by object."""
        return {}

    def normalize(self, row: Record) -> Record:
        """Return the selected columns of a row, converted, without what has to be protected.

        They are selected and protected before, as what is converted may get into other columns, and
        selected afterwards, as converting adds some.
        """
        return self._select(self.convert(self._protect(self._select(row))))

    @cached_property
    def _protector(self) -> Protector | None:
        protection = self.run.protection
        if protection.unknown is None:
            return None
        return Protector(protection, self.own_schema, self.effective_schema, self.text_fields)

    def _protect(self, row: Record) -> Record:
        return self._protector(row) if self._protector else row

    def convert(self, row: Record) -> Record:
        """Return a row, each value with the type of this stream's schema."""
        return self._normalizer(row)

    @cached_property
    def _deselected(self) -> Deselected:
        """What a catalog deselects but keys, without which no target could store a row."""
        if self._tap.input_catalog is None:
            return {}
        keys = {*self.primary_keys, self.replication_key}
        found = deselected_properties(self.mask)
        return {name: within for name, within in found.items() if name not in keys}

    def _select(self, row: Record) -> Record:
        return without(row, self._deselected) if self._deselected else row

    @cached_property
    @override
    def stream_maps(self) -> list[StreamMap]:
        """What becomes of the rows: stream maps and flattening.

        Raises:
            MappingError: A map is wrong.
            ColumnNameError: Flattening gives two columns the same name.
        """
        mapper, schema = self._tap.mapper, selected_schema(self.effective_schema, self._deselected)
        mapper.register_raw_stream_schema(self.name, schema, list(self.primary_keys))
        maps = mapper.stream_maps[self.name]
        columns = schema["properties"]
        return adapted_maps(maps, columns, Naming.from_config(self.config), self.attributes)

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
        """Return nothing: `advance_bookmark` itself stops at the start of the run."""

    @property
    def bookmark(self) -> int | None:
        """The timestamp (epoch seconds) up to which everything was written, or None."""
        value = self.stream_state.get("replication_key_value")
        return to_epoch(value) if value and self.replication_key else None

    @property
    def start_timestamp(self) -> int:
        """The timestamp (epoch seconds) from which this run reads; 0 if it reads everything.

        It lies before the bookmark, because Intercom's index lags. Without a bookmark, or with the
        method FULL_TABLE, it is the start date.
        """
        if not self.replication_key or self.run.changes is not None:
            return 0
        if self.bookmark is None or self.is_read_whole:
            return self.settings.start_date or 0
        return max(0, self.bookmark - self.lookback_seconds)

    @property
    def lookback_seconds(self) -> int:
        """How far before its bookmark the stream starts to read."""
        return self.settings.lookback_seconds

    def advance_bookmark(self, timestamp: int) -> None:
        """Advance the bookmark to a timestamp (epoch seconds), at most to the start of the run.

        Also with the method FULL_TABLE: a later run may be incremental again.
        """
        self.advance_in_state("replication_key_value", timestamp)

    def advance_in_state(self, key: str, timestamp: int) -> None:
        """Advance one of the timestamps (epoch seconds) that the state keeps of this stream."""
        timestamp = min(timestamp, self.run.started_at)
        if self.replication_key and timestamp > parse_timestamp(self.stream_state.get(key), 0):
            self.stream_state["replication_key"] = self.replication_key
            self.stream_state[key] = format_timestamp(timestamp)

    def read(self, request: Request) -> list[Page]:
        """Read all pages of a request; threads may do so at once.

        Raises:
            IntercomError: Intercom refused the request or kept failing.
        """
        return list(pages(self.client, request))

    def listed_ids(self, ids: Collection[str]) -> set[str]:
        """Return which of some records Intercom lists now; all of them if that is unknown.

        Raises:
            IntercomError: Intercom refused the request or kept failing.
        """
        return set(ids)

    def write_schema(self) -> None:
        """Write the SCHEMA message of a child stream; the SDK writes those of other streams."""
        self._write_schema_message()

    def write_state(self) -> None:
        """Write a STATE message."""
        self._tap.state_writer.write_state(self.tap_state)

    def write_rows(self, rows: Iterable[Record]) -> int:
        """Write the RECORD messages of a child stream and return how many were written."""
        count = 0
        for row in rows:
            if self.has_key(row):
                self._write_record_message(row)
                count += 1
        return count

    @cached_property
    def own_keys(self) -> tuple[str, ...]:
        """The key columns that a row has from Intercom, so without that of the workspace."""
        return tuple(key for key in self.primary_keys if key != WORKSPACE_ID)

    def has_key(self, row: Record) -> bool:
        """Whether a row has its complete key; no target could store it otherwise."""
        if all(row.get(key) is not None for key in self.own_keys):
            return True
        self._records_without_key += 1
        self.note_missing("records without a key were left out")
        return False

    def log_warnings(self) -> None:
        """Log what could not be written as it was received; then forget it."""
        self._normalizer.log_warnings(self.logger)
        if self._records_without_key:
            self.logger.warning(
                "%s: left out %d records without a key", self.name, self._records_without_key
            )
        self._records_without_key = 0

    def fail(self, error: IntercomError) -> None:
        """Note why this stream can't be loaded completely: its bookmark stays, the run goes on."""
        self.run.failures[self.name] = error

    @cached_property
    def _columns_of_run(self) -> Record:
        """The columns that all rows of the run have with the same values."""
        adds_workspace = self.settings.workspace_column
        return {WORKSPACE_ID: self.client.workspace_id} if adds_workspace else {}

    @override
    def _write_record_message(self, record: Record) -> None:
        record.update(self._columns_of_run)
        for stream_map in self.stream_maps:
            mapped = stream_map.transform(record)
            if mapped is not None:
                self.run.writer.write_row(stream_map.stream_alias, mapped, self.version)
                self.audit.records += 1
        self.state_manager.is_flushed = False
