"""Endpoints that the tap does not know, as the setting `custom_streams` describes them."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, ClassVar

from tap_intercom.compat import override
from tap_intercom.custom.defined_lists import list_request, records_in
from tap_intercom.custom.macros import MacroValues
from tap_intercom.custom.parents import PARENTS, replication_key_of
from tap_intercom.custom.validation import stream_definitions
from tap_intercom.errors import InvalidRequestError, NotFoundError
from tap_intercom.schema.columns import TEXT
from tap_intercom.schema.values import to_text
from tap_intercom.spelling import unknown
from tap_intercom.sync.child_stream import ChildStream
from tap_intercom.sync.spool import Spool
from tap_intercom.sync.stream import IntercomStream
from tap_intercom.sync.top_level_stream import TopLevelStream
from tap_intercom.timestamps import TimestampedRecord, parse_timestamp

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from singer_sdk.helpers.types import Record

    from tap_intercom.api.request import Request
    from tap_intercom.api.response import Page
    from tap_intercom.custom.definitions import StreamDefinition
    from tap_intercom.errors import IntercomError


class DefinedStream(IntercomStream):
    """A stream whose definition may be wrong: then it fails, and its bookmark stays."""

    definition: ClassVar[StreamDefinition]

    @property
    @override
    def own_schema(self) -> dict[str, Any]:
        schema = self.definition.schema
        if self.config.get("flattening_enabled"):  # it makes text columns of those of any type
            for name in self.definition.response_fields:
                schema["properties"][name] |= TEXT
        return schema

    @property
    def definition_error(self) -> IntercomError | None:
        """What the responses so far show to be wrong with the definition, if anything."""
        request = f"{self.definition.method} {self.definition.path}"
        replication_key = self.definition.replication_key
        if self._records_without_key:
            message = (
                f"{request}: {self._records_without_key} records without "
                f"{' or '.join(self.own_keys)}. Check the primary_keys of this custom stream"
            )
            return InvalidRequestError(message)
        if self._fields and replication_key and replication_key not in self._fields:
            (name,) = unknown([replication_key], self._fields)
            message = (
                f"{request}: no record has the field {name}. "
                "Check the replication_key of this custom stream"
            )
            return InvalidRequestError(message)
        return None

    @cached_property
    def _fields(self) -> set[str]:
        """The fields of the records so far."""
        return set()

    def macro_values(self, since: int) -> MacroValues:
        """Return what macros stand for where records are wanted from a time (epoch seconds) on."""
        return MacroValues(
            now=self.run.started_at,
            bookmark=since,
            start_date=self.settings.start_date or 0,
            timestamp_format=self.definition.timestamp_format,
        )

    def listed_rows(self, pages: Iterable[Page]) -> Iterator[Record]:
        """Yield the columns of a list's records, and note their fields.

        Raises:
            InvalidRequestError: A page has no records at the definition's `records_path`.
        """
        definition = self.definition
        for page in pages:
            response = page.as_dict()
            values = definition.response_values(response)
            self._null_fields &= {name for name, value in values.items() if value is None}
            for record in records_in(definition, response):
                self._fields.update(record)
                yield {**definition.row(record), **values}

    @cached_property
    def _null_fields(self) -> set[str]:
        """The `response_fields` that no response so far had."""
        return set(self.definition.response_fields)

    @override
    def fail(self, error: IntercomError) -> None:
        """Note why the stream can't be loaded; what Intercom refuses may be a wrong definition."""
        if isinstance(error, NotFoundError):
            error.advice = "Check the path of this custom stream"
        elif isinstance(error, InvalidRequestError) and error.status:
            error.advice = error.advice or "Check path, params and body of this custom stream"
        super().fail(error)

    @override
    def advance_in_state(self, key: str, timestamp: int) -> None:
        if self.definition_error is None:
            super().advance_in_state(key, timestamp)

    @override
    def log_warnings(self) -> None:
        error = self.definition_error
        super().log_warnings()
        if self._fields and (missing := unknown(self.definition.columns, self._fields)):
            self.logger.warning(
                "%s: no record has the fields %s, so these columns are null",
                self.name,
                ", ".join(missing),
            )
        if self._fields and self._null_fields:
            self.logger.warning(
                "%s: no response has the response_fields %s, so these columns are null",
                self.name,
                ", ".join(sorted(self._null_fields)),
            )
        if error and self.name not in self.run.failures:
            self.fail(error)


class CustomStream(DefinedStream, TopLevelStream):
    """A list endpoint, read in full or from the bookmark on."""

    @override
    def iterate(self, since: int) -> Iterator[TimestampedRecord]:
        if self.replication_key is None:
            yield from map(TimestampedRecord, self._read(since))
            return
        # the order of the list is unknown, and a bookmark needs the oldest record first
        with Spool(self.run.temporary_file()) as spool:
            for record in self._read(since):
                timestamp = parse_timestamp(record.get(self.replication_key), since)
                if timestamp >= since:
                    spool.add(TimestampedRecord(record, timestamp))
            self.expected_records = len(spool)
            yield from spool.oldest_first()

    def _read(self, since: int) -> Iterator[Record]:
        return self.listed_rows(self.pages(list_request(self.definition, self.macro_values(since))))


class CustomChildStream(DefinedStream, ChildStream):
    """A list that is requested for each record of a parent.

    A parent that was deleted is answered with 404. If all are, and always were, the path is wrong.
    """

    _has_requested = False
    _has_received = False
    _parents_without_value = 0

    @override
    def request(self, record: Record) -> Request | None:
        value = record.get(self.definition.parent_field)
        if value is None:
            self._parents_without_value += 1
            return None
        self._has_requested = True
        values = replace(self.macro_values(0), id=to_text(value))
        # the value may be personal data, which no log line may hold
        return replace(list_request(self.definition, values), title=self.definition.path)

    @override
    def parent_columns(self, record: Record) -> Record:
        definition = self.definition
        fields = [definition.parent_field, replication_key_of(PARENTS[definition.parent])]
        return {
            column: record.get(field)
            for column, field in zip(definition.parent_columns, fields, strict=False)
        }

    @override
    def log_warnings(self) -> None:
        super().log_warnings()
        if self._parents_without_value:
            self.logger.warning(
                "%s: skipped %d %s without %s",
                self.name,
                self._parents_without_value,
                self.definition.parent,
                self.definition.parent_field,
            )

    @override
    def items(self, record: Record, pages: Sequence[Page]) -> Iterable[Record]:
        self._has_received = True
        return list(self.listed_rows(pages))

    @property
    @override
    def definition_error(self) -> IntercomError | None:
        if self._has_received or not self._has_requested or self.bookmark is not None:
            return super().definition_error
        path, parent = self.definition.path, self.definition.parent
        message = f"{self.definition.method} {path}: status 404 for all {parent}"
        return NotFoundError(message, status=HTTPStatus.NOT_FOUND)


def custom_stream_types(
    config: Mapping[str, Any], reserved_names: Collection[str]
) -> list[type[IntercomStream]]:
    """Return a stream class for each definition in the setting `custom_streams`.

    Args:
        config: The tap's configuration.
        reserved_names: The names of the tap's own streams.
    """
    return [
        _child_type(definition) if definition.parent else _top_level_type(definition)
        for definition in stream_definitions(config, reserved_names)
    ]


def _top_level_type(defined: StreamDefinition) -> type[IntercomStream]:
    class Defined(CustomStream):
        definition = defined
        name = defined.name
        primary_keys = defined.primary_keys
        replication_key = defined.replication_key or None

    return Defined


def _child_type(defined: StreamDefinition) -> type[IntercomStream]:
    _, *times = defined.parent_columns

    class Defined(CustomChildStream):
        definition = defined
        name = defined.name
        parent_stream_type = PARENTS[defined.parent]
        primary_keys = defined.primary_keys
        replication_key = times[0] if times else None

    return Defined
