"""The sandbox in a thread of the test process."""

from __future__ import annotations

import asyncio
import threading
from typing import Self

from tests.sandbox.app import listen, runner
from tests.sandbox.control import Control
from tests.sandbox.options import SandboxOptions


class Sandbox:
    """A local Intercom that serves between `start` and `stop`, or within a `with` block.

    Attributes:
        options: as it was started with.
        url: base URL, once it has started.
        control: reads and changes its state, once it has started.
    """

    url: str
    control: Control

    def __init__(self, options: SandboxOptions | None = None) -> None:
        self.options = options or SandboxOptions()
        self._thread = threading.Thread(target=self._run, name="sandbox", daemon=True)
        self._started = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._failure: BaseException | None = None

    def start(self) -> None:
        """Generate the workspace and start serving; a RuntimeError, if that fails."""
        self._thread.start()
        self._started.wait()
        if self._failure is not None:
            raise RuntimeError("the sandbox could not start") from self._failure
        self.control = Control(self.url)

    def stop(self) -> None:
        """Stop serving and close all connections."""
        self.control.close()
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._serve())
        except BaseException as error:  # noqa: BLE001 - raised in the thread that waits
            self._failure = error
        finally:
            self._started.set()
            self._loop.close()

    async def _serve(self) -> None:
        app_runner = runner(self.options)
        try:
            self.url = await listen(app_runner, self.options.port)
            self._started.set()
            await self._stop.wait()
        finally:
            await app_runner.cleanup()
