"""Streams of records with custom attributes, typed as the workspace defines them.

A value of another type becomes null, and the record keeps all of its attributes as they were sent,
as JSON, in `custom_attributes_raw` (tickets: `ticket_attributes_raw`). So does a record with an
attribute that is not declared, where attributes are flattened into columns.
"""

from __future__ import annotations

import copy
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from singer_sdk import StreamSchema

from tap_intercom.compat import override
from tap_intercom.errors import PermissionDeniedError
from tap_intercom.schema.attributes import properties_of
from tap_intercom.schema.columns import TEXT
from tap_intercom.schema.normalize import to_text
from tap_intercom.sync.list_stream import ListStream
from tap_intercom.sync.stream import SCHEMAS
from tap_intercom.sync.top_level_stream import TopLevelStream

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from singer_sdk import Stream
    from singer_sdk.helpers.types import Context, Record

    from tap_intercom.api.request import Request
    from tap_intercom.api.response import Page
    from tap_intercom.schema.attributes import AttributeSource

EMPTY_VALUES: tuple[Any, ...] = (None, "", [], {})


class AttributeDefinitionStream(ListStream):
    """A list that defines attributes; what discovery has read of it is not read again."""

    @override
    def pages(self, request: Request) -> Iterable[Page]:
        return self.run.attribute_definitions.pages(request)


class AttributedSchema(StreamSchema[str]):
    """A stream's schema file, and the attributes that the workspace defines."""

    @override
    def get_stream_schema(self, stream: Stream, stream_class: type[Stream]) -> dict[str, Any]:
        if isinstance(stream, AttributedStream):
            return stream.schema_with_attributes
        return super().get_stream_schema(stream, stream_class)


class AttributedStream(TopLevelStream):
    """A stream of records with custom attributes.

    Attributes:
        attributes: The field that holds the attributes.
        attribute_source: Where the attributes are defined.
    """

    schema: ClassVar[StreamSchema[str]] = AttributedSchema(SCHEMAS)
    attributes: ClassVar[str] = "custom_attributes"
    attribute_source: ClassVar[AttributeSource]

    @cached_property
    def schema_with_attributes(self) -> dict[str, Any]:
        """The stream's schema; a given catalog has the attributes already."""
        schema = copy.deepcopy(SCHEMAS.get_schema(self.name, key_properties=self.primary_keys))
        properties = schema["properties"]
        if self._as_json:
            properties[self.attributes] = dict(TEXT)
            return schema
        properties[self._raw_column] = dict(TEXT)
        if self.run.is_configured and not self.run.has_catalog:
            attributes = self._attribute_properties()
            if attributes:
                properties[self.attributes]["properties"] = attributes
        return schema

    def custom_definitions(self) -> list[Record]:
        """Return the definitions of the custom attributes.

        Raises:
            IntercomError: They can't be read.
        """
        return self.attribute_source.custom_definitions(self.run.attribute_definitions)

    @override
    def post_process(self, row: Record, context: Context | None = None) -> Record | None:
        found = row.get(self.attributes)
        as_sent = dict(found) if isinstance(found, dict) else {}
        normalized = super().post_process(row, context)
        if normalized is None or self._as_json:
            return normalized
        typed = normalized.get(self.attributes) or {}
        if any(
            value not in EMPTY_VALUES and (typed[name] is None or not self._is_kept(name))
            for name, value in as_sent.items()
        ):
            normalized[self._raw_column] = to_text(as_sent)
        return normalized

    def _is_kept(self, name: str) -> bool:
        """Whether an attribute gets into a row: flattened, one that is not declared does not."""
        return not self._flattened or name in self._flattened

    @cached_property
    def _flattened(self) -> Mapping[str, Any]:
        """The attributes that flattening makes columns of; none where they stay one column."""
        if not (self.config.get("flattening_enabled") and self.config.get("flattening_max_depth")):
            return {}
        column = self.effective_schema.get("properties", {}).get(self.attributes, {})
        declared: Mapping[str, Any] = column.get("properties", {})
        return declared

    @cached_property
    def _as_json(self) -> bool:
        return bool(self.config.get("custom_attributes_as_json"))

    @property
    def _raw_column(self) -> str:
        return f"{self.attributes}_raw"

    def _attribute_properties(self) -> dict[str, Any]:
        """Return the custom attributes as properties; none if the token may not read them.

        Raises:
            IntercomError: They can't be read for another reason. A catalog without their types
                would empty typed columns for as long as it is used.
        """
        try:
            return properties_of(self.custom_definitions())
        except PermissionDeniedError as error:
            self.logger.warning(
                "%s: could not read the definitions of custom attributes, so they have no types: "
                "%s",
                self.name,
                error,
            )
            return {}
