"""Everything that a running sandbox holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aiohttp import web

from tests.sandbox.answers import Encodings
from tests.sandbox.clock import Clock
from tests.sandbox.exports import ExportJobs
from tests.sandbox.faults import FaultList
from tests.sandbox.rate_limit import RateLimiter
from tests.sandbox.request_log import RequestLog
from tests.sandbox.scroll import Scroll
from tests.sandbox.search import Searcher
from tests.sandbox.workspace import Workspace

if TYPE_CHECKING:
    from tests.sandbox.options import SandboxOptions


class SandboxState:
    """The clock, the workspace, and what has happened so far.

    Attributes:
        options: as they are now.
        clock: everything goes by it.
        workspace: the data.
        limiter: of requests.
        scroll: the one over companies.
        searcher: answers searches.
        encodings: of records.
        faults: that are due.
        log: of requests.
        content_exports: jobs of message data.
        reporting_exports: jobs of reporting data.
    """

    def __init__(self, options: SandboxOptions) -> None:
        """Set up a sandbox.

        Args:
            options: sizes and rules.
        """
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
        self.encodings = Encodings()
        self.faults = FaultList()
        self.log = RequestLog()
        self.content_exports = ExportJobs(self.clock)
        self.reporting_exports = ExportJobs(self.clock)


STATE: Final = web.AppKey("state", SandboxState)
