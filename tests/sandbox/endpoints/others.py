"""Endpoints that fit no table: the token's owner, single articles, calls, custom objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tests.sandbox.call import Call, Route
from tests.sandbox.endpoints.rows import article, hidden_before
from tests.sandbox.errors import bad_request, not_found
from tests.sandbox.generate.activity_logs import EVENT_TYPES
from tests.sandbox.paging import LinkedPages
from tests.sandbox.responses import json_response
from tests.sandbox.versions import V2_13, V2_14, V2_16

if TYPE_CHECKING:
    from aiohttp import web

    from tests.sandbox.records import Body

MAX_CONVERSATIONS: Final = 20
INSTANCE_PAGES: Final = LinkedPages(20, 150)
NEW_IN_STATISTICS: Final = ("fin_involvements", "fin_resolutions", "fin_resolution_rate")
_statistics: Final = hidden_before(V2_16, *NEW_IN_STATISTICS)


def _me(call: Call) -> web.Response:
    admin = call.state.workspace.lists["admins"][0]
    app = {
        "type": "app",
        "id_code": call.state.workspace.id,
        "name": "Sandbox",
        "created_at": 1_534_537_243,
        "secure": False,
        "identity_verification": False,
        "timezone": call.state.options.timezone,
        "region": "US",
    }
    shown = ("type", "id", "email", "name", "job_title", "has_inbox_seat", "team_ids")
    avatar = {"type": "avatar", "image_url": admin["avatar"]}
    me = {key: admin[key] for key in shown}
    return json_response(me | {"email_verified": True, "app": app, "avatar": avatar})


def _article(call: Call) -> web.Response:
    """An article; only here does it have `statistics`."""
    row, statistics = (_row(call, name) for name in ("articles", "article_statistics"))
    shown: Body | None = statistics["statistics"]
    if shown is not None:
        shown = _statistics(shown, call.version)
    return json_response(article(row, call.version) | {"statistics": shown})


def _row(call: Call, name: str) -> Body:
    for row in call.state.workspace.lists[name]:
        if str(row["id"]) == call.argument("id"):
            return row
    raise not_found("Resource Not Found")


def _ip_allowlist(_: Call) -> web.Response:
    ranges = ["192.0.2.0/24", "198.51.100.7"]
    return json_response({"type": "ip_allowlist", "enabled": True, "ip_allowlist": ranges})


def _event_types(_: Call) -> web.Response:
    return json_response({"type": "activity_log_event_type.list", "event_types": EVENT_TYPES})


def _search_calls(call: Call) -> web.Response:
    """Calls with their transcripts, by conversation."""
    conversation_ids = _conversation_ids(call.body)
    transcripts = {row["id"]: row for row in call.state.workspace.lists["call_transcripts"]}
    rows = [
        row | transcripts[row["id"]]
        for row in call.state.workspace.lists["calls"]
        if row["conversation_id"] in conversation_ids
    ]
    return json_response({"type": "list", "data": rows})


def _conversation_ids(body: Any) -> set[str]:
    ids = body.get("conversation_ids") if isinstance(body, dict) else None
    if not isinstance(ids, list) or not 1 <= len(ids) <= MAX_CONVERSATIONS:
        message = "A list of up to 20 conversation IDs is required"
        raise bad_request("conversation_id_limit_exceeded", message)
    return {str(conversation_id) for conversation_id in ids}


def _instances(call: Call) -> web.Response:
    """Instances of a custom object type: all from 2.16 on, one by `external_id` before."""
    name = call.argument("type")
    rows = call.state.workspace.lists.get(f"custom_object_{name}")
    if rows is None:
        raise not_found(f"Custom object type `{name}` not found")
    external_id = call.parameter("external_id")
    if external_id is not None:
        found = next((row for row in rows if row["external_id"] == external_id), None)
        if found is None:
            raise not_found("Custom object instance not found")
        return json_response(_instance(found))
    if call.version < V2_16:
        raise bad_request("parameter_not_found", "external_id is a required parameter.")
    shown, envelope = INSTANCE_PAGES.page(call, rows)
    return json_response({"type": "list", "data": [_instance(row) for row in shown]} | envelope)


def _instance(row: Body) -> Body:
    return {key: row[key] for key in row if key not in {"contact_id", "conversation_id"}}


ROUTES: Final = (
    Route("GET", "/me", _me),
    Route("GET", "/articles/{id}", _article),
    Route("GET", "/admins/activity_log_event_types", _event_types, V2_16),
    Route("GET", "/ip_allowlist", _ip_allowlist, V2_16),
    Route("POST", "/calls/search", _search_calls, V2_14),
    Route("GET", "/custom_object_instances/{type}", _instances, V2_13),
)
