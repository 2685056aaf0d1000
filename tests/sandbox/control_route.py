"""POST /_sandbox/{part}/{method}: call a public method of a part of the sandbox.

The JSON body holds the method's arguments, the response what it returns. These requests need no
token, are not logged, and meet neither faults nor the rate limit.
"""

from __future__ import annotations

import inspect
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import msgspec

from tests.sandbox.responses import json_response
from tests.sandbox.state import STATE

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiohttp import web

    from tests.sandbox.state import SandboxState

CONTROL_PATH: Final = "/_sandbox/{part}/{method}"


async def handle_control(request: web.Request) -> web.Response:
    """Call the method; 422 with the reason, if that is not possible."""
    try:
        method = _method(request.app[STATE], **request.match_info)
        return json_response(method(**msgspec.json.decode(await request.read() or b"{}")))
    except (KeyError, TypeError, ValueError) as error:
        message = error.args[0] if isinstance(error, KeyError) else str(error)
        refusal = json_response({"error": message})
        refusal.set_status(HTTPStatus.UNPROCESSABLE_ENTITY)
        return refusal


def _method(state: SandboxState, part: str, method: str) -> Callable[..., Any]:
    parts = {
        "workspace": state.workspace,
        "clock": state.clock,
        "faults": state.faults,
        "requests": state.log,
        "options": state,
    }
    found = None if method.startswith("_") else getattr(parts.get(part), method, None)
    if found is None or not inspect.ismethod(found):
        raise KeyError(f"there is no method {method} of {part}")
    return found
