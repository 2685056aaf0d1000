"""The web application of the sandbox."""

from __future__ import annotations

from email.utils import formatdate
from typing import TYPE_CHECKING

from aiohttp import web

from tests.sandbox.control_route import CONTROL_PATH, handle_control
from tests.sandbox.endpoints.routes import ROUTES
from tests.sandbox.pipeline import handler_of, unknown_resource
from tests.sandbox.state import STATE, SandboxState

if TYPE_CHECKING:
    from tests.sandbox.options import SandboxOptions


def sandbox_app(options: SandboxOptions) -> web.Application:
    """The application: the control route, the API, and 404 for every other path."""
    app = web.Application()
    app[STATE] = SandboxState(options)
    app.router.add_post(CONTROL_PATH, handle_control)
    app.on_response_prepare.append(_date_by_the_clock)
    for route in ROUTES:
        app.router.add_route(route.method, route.path, handler_of(route))
    app.router.add_route("*", "/{path:.*}", unknown_resource())
    return app


async def _date_by_the_clock(request: web.Request, response: web.StreamResponse) -> None:
    response.headers["Date"] = formatdate(request.app[STATE].clock.now(), usegmt=True)


def runner(options: SandboxOptions) -> web.AppRunner:
    """A runner that stops at once and cancels requests whose client has gone."""
    return web.AppRunner(
        sandbox_app(options),
        access_log=None,
        handle_signals=False,
        handler_cancellation=True,
        shutdown_timeout=0.0,
    )


async def listen(app_runner: web.AppRunner, port: int) -> str:
    """Start serving on the loopback interface and return the base URL."""
    await app_runner.setup()
    await web.TCPSite(app_runner, "127.0.0.1", port).start()
    host, bound = app_runner.addresses[0][:2]
    return f"http://{host}:{bound}"
