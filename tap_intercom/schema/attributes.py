"""Custom attributes with the types that the workspace defines for them.

At discovery the defined attributes become properties of `custom_attributes` (tickets:
`ticket_attributes`), under their own names.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tap_intercom.api.pagination import pages
from tap_intercom.api.response import items_of
from tap_intercom.errors import AuthenticationError, RetriableError
from tap_intercom.schema.columns import ARRAY, BOOLEAN, DATE_TIME, INTEGER, NUMBER, OBJECT, TEXT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tap_intercom.api.client import IntercomClient
    from tap_intercom.api.request import Request
    from tap_intercom.api.response import Page, Record
    from tap_intercom.errors import IntercomError

TYPES = {
    "string": TEXT,
    "list": TEXT,
    "integer": INTEGER,
    "float": NUMBER,
    "decimal": NUMBER,
    "boolean": BOOLEAN,
    "date": DATE_TIME,
    "datetime": DATE_TIME,
    "files": ARRAY,
    "relationship": OBJECT,
}
"""JSON Schema by defined type (OpenAPI 2.16, data, conversation and ticket type attributes)."""


class AttributeDefinitions:
    """The lists that define attributes, each read once in a run."""

    def __init__(self, client: IntercomClient) -> None:
        """Prepare; no request is made."""
        self._client = client
        self._pages: dict[str, list[Page]] = {}
        self._failure: IntercomError | None = None

    def pages(self, request: Request) -> list[Page]:
        """Return the pages of a list.

        Raises:
            IntercomError: It can't be read; once Intercom refused the token or could not be
                reached, no further request is made.
        """
        if self._failure:
            raise self._failure
        if request.cache_key not in self._pages:
            try:
                self._pages[request.cache_key] = list(pages(self._client, request))
            except (AuthenticationError, RetriableError) as error:
                self._failure = error
                raise
        return [page.copy() for page in self._pages[request.cache_key]]


@dataclass(frozen=True)
class AttributeSource:
    """Where the attributes of a resource are defined.

    Attributes:
        request: The list.
        records_path: Where the definitions are within each record of the list; without it, they
            are its records.
    """

    request: Request
    records_path: tuple[str, ...] = ()

    def custom_definitions(self, definitions: AttributeDefinitions) -> list[Record]:
        """Return the definitions of custom attributes.

        Raises:
            IntercomError: They can't be read.
        """
        pages_of_list = definitions.pages(self.request)
        records = [record for page in pages_of_list for record in page.records()]
        for name in self.records_path:
            records = [item for record in records for item in items_of(record.get(name), name)]
        return [record for record in records if record.get("custom") is not False]


def properties_of(definitions: Iterable[Record]) -> dict[str, Any]:
    """Return JSON Schema properties for attributes, by name.

    One that is defined twice with different types, as in two ticket types, is text.
    """
    properties: dict[str, Any] = {}
    for definition in definitions:
        name, column = definition.get("name"), TYPES.get(str(definition.get("data_type")))
        if isinstance(name, str) and column:
            earlier = properties.setdefault(name, column)
            if earlier != column:
                properties[name] = TEXT
    return properties
