"""The web application of the sandbox."""

from __future__ import annotations

from email.utils import formatdate
from typing import TYPE_CHECKING

from aiohttp import web

from tests.sandbox.control_routes import control_routes
from tests.sandbox.endpoints import ROUTES
from tests.sandbox.pipeline import handler_of, unknown_resource
from tests.sandbox.state import STATE, SandboxState

if TYPE_CHECKING:
    from tests.sandbox.options import SandboxOptions


def sandbox_app(options: SandboxOptions) -> web.Application:
    """Put a sandbox together.

    Args:
        options: sizes and rules.
    """
    app = web.Application()
    app[STATE] = SandboxState(options)
    app.add_routes(control_routes())
    app.on_response_prepare.append(_date_by_the_clock)
    for route in ROUTES:
        app.router.add_route(route.method, route.path, handler_of(route))
    app.router.add_route("*", "/{path:.*}", unknown_resource())
    return app


async def _date_by_the_clock(request: web.Request, answer: web.StreamResponse) -> None:
    answer.headers["Date"] = formatdate(request.app[STATE].clock.now(), usegmt=True)


def runner(options: SandboxOptions) -> web.AppRunner:
    """A runner of the application that stops at once and gives up what nobody waits for.

    Args:
        options: sizes and rules.
    """
    return web.AppRunner(
        sandbox_app(options),
        access_log=None,
        handle_signals=False,
        handler_cancellation=True,
        shutdown_timeout=0.0,
    )


async def listen(app_runner: web.AppRunner, port: int) -> str:
    """Start serving on the loopback interface.

    Args:
        app_runner: not set up yet.
        port: TCP port, 0 takes a free one.

    Returns:
        The base URL.
    """
    await app_runner.setup()
    await web.TCPSite(app_runner, "127.0.0.1", port).start()
    host, bound = app_runner.addresses[0][:2]
    return f"http://{host}:{bound}"
