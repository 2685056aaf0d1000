"""Companies: the scroll, the list, the search, and what belongs to one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.sandbox.answers import json_answer, list_answer, raw_json
from tests.sandbox.call import Call, Route
from tests.sandbox.children import segments_of
from tests.sandbox.endpoints.notes import notes_page
from tests.sandbox.endpoints.paging import numbered_page, page_number
from tests.sandbox.endpoints.searches import Search
from tests.sandbox.errors import bad_request, not_found
from tests.sandbox.fields import KnownFields
from tests.sandbox.query import ValueFilter
from tests.sandbox.search import check_per_page
from tests.sandbox.views import V2_17, company

if TYPE_CHECKING:
    from aiohttp import web

    from tests.sandbox.records import Record

LISTED: Final = 10_000
LIST_PER_PAGE: Final = 15
SEARCH: Final = Search("companies", "data", "list", company, LIST_PER_PAGE, "last_request_at")
FIELDS: Final = KnownFields("companies", ())
WITH_USERS: Final = ValueFilter(FIELDS.find("user_count"), ">", (0,))


def _scroll(call: Call) -> web.Response:
    companies = call.state.workspace.collections["companies"].truth
    parameter = call.parameter("scroll_param")
    if parameter is None:
        if not len(companies) and call.state.options.empty_scroll_is_404:
            raise not_found("Company Not Found", "company_not_found")
        parameter, rows = call.state.scroll.open(companies)
    else:
        parameter, rows = call.state.scroll.proceed(parameter)
    envelope = {"type": "list", "pages": None, "total_count": None, "scroll_param": parameter}
    return list_answer(envelope, "data", call.encoded(rows, company))


def _list(call: Call) -> web.Response:
    page = page_number(call)
    per_page = check_per_page(call.parameter("per_page") or LIST_PER_PAGE, 60)
    if page * per_page > LISTED:
        raise bad_request("parameter_invalid", "page limit reached, please use scroll API")
    collection = call.state.workspace.collections["companies"]
    matches = call.state.searcher.matches(
        "list of companies",
        collection.revision,
        collection.truth,
        WITH_USERS,
        FIELDS.find("last_request_at"),
    )
    keys = matches.keys if call.parameter("order") == "asc" else matches.keys[::-1]
    chosen, envelope = numbered_page(call, keys, LIST_PER_PAGE)
    rows = [collection.truth.numbered(number) for _, number in chosen]
    return list_answer({"type": "list"} | envelope, "data", call.encoded(rows, company))


def _search(call: Call) -> web.Response:
    return SEARCH.answer(call, only=WITH_USERS)


def _company(call: Call) -> web.Response:
    return raw_json(call.encoded([_found(call)], company)[0])


def _segments(call: Call) -> web.Response:
    ids = {row["id"] for row in _found(call).body()["segments"]["segments"]}
    rows = segments_of(call.state.workspace, ids)
    return json_answer({"type": "list", "data": rows})


def _notes(call: Call) -> web.Response:
    return notes_page(call, _found(call).body()["notes"])


def _found(call: Call) -> Record:
    record = call.state.workspace.collections["companies"].truth.get(call.argument("id"))
    if record is None:
        raise not_found("Company Not Found", "company_not_found")
    return record


ROUTES: Final = (
    Route("GET", "/companies/scroll", _scroll),
    Route("POST", "/companies/list", _list),
    Route("POST", "/companies/search", _search, since=V2_17),
    Route("GET", "/companies/{id}", _company),
    Route("GET", "/companies/{id}/segments", _segments),
    Route("GET", "/companies/{id}/notes", _notes, since=(2, 15)),
)
