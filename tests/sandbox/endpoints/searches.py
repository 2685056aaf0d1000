"""What the searches, and the plain lists with the same cursors, have in common."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from tests.sandbox.dates import CalendarDays, DateRule, ExactSeconds
from tests.sandbox.errors import bad_request
from tests.sandbox.fields import KnownFields
from tests.sandbox.paging import page_counts
from tests.sandbox.query import AllOf, Condition, Everything, QueryReader
from tests.sandbox.responses import list_response
from tests.sandbox.search import Page, PageRequest, read_page_request
from tests.sandbox.versions import V2_17

if TYPE_CHECKING:
    from aiohttp import web

    from tests.sandbox.call import Call
    from tests.sandbox.views import View

UTC: Final = ZoneInfo("UTC")
EVERYTHING: Final = Everything()


@dataclasses.dataclass(frozen=True)
class Search:
    """A kind of records that can be searched, and may be listed.

    Attributes:
        key: the name of the list in the response.
        type: the `type` of the response.
        default_sort: the field that is sorted by, descending, if none is requested.
    """

    kind: str
    key: str
    type: str
    view: View
    default_per_page: int
    default_sort: str = "updated_at"

    def respond(self, call: Call, only: Condition = EVERYTHING) -> web.Response:
        """Respond to a search among some records; a cursor in the URL is ignored."""
        if not isinstance(call.body, dict):
            raise bad_request("bad_request", "body must be a JSON object")
        fields = KnownFields(self.kind, _custom_attributes(call, self.kind))
        reader = QueryReader(fields, date_rule(call, self.kind), custom_date_rule(call))
        condition = reader.read(call.body.get("query"))
        if only != EVERYTHING:
            condition = AllOf((only, condition))
        request = read_page_request(call.body, fields, self.default_sort, self.default_per_page)
        collection = call.state.workspace.collections[self.kind]
        delay_seconds = call.state.options.index_delay.get(self.kind, 0)
        index = collection.index(call.state.clock.now() - delay_seconds)
        page = call.state.searcher.search(self.kind, collection.revision, index, condition, request)
        if call.state.options.fresh_answers:
            fresh = [collection.records.get(record.id) or record for record in page.records]
            page = dataclasses.replace(page, records=fresh)
        return self._page(call, page, request)

    def list_newest_first(self, call: Call, only: Condition) -> web.Response:
        """Respond with the plain list: a cursor in the URL, and no late index."""
        pagination = {
            "per_page": call.parameter("per_page") or self.default_per_page,
            "starting_after": call.parameter("starting_after"),
        }
        fields = KnownFields(self.kind, ())
        request = read_page_request({"pagination": pagination}, fields, "updated_at", 0)
        collection = call.state.workspace.collections[self.kind]
        page = call.state.searcher.search(
            f"list of {self.kind}", collection.revision, collection.records, only, request
        )
        return self._page(call, page, request)

    def _page(self, call: Call, page: Page, request: PageRequest) -> web.Response:
        pages: dict[str, Any] = page_counts(page.number, request.per_page, page.total_count)
        if page.next is not None:
            cursor = page.next.encoded(request.sort)
            pages["next"] = {"page": page.number + 1, "starting_after": cursor}
        envelope = {"type": self.type, "total_count": page.total_count, "pages": pages}
        return list_response(envelope, self.key, call.encoded(page.records, self.view))


def date_rule(call: Call, kind: str) -> DateRule:
    """How a search compares standard timestamps."""
    if kind == "contacts":
        if call.version < V2_17:
            return CalendarDays(ZoneInfo(call.state.options.timezone))
        return ExactSeconds(("=", "!=", "<", ">", "<=", ">="))
    if kind == "companies":
        if call.state.options.company_search_days:
            return CalendarDays(ZoneInfo(call.state.options.timezone))
        return ExactSeconds(("=", "!=", "<", ">"))
    every = ("=", "!=", "IN", "NIN", "<", ">", "<=", ">=")
    return ExactSeconds(every, inclusive=call.state.options.inclusive_comparisons)


def custom_date_rule(call: Call) -> DateRule:
    """How custom date attributes compare: by UTC day from 2.17 on."""
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
