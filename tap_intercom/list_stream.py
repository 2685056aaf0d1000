"""Small lists that are read whole on every run."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from tap_intercom.compat import override
from tap_intercom.family import RootStream
from tap_intercom.pagination import pages, records_of
from tap_intercom.step import Step

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_intercom.client import Request


class ListStream(RootStream):
    """Lists that are read one after the other."""

    lists: ClassVar[tuple[Request, ...]]

    @override
    def walk(self, since: int) -> Iterator[Step]:
        for request in self.lists:
            for page in pages(self.client, request):
                for record in records_of(request, page):
                    yield Step(record)
