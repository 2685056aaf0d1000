"""The sandbox from the shell: `python -m tests.sandbox --port 8080`."""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import signal
import sys

from tests.sandbox.app import listen, runner
from tests.sandbox.options import SandboxOptions


def parsed_options(arguments: list[str]) -> SandboxOptions:
    """Read the command line; every option that is a text or a number has an argument.

    Args:
        arguments: without the program's name.
    """
    parser = argparse.ArgumentParser(
        prog="python -m tests.sandbox",
        description=__doc__,
        epilog="Every option is described in tests/sandbox/options.py.",
    )
    for field in dataclasses.fields(SandboxOptions):
        if isinstance(field.default, (int, float, str)) and not isinstance(field.default, bool):
            flag = f"--{field.name.replace('_', '-')}"
            kind, text = type(field.default), f"default: {field.default}"
            parser.add_argument(flag, type=kind, default=field.default, help=text)
    parser.add_argument("--clock-start", type=float, help="unix seconds; default: the real time")
    return SandboxOptions(**vars(parser.parse_args(arguments)))


async def serve(options: SandboxOptions) -> None:
    """Serve until SIGTERM or SIGINT.

    Args:
        options: sizes and rules.
    """
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    app_runner = runner(options)
    try:
        url = await listen(app_runner, options.port)
        sys.stdout.write(f"Sandbox listening on {url}\n")
        sys.stdout.flush()
        await stop.wait()
    finally:
        await app_runner.cleanup()


if __name__ == "__main__":
    asyncio.run(serve(parsed_options(sys.argv[1:])))
