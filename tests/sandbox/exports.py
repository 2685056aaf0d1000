"""Export jobs: they take some time, and their files are kept for two days."""

from __future__ import annotations

import dataclasses
import uuid
from typing import TYPE_CHECKING, Final, Literal

from tests.sandbox.generate.blueprint import DAY

if TYPE_CHECKING:
    from tests.sandbox.clock import Clock
    from tests.sandbox.options import SandboxOptions

KEPT_SECONDS: Final = 2 * DAY
Outcome = Literal["completed", "failed", "canceled", "no_data"]


@dataclasses.dataclass
class Job:
    """One export: how it will end, the file to download then, and its times in epoch seconds."""

    identifier: str
    created_at: float
    outcome: Outcome
    file: bytes
    polls: int = 0
    finished_at: float | None = None

    @property
    def status(self) -> Outcome | Literal["pending", "in_progress"]:
        """Its status; it starts to work after its status was requested once."""
        if self.finished_at is not None:
            return self.outcome
        return "in_progress" if self.polls > 1 else "pending"

    @property
    def has_file(self) -> bool:
        """Whether there is something to download."""
        return self.status == "completed"

    @property
    def expires_at(self) -> float:
        """When a finished job is forgotten, in epoch seconds."""
        return (self.finished_at or self.created_at) + KEPT_SECONDS


class ExportJobs:
    """The jobs of one kind of export."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._jobs: dict[str, Job] = {}

    def active(self, options: SandboxOptions) -> int:
        """The number of jobs that have not ended."""
        for job in self._jobs.values():
            self._advance(job, options)
        return sum(job.finished_at is None for job in self._jobs.values())

    def start(self, outcome: Outcome, file: bytes) -> Job:
        """Add a job."""
        job = Job(uuid.uuid4().hex[:16], self._clock.now(), outcome, file)
        self._jobs[job.identifier] = job
        return job

    def poll(self, identifier: str, options: SandboxOptions) -> Job | None:
        """Find a job and count the status request, which moves it on; None if there is none."""
        job = self._jobs.get(identifier)
        if job is not None:
            job.polls += 1
        return self.find(identifier, options)

    def find(self, identifier: str, options: SandboxOptions) -> Job | None:
        """A job, None if there is none or it has expired."""
        job = self._jobs.get(identifier)
        if job is None:
            return None
        self._advance(job, options)
        expired = job.finished_at is not None and self._clock.now() >= job.expires_at
        return None if expired else job

    def _advance(self, job: Job, options: SandboxOptions) -> None:
        """End a job, after enough status requests or enough time."""
        if job.finished_at is None:
            due = job.created_at + options.export_seconds
            if self._clock.now() >= due:
                job.finished_at = due
            elif job.polls > options.export_polls:
                job.finished_at = self._clock.now()
