"""An export job: what is enqueued, asked about until it has ended, and then downloaded.

A job only reads the workspace. Intercom runs few of them at a time (one content data export, five
reporting data exports for a workspace), whoever started them, and keeps their files for two days
(OpenAPI 2.16, /export/content/data, /export/reporting_data/enqueue).
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tap_intercom.errors import ExportFailedError, ExportQueueFullError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO

    from tap_intercom.api.client import IntercomClient
    from tap_intercom.api.request import Request
    from tap_intercom.api.response import Page

logger = logging.getLogger("tap-intercom")

MAX_QUEUE_WAIT_SECONDS = 30 * 60
"""How long the tap waits until others' jobs have ended."""

MAX_JOB_SECONDS = 4 * 3600
"""How long it waits for a job of its own."""

FIRST_WAIT_SECONDS = 2
MAX_WAIT_SECONDS = 30

MAX_JOBS = 2
"""Jobs that are begun for one file, as the file may be gone when it is asked for."""

IDENTIFIERS = ("job_identifier", "job_identfier")
"""Where a job's id stands; the second, misspelt, in descriptions up to 2.13 and of Preview."""

HAS_FILE = ("completed", "complete")
HAS_NONE = ("no_data",)
HAS_FAILED = ("failed", "canceled")
"""How a job ends; any other status is that of one under way."""

OCTET_STREAM = "application/octet-stream"
"""What a download has to be asked for as (OpenAPI 2.16, /download/content/data)."""


@dataclass(frozen=True)
class ExportEndpoint:
    """Where jobs of one kind are enqueued (without the body), asked about, and downloaded.

    In the last two `{id}` stands for the job's id.
    """

    enqueue: Request
    status: Request
    download: Request


def export(
    client: IntercomClient, endpoint: ExportEndpoint, body: dict[str, Any], file: IO[bytes]
) -> bool:
    """Run one export, write its file, and return whether there is one.

    Raises:
        ExportFailedError: The job failed, was canceled or took too long; or others' jobs did.
        IntercomError: Intercom refused a request or kept failing.
    """
    for _ in range(MAX_JOBS):
        identifier = _enqueued(client, replace(endpoint.enqueue, body=body))
        try:
            job = _ended(client, endpoint.status.for_id(identifier))
            if job.get("status") in HAS_NONE:
                return False
            client.download(_download(client, endpoint.download.for_id(identifier), job), file)
        except NotFoundError as error:
            logger.warning("%s; the export is begun anew", error)
        else:
            return True
    message = f"{endpoint.enqueue.path}: files of export jobs are gone when they are asked for"
    raise ExportFailedError(message)


def _enqueued(client: IntercomClient, request: Request) -> str:
    """Start a job and return its id; others' jobs are waited for."""
    for wait in _waits(MAX_QUEUE_WAIT_SECONDS):
        try:
            job = client.fetch(request)
        except ExportQueueFullError as error:
            logger.info("%s; trying again in %d s", error, wait)
            time.sleep(wait)
        else:
            return _identifier(request, job)
    message = (
        f"{request} was refused for {MAX_QUEUE_WAIT_SECONDS // 60} minutes, because other export jobs "
        "are pending. See which other program exports data of this workspace"
    )
    raise ExportFailedError(message)


def _identifier(request: Request, job: Page) -> str:
    for name in IDENTIFIERS:
        if identifier := job.get(name):
            return str(identifier)
    message = f"{request} was answered without an id of the job"
    raise ExportFailedError(message)


def _ended(client: IntercomClient, request: Request) -> Page:
    """Ask about a job until it has ended well, and return what is reported of it then."""
    for wait in _waits(MAX_JOB_SECONDS):
        job = client.fetch(request)
        status = job.get("status")
        if status in HAS_FAILED:
            message = f"Intercom reports an export job as {status} ({request})"
            raise ExportFailedError(message)
        if status in (*HAS_FILE, *HAS_NONE):
            return job
        logger.info("Export job %s is %s; asking again in %d s", request.path, status, wait)
        time.sleep(wait)
    message = f"An export job did not end within {MAX_JOB_SECONDS // 3600} hours ({request})"
    raise ExportFailedError(message)


def _download(client: IntercomClient, documented: Request, job: Page) -> Request:
    """Return the request for a job's file: where the job says, or else where it is documented."""
    request = replace(documented, accept=OCTET_STREAM)
    if url := job.get("download_url"):
        return client.follow_link(request, str(url)).with_params(**request.params)
    return request


def _waits(total: int) -> Iterator[int]:
    """Yield ever longer pauses (seconds), until they come to a total."""
    wait = FIRST_WAIT_SECONDS
    while total > 0:
        yield wait
        total -= wait
        wait = min(2 * wait, MAX_WAIT_SECONDS)
