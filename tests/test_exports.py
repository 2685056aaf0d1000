"""Streams of export jobs: enqueued, polled, downloaded, and read in windows of time."""

from __future__ import annotations

import logging
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
import requests

from tap_intercom.api.exports import MAX_JOB_SECONDS, MAX_QUEUE_WAIT_SECONDS
from tap_intercom.errors import (
    ExportFailedError,
    InvalidRequestError,
    PermissionDeniedError,
)
from tap_intercom.tap import TapIntercom
from tests.expected_rows import missing_rows, timestamp
from tests.exports import (
    CONTENT_FILE,
    CONTENT_JOB,
    CONTENT_JOBS,
    DAY_SECONDS,
    ENGAGEMENT,
    REPORTING_JOBS,
    SMALL,
    enqueued_jobs,
    respond_json,
    respond_with_job,
    sync_reports,
)
from tests.guarantees.harness import Pipe
from tests.sandbox.faults import Fault

if TYPE_CHECKING:
    from tests.guarantees.harness import SyncHarness, SyncResult
    from tests.sandbox.options import SandboxOptions


@pytest.fixture
def options() -> SandboxOptions:
    return SMALL


def load_engagement(harness: SyncHarness, start_date: str = "2025-06-01") -> SyncResult:
    """Load message_engagement since two weeks ago, in one job."""
    return harness.sync(select=[ENGAGEMENT], start_date=start_date)


def attempt_engagement(harness: SyncHarness) -> SyncResult:
    """Load message_engagement and tags, whatever comes of it."""
    return harness.try_sync(select=[ENGAGEMENT, "tags"], start_date="2025-06-01")


def receipt_ids(harness: SyncHarness) -> set[str]:
    return {row["receipt_id"] for row in harness.sandbox.records(ENGAGEMENT)}


def bookmark_of(run: SyncResult, stream: str = ENGAGEMENT) -> str:
    return str(run.state["bookmarks"][stream]["replication_key_value"])


def enqueue_elsewhere(harness: SyncHarness) -> None:
    """Start a job as another program does."""
    token = harness.options.token
    headers = {"Authorization": f"Bearer {token}", "Intercom-Version": "2.16"}
    body = {"created_at_after": 1_749_900_000, "created_at_before": 1_749_990_000}
    url = f"{harness.url}{CONTENT_JOBS}"
    assert requests.post(url, json=body, headers=headers, timeout=10).ok


def test_first_run_loads_every_receipt(harness: SyncHarness) -> None:
    run = harness.sync(select=[ENGAGEMENT])

    rows = run.records(ENGAGEMENT)
    assert missing_rows(run, harness.sandbox, ENGAGEMENT) == {}
    assert len(rows) == len(harness.sandbox.records(ENGAGEMENT)) > 50


def test_exports_run_last(harness: SyncHarness) -> None:
    run = harness.sync(select=[ENGAGEMENT, "tags", "workspace"])

    streams = [schema["stream"] for schema in run.schemas]
    assert streams == ["tags", "workspace", ENGAGEMENT]


def test_rows_come_oldest_first(harness: SyncHarness) -> None:
    run = harness.sync(select=[ENGAGEMENT])

    timestamps = [row["received_at"] for row in run.records(ENGAGEMENT)]
    assert timestamps == sorted(timestamps)


def test_bookmark_is_start_of_run(harness: SyncHarness) -> None:
    started_at = int(harness.sandbox.clock.now())

    run = harness.sync(select=[ENGAGEMENT])

    assert bookmark_of(run) == timestamp(started_at)


def test_jobs_cover_90_days(harness: SyncHarness) -> None:
    harness.sync(select=[ENGAGEMENT])

    *full, _ = [request.body for request in enqueued_jobs(harness)]
    lengths = {body["created_at_before"] - body["created_at_after"] for body in full}
    assert lengths == {90 * DAY_SECONDS}


def test_jobs_overlap_by_30_days(harness: SyncHarness) -> None:
    harness.sync(select=[ENGAGEMENT])

    starts = [request.body["created_at_after"] for request in enqueued_jobs(harness)]
    assert {later - earlier for earlier, later in pairwise(starts)} == {60 * DAY_SECONDS}


def test_later_run_starts_30_days_before_bookmark(harness: SyncHarness) -> None:
    first = harness.sync(select=[ENGAGEMENT])
    harness.sandbox.clear_requests()
    harness.sandbox.clock.advance(DAY_SECONDS)

    later = harness.sync(first.state, select=[ENGAGEMENT])

    (job,) = enqueued_jobs(harness)
    start = timestamp(job.body["created_at_after"] + 30 * DAY_SECONDS)
    assert start == bookmark_of(first) < bookmark_of(later)
    assert 0 < len(later.records(ENGAGEMENT)) < len(first.records(ENGAGEMENT))
    assert missing_rows(first + later, harness.sandbox, ENGAGEMENT) == {}


def test_start_date_limits_first_run(harness: SyncHarness) -> None:
    run = load_engagement(harness, start_date="2025-06-01")

    assert len(enqueued_jobs(harness)) == 1
    assert min(row["received_at"] for row in run.records(ENGAGEMENT)) >= "2025-06-01"


def test_job_of_another_program_is_awaited(harness: SyncHarness) -> None:
    harness.sandbox.set_options(export_seconds=600, export_polls=10**6)
    enqueue_elsewhere(harness)
    started_at = harness.sandbox.clock.now()

    run = load_engagement(harness)

    assert harness.sandbox.clock.now() - started_at > 600
    assert len(run.records(ENGAGEMENT)) > 0


def test_waiting_for_other_jobs_is_logged(
    harness: SyncHarness, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    harness.sandbox.set_options(export_seconds=60, export_polls=10**6)
    enqueue_elsewhere(harness)

    load_engagement(harness)

    assert "1 pending message data export jobs" in caplog.text


def test_full_export_queue_is_no_rate_limit(
    harness: SyncHarness, caplog: pytest.LogCaptureFixture
) -> None:
    harness.sandbox.set_options(export_seconds=600, export_polls=10**6)
    enqueue_elsewhere(harness)

    load_engagement(harness)

    statuses = [request.status for request in harness.requests(CONTENT_JOBS, "POST")]
    assert statuses.count(429) > 10
    assert "rate limited (429)" not in caplog.text


def test_rate_limit_on_enqueuing_is_awaited(
    harness: SyncHarness, caplog: pytest.LogCaptureFixture
) -> None:
    harness.sandbox.faults.add(
        Fault(
            kind="status",
            status=429,
            code="rate_limit_exceeded",
            message="Exceeded rate limit of 83 in 10_seconds",
            path=CONTENT_JOBS,
        )
    )

    run = load_engagement(harness)

    assert "rate limited (429)" in caplog.text
    assert len(run.records(ENGAGEMENT)) > 0


def test_waiting_for_other_jobs_ends(harness: SyncHarness) -> None:
    harness.sandbox.set_options(export_seconds=10**7, export_polls=10**6)
    enqueue_elsewhere(harness)
    started_at = harness.sandbox.clock.now()

    run = attempt_engagement(harness)

    waited = harness.sandbox.clock.now() - started_at
    assert run.failures.keys() == {ENGAGEMENT}
    assert isinstance(run.failures[ENGAGEMENT], ExportFailedError)
    assert len(run.records("tags")) > 0
    assert MAX_QUEUE_WAIT_SECONDS <= waited < MAX_QUEUE_WAIT_SECONDS + 120


@pytest.mark.parametrize("outcome", ["failed", "canceled"])
def test_failed_job_fails_stream_alone(harness: SyncHarness, outcome: str) -> None:
    harness.sandbox.set_options(export_outcome=outcome)

    run = attempt_engagement(harness)

    assert run.failures.keys() == {ENGAGEMENT}
    assert isinstance(run.error, ExportFailedError)
    assert outcome in str(run.error)
    assert len(run.records("tags")) > 0


def test_failed_stream_is_loaded_by_next_run(harness: SyncHarness) -> None:
    harness.sandbox.set_options(export_outcome="failed")
    failed = attempt_engagement(harness)
    harness.sandbox.set_options(export_outcome="completed")

    later = harness.sync(failed.state, select=[ENGAGEMENT])

    assert missing_rows(later, harness.sandbox, ENGAGEMENT) == {}


def test_failed_job_is_asked_once(harness: SyncHarness) -> None:
    """Its state comes with status 504, and the next question is about a shorter job."""
    harness.sandbox.set_options(export_outcome="failed", export_polls=0)

    attempt_engagement(harness)

    states = [request.path for request in harness.requests(CONTENT_JOB, "GET")]
    assert len(states) == len(set(states)) == len(enqueued_jobs(harness)) > 1


def test_each_failed_job_is_followed_by_shorter(harness: SyncHarness) -> None:
    harness.sandbox.set_options(export_outcome="failed")

    harness.try_sync(select=[ENGAGEMENT], start_date="2025-03-01")

    jobs = [request.body for request in enqueued_jobs(harness)[:3]]
    days = [(job["created_at_before"] - job["created_at_after"]) / DAY_SECONDS for job in jobs]
    assert days == [90, 10, 1]
    assert len({job["created_at_after"] for job in jobs}) == 1


def test_failing_long_jobs_cost_no_receipt(harness: SyncHarness) -> None:
    harness.sandbox.set_options(export_max_days=30)

    run = harness.sync(select=[ENGAGEMENT])

    assert set(run.values(ENGAGEMENT, "receipt_id")) == receipt_ids(harness)
    assert len(run.warnings(ENGAGEMENT, "failed", 10)) == 1


def test_short_jobs_warn_of_late_events(harness: SyncHarness) -> None:
    harness.sandbox.set_options(export_max_days=30)

    run = harness.sync(select=[ENGAGEMENT])

    assert len(run.warnings(ENGAGEMENT, "received_at", "3.3")) == 1


def test_failing_long_reports_cost_no_row(harness: SyncHarness) -> None:
    harness.sandbox.set_options(export_max_days=30)

    run = sync_reports(harness, "ticket")

    expected = {row["ticket.ticket_id"] for row in harness.sandbox.records("reporting_ticket")}
    assert run.failures == {}
    assert set(run.values("reporting_ticket", "ticket.ticket_id")) == expected


def test_file_at_row_limit_is_exported_in_parts(
    harness: SyncHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tap_intercom.sync.export_stream.MAX_ROWS", 30)
    harness.sandbox.set_options(export_max_rows=30)

    run = harness.sync(select=[ENGAGEMENT])

    assert set(run.values(ENGAGEMENT, "receipt_id")) == receipt_ids(harness)


def test_day_at_row_limit_fails_stream(
    harness: SyncHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tap_intercom.sync.export_stream.MAX_ROWS", 1)
    harness.sandbox.set_options(export_max_rows=1)

    run = attempt_engagement(harness)

    assert run.failures.keys() == {ENGAGEMENT}


def test_job_of_twelve_hours_is_awaited(harness: SyncHarness) -> None:
    harness.sandbox.set_options(export_seconds=12 * 3600, export_polls=10**6)

    run = load_engagement(harness)

    assert run.records(ENGAGEMENT) != []


def test_job_that_never_ends_is_given_up(harness: SyncHarness) -> None:
    respond_json(harness, CONTENT_JOB, {"job_identifier": "x", "status": "in_progress"})
    started_at = harness.sandbox.clock.now()

    run = attempt_engagement(harness)

    assert isinstance(run.failures[ENGAGEMENT], ExportFailedError)
    assert harness.sandbox.clock.now() - started_at >= MAX_JOB_SECONDS


def test_job_without_data_is_no_error(harness: SyncHarness) -> None:
    harness.sandbox.set_options(export_outcome="no_data")

    run = load_engagement(harness)

    assert run.records(ENGAGEMENT) == []
    assert harness.requests("/download.*") == []
    assert bookmark_of(run) > "2025-06-15"


@pytest.mark.parametrize("path", [CONTENT_FILE, CONTENT_JOB])
def test_export_that_is_gone_is_repeated(harness: SyncHarness, path: str) -> None:
    harness.sandbox.faults.add(Fault(kind="status", status=404, code="not_found", path=path))

    run = load_engagement(harness)

    assert len(enqueued_jobs(harness)) == 2
    assert len(run.records(ENGAGEMENT)) > 0


def test_files_that_are_always_gone_fail_stream(harness: SyncHarness) -> None:
    gone = Fault(kind="status", status=404, code="not_found", path=CONTENT_FILE, times=None)
    harness.sandbox.faults.add(gone)

    run = attempt_engagement(harness)

    assert isinstance(run.failures[ENGAGEMENT], ExportFailedError)
    assert len(enqueued_jobs(harness)) == 2


@pytest.mark.parametrize("name", ["job_identifier", "job_identfier"])
def test_misspelt_job_id_is_read(harness: SyncHarness, name: str) -> None:
    respond_with_job(harness, name)

    run = load_engagement(harness)

    assert [row["receipt_id"] for row in run.records(ENGAGEMENT)] == ["1"]


@pytest.mark.parametrize("body", [{"status": "pending"}, {"job_identifier": "", "status": "x"}])
def test_job_without_id_fails_stream(harness: SyncHarness, body: dict[str, str]) -> None:
    respond_json(harness, CONTENT_JOBS, body)

    run = attempt_engagement(harness)

    assert isinstance(run.failures[ENGAGEMENT], ExportFailedError)
    assert harness.requests(f"{CONTENT_JOBS}/.*") == []


@pytest.mark.parametrize(
    "url", ["http://localhost:{port}/x", "https://example.com/x", "//example.com", "http://["]
)
def test_file_on_another_host_is_refused(harness: SyncHarness, url: str) -> None:
    link = url.format(port=harness.url.rpartition(":")[2])
    body = {"job_identifier": "x", "status": "completed", "download_url": link}
    respond_json(harness, CONTENT_JOB, body)

    run = attempt_engagement(harness)

    assert isinstance(run.failures[ENGAGEMENT], InvalidRequestError)
    assert harness.options.token not in str(run.error)
    assert harness.requests("/x.*") == harness.requests("/download.*") == []
    assert len(run.records("tags")) > 0


def test_denied_export_fails_stream_alone(harness: SyncHarness) -> None:
    harness.sandbox.set_options(refused={CONTENT_JOBS: "forbidden"})

    run = attempt_engagement(harness)

    assert run.failures.keys() == {ENGAGEMENT}
    assert isinstance(run.failures[ENGAGEMENT], PermissionDeniedError)
    assert len(run.records("tags")) > 0


@pytest.mark.parametrize("messages", [5, 20, 40, 60])
def test_killed_run_is_completed_by_next(harness: SyncHarness, messages: int) -> None:
    killed = harness.try_sync(select=[ENGAGEMENT], pipe=Pipe(messages=messages))

    later = harness.sync(killed.state, select=[ENGAGEMENT])

    assert killed.is_killed
    assert missing_rows(killed + later, harness.sandbox, ENGAGEMENT) == {}


def test_run_after_kill_resumes_from_state(harness: SyncHarness) -> None:
    killed = harness.try_sync(
        select=[ENGAGEMENT], pipe=Pipe(states=2)
    )  # the first names the workspace
    harness.sandbox.clear_requests()

    later = harness.sync(killed.state, select=[ENGAGEMENT])

    start = enqueued_jobs(harness)[0].body["created_at_after"]
    assert timestamp(start + 30 * DAY_SECONDS) == bookmark_of(killed)
    assert missing_rows(killed + later, harness.sandbox, ENGAGEMENT) == {}


@pytest.mark.parametrize(
    ("stream", "path"),
    [(ENGAGEMENT, CONTENT_JOBS), ("reporting_conversation", REPORTING_JOBS)],
)
def test_test_run_runs_one_job(harness: SyncHarness, stream: str, path: str) -> None:
    tap = TapIntercom(config={**harness.config, "reporting_datasets": ["conversation"]})

    assert tap.run_sync_dry_run(streams=[tap.streams[stream]])

    assert tap.run.failures == {}
    assert len(enqueued_jobs(harness, path)) == 1
