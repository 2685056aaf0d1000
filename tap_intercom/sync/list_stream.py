"""Small lists that are read completely on every run."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from tap_intercom.compat import override
from tap_intercom.sync.top_level_stream import TopLevelStream
from tap_intercom.timestamps import TimestampedRecord

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_intercom.api.request import Request


class ListStream(TopLevelStream):
    """Records from one or more list endpoints.

    Attributes:
        requests: The first page of each list.
    """

    requests: ClassVar[tuple[Request, ...]]

    @classmethod
    @override
    def describe_endpoint(cls) -> str:
        return f"`{cls.requests[0]}`"

    @override
    def iterate(self, since: int) -> Iterator[TimestampedRecord]:
        for request in self.requests:
            for page in self.pages(request):
                yield from map(TimestampedRecord, page.records())
