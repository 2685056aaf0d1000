"""The sandbox in a thread of the test process."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Self

from tests.sandbox.app import listen, runner
from tests.sandbox.control import Control
from tests.sandbox.options import SandboxOptions

if TYPE_CHECKING:
    from types import TracebackType


class Sandbox:
    """A local Intercom, up between `start` and `stop` or within a `with` block.

    Attributes:
        options: as it was started with.
        url: base URL, once it is up.
        control: looks behind the scenes, once it is up.
    """

    url: str
    control: Control

    def __init__(self, options: SandboxOptions | None = None) -> None:
        """Prepare a sandbox.

        Args:
            options: sizes and rules; None for the defaults.
        """
        self.options = options or SandboxOptions()
        self._thread = threading.Thread(target=self._run, name="sandbox", daemon=True)
        self._up = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._failure: BaseException | None = None

    def start(self) -> None:
        """Generate the workspace and start serving.

        Raises:
            RuntimeError: it could not start.
        """
        self._thread.start()
        self._up.wait()
        if self._failure is not None:
            message = "the sandbox could not start"
            raise RuntimeError(message) from self._failure
        self.control = Control(self.url)

    def stop(self) -> None:
        """Stop serving; connections are cut."""
        self.control.close()
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop."""
        self.stop()

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._serve())
        except BaseException as error:  # noqa: BLE001 - told to the thread that waits
            self._failure = error
        finally:
            self._up.set()
            self._loop.close()

    async def _serve(self) -> None:
        app_runner = runner(self.options)
        try:
            self.url = await listen(app_runner, self.options.port)
            self._up.set()
            await self._stop.wait()
        finally:
            await app_runner.cleanup()
