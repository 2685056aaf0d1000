"""The command `tap-intercom-webhooks`: the receiver, `prune` and `watch`."""

from __future__ import annotations

import logging
import os
import re
import shutil
import signal
import sys
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from tap_intercom.compat import override
from tap_intercom.webhooks.store import NotificationStore, StoreError

if TYPE_CHECKING:
    from collections.abc import Sequence

VARIABLE_PREFIX = "TAP_INTERCOM_WEBHOOKS_"
DEFAULT_DATABASE = "sqlite:///intercom-notifications.db"
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
MAX_SECONDS = 1e9
"""More than 30 years."""

NOT_PROTECTED = (
    "the client secret is missing. Set TAP_INTERCOM_WEBHOOKS_CLIENT_SECRET to the app's client "
    "secret from Intercom's Developer Hub (Configure > Basic information); without it anybody "
    "could send notifications"
)


class Duration(click.ParamType[float]):
    """A time such as `30d`, `12h`, `5m` or `5s`, in seconds."""

    name = "duration"

    @override
    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        if isinstance(value, float):
            return value
        if match := re.fullmatch(r"(\d+(?:\.\d+)?)([smhd])", str(value)):
            seconds = float(match[1]) * UNITS[match[2]]
            if seconds < MAX_SECONDS:
                return seconds
        return self.fail(f"{value!r} is not a time such as 30d, 12h, 5m or 5s", param, ctx)


database_option = click.option(
    "--database",
    metavar="URL",
    envvar=f"{VARIABLE_PREFIX}DATABASE",
    default=DEFAULT_DATABASE,
    show_default=True,
    help="SQLAlchemy URL of the SQLite file or Postgres database with the notifications.",
)


@click.group(invoke_without_command=True)
@database_option
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8710, show_default=True, type=click.IntRange(0, 65_535))
@click.option("--path", default="/intercom", show_default=True, help="Where Intercom posts.")
@click.pass_context
def main(context: click.Context, database: str, host: str, port: int, path: str) -> None:
    """Receive Intercom's notifications and store them for tap-intercom.

    The client secret of the Intercom app is read from TAP_INTERCOM_WEBHOOKS_CLIENT_SECRET, several
    separated by commas. With TAP_INTERCOM_WEBHOOKS_APP_ID, notifications of other workspaces are
    refused.
    """
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.INFO)
    if context.invoked_subcommand is None:
        serve(database, host, port, path)


def serve(database: str, host: str, port: int, path: str) -> None:
    """Receive notifications until a signal comes; then answer what was accepted, and return."""
    uvicorn, receiver = _server_modules()
    secrets = os.environ.get(f"{VARIABLE_PREFIX}CLIENT_SECRET", "").split(",")
    options = receiver.ReceiverOptions(
        database=database,
        secrets=tuple(secret.strip() for secret in secrets if secret.strip()),
        app_id=os.environ.get(f"{VARIABLE_PREFIX}APP_ID", "").strip(),
        path=path,
    )
    if not options.secrets:
        raise click.ClickException(NOT_PROTECTED)
    if not re.fullmatch(r"/[\w./~-]*", path):
        message = f"--path has to be the path of a URL, such as /intercom: {path!r}"
        raise click.UsageError(message)
    try:
        application = receiver.create_app(options)
    except StoreError as error:
        raise click.ClickException(str(error)) from None
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))  # uvicorn raises the signal again at its end
    uvicorn.run(
        application,
        host=host,
        port=port,
        access_log=False,
        log_config=None,
        server_header=False,
    )


@main.command()
@database_option
@click.option("--older-than", type=Duration(), required=True, help="A time such as 30d or 12h.")
def prune(database: str, older_than: float) -> None:
    """Delete notifications that were received longer ago.

    Keep them for longer than the longest pause between two runs of the tap that read them.
    """
    try:
        store = NotificationStore(database)
        store.check_exists()
        count = store.prune(before=int(time.time() - older_than))
    except StoreError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"Deleted {count} notifications")


@main.command(context_settings={"allow_interspersed_args": False})
@database_option
@click.option("--debounce", type=Duration(), default="5s", show_default=True)
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def watch(database: str, debounce: float, command: Sequence[str]) -> None:
    """Run COMMAND now, and again whenever notifications were committed.

    It is run once at a time, and tried again after a failure. SIGTERM and Ctrl-C end the watch
    after the running command.
    """
    from tap_intercom.webhooks.stop_request import StopRequest
    from tap_intercom.webhooks.watch import Watch, run_command
    from tap_intercom.webhooks.watch_lock import locked

    if shutil.which(command[0]) is None:
        message = f"can't run {command[0]}: there is no such program"
        raise click.ClickException(message)
    stopping = StopRequest()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    try:
        store = NotificationStore(database)
        store.open()
        with locked(store.id, stopping) as lock:
            Watch(store, partial(run_command, command, lock), debounce, stopping).run()
    except StoreError as error:
        raise click.ClickException(str(error)) from None


def _server_modules() -> tuple[Any, Any]:
    """Return uvicorn and the receiver, which are installed by the extra `webhooks`."""
    try:
        import uvicorn

        from tap_intercom.webhooks import receiver
    except ModuleNotFoundError as error:
        message = (
            f"{error.name} is not installed. Install it with: pip install 'tap-intercom[webhooks]'"
        )
        raise click.ClickException(message) from None
    return uvicorn, receiver
