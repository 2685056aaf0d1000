"""What the tests of export jobs share: the jobs' paths, and responses other than the sandbox's."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

from tap_intercom.tap import TapIntercom
from tests.sandbox.faults import Fault
from tests.sandbox.options import SandboxOptions
from tests.singer import select_streams

if TYPE_CHECKING:
    from tests.guarantees.harness import SyncHarness, SyncResult
    from tests.sandbox.request_log import LoggedRequest

SMALL = SandboxOptions(contacts=160, companies=20, conversations=60, tickets=20)
DAY_SECONDS = 86_400
ENGAGEMENT = "message_engagement"

CONTENT_JOBS = "/export/content/data"
CONTENT_JOB = "/export/content/data/.+"
CONTENT_FILE = "/download/content/data/.+"
DATASETS = "/export/reporting_data/get_datasets"
REPORTING_JOBS = "/export/reporting_data/enqueue"
REPORTING_FILE = "/download/reporting_data/.+"

HEADER = b"receipt_id,received_at,user_id,content_title\n"
ROW = b"1,1749999000,-1,Hello\n"


def sync_reports(
    harness: SyncHarness, *datasets: str, state: dict[str, Any] | None = None, **settings: Any
) -> SyncResult:
    """Sync the streams of some datasets, and tags."""
    config = {**harness.config, "reporting_datasets": list(datasets), **settings}
    streams = {f"reporting_{dataset}" for dataset in datasets}
    catalog = select_streams(TapIntercom(config=config).catalog_dict, {*streams, "tags"})
    return harness.try_sync_catalog(config, catalog, state)


def enqueued_jobs(harness: SyncHarness, path: str = CONTENT_JOBS) -> list[LoggedRequest]:
    """Return the requests that enqueued a job."""
    return [request for request in harness.requests(path, "POST") if request.status == 200]


def respond_json(harness: SyncHarness, path: str, content: Any) -> None:
    """Let all requests to a path be answered with some JSON."""
    respond(harness, path, json.dumps(content).encode())


def respond(harness: SyncHarness, path: str, body: bytes) -> None:
    """Let all requests to a path be answered with a body."""
    harness.sandbox.faults.add(Fault(kind="raw_body", path=path, body=body, times=None))


def respond_with_job(harness: SyncHarness, name: str = "job_identifier") -> None:
    """Let a job of one row be enqueued, completed and downloaded; its id is called `name`."""
    respond_json(harness, CONTENT_JOBS, {name: "job1", "status": "pending"})
    respond_json(harness, f"{CONTENT_JOBS}/job1", {name: "job1", "status": "completed"})
    respond(harness, "/download/content/data/job1", gzip.compress(HEADER + ROW))
