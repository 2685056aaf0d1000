"""Instances of custom objects, a stream for each type that the settings name.

Intercom has no list of the types, so users say which to load.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import quote

from singer_sdk import StreamSchema

from tap_intercom.api.request import Request
from tap_intercom.compat import override
from tap_intercom.custom import definitions
from tap_intercom.custom.definitions import CUSTOM_OBJECTS_MIN_VERSION
from tap_intercom.errors import NotFoundError
from tap_intercom.sync.list_stream import ListStream
from tap_intercom.sync.stream import SCHEMAS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tap_intercom.api.response import Page
    from tap_intercom.sync.stream import IntercomStream


class CustomObjects(ListStream):
    """Instances of one type; Intercom can't be asked which of them changed."""

    identifier: ClassVar[str]
    primary_keys = ("id",)
    min_api_version = CUSTOM_OBJECTS_MIN_VERSION
    schema = StreamSchema(SCHEMAS, key="custom_objects")

    @override
    def pages(self, request: Request) -> Iterable[Page]:
        try:
            yield from super().pages(request)
        except NotFoundError as error:
            message = f"{error}; is {self.identifier!r} in the setting custom_objects right?"
            raise NotFoundError(message, status=error.status, code=error.code) from None


def stream_types(config: Mapping[str, Any]) -> tuple[type[IntercomStream], ...]:
    """Return a stream class for each type in the setting `custom_objects`."""
    objects = definitions.custom_objects(config)
    return tuple(_stream_type(name, identifier) for name, identifier in objects.items())


def _stream_type(stream_name: str, type_identifier: str) -> type[IntercomStream]:
    path = f"/custom_object_instances/{quote(type_identifier, safe='')}"

    class OfOneType(CustomObjects):
        name = stream_name
        identifier = type_identifier
        requests = (Request(path, {"per_page": 150}),)

    return OfOneType
