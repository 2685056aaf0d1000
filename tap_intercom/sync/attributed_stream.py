"""Streams of records with custom attributes, typed as the workspace defines them.

A value of another type becomes null, and the record keeps all of its selected attributes as they
were sent, as JSON, in `custom_attributes_raw` (tickets: `ticket_attributes_raw`). So does a record
with an attribute that is not declared, where attributes are flattened into columns.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from singer_sdk.singerlib import Schema

from tap_intercom.compat import override
from tap_intercom.errors import AuthenticationError, PermissionDeniedError
from tap_intercom.schema.attributes import properties_of
from tap_intercom.schema.columns import TEXT
from tap_intercom.schema.normalize import EMPTY_VALUES
from tap_intercom.schema.values import to_text
from tap_intercom.sync.list_stream import ListStream
from tap_intercom.sync.top_level_stream import TopLevelStream

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from singer_sdk.helpers.types import Record
    from singer_sdk.singerlib import Catalog

    from tap_intercom.api.request import Request
    from tap_intercom.api.response import Page
    from tap_intercom.schema.attributes import AttributeSource


class AttributeDefinitionStream(ListStream):
    """A list that defines attributes; what discovery has read of it is not read again."""

    @override
    def pages(self, request: Request) -> Iterator[Page]:
        return self.counting(self.run.attribute_definitions.pages(request))


class AttributedStream(TopLevelStream):
    """A stream of records with custom attributes.

    Attributes:
        attributes: The field that holds the attributes.
        attribute_source: Where the attributes are defined.
    """

    attributes: ClassVar[str] = "custom_attributes"
    attribute_source: ClassVar[AttributeSource]

    @override
    def apply_catalog(self, catalog: Catalog) -> None:
        entry = catalog.get_stream(self.name)
        if self._as_json and entry and entry.schema.properties:
            # the catalog may be older than the setting
            entry.schema.properties[self.attributes] = Schema.from_dict(TEXT)
        super().apply_catalog(catalog)

    @property
    @override
    def own_schema(self) -> dict[str, Any]:
        """The columns of the schema file, and the attributes unless a given catalog has them."""
        schema = super().own_schema
        properties = {**schema["properties"], self.attributes: self._attributes_column(schema)}
        if not self._as_json:
            properties[self._raw_column] = TEXT
        return {**schema, "properties": properties}

    def _attributes_column(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        column: Mapping[str, Any] = schema["properties"][self.attributes]
        if self._as_json:
            return TEXT
        if not self.run.is_configured or self.run.has_catalog:
            return column
        attributes = self._attribute_properties()
        return {**column, "properties": attributes} if attributes else column

    def custom_definitions(self) -> list[Record]:
        """Return the definitions of the custom attributes.

        Raises:
            IntercomError: They can't be read.
        """
        return self.attribute_source.custom_definitions(self.run.attribute_definitions)

    @property
    @override
    def raw_columns(self) -> Mapping[str, str]:
        return {self.attributes: self._raw_column}

    @override
    def convert(self, row: Record) -> Record:
        found = row.get(self.attributes)
        attributes = found if isinstance(found, dict) and self._flattened else {}
        is_lost = any(
            name not in self._flattened and value not in (None, *EMPTY_VALUES)
            for name, value in attributes.items()
        )
        raw = to_text(attributes) if is_lost else None
        converted = super().convert(row)
        return {**converted, self._raw_column: raw} if raw else converted

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

        A token that is refused everywhere fails the stream, so that nobody keeps the catalog.

        Raises:
            IntercomError: They can't be read for another reason. A catalog without their types
                would empty typed columns for as long as it is used.
        """
        try:
            return properties_of(self.custom_definitions())
        except (PermissionDeniedError, AuthenticationError) as error:
            if isinstance(error, AuthenticationError):
                self.fail(error)
            self.logger.warning(
                "%s: could not read the definitions of custom attributes, so they have no types: "
                "%s",
                self.name,
                error,
            )
            return {}
