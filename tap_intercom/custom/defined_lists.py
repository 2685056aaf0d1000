"""How a list that a user defines is requested, and where its records are in a response."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from tap_intercom.api.records_path import find_records
from tap_intercom.api.request import Request
from tap_intercom.custom.definitions import VALUE, with_value
from tap_intercom.custom.macros import MACRO, expand
from tap_intercom.errors import InvalidRequestError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from singer_sdk.helpers.types import Record

    from tap_intercom.custom.definitions import StreamDefinition
    from tap_intercom.custom.macros import MacroValues


def list_request(definition: StreamDefinition, values: MacroValues) -> Request:
    """Return the request for a list's first page.

    Args:
        definition: Describes the list.
        values: What its macros stand for.
    """
    path = MACRO.sub(lambda macro: quote(str(values(macro)), safe=""), definition.path)
    params = {
        name: _query_value(value) for name, value in expand(definition.params, values).items()
    }
    body = expand(definition.body, values) if definition.method == "POST" else None
    # the endpoint may exclude the timestamp itself
    since = values.written(max(0, values.bookmark - 1))
    if definition.replication_param and body is not None:
        body = with_value(body, definition.replication_param, since)
    elif definition.replication_param and values.bookmark:
        params[definition.replication_param] = since
    return Request(
        path,
        params,
        body,
        record_keys=(),
        records_path=definition.records_path,
        paging=definition.paging,
        api_version=definition.api_version,
    )


def records_in(definition: StreamDefinition, response: Mapping[str, Any]) -> list[Record]:
    """Return the records of a response; any other value becomes an object with one field.

    Raises:
        InvalidRequestError: There are none at the definition's `records_path`.
    """
    found = find_records(definition.records_path, response)
    if isinstance(found, dict):
        return [found]
    if isinstance(found, list):
        items = [item for item in found if item is not None]
        return [item if isinstance(item, dict) else {VALUE: item} for item in items]
    message = (
        f"{definition.method} {definition.path}: no records at the records_path "
        f"{definition.records_path}; the response has {', '.join(response)}"
    )
    raise InvalidRequestError(message)


def _query_value(value: str | float) -> str | int:
    """Return a query parameter as it stands in a URL: true, not True."""
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, int) else str(value)
