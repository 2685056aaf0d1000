"""Routes under /_sandbox/: look behind the scenes and change what happens there.

They need no token, are not logged, and meet neither faults nor the rate limit.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import msgspec
from aiohttp import web

from tests.sandbox.answers import json_answer
from tests.sandbox.faults import Fault
from tests.sandbox.records import Body
from tests.sandbox.state import STATE, SandboxState
from tests.sandbox.workspace import KINDS

if TYPE_CHECKING:
    from tests.sandbox.pipeline import Handler

PREFIX: Final = "/_sandbox"
CHANGEABLE_OPTIONS: Final = frozenset(
    (
        "latency",
        "latency_by_path",
        "rate_limit",
        "window_seconds",
        "rate_limit_headers",
        "other_requests",
        "other_share",
        "timezone",
        "index_delay",
        "fresh_answers",
        "inclusive_comparisons",
        "empty_scroll_is_404",
        "cursor_pages_next",
        "activity_log_range",
        "event_ids",
        "export_polls",
        "export_seconds",
        "export_outcome",
        "reporting_simple_ids",
        "refused",
    ),
)

Action = Callable[[SandboxState, Body, str], Any]


def _health(_state: SandboxState, _sent: Body, _name: str) -> Any:
    return {"status": "ok"}


def _records(state: SandboxState, _sent: Body, kind: str) -> Any:
    return state.workspace.truth(kind)


def _requests(state: SandboxState, _sent: Body, _name: str) -> Any:
    return {"in_flight": state.log.in_flight, "requests": list(state.log.requests)}


def _clear_requests(state: SandboxState, _sent: Body, _name: str) -> Any:
    state.log.requests.clear()
    return {}


def _change(state: SandboxState, sent: Body, _name: str) -> Any:
    fields = sent["set"]
    if sent["kind"] not in KINDS:
        return state.workspace.change_row(sent["kind"], sent["id"], fields)
    at = None if sent.get("quietly") else sent.get("updated_at") or int(state.clock.now())
    return state.workspace.change(sent["kind"], sent["id"], lambda body: body.update(fields), at)


def _touch_many(state: SandboxState, sent: Body, _name: str) -> Any:
    ids = sent.get("ids")
    if ids is None:
        truth = state.workspace.collections[sent["kind"]].truth
        ids = [record.id for record, _ in zip(truth, range(sent["count"]), strict=False)]
    at = sent.get("at") or int(state.clock.now())
    state.workspace.touch(sent["kind"], ids, at)
    return ids


def _create(state: SandboxState, sent: Body, _name: str) -> Any:
    at = sent.get("at") or int(state.clock.now())
    return state.workspace.create(sent["kind"], sent.get("set") or {}, at)


def _delete(state: SandboxState, sent: Body, _name: str) -> Any:
    state.workspace.delete(sent["kind"], sent["id"])
    return {}


def _merge(state: SandboxState, sent: Body, _name: str) -> Any:
    return state.workspace.merge(sent["id"], sent["into"])


def _add_parts(state: SandboxState, sent: Body, _name: str) -> Any:
    return state.workspace.add_parts(sent["id"], sent["count"])


def _children(state: SandboxState, sent: Body, _name: str) -> Any:
    state.workspace.children.give(sent["kind"], sent["id"], sent["rows"])
    return {}


def _tag(state: SandboxState, sent: Body, _name: str) -> Any:
    return state.workspace.tag(sent["kind"], sent["id"], sent["tag_id"])


def _untag(state: SandboxState, sent: Body, _name: str) -> Any:
    return state.workspace.untag(sent["kind"], sent["id"], sent["tag_id"])


def _clock(state: SandboxState, sent: Body, _name: str) -> Any:
    if "set" in sent:
        state.clock.set(sent["set"])
    if "advance" in sent:
        state.clock.advance(sent["advance"])
    if sent.get("freeze"):
        state.clock.freeze()
    if sent.get("run"):
        state.clock.run()
    return {"now": state.clock.now(), "frozen": state.clock.frozen}


def _add_fault(state: SandboxState, sent: Body, _name: str) -> Any:
    state.faults.add(msgspec.convert(sent, Fault))
    return {}


def _clear_faults(state: SandboxState, _sent: Body, _name: str) -> Any:
    state.faults.clear()
    return {}


def _options(state: SandboxState, sent: Body, _name: str) -> Any:
    fixed = sent.keys() - CHANGEABLE_OPTIONS
    if fixed:
        message = f"cannot be changed: {', '.join(sorted(fixed))}"
        raise ValueError(message)
    state.options = dataclasses.replace(state.options, **sent)
    return dataclasses.asdict(state.options)


def _handler(action: Action) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        sent = msgspec.json.decode(await request.read() or b"{}")
        try:
            name = request.match_info.get("kind", "")
            return json_answer(action(request.app[STATE], sent, name))
        except (KeyError, TypeError, ValueError) as error:
            answer = json_answer({"error": str(error)})
            answer.set_status(HTTPStatus.UNPROCESSABLE_ENTITY)
            return answer

    return handle


_ACTIONS: Final[tuple[tuple[str, str, Action], ...]] = (
    ("GET", "health", _health),
    ("GET", "records/{kind}", _records),
    ("GET", "requests", _requests),
    ("DELETE", "requests", _clear_requests),
    ("POST", "change", _change),
    ("POST", "touch_many", _touch_many),
    ("POST", "create", _create),
    ("POST", "delete", _delete),
    ("POST", "merge", _merge),
    ("POST", "add_parts", _add_parts),
    ("POST", "children", _children),
    ("POST", "tag", _tag),
    ("POST", "untag", _untag),
    ("POST", "clock", _clock),
    ("POST", "faults", _add_fault),
    ("DELETE", "faults", _clear_faults),
    ("POST", "options", _options),
)


def control_routes() -> list[web.RouteDef]:
    """The routes, to be added to the application."""
    return [
        web.route(method, f"{PREFIX}/{path}", _handler(action)) for method, path, action in _ACTIONS
    ]
