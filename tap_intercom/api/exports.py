"""Export jobs: enqueue one, poll it until it ends, and download its file.

A job only reads the workspace. Intercom runs few of them at a time for a workspace, whichever
program started them (one content data export, five reporting data exports), and keeps their files
for two days (OpenAPI 2.16, /export/content/data, /export/reporting_data/enqueue).
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tap_intercom.errors import (
    ExportFailedError,
    ExportQueueFullError,
    ExportTooLargeError,
    NotFoundError,
    ResponseTooLargeError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO

    from tap_intercom.api.client import IntercomClient
    from tap_intercom.api.request import Request
    from tap_intercom.api.response import Page

logger = logging.getLogger("tap-intercom")

MAX_QUEUE_WAIT_SECONDS = 30 * 60
"""How long to wait for the export jobs of other programs."""

MAX_JOB_SECONDS = 13 * 3600
"""How long to wait for one job: some take twelve hours, after which Intercom lets them fail (its
docs 2.5, "Checking the status of the job")."""

FIRST_WAIT_SECONDS = 2
MAX_WAIT_SECONDS = 30

MAX_JOBS = 2
"""Jobs started for one file, since a file may expire before its download."""

IDENTIFIERS = ("job_identifier", "job_identfier")
"""Fields with the id of a job; the second, misspelt, in the OpenAPI up to 2.13 and of Preview."""

HAS_FILE = ("completed", "complete")
HAS_NONE = ("no_data",)
HAS_FAILED = {"failed": ExportTooLargeError, "canceled": ExportFailedError}
"""Statuses of a job that has ended; with any other it is still running."""

OCTET_STREAM = "application/octet-stream"
"""The media type to accept for a download (OpenAPI 2.16, /download/content/data)."""


@dataclass(frozen=True)
class ExportEndpoint:
    """The requests for jobs of one kind.

    Attributes:
        enqueue: Starts a job; without its body.
        status: Returns a job's status; its path has the job's `{id}`.
        download: Returns a job's file; its path has the job's `{id}`.
    """

    enqueue: Request
    status: Request
    download: Request


def export(
    client: IntercomClient, endpoint: ExportEndpoint, body: dict[str, Any], file: IO[bytes]
) -> bool:
    """Run one export, write its file, and return whether there is one.

    Raises:
        ExportTooLargeError: The job failed, or its file is too large.
        ExportFailedError: The job was canceled or took too long, or the jobs of other programs did
            not end.
        IntercomError: Intercom refused a request or kept failing.
    """
    for _ in range(MAX_JOBS):
        job_id = _enqueue(client, replace(endpoint.enqueue, body=body))
        try:
            job = _wait_until_ended(client, endpoint.status.for_id(job_id))
            if job.get("status") in HAS_NONE:
                return False
            client.download(_download(client, endpoint.download.for_id(job_id), job), file)
        except ResponseTooLargeError as error:
            raise ExportTooLargeError(str(error)) from None
        except NotFoundError as error:
            logger.warning("%s; starting the export again", error)
        else:
            return True
    message = f"{endpoint.enqueue}: the files of {MAX_JOBS} jobs expired before their download"
    raise ExportFailedError(message)


def _enqueue(client: IntercomClient, request: Request) -> str:
    """Start a job and return its id; wait while the jobs of other programs are pending."""
    for wait in _pauses(MAX_QUEUE_WAIT_SECONDS):
        try:
            job = client.fetch(request)
        except ExportQueueFullError as error:
            logger.info("%s; retrying in %d s", error, wait)
            time.sleep(wait)
        else:
            return _job_id(request, job)
    message = (
        f"{request}: refused for {MAX_QUEUE_WAIT_SECONDS // 60} minutes because other export jobs "
        "are pending. Check which other program exports data of this workspace"
    )
    raise ExportFailedError(message)


def _job_id(request: Request, job: Page) -> str:
    for name in IDENTIFIERS:
        if identifier := job.get(name):
            return str(identifier)
    message = f"{request}: response without an id of the job"
    raise ExportFailedError(message)


def _wait_until_ended(client: IntercomClient, request: Request) -> Page:
    """Poll a job until it succeeds, and return its last status."""
    for wait in _pauses(MAX_JOB_SECONDS):
        job = client.fetch(request)
        status = job.get("status")
        if error := HAS_FAILED.get(str(status)):
            raise error(f"{request}: export job {status}")
        if status in (*HAS_FILE, *HAS_NONE):
            return job
        logger.info("%s: export job %s; checking again in %d s", request, status, wait)
        time.sleep(wait)
    message = f"{request}: export job did not end within {MAX_JOB_SECONDS // 3600} hours"
    raise ExportFailedError(message)


def _download(client: IntercomClient, documented: Request, job: Page) -> Request:
    """Return the request for a job's file, at the URL of its status if there is one."""
    request = replace(documented, accept=OCTET_STREAM)
    if url := job.get("download_url"):
        return client.follow_link(request, str(url)).with_params(**request.params)
    return request


def _pauses(total: int) -> Iterator[int]:
    """Yield increasing pauses (seconds) until their sum reaches a total."""
    wait = FIRST_WAIT_SECONDS
    while total > 0:
        yield wait
        total -= wait
        wait = min(2 * wait, MAX_WAIT_SECONDS)
