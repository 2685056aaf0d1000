"""Small lists that are read whole on every run."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from tap_intercom.compat import override
from tap_intercom.family import RootStream
from tap_intercom.pagination import pages
from tap_intercom.step import Step

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tap_intercom.client import Request
    from tap_intercom.page import Page


class ListStream(RootStream):
    """Lists that are read one after the other."""

    lists: ClassVar[tuple[Request, ...]]

    def pages(self, request: Request) -> Iterable[Page]:
        """Read the pages of one of the lists."""
        return pages(self.client, request)

    @override
    def walk(self, since: int) -> Iterator[Step]:
        for request in self.lists:
            for page in self.pages(request):
                for record in page.records():
                    yield Step(record)
