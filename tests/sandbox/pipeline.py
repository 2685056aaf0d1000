"""What every request to the API passes: log, latency, faults, token, rate limit, version."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import msgspec
from aiohttp import web

from tests.sandbox.call import Call, Endpoint, Route
from tests.sandbox.errors import ApiError, error_list, not_found
from tests.sandbox.faults import SERVER_ERROR, Fault, altered_response, replaced_response
from tests.sandbox.permissions import check_permission, check_token
from tests.sandbox.request_log import LoggedRequest
from tests.sandbox.responses import json_response
from tests.sandbox.state import STATE, SandboxState
from tests.sandbox.versions import parse_version

if TYPE_CHECKING:
    from tests.sandbox.options import SandboxOptions

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def handler_of(route: Route) -> Handler:
    """A handler of requests to a resource."""

    def endpoint(call: Call) -> web.Response:
        route.check_version(call)
        return route.endpoint(call)

    return _handler(endpoint)


def unknown_resource() -> Handler:
    """A handler of requests to a path that the API lacks."""

    def endpoint(_: Call) -> web.Response:
        raise not_found("The requested resource does not exist")

    return _handler(endpoint)


def _handler(endpoint: Endpoint) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        state = request.app[STATE]
        state.log.in_flight += 1
        try:
            sent = _decoded(await request.read())
            entry = _log(state, request, sent)
            response = await _response(state, request, entry, endpoint)
            entry.status = response.status
            return response
        finally:
            state.log.in_flight -= 1

    return handle


async def _response(
    state: SandboxState, request: web.Request, entry: LoggedRequest, endpoint: Endpoint
) -> web.StreamResponse:
    loop = asyncio.get_running_loop()
    due = loop.time() + _latency(state.options, request.path)
    fault = state.faults.next_for(request.method, request.path, _per_page(request, entry.body))
    if fault is not None and not fault.alters_response:
        await asyncio.sleep(due - loop.time())
        _break_scroll(state, fault, request.path)
        return await replaced_response(fault, request)
    response = _real_response(state, request, entry, endpoint)
    await asyncio.sleep(due - loop.time())  # the sandbox's own work is part of the latency
    if fault is None:
        return response
    return await altered_response(fault, request, response, entry.body)


def _real_response(
    state: SandboxState, request: web.Request, entry: LoggedRequest, endpoint: Endpoint
) -> web.Response:
    rate_limit_headers: dict[str, str] = {}
    try:
        check_token(right=entry.authorized)
        rate_limit_headers = state.limiter.take(state.options)
        version = parse_version(entry.api_version)
        check_permission(state.options, request.path)
        response = endpoint(Call(request, state, version, entry.body))
    except ApiError as error:
        response = json_response(error_list(error.code, error.message))
        response.set_status(error.status)
        response.headers.update(error.headers)
    response.headers.update(rate_limit_headers)
    return response


def _log(state: SandboxState, request: web.Request, sent: Any) -> LoggedRequest:
    entry = LoggedRequest(
        method=request.method,
        path=request.path,
        raw_path=request.rel_url.raw_path,
        query=dict(request.query),
        body=sent,
        api_version=request.headers.get("Intercom-Version"),
        user_agent=request.headers.get("User-Agent"),
        authorized=request.headers.get("Authorization") == f"Bearer {state.options.token}",
        time=state.clock.now(),
        in_flight=state.log.in_flight,
    )
    state.log.requests.append(entry)
    return entry


def _decoded(body: bytes) -> Any:
    """The decoded body; text, which every endpoint refuses, if it is not JSON."""
    if not body:
        return None
    try:
        return msgspec.json.decode(body)
    except msgspec.DecodeError:
        return body.decode(errors="replace")


def _latency(options: SandboxOptions, path: str) -> float:
    for pattern, seconds in options.latency_by_path.items():
        if re.search(pattern, path):
            return seconds
    return options.latency


def _per_page(request: web.Request, sent: Any) -> int:
    """The page size that a request asks for, 0 if it asks for none."""
    pagination = sent.get("pagination") if isinstance(sent, dict) else None
    size = pagination.get("per_page") if isinstance(pagination, dict) else None
    size = size or request.query.get("per_page") or 0
    return int(size) if str(size).isdecimal() else 0


def _break_scroll(state: SandboxState, fault: Fault, path: str) -> None:
    """An internal error within a scroll ends it (OpenAPI 2.16, /companies/scroll)."""
    server_error = fault.kind in {"status", "html_status"} and fault.status >= SERVER_ERROR
    if server_error and path == "/companies/scroll":
        state.scroll.close()
