"""What records that are paged with cursors have in common: searches and plain lists."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from tests.sandbox.answers import list_answer
from tests.sandbox.dates import CalendarDays, DateRule, ExactSeconds
from tests.sandbox.endpoints.paging import cursor_pages
from tests.sandbox.errors import bad_request
from tests.sandbox.fields import KnownFields
from tests.sandbox.query import AllOf, Condition, QueryReader
from tests.sandbox.search import Page, PageRequest, read_page_request
from tests.sandbox.views import V2_17, View

if TYPE_CHECKING:
    from aiohttp import web

    from tests.sandbox.call import Call

UTC: Final = ZoneInfo("UTC")


@dataclasses.dataclass(frozen=True)
class Search:
    """A kind of records that can be searched, and may be listed.

    Attributes:
        kind: what is searched.
        key: the name of the list in the answer.
        list_type: the `type` of the answer.
        view: how records look in it.
        default_per_page: the size of a page, if none is asked for.
        default_sort: the field that is sorted by, descending, if none is asked for.
    """

    kind: str
    key: str
    list_type: str
    view: View
    default_per_page: int
    default_sort: str = "updated_at"

    def answer(self, call: Call, only: Condition | None = None) -> web.Response:
        """Answer a search; a cursor in the URL is ignored.

        Args:
            call: with the search in its body.
            only: a condition besides that of the search.

        Raises:
            ApiError: 400, if the search is not valid.
        """
        if not isinstance(call.sent, dict):
            raise bad_request("bad_request", "body must be a JSON object")
        fields = KnownFields(self.kind, _custom_attributes(call, self.kind))
        reader = QueryReader(fields, date_rule(call, self.kind), custom_date_rule(call))
        condition = reader.read(call.sent.get("query"))
        if only is not None:
            condition = AllOf((only, condition))
        wanted = read_page_request(call.sent, fields, self.default_sort, self.default_per_page)
        collection = call.state.workspace.collections[self.kind]
        delay = call.state.options.index_delay.get(self.kind, 0)
        index = collection.index(call.state.clock.now() - delay)
        page = call.state.searcher.search(self.kind, collection.revision, index, condition, wanted)
        if call.state.options.fresh_answers:
            fresh = [collection.truth.get(record.id) or record for record in page.records]
            page = dataclasses.replace(page, records=fresh)
        return self._page(call, page, wanted)

    def newest_first(self, call: Call, only: Condition) -> web.Response:
        """Answer with the plain list: cursors in the URL, straight from the truth.

        Args:
            call: with the parameters `per_page` and `starting_after`.
            only: which records are listed.

        Raises:
            ApiError: 400, if a parameter is not valid.
        """
        pagination = {
            "per_page": call.parameter("per_page") or self.default_per_page,
            "starting_after": call.parameter("starting_after"),
        }
        fields = KnownFields(self.kind, ())
        wanted = read_page_request({"pagination": pagination}, fields, "updated_at", 0)
        collection = call.state.workspace.collections[self.kind]
        name = f"list of {self.kind}"
        searcher, truth = call.state.searcher, collection.truth
        page = searcher.search(name, collection.revision, truth, only, wanted)
        return self._page(call, page, wanted)

    def _page(self, call: Call, page: Page, wanted: PageRequest) -> web.Response:
        following = None if page.next is None else page.next.encoded(wanted.sort)
        envelope = {
            "type": self.list_type,
            "total_count": page.total_count,
            "pages": cursor_pages(wanted.per_page, page.total_count, page.number, following),
        }
        return list_answer(envelope, self.key, call.encoded(page.records, self.view))


def date_rule(call: Call, kind: str) -> DateRule:
    """How a search compares standard timestamps (intercom-api section 4.1)."""
    if kind == "contacts":
        if call.version < V2_17:
            return CalendarDays(ZoneInfo(call.state.options.timezone))
        return ExactSeconds(("=", "!=", "<", ">", "<=", ">="))
    if kind == "companies":
        return ExactSeconds(("=", "!=", "<", ">"))
    every = ("=", "!=", "IN", "NIN", "<", ">", "<=", ">=")
    return ExactSeconds(every, inclusive=call.state.options.inclusive_comparisons)


def custom_date_rule(call: Call) -> DateRule:
    """How date attributes of the workspace's own compare: by UTC day from 2.17 on."""
    if call.version < V2_17:
        return CalendarDays(ZoneInfo(call.state.options.timezone))
    return CalendarDays(UTC)


def _custom_attributes(call: Call, kind: str) -> list[dict[str, str]]:
    lists = call.state.workspace.lists
    if kind == "tickets":
        rows = [t["ticket_type_attributes"]["data"] for t in lists["ticket_types"]]
        return [{"name": a["name"], "data_type": a["data_type"]} for row in rows for a in row]
    model = {"contacts": "contact", "companies": "company"}.get(kind)
    return [a for a in lists["data_attributes"] if a["model"] == model and a["custom"]]
