"""Instances of custom objects, a stream for each type that the settings name.

Intercom has no list of the types, so users say which to load.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import quote

from tap_intercom.api.request import Request
from tap_intercom.api_version import ApiVersion, configured_version
from tap_intercom.compat import override
from tap_intercom.errors import NotFoundError
from tap_intercom.sync.list_stream import ListStream
from tap_intercom.sync.stream import SCHEMAS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tap_intercom.api.response import Page
    from tap_intercom.sync.stream import IntercomStream


class CustomObjects(ListStream):
    """Instances of one type; Intercom can't be asked which of them changed."""

    identifier: ClassVar[str]
    primary_keys = ("id",)
    min_api_version = ApiVersion(2, 16)  # before, an instance could only be requested by its id

    @property
    @override
    def own_schema(self) -> dict[str, Any]:
        return SCHEMAS.get_schema("custom_objects")

    @override
    def pages(self, request: Request) -> Iterator[Page]:
        try:
            yield from super().pages(request)
        except NotFoundError as error:
            message = f"{error}; check {self.identifier!r} in the setting custom_objects"
            raise NotFoundError(message, status=error.status, code=error.code) from None


def custom_object_types(config: Mapping[str, Any]) -> list[type[IntercomStream]]:
    """Return a stream class for each type in the setting `custom_objects`.

    A setting in which anything is wrong defines no stream at all.
    """
    return [] if errors(config) else [_stream_type(one) for one in _identifiers(config)]


def errors(config: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with the setting `custom_objects`."""
    identifiers = _identifiers(config)
    api_version = configured_version(config)
    if identifiers and api_version < CustomObjects.min_api_version:
        needed = CustomObjects.min_api_version
        return [
            f"custom_objects needs api_version {needed} or later: {api_version} can't list them"
        ]
    found = ["custom_objects contains an empty text"] if "" in map(str.strip, identifiers) else []
    for name, count in Counter(map(_stream_name, identifiers)).items():
        if count > 1:
            same = " and ".join(repr(one) for one in identifiers if _stream_name(one) == name)
            found.append(f"custom_objects: {same} would both be the stream {name}")
    return found


def _identifiers(config: Mapping[str, Any]) -> list[str]:
    value = config.get("custom_objects")
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _stream_name(identifier: str) -> str:
    return f"custom_object_{re.sub('[^a-z0-9_]', '_', identifier.lower())}"


def _stream_type(type_identifier: str) -> type[IntercomStream]:
    path = f"/custom_object_instances/{quote(type_identifier, safe='')}"

    class OfOneType(CustomObjects):
        name = _stream_name(type_identifier)
        identifier = type_identifier
        requests = (Request(path, {"per_page": 150}),)

    return OfOneType
