"""Custom attributes with the types that the workspace declares for them.

At discovery the declared attributes become properties of `custom_attributes` (tickets:
`ticket_attributes`), under their names as they are. A value of another type becomes null there, and
the record keeps all of its attributes as they came, as JSON, in `custom_attributes_raw`.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from singer_sdk import StreamSchema

from tap_intercom.child_stream import dicts_in
from tap_intercom.columns import ARRAY, BOOLEAN, INTEGER, MOMENT, NUMBER, OBJECT, TEXT
from tap_intercom.compat import override
from tap_intercom.errors import AccessTokenRefusedError, IntercomError, TemporaryError
from tap_intercom.family import RootStream
from tap_intercom.list_stream import ListStream
from tap_intercom.normalize import to_text
from tap_intercom.pagination import pages
from tap_intercom.stream import SCHEMAS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from singer_sdk import Stream
    from singer_sdk.helpers.types import Context, Record

    from tap_intercom.client import IntercomClient, Request
    from tap_intercom.page import Page

TYPES = {
    "string": TEXT,
    "list": TEXT,
    "integer": INTEGER,
    "float": NUMBER,
    "decimal": NUMBER,
    "boolean": BOOLEAN,
    "date": MOMENT,
    "datetime": MOMENT,
    "files": ARRAY,
    "relationship": OBJECT,
}
"""JSON Schema by declared type (OpenAPI 2.16, data, conversation and ticket type attributes)."""

NOTHING: tuple[Any, ...] = (None, "", [], {})


class DeclarationStream(ListStream):
    """A list that declares attributes; what discovery has read of it is not read again."""

    @override
    def pages(self, request: Request) -> Iterable[Page]:
        return self._tap.declarations.pages(request)


class Declarations:
    """The lists that declare attributes, each read once in a run."""

    def __init__(self, client: IntercomClient) -> None:
        """Prepare; no request is made."""
        self._client = client
        self._known: dict[str, list[Page]] = {}
        self._failure: IntercomError | None = None

    def pages(self, request: Request) -> list[Page]:
        """Return the pages of a list.

        Raises:
            IntercomError: It can't be read; once Intercom refused the token or could not be
                reached, nothing more is asked.
        """
        if self._failure:
            raise self._failure
        if request.place not in self._known:
            try:
                self._known[request.place] = list(pages(self._client, request))
            except (AccessTokenRefusedError, TemporaryError) as error:
                self._failure = error
                raise
        return [page.fresh() for page in self._known[request.place]]


@dataclass(frozen=True)
class DeclaredIn:
    """Where the attributes of a resource are declared.

    `within` is the path to them within each record of the list; without it they are its records.
    """

    request: Request
    within: tuple[str, ...] = ()

    def definitions(self, declarations: Declarations) -> list[Record]:
        """Return the definitions, custom ones alone.

        Raises:
            IntercomError: They can't be read.
        """
        pages_of_list = declarations.pages(self.request)
        records = [record for page in pages_of_list for record in page.records()]
        for name in self.within:
            records = [item for record in records for item in items_of(record.get(name), name)]
        return [record for record in records if record.get("custom") is not False]


class DeclaredSchema(StreamSchema[str]):
    """A stream's schema file, and the attributes that the workspace declares."""

    @override
    def get_stream_schema(self, stream: Stream, stream_class: type[Stream]) -> dict[str, Any]:
        if isinstance(stream, AttributedStream):
            return stream.declared_schema
        return super().get_stream_schema(stream, stream_class)


class AttributedStream(RootStream):
    """A stream of records with custom attributes."""

    schema: ClassVar[StreamSchema[str]] = DeclaredSchema(SCHEMAS)
    attributes: ClassVar[str] = "custom_attributes"
    declared_in: ClassVar[DeclaredIn]

    @cached_property
    def declared_schema(self) -> dict[str, Any]:
        """The stream's schema; a catalog that was given knows the attributes by itself."""
        schema = copy.deepcopy(SCHEMAS.get_schema(self.name, key_properties=self.primary_keys))
        properties = schema["properties"]
        if self._as_json:
            properties[self.attributes] = dict(TEXT)
            return schema
        properties[self._raw] = dict(TEXT)
        if self._tap.input_catalog is None and self._tap.is_configured:
            declared = self._declared()
            if declared:
                properties[self.attributes]["properties"] = declared
        return schema

    def definitions(self) -> list[Record]:
        """Return the definitions of the attributes.

        Raises:
            IntercomError: They can't be read.
        """
        return self.declared_in.definitions(self._tap.declarations)

    @override
    def post_process(self, row: Record, context: Context | None = None) -> Record | None:
        found = row.get(self.attributes)
        verbatim = dict(found) if isinstance(found, dict) else {}
        normalized = super().post_process(row, context)
        if normalized is None or self._as_json:
            return normalized
        typed = normalized.get(self.attributes) or {}
        if any(typed[name] is None and value not in NOTHING for name, value in verbatim.items()):
            normalized[self._raw] = to_text(verbatim)
        return normalized

    @cached_property
    def _as_json(self) -> bool:
        return bool(self.config.get("custom_attributes_as_json"))

    @property
    def _raw(self) -> str:
        return f"{self.attributes}_raw"

    def _declared(self) -> dict[str, Any]:
        """Return the declared attributes as properties; none if they can't be read."""
        try:
            definitions = self.definitions()
        except IntercomError as error:
            self.logger.warning(
                "What declares the attributes can't be read, so they have no types: %s", error
            )
            return {}
        return properties_of(definitions)


def properties_of(definitions: Iterable[Record]) -> dict[str, Any]:
    """Return JSON Schema properties for attributes, by name.

    One that is declared twice with different types, as two ticket types may do, is text.
    """
    properties: dict[str, Any] = {}
    for definition in definitions:
        name, declared = definition.get("name"), TYPES.get(str(definition.get("data_type")))
        if isinstance(name, str) and declared:
            known = properties.setdefault(name, declared)
            if known != declared:
                properties[name] = TEXT
    return properties


def items_of(value: Any, name: str) -> list[Record]:
    """Return a list's items: schemas have the list itself, or within it; examples under `data`."""
    found = value.get("data") or value.get(name) if isinstance(value, dict) else value
    return dicts_in(found)
