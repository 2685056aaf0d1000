"""Data events of one contact: the list of the last 90 days, and the summary of all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from tests.sandbox.answers import json_answer
from tests.sandbox.call import Call, Route
from tests.sandbox.children import LISTED_SECONDS, shown_event
from tests.sandbox.errors import bad_request, not_found
from tests.sandbox.generate.events import event_summaries
from tests.sandbox.search import check_per_page

if TYPE_CHECKING:
    from aiohttp import web

    from tests.sandbox.records import Body, Record

PER_PAGE: Final = 15
MAX_PER_PAGE: Final = 150
SELECTORS: Final = ("intercom_user_id", "user_id", "email")


def _events(call: Call) -> web.Response:
    if call.parameter("type") != "user":
        raise bad_request("parameter_invalid", "type must be user")
    selector = next((name for name in SELECTORS if call.parameter(name)), None)
    if selector is None:
        raise bad_request("parameter_not_found", "user_id, email or intercom_user_id is required")
    contact = _contact(call, selector)
    events = call.state.workspace.children.events(contact)
    if call.parameter("summary") == "true":
        return _summary(contact, events)
    return _list(call, selector, events)


def _summary(contact: Record, events: list[Body]) -> web.Response:
    body = contact.body()
    return json_answer(
        {
            "type": "event.summary",
            "email": body["email"],
            "intercom_user_id": contact.id,
            "user_id": body["external_id"],
            "events": event_summaries(events),
        },
    )


def _list(call: Call, selector: str, events: list[Body]) -> web.Response:
    """The events that are young enough, newest first; links count in milliseconds."""
    per_page = check_per_page(call.parameter("per_page") or PER_PAGE, MAX_PER_PAGE)
    before, since = _milliseconds(call, "before"), _milliseconds(call, "since")
    oldest = (call.state.clock.now() - LISTED_SECONDS) * 1000
    wanted = [
        event
        for event in reversed(events)
        if event["milliseconds"] > oldest
        and (before is None or event["milliseconds"] < before)
        and (since is None or event["milliseconds"] >= since)
    ]
    page = wanted[:per_page]
    answer = {
        "type": "event.list",
        "events": [_as_asked(call, event) for event in page],
        "pages": _links(call, selector, page, more=len(wanted) > per_page),
    }
    return json_answer(answer)


def _as_asked(call: Call, event: Body) -> Body:
    shown = shown_event(event)
    if not call.state.options.event_ids:
        del shown["id"]
    return shown


def _links(call: Call, selector: str, page: list[Body], *, more: bool) -> dict[str, str]:
    """Where older and newer events are (schema `data_event_list`)."""
    if not page:
        return {}
    person = {selector: call.parameter(selector), "type": "user"}
    newer: dict[str, Any] = person | {"since": page[0]["milliseconds"] + 1}
    links = {"since": f"{call.origin}/events?{urlencode(newer)}"}
    if more:
        older = {"per_page": len(page), "before": page[-1]["milliseconds"]} | person
        if call.parameter("since"):
            older["since"] = call.parameter("since")
        links["next"] = f"{call.origin}/events?{urlencode(older)}"
    return links


def _milliseconds(call: Call, name: str) -> int | None:
    text = call.parameter(name)
    if text is None:
        return None
    if not text.isdecimal():
        raise bad_request("parameter_invalid", f"{name} must be a number")
    return int(text)


def _contact(call: Call, selector: str) -> Record:
    """The contact asked for; a lead is found by `intercom_user_id` only."""
    wanted = call.parameter(selector)
    contacts = call.state.workspace.collections["contacts"].truth
    if selector == "intercom_user_id":
        found = contacts.get(wanted or "")
    else:
        field = {"user_id": "external_id", "email": "email"}[selector]
        found = next((c for c in contacts if _is_user_with(c.body(), field, wanted)), None)
    if found is None:
        raise not_found("User Not Found")
    return found


def _is_user_with(contact: Body, field: str, value: str | None) -> bool:
    return bool(contact["role"] == "user" and contact[field] == value)


ROUTES: Final = (Route("GET", "/events", _events),)
