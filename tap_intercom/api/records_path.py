"""Where a response has its records, if only the user who describes the endpoint knows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_intercom.api.response import value_at

if TYPE_CHECKING:
    from collections.abc import Mapping

AUTO = "auto"
"""The list `data`, or the only list that there is."""

WHOLE_RESPONSE = "."
"""The response is the record."""


def find_records(records_path: str, response: Mapping[str, Any]) -> Any:
    """Return what is at a path of the response, an empty list for null; else None."""
    if records_path == WHOLE_RESPONSE:
        return response
    if records_path != AUTO:
        *path, last = records_path.split(".")
        parent = value_at(response, path)
        is_null = isinstance(parent, dict) and last in parent and parent[last] is None
        return [] if is_null else value_at(parent, [last])
    if isinstance(response.get("data"), list):
        return response["data"]
    lists = [value for value in response.values() if isinstance(value, list)]
    return lists[0] if len(lists) == 1 else None
