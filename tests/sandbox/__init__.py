"""A local Intercom with the real one's rules, for tests, the demo and the benchmark.

`Sandbox(SandboxOptions(...))` serves it from a thread; `python -m tests.sandbox` from the shell.
"""

from __future__ import annotations

from tests.sandbox.control import Control, ControlError
from tests.sandbox.faults import Fault
from tests.sandbox.options import SandboxOptions
from tests.sandbox.request_log import LoggedRequest
from tests.sandbox.server import Sandbox

__all__ = ["Control", "ControlError", "Fault", "LoggedRequest", "Sandbox", "SandboxOptions"]
