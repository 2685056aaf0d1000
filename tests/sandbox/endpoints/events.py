"""Data events of one contact: the list of the last 90 days, and the summary of all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from tests.sandbox.call import Call, Route
from tests.sandbox.children import MAX_EVENT_AGE_SECONDS, shown_event
from tests.sandbox.errors import bad_request, not_found
from tests.sandbox.generate.events import event_summaries
from tests.sandbox.responses import json_response
from tests.sandbox.search import check_per_page

if TYPE_CHECKING:
    from aiohttp import web

    from tests.sandbox.records import Body, Record

PER_PAGE: Final = 15
MAX_PER_PAGE: Final = 150
CONTACT_FIELDS: Final = {"intercom_user_id": "id", "user_id": "external_id", "email": "email"}


def _events(call: Call) -> web.Response:
    if call.parameter("type") != "user":
        raise bad_request("parameter_invalid", "type must be user")
    selector = next((name for name in CONTACT_FIELDS if call.parameter(name)), None)
    if selector is None:
        raise bad_request("parameter_not_found", "user_id, email or intercom_user_id is required")
    contact = _contact(call, selector)
    events = call.state.workspace.children.events(contact)
    if call.parameter("summary") == "true":
        return _summary(contact, events)
    return _list(call, selector, events)


def _summary(contact: Record, events: list[Body]) -> web.Response:
    body = contact.body()
    return json_response(
        {
            "type": "event.summary",
            "email": body["email"],
            "intercom_user_id": contact.id,
            "user_id": body["external_id"],
            "events": event_summaries(events),
        }
    )


def _list(call: Call, selector: str, events: list[Body]) -> web.Response:
    """The events of the last 90 days, newest first; links count in milliseconds."""
    per_page = check_per_page(call.parameter("per_page") or PER_PAGE, MAX_PER_PAGE)
    before, since = _milliseconds(call, "before"), _milliseconds(call, "since")
    oldest = (call.state.clock.now() - MAX_EVENT_AGE_SECONDS) * 1000
    found = [
        event
        for event in reversed(events)
        if event["milliseconds"] > oldest
        and (before is None or event["milliseconds"] < before)
        and (since is None or event["milliseconds"] >= since)
    ]
    page = found[:per_page]
    shown = [shown_event(event) for event in page]
    if not call.state.options.event_ids:
        shown = [{key: row[key] for key in row if key != "id"} for row in shown]
    links = _links(call, selector, page, more=len(found) > per_page)
    return json_response({"type": "event.list", "events": shown, "pages": links})


def _links(call: Call, selector: str, page: list[Body], *, more: bool) -> dict[str, str]:
    """The URLs of older and newer events (schema `data_event_list`)."""
    if not page:
        return {}
    contact = {selector: call.parameter(selector), "type": "user"}
    newer: dict[str, Any] = contact | {"since": page[0]["milliseconds"] + 1}
    links = {"since": f"{call.origin}/events?{urlencode(newer)}"}
    if more:
        older = {"per_page": len(page), "before": page[-1]["milliseconds"]} | contact
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
    """The contact that is requested; a lead is found by `intercom_user_id` only."""
    value = call.parameter(selector) or ""
    contacts = call.state.workspace.collections["contacts"].records
    if selector == "intercom_user_id":
        found = contacts.get(value)
    else:
        field = CONTACT_FIELDS[selector]
        found = next((c for c in contacts if _is_user_with(c.body(), field, value)), None)
    if found is None:
        raise not_found("User Not Found")
    return found


def _is_user_with(contact: Body, field: str, value: str) -> bool:
    return bool(contact["role"] == "user" and contact[field] == value)


ROUTES: Final = (Route("GET", "/events", _events),)
