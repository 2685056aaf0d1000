"""Serve a local Intercom from the shell, to try any client of its API against."""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import signal
import sys
from collections.abc import Callable, Mapping
from typing import Any, Literal, get_args, get_origin, get_type_hints

from tests.sandbox.app import listen, runner
from tests.sandbox.options import RULES, WORKSPACE, SandboxOptions

EPILOG = """\
mappings take NAME=VALUE and may be repeated: --index-delay contacts=300 --index-delay tickets=60
rules can be changed while the sandbox runs: curl URL/_sandbox/options/change -d '{"latency": 0.2}'
"""
STARTED = """\
Sandbox listening on {url}
Access token: {token}

Request five contacts:
  curl -H 'Authorization: Bearer {token}' -H 'Intercom-Version: 2.16' '{url}/contacts?per_page=5'
Move the clock forward by an hour:
  curl {url}/_sandbox/clock/advance -d '{{"seconds": 3600}}'
Stop: Ctrl+C. Options: python -m tests.sandbox --help
"""


def parsed_options(arguments: list[str]) -> SandboxOptions:
    """Read the arguments of the command line, without the program's name."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.sandbox",
        usage="%(prog)s [options]",
        description=__doc__,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    titles = {WORKSPACE: "workspace and clock", RULES: "rules"}
    groups = {name: parser.add_argument_group(title) for name, title in titles.items()}
    types = get_type_hints(SandboxOptions)
    for field in dataclasses.fields(SandboxOptions):
        flag = f"--{field.name.replace('_', '-')}"
        given, text = _argument(types[field.name]), field.metadata["help"]
        if field.default not in (dataclasses.MISSING, None):
            given["default"], text = field.default, f"{text} (default: {field.default})"
        groups[field.metadata["group"]].add_argument(flag, help=text.replace("%", "%%"), **given)
    parsed = {k: v for k, v in vars(parser.parse_args(arguments)).items() if v is not None}
    return SandboxOptions(**{k: dict(v) if isinstance(v, list) else v for k, v in parsed.items()})


def _argument(hint: Any) -> dict[str, Any]:
    """How argparse reads an option of a type."""
    if hint is bool:
        return {"action": argparse.BooleanOptionalAction}
    if get_origin(hint) is Literal:
        return {"choices": get_args(hint)}
    if get_origin(hint) is Mapping:
        return {"action": "append", "type": _pair(get_args(hint)[1]), "metavar": "NAME=VALUE"}
    kind = next(iter(get_args(hint)), hint)
    return {"type": kind, "metavar": {int: "N", float: "NUMBER"}.get(kind, "TEXT")}


def _pair(kind: Callable[[str], Any]) -> Callable[[str], tuple[str, Any]]:
    def pair(text: str) -> tuple[str, Any]:
        name, _, value = text.rpartition("=")
        return name, kind(value)

    return pair


async def serve(options: SandboxOptions) -> None:
    """Serve until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    app_runner = runner(options)
    try:
        url = await listen(app_runner, options.port)
        sys.stdout.write(STARTED.format(url=url, token=options.token))
        sys.stdout.flush()
        await stop.wait()
    finally:
        await app_runner.cleanup()


if __name__ == "__main__":
    asyncio.run(serve(parsed_options(sys.argv[1:])))
