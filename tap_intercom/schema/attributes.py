"""Custom attributes with the types that the workspace defines for them.

At discovery the defined attributes become properties of `custom_attributes` (tickets:
`ticket_attributes`), under their own names.
"""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tap_intercom.api.pagination import pages
from tap_intercom.api.response import items_of
from tap_intercom.errors import AuthenticationError, IntercomError
from tap_intercom.schema.columns import ARRAY, BOOLEAN, DATE_TIME, INTEGER, NUMBER, OBJECT, TEXT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tap_intercom.api.client import IntercomClient
    from tap_intercom.api.request import Request
    from tap_intercom.api.response import Page, Record

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

MAX_DISCOVERY_SECONDS = 45
"""How long discovery retries, for all lists together: with its start, less than a minute."""

GRACE_SECONDS = 2
"""How much longer discovery waits, so that a request that fails for good can say why."""


class AttributeDefinitions:
    """The lists that define attributes, each read once in a run."""

    def __init__(self, client: IntercomClient, max_seconds: float) -> None:
        """Prepare; no request is made.

        Args:
            client: Sends the requests.
            max_seconds: How long discovery may take, for all lists together.
        """
        self._client = client
        self._max_seconds = max_seconds
        self._seconds_left = max_seconds
        self._refusal: AuthenticationError | None = None
        self._pages: dict[str, list[Page]] = {}

    def pages(self, request: Request) -> list[Page]:
        """Return the pages of a list.

        Raises:
            IntercomError: It can't be read.
        """
        if request.cache_key not in self._pages:
            self._pages[request.cache_key] = list(pages(self._client, request))
        return [page.copy() for page in self._pages[request.cache_key]]

    def discover(self, request: Request) -> list[Page]:
        """Return the pages of a list that a schema is made from, within the time of discovery.

        A thread reads them: besides retries there are pages and waits for the rate limit.

        Raises:
            IntercomError: It can't be read, or not in time.
        """
        if self._refusal:
            raise self._refusal
        found: Future[list[Page]] = Future()
        started_at = time.monotonic()
        reader = threading.Thread(target=self._read, args=(request, found), daemon=True)
        try:
            with self._client.retrying_for(self._seconds_left):
                reader.start()
                return found.result(self._seconds_left + GRACE_SECONDS)
        except AuthenticationError as error:
            self._refusal = error  # every other list would be refused as well
            raise
        except TimeoutError:
            message = (
                f"{request}: not read within the {self._max_seconds:g} s that discovery may take. "
                "Try again later"
            )
            raise IntercomError(message) from None
        finally:
            self._seconds_left -= time.monotonic() - started_at

    def _read(self, request: Request, found: Future[list[Page]]) -> None:
        try:
            found.set_result(self.pages(request))
        except BaseException as error:  # noqa: BLE001  # raised again in the thread that waits
            found.set_exception(error)


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
            IntercomError: They can't be read, or not in time.
        """
        pages_of_list = definitions.discover(self.request)
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
