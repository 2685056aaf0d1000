"""Contacts and what belongs to one."""

from __future__ import annotations

import dataclasses
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from tests.sandbox.answers import json_answer, list_answer, raw_json
from tests.sandbox.call import Call, Route
from tests.sandbox.children import segments_of, subscriptions_of
from tests.sandbox.endpoints.notes import notes_page
from tests.sandbox.endpoints.paging import numbered_page
from tests.sandbox.endpoints.searches import Search
from tests.sandbox.errors import ApiError, not_found
from tests.sandbox.query import Everything
from tests.sandbox.views import V2_16, company, contact, contact_with_merges

if TYPE_CHECKING:
    from aiohttp import web

    from tests.sandbox.records import Record

PER_PAGE: Final = 50
SEARCH: Final = Search("contacts", "data", "list", contact, PER_PAGE)
WITH_MERGES: Final = dataclasses.replace(SEARCH, view=contact_with_merges)


def _search(call: Call) -> web.Response:
    return _wanted(call).answer(call)


def _list(call: Call) -> web.Response:
    return _wanted(call).newest_first(call, Everything())


def _wanted(call: Call) -> Search:
    """The search with or without merge histories, which 2.16 has introduced."""
    wants_merges = call.parameter("include_merge_history") == "true" and call.version >= V2_16
    return WITH_MERGES if wants_merges else SEARCH


def _contact(call: Call) -> web.Response:
    merged = call.state.workspace.merged
    into = merged.get(call.argument("id"))
    if into is not None and call.version >= V2_16:
        while into in merged:
            into = merged[into]
        raise ApiError(
            HTTPStatus.GONE,
            "contact_merged",
            "This contact has been merged. See the 'Link' header for the canonical contact.",
            {"Link": f'</contacts/{into}>; rel="canonical"'},
        )
    return raw_json(call.encoded([_found(call)], contact)[0])


def _tags(call: Call) -> web.Response:
    return json_answer({"type": "list", "data": _found(call).body()["tags"]})


def _companies(call: Call) -> web.Response:
    companies = call.state.workspace.collections["companies"].truth
    attached = (companies.get(company_id) for company_id in _found(call).body()["company_ids"])
    rows, envelope = numbered_page(call, [row for row in attached if row is not None], PER_PAGE)
    return list_answer({"type": "list"} | envelope, "data", call.encoded(rows, company))


def _notes(call: Call) -> web.Response:
    return notes_page(call, _found(call).body()["notes"])


def _segments(call: Call) -> web.Response:
    rows = segments_of(call.state.workspace, set(_found(call).body()["segment_ids"]))
    return json_answer({"type": "list", "data": rows})


def _subscriptions(call: Call) -> web.Response:
    rows = subscriptions_of(call.state.workspace, _found(call).body())
    return json_answer({"type": "list", "data": rows})


def _found(call: Call) -> Record:
    record = call.state.workspace.collections["contacts"].truth.get(call.argument("id"))
    if record is None:
        raise not_found("User Not Found")
    return record


ROUTES: Final = (
    Route("GET", "/contacts", _list),
    Route("POST", "/contacts/search", _search),
    Route("GET", "/contacts/{id}", _contact),
    Route("GET", "/contacts/{id}/tags", _tags),
    Route("GET", "/contacts/{id}/companies", _companies),
    Route("GET", "/contacts/{id}/notes", _notes),
    Route("GET", "/contacts/{id}/segments", _segments),
    Route("GET", "/contacts/{id}/subscriptions", _subscriptions),
)
