"""The small lists: who and what the workspace is made of."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from tests.sandbox.answers import json_answer
from tests.sandbox.call import Call, Route
from tests.sandbox.errors import ApiError
from tests.sandbox.views import V2_16

if TYPE_CHECKING:
    from aiohttp import web


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
    return json_answer(me | {"email_verified": True, "app": app, "avatar": avatar})


def _admins(call: Call) -> web.Response:
    rows = call.state.workspace.lists["admins"]
    if call.parameter("display_avatar") != "true":
        rows = [_without(row, "avatar") for row in rows]
    return json_answer({"type": "admin.list", "admins": rows})


def _teams(call: Call) -> web.Response:
    return json_answer({"type": "team.list", "teams": call.state.workspace.lists["teams"]})


def _tags(call: Call) -> web.Response:
    return _list(call.state.workspace.lists["tags"])


def _segments(call: Call) -> web.Response:
    rows = call.state.workspace.lists["segments"]
    if call.parameter("include_count") != "true":
        rows = [_without(row, "count") for row in rows]
    return json_answer({"type": "segment.list", "segments": rows, "pages": {}})


def _subscription_types(call: Call) -> web.Response:
    return _list(call.state.workspace.lists["subscription_types"])


def _data_attributes(call: Call) -> web.Response:
    model = call.parameter("model")
    if model == "conversation" and call.version >= V2_16:
        message = (
            "model=conversation is no longer supported. Use GET /conversations/attributes instead"
        )
        raise ApiError(HTTPStatus.UNPROCESSABLE_ENTITY, "parameter_invalid", message)
    models = (
        {"contact", "company"} if call.version >= V2_16 else {"contact", "company", "conversation"}
    )
    if model is not None:
        models &= {model}
    rows = [row for row in call.state.workspace.lists["data_attributes"] if row["model"] in models]
    return _list(_unarchived(call, rows))


def _conversation_attributes(call: Call) -> web.Response:
    return _list(_unarchived(call, call.state.workspace.lists["conversation_attributes"]))


def _ticket_types(call: Call) -> web.Response:
    return _list(call.state.workspace.lists["ticket_types"])


def _ticket_states(call: Call) -> web.Response:
    return _list(call.state.workspace.lists["ticket_states"])


def _list(rows: list[dict[str, Any]]) -> web.Response:
    return json_answer({"type": "list", "data": rows})


def _without(row: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != key}


def _unarchived(call: Call, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    if call.parameter("include_archived") == "true":
        return rows
    return [row for row in rows if not row["archived"]]


ROUTES: Final = (
    Route("GET", "/me", _me),
    Route("GET", "/admins", _admins),
    Route("GET", "/teams", _teams),
    Route("GET", "/tags", _tags),
    Route("GET", "/segments", _segments),
    Route("GET", "/subscription_types", _subscription_types),
    Route("GET", "/data_attributes", _data_attributes),
    Route("GET", "/conversations/attributes", _conversation_attributes, since=V2_16),
    Route("GET", "/ticket_types", _ticket_types, since=(2, 9)),
    Route("GET", "/ticket_states", _ticket_states, since=(2, 12)),
)
