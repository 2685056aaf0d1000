"""Everything that a running sandbox holds."""

from __future__ import annotations

import dataclasses
import functools
from typing import TYPE_CHECKING, Any, Final

from aiohttp import web

from tests.sandbox.clock import Clock
from tests.sandbox.exports import ExportJobs
from tests.sandbox.faults import FaultList
from tests.sandbox.rate_limit import RateLimiter
from tests.sandbox.request_log import RequestLog
from tests.sandbox.responses import encoded
from tests.sandbox.scroll import Scroll
from tests.sandbox.search import Searcher
from tests.sandbox.workspace import Workspace

if TYPE_CHECKING:
    from tests.sandbox.options import SandboxOptions

MAX_KEPT_ENCODINGS: Final = 100_000


class SandboxState:
    """The options as they are now, the clock, the workspace, and what has happened so far."""

    def __init__(self, options: SandboxOptions) -> None:
        self.options = options
        self.clock = Clock()
        if options.frozen:
            self.clock.freeze()
        if options.clock_start is not None:
            self.clock.set(options.clock_start)
        self.workspace = Workspace(options, self.clock)
        self.limiter = RateLimiter(self.clock)
        self.scroll = Scroll(self.clock)
        self.searcher = Searcher()
        self.encoded = functools.lru_cache(MAX_KEPT_ENCODINGS)(encoded)
        self.faults = FaultList()
        self.log = RequestLog()
        self.content_exports = ExportJobs(self.clock)
        self.reporting_exports = ExportJobs(self.clock)

    def change(self, **rules: Any) -> dict[str, Any]:
        """Change rules; returns all options as they are now."""
        self.options = self.options.changed(**rules)
        return dataclasses.asdict(self.options)


STATE: Final = web.AppKey("state", SandboxState)
