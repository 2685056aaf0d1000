"""Streams out of export jobs: enqueued, asked about, downloaded, and read in windows of time."""

from __future__ import annotations

import gzip
import io
import json
import logging
import tarfile
import tempfile
import zipfile
from datetime import datetime
from itertools import count, pairwise
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest
import requests

from tap_intercom.api.client import IntercomClient
from tap_intercom.api.exports import MAX_QUEUE_WAIT_SECONDS
from tap_intercom.api.request import Request
from tap_intercom.errors import (
    AuthenticationError,
    ExportFailedError,
    InvalidRequestError,
    NotFoundError,
    PermissionDeniedError,
    RetriableError,
)
from tap_intercom.tap import TapIntercom
from tests.expected_rows import missing_rows, timestamp
from tests.guarantees.harness import Pipe, Run, SyncHarness
from tests.sandbox.faults import Fault
from tests.sandbox.options import SandboxOptions
from tests.singer import Output, selecting

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.sandbox.request_log import LoggedRequest

SMALL = SandboxOptions(contacts=160, companies=20, conversations=60, tickets=20)
DAY = 86_400
ENGAGEMENT = "message_engagement"
CONTENT_JOBS = "/export/content/data"
CONTENT_JOB = "/export/content/data/.+"
CONTENT_FILE = "/download/content/data/.+"
REPORTING_JOBS = "/export/reporting_data/enqueue"
REPORTING_FILE = "/download/reporting_data/.+"
DATASETS = "/export/reporting_data/get_datasets"
HEADER = b"receipt_id,received_at,user_id,content_title\n"
ROW = b"1,1749999000,-1,Hello\n"


@pytest.fixture
def options() -> SandboxOptions:
    return SMALL


@pytest.fixture
def harness(options: SandboxOptions) -> Iterator[SyncHarness]:
    with SyncHarness(options) as ready:
        yield ready


@pytest.fixture
def engagement(harness: SyncHarness) -> Run:
    """Load message_engagement once."""
    return harness.run(select=[ENGAGEMENT])


def report(
    harness: SyncHarness, *datasets: str, state: dict[str, Any] | None = None, **settings: Any
) -> Run:
    """Sync the streams of some datasets, and tags."""
    config = {**harness.config, "reporting_datasets": list(datasets), **settings}
    streams = {f"reporting_{dataset}" for dataset in datasets}
    catalog = selecting(TapIntercom(config=config).catalog_dict, {*streams, "tags"})
    return harness.attempt_catalog(config, catalog, state)


def jobs(harness: SyncHarness, path: str = CONTENT_JOBS) -> list[LoggedRequest]:
    """Return the requests that enqueued a job."""
    return [request for request in harness.requests(path, "POST") if request.status == 200]


def serve(harness: SyncHarness, path: str, body: Any, times: int | None = None) -> None:
    """Let requests be answered with a body; JSON unless it is bytes."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    harness.control.faults.add(Fault(kind="raw_body", path=path, body=content, times=times))


def enqueue_elsewhere(harness: SyncHarness) -> None:
    """Start a job as another program does."""
    token = harness.sandbox.options.token
    headers = {"Authorization": f"Bearer {token}", "Intercom-Version": "2.16"}
    body = {"created_at_after": 1_749_900_000, "created_at_before": 1_749_990_000}
    url = f"{harness.sandbox.url}{CONTENT_JOBS}"
    assert requests.post(url, json=body, headers=headers, timeout=10).ok


def zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("data/opens_1.csv", "receipt_id,first_open\n1,1749999500\n")
        archive.writestr("data/receipts_1.csv", HEADER + ROW)
        archive.writestr("data/receipts_2.csv", HEADER + ROW.replace(b"1,", b"2,", 1))
    return file.getvalue()


def tarred() -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        for name in ("receipts_1.csv", "receipts_2.csv"):
            content = HEADER + ROW.replace(b"1,", name[9:10].encode() + b",", 1)
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return file.getvalue()


def test_a_first_run_has_every_receipt_with_all_that_happened_to_it(
    harness: SyncHarness, engagement: Run
) -> None:
    assert missing_rows(engagement, harness.control, ENGAGEMENT) == {}
    rows = engagement.records(ENGAGEMENT)
    assert len(rows) == len(harness.control.records(ENGAGEMENT)) > 50
    timestamps = [row["received_at"] for row in rows]
    assert timestamps == sorted(timestamps)
    assert engagement.state["bookmarks"][ENGAGEMENT]["replication_key_value"] == timestamp(
        int(harness.control.clock.now()) - waited(harness)
    )


def waited(harness: SyncHarness) -> int:
    """Return the seconds that the harness's clock has moved since the story began."""
    return int(harness.control.clock.now() - (harness.sandbox.options.clock_start or 0))


def test_jobs_ask_for_90_days_and_overlap_by_30(harness: SyncHarness, engagement: Run) -> None:
    assert engagement.error is None
    windows = [request.body for request in jobs(harness)]
    spans = [body["created_at_before"] - body["created_at_after"] for body in windows]
    assert set(spans[:-1]) == {90 * DAY}
    timestamped_records = [
        later["created_at_after"] - earlier["created_at_after"]
        for earlier, later in pairwise(windows)
    ]
    assert set(timestamped_records) == {60 * DAY}


def test_a_later_run_reads_the_30_days_before_its_bookmark_again(
    harness: SyncHarness, engagement: Run
) -> None:
    bookmark = engagement.state["bookmarks"][ENGAGEMENT]["replication_key_value"]
    harness.control.clear_requests()
    harness.control.clock.advance(DAY)
    later = harness.run(engagement.state, select=[ENGAGEMENT])
    (job,) = jobs(harness)
    assert timestamp(job.body["created_at_after"] + 30 * DAY) == bookmark
    assert 0 < len(later.records(ENGAGEMENT)) < len(engagement.records(ENGAGEMENT))
    assert missing_rows(engagement + later, harness.control, ENGAGEMENT) == {}
    assert later.state["bookmarks"][ENGAGEMENT]["replication_key_value"] > bookmark


def test_a_start_date_bounds_the_first_run(harness: SyncHarness) -> None:
    run = harness.run(select=[ENGAGEMENT], start_date="2025-06-01")
    assert len(jobs(harness)) == 1
    assert min(row["received_at"] for row in run.records(ENGAGEMENT)) >= "2025-06-01"


def test_a_job_of_another_program_is_waited_for_and_takes_nothing_from_the_rate_limit(
    harness: SyncHarness, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    harness.control.set_options(export_seconds=600, export_polls=10**6)
    enqueue_elsewhere(harness)
    start = harness.control.clock.now()
    run = harness.run(select=[ENGAGEMENT], start_date="2025-06-01")
    refused = [
        request for request in harness.requests(CONTENT_JOBS, "POST") if request.status == 429
    ]
    assert len(refused) > 10
    assert harness.control.clock.now() - start > 600
    assert len(run.records(ENGAGEMENT)) > 0
    assert "1 pending message data export jobs" in caplog.text
    assert "rate limit (429)" not in caplog.text


def test_the_real_rate_limit_is_waited_for_as_ever(
    harness: SyncHarness, caplog: pytest.LogCaptureFixture
) -> None:
    harness.control.faults.add(
        Fault(
            kind="status",
            status=429,
            code="rate_limit_exceeded",
            message="Exceeded rate limit of 83 in 10_seconds",
            path=CONTENT_JOBS,
        )
    )
    harness.run(select=[ENGAGEMENT], start_date="2025-06-01")
    assert "met the rate limit (429)" in caplog.text


def test_patience_with_other_programs_ends_and_costs_only_this_stream(harness: SyncHarness) -> None:
    harness.control.set_options(export_seconds=10**7, export_polls=10**6)
    enqueue_elsewhere(harness)
    start = harness.control.clock.now()
    run = harness.attempt(select=[ENGAGEMENT, "tags"], start_date="2025-06-01")
    assert run.failures.keys() == {ENGAGEMENT}
    assert "other export jobs are pending" in str(run.error)
    assert (
        MAX_QUEUE_WAIT_SECONDS <= harness.control.clock.now() - start < MAX_QUEUE_WAIT_SECONDS + 120
    )
    assert len(run.records("tags")) > 0


@pytest.mark.parametrize("outcome", ["failed", "canceled"])
def test_a_job_that_ends_badly_fails_its_stream_alone(harness: SyncHarness, outcome: str) -> None:
    harness.control.set_options(export_outcome=outcome)
    run = harness.attempt(select=[ENGAGEMENT, "tags"], start_date="2025-06-01")
    assert run.failures.keys() == {ENGAGEMENT}
    assert isinstance(run.error, ExportFailedError)
    assert f"reports an export job as {outcome}" in str(run.error)
    assert len(run.records("tags")) > 0
    assert ENGAGEMENT not in run.state["bookmarks"] or not run.state["bookmarks"][ENGAGEMENT]
    harness.control.set_options(export_outcome="completed")
    assert len(harness.run(run.state, select=[ENGAGEMENT]).records(ENGAGEMENT)) > 0


def test_a_job_that_never_ends_is_given_up(harness: SyncHarness) -> None:
    serve(harness, CONTENT_JOB, {"job_identifier": "x", "status": "in_progress"})
    run = harness.attempt(select=[ENGAGEMENT], start_date="2025-06-01")
    assert "did not end within 4 hours" in str(run.error)


def test_no_data_is_no_error_and_nothing_is_downloaded(harness: SyncHarness) -> None:
    harness.control.set_options(export_outcome="no_data")
    run = harness.run(select=[ENGAGEMENT], start_date="2025-06-01")
    assert run.records(ENGAGEMENT) == []
    assert harness.requests("/download") == []
    assert run.state["bookmarks"][ENGAGEMENT]["replication_key_value"] > "2025-06-15"


@pytest.mark.parametrize("path", [CONTENT_FILE, CONTENT_JOB])
def test_a_file_that_is_gone_is_exported_anew(harness: SyncHarness, path: str) -> None:
    gone = Fault(kind="status", status=404, code="not_found", path=path)
    harness.control.faults.add(gone)
    run = harness.run(select=[ENGAGEMENT], start_date="2025-06-01")
    if path == CONTENT_FILE:
        assert len(jobs(harness)) == 2
    assert len(run.records(ENGAGEMENT)) > 0


def test_files_that_are_always_gone_are_an_error(harness: SyncHarness) -> None:
    gone = Fault(kind="status", status=404, code="not_found", path=CONTENT_FILE, times=None)
    harness.control.faults.add(gone)
    run = harness.attempt(select=[ENGAGEMENT], start_date="2025-06-01")
    assert "are gone when they are asked for" in str(run.error)
    assert len(jobs(harness)) == 2


@pytest.mark.parametrize("name", ["job_identifier", "job_identfier"])
def test_a_job_is_known_by_its_id_however_it_is_spelt(harness: SyncHarness, name: str) -> None:
    serve(harness, CONTENT_JOBS, {name: "job1", "status": "pending"})
    serve(harness, "/export/content/data/job1", {name: "job1", "status": "completed"})
    serve(harness, "/download/content/data/job1", gzip.compress(HEADER + ROW))
    run = harness.run(select=[ENGAGEMENT], start_date="2025-06-01")
    assert [row["receipt_id"] for row in run.records(ENGAGEMENT)] == ["1"]


@pytest.mark.parametrize("body", [{"status": "pending"}, {"job_identifier": "", "status": "x"}])
def test_a_job_without_an_id_is_an_error(harness: SyncHarness, body: dict[str, str]) -> None:
    serve(harness, CONTENT_JOBS, body)
    assert "without an id" in str(harness.attempt(select=[ENGAGEMENT]).error)


@pytest.mark.parametrize(
    "url", ["http://localhost:{port}/x", "https://example.com/x", "//example.com", "http://["]
)
def test_a_file_on_another_host_gets_no_request_and_no_token(
    harness: SyncHarness, url: str
) -> None:
    link = url.format(port=harness.sandbox.url.rpartition(":")[2])
    body = {"job_identifier": "x", "status": "completed", "download_url": link}
    serve(harness, CONTENT_JOB, body)
    run = harness.attempt(select=[ENGAGEMENT, "tags"], start_date="2025-06-01")
    assert run.failures.keys() == {ENGAGEMENT}
    assert isinstance(run.error, InvalidRequestError)
    assert harness.sandbox.options.token not in str(run.error)
    assert not harness.requests("/x")
    assert not harness.requests("/download")
    assert len(run.records("tags")) > 0


@pytest.mark.parametrize(
    "file",
    [HEADER + ROW, b"\xef\xbb\xbf" + HEADER + ROW, gzip.compress(HEADER + ROW), zipped(), tarred()],
    ids=["plain", "with a byte order mark", "gzip", "zip", "tgz"],
)
def test_a_file_is_read_however_it_is_packed(harness: SyncHarness, file: bytes) -> None:
    serve(harness, CONTENT_FILE, file)
    rows = harness.run(select=[ENGAGEMENT], start_date="2025-06-01").records(ENGAGEMENT)
    assert [row["receipt_id"] for row in rows] in (["1"], ["1", "2"])
    assert rows[0] == {
        "receipt_id": "1",
        "received_at": timestamp(1_749_999_000),
        "user_id": "-1",
        "content_title": "Hello",
    }


@pytest.mark.parametrize(
    "file",
    [
        gzip.compress((HEADER + ROW) * 50)[:-20],
        b"\x1f\x8b no gzip",
        zipped()[:-40],
        HEADER + b"1,1749999000\n",
        b"<html><body>Sign in</body></html>",
        b"receipt_id,name\n1,x\n",
    ],
    ids=["cut gzip", "no gzip", "cut zip", "short row", "HTML", "no time"],
)
def test_a_file_that_can_not_be_read_is_an_error_and_no_row_is_emitted(
    harness: SyncHarness, file: bytes
) -> None:
    serve(harness, CONTENT_FILE, file)
    run = harness.attempt(select=[ENGAGEMENT], start_date="2025-06-01")
    assert isinstance(run.error, ExportFailedError)
    assert run.records(ENGAGEMENT) == []


def test_cells_of_any_size_arrive_and_nul_does_not(harness: SyncHarness) -> None:
    long = b"x" * 200_000
    serve(harness, CONTENT_FILE, HEADER + b'1,1749999000,a\0b,"' + long + b'"\n')
    (row,) = harness.run(select=[ENGAGEMENT], start_date="2025-06-01").records(ENGAGEMENT)
    assert row["user_id"] == "a\ufffdb"
    assert len(row["content_title"]) == len(long)


@pytest.mark.parametrize("kind", ["cut_body", "reset", "status"])
def test_a_download_that_breaks_off_is_tried_again(harness: SyncHarness, kind: Any) -> None:
    harness.control.faults.add(Fault(kind=kind, path=CONTENT_FILE, times=2))
    run = harness.run(select=[ENGAGEMENT])
    assert missing_rows(run, harness.control, ENGAGEMENT) == {}
    assert len(run.records(ENGAGEMENT)) == len(harness.control.records(ENGAGEMENT))


def test_a_download_may_be_larger_than_any_page_but_ends_somewhere(
    harness: SyncHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = b"a" * 500_000
    serve(harness, "/download/large", large)
    client = TapIntercom(config=harness.config).client
    monkeypatch.setattr("tap_intercom.api.client.MAX_BODY_BYTES", len(large) - 1)
    with tempfile.TemporaryFile() as file:
        file.write(b"what an earlier attempt left" * len(large))
        client.download(Request("/download/large"), file)
        file.seek(0)
        assert file.read() == large
        with pytest.raises(RetriableError, match="more than 499999 bytes"):
            client.fetch(Request("/download/large"))
        monkeypatch.setattr("tap_intercom.api.client.MAX_FILE_BYTES", 300_000)
        with pytest.raises(RetriableError, match="more than 300000 bytes"):
            client.download(Request("/download/large"), file)


def test_a_download_may_take_its_time_as_long_as_it_goes_on(
    harness: SyncHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each look at the clock is a second later than the last."""
    serve(harness, "/download/large", b"a" * 600_000)
    client = TapIntercom(config={**harness.config, "request_timeout": 30}).client
    monkeypatch.setattr("tap_intercom.api.client.CHUNK_BYTES", 4096)
    clock = SimpleNamespace(monotonic=count().__next__)
    monkeypatch.setattr("tap_intercom.api.client.time", clock)
    with tempfile.TemporaryFile() as file:
        client.download(Request("/download/large"), file)
        assert file.tell() == 600_000
    assert clock.monotonic() > 100
    assert client.retries == 0


def test_the_token_may_lack_the_permission(harness: SyncHarness) -> None:
    harness.control.set_options(refused={CONTENT_JOBS: "forbidden"})
    run = harness.attempt(select=[ENGAGEMENT, "tags"])
    assert isinstance(run.failures[ENGAGEMENT], PermissionDeniedError)
    assert len(run.records("tags")) > 0


@pytest.mark.parametrize("messages", [5, 20, 40, 60])
def test_a_killed_run_is_gone_on_from_and_nothing_is_lost(
    harness: SyncHarness, messages: int
) -> None:
    killed = harness.attempt(select=[ENGAGEMENT], pipe=Pipe(messages=messages))
    assert killed.killed
    later = harness.run(killed.state, select=[ENGAGEMENT])
    assert missing_rows(killed + later, harness.control, ENGAGEMENT) == {}


def test_a_run_killed_behind_a_state_begins_30_days_before_it(harness: SyncHarness) -> None:
    killed = harness.attempt(select=[ENGAGEMENT], pipe=Pipe(states=1))
    bookmark = killed.state["bookmarks"][ENGAGEMENT]["replication_key_value"]
    harness.control.clear_requests()
    later = harness.run(killed.state, select=[ENGAGEMENT])
    assert timestamp(jobs(harness)[0].body["created_at_after"] + 30 * DAY) == bookmark
    assert missing_rows(killed + later, harness.control, ENGAGEMENT) == {}


@pytest.mark.parametrize("stream", [ENGAGEMENT, "reporting_conversation"])
def test_a_test_run_runs_one_job_over_the_last_day(harness: SyncHarness, stream: str) -> None:
    tap = TapIntercom(config={**harness.config, "reporting_datasets": ["conversation"]})
    assert tap.run_sync_dry_run(streams=[tap.streams[stream]])
    assert tap.run.failures == {}
    path = CONTENT_JOBS if stream == ENGAGEMENT else REPORTING_JOBS
    assert len(jobs(harness, path)) == 1


@pytest.mark.parametrize("dataset", ["conversation", "ticket"])
def test_a_dataset_has_every_row_under_the_ids_of_its_attributes(
    harness: SyncHarness, dataset: str
) -> None:
    run = report(harness, dataset)
    assert run.error is None
    stream = f"reporting_{dataset}"
    key, time = f"{dataset}.{dataset}_id", run.state["bookmarks"][stream]["replication_key"]
    true = {row[key]: row for row in harness.control.records(stream)}
    rows = run.records(stream)
    assert len(rows) == len(true) > 0
    for row in rows:
        expected = {
            name: value if value is None else str(value) for name, value in true[row[key]].items()
        }
        assert row == {**expected, time: timestamp(true[row[key]][time])}
    (schema,) = (message for message in run.schemas if message["stream"] == stream)
    assert schema["key_properties"] == [key]
    assert [row[time] for row in rows] == sorted(row[time] for row in rows)


def test_a_later_run_of_a_dataset_reads_30_days_again_and_has_the_new_rows(
    harness: SyncHarness,
) -> None:
    first = report(harness, "conversation")
    harness.control.clear_requests()
    harness.control.clock.advance(7200)
    harness.control.touch_oldest("conversations", 3)
    harness.control.create("conversations")
    later = report(harness, "conversation", state=first.state)
    assert later.error is None
    assert len(jobs(harness, REPORTING_JOBS)) == 1
    key = "conversation.conversation_id"
    loaded = {row[key] for row in (first + later).records("reporting_conversation")}
    assert loaded == {row[key] for row in harness.control.records("reporting_conversation")}
    assert len(later.records("reporting_conversation")) < len(loaded)


def test_times_without_a_zone_are_those_of_the_workspace(harness: SyncHarness) -> None:
    tap = TapIntercom(config={**harness.config, "reporting_datasets": ["ticket"]})
    row = {"ticket.ticket_created_at": "2025-06-15T08:00:00"}
    zone = ZoneInfo(harness.sandbox.options.timezone)
    true = datetime(2025, 6, 15, 8, tzinfo=zone)
    assert true.utcoffset()
    assert tap.streams["reporting_ticket"].timestamp(row, 0) == true.timestamp()


def test_times_without_a_zone_fail_the_stream_where_the_zone_is_unknown(
    harness: SyncHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    tap = TapIntercom(config={**harness.config, "reporting_datasets": ["ticket"]})
    row = {"ticket.ticket_created_at": "2025-06-15T08:00:00"}
    monkeypatch.setattr("tap_intercom.custom.reporting.ZoneInfo", _unknown_zone)
    with pytest.raises(ExportFailedError, match="install package tzdata"):
        tap.streams["reporting_ticket"].timestamp(row, 0)


def _unknown_zone(*_: Any) -> None:
    raise ZoneInfoNotFoundError


def test_a_dataset_is_selected_by_name_alone(harness: SyncHarness) -> None:
    tap = TapIntercom(config={**harness.config, "reporting_datasets": ["ticket", "ticket"]})
    entry = next(one for one in tap.catalog_dict["streams"] if one["stream"] == "reporting_ticket")
    (root,) = (item for item in entry["metadata"] if not item["breadcrumb"])
    assert root["metadata"]["selected-by-default"] is False
    assert entry["schema"]["properties"]["ticket.ticket_created_at"]["format"] == "date-time"
    assert entry["schema"]["properties"]["ticket.ticket_id"]["type"] == "string"
    assert entry["schema"]["properties"]["ticket.Severity"]["type"] == ["string", "null"]


def test_only_selected_attributes_are_asked_for_and_always_key_and_time(
    harness: SyncHarness,
) -> None:
    config = {**harness.config, "reporting_datasets": ["ticket"]}
    catalog = selecting(TapIntercom(config=config).catalog_dict, ["reporting_ticket"])
    for entry in catalog["streams"]:
        for item in entry["metadata"]:
            if item["breadcrumb"] and entry["stream"] == "reporting_ticket":
                item["metadata"]["selected"] = item["breadcrumb"][-1] == "ticket.ticket_state"
    run = harness.attempt_catalog(config, catalog)
    assert run.error is None
    wanted = {"ticket.ticket_id", "ticket.ticket_created_at", "ticket.ticket_state"}
    assert set(jobs(harness, REPORTING_JOBS)[0].body["attribute_ids"]) == wanted
    assert all(row.keys() == wanted for row in run.records("reporting_ticket"))


@pytest.mark.parametrize("version", ["2.14", "2.15"])
def test_an_older_version_has_simple_ids(harness: SyncHarness, version: str) -> None:
    run = report(harness, "ticket", api_version=version)
    assert run.error is None
    assert {row["ticket_id"] for row in run.records("reporting_ticket")} == {
        row["ticket.ticket_id"] for row in harness.control.records("reporting_ticket")
    }


def test_a_version_without_datasets_has_none(harness: SyncHarness) -> None:
    config = {**harness.config, "api_version": "2.13", "reporting_datasets": ["ticket"]}
    assert "reporting_ticket" not in TapIntercom(config=config).streams
    assert harness.requests(DATASETS) == []


def test_times_of_the_workspace_and_mere_ids_in_a_file_are_understood(harness: SyncHarness) -> None:
    attributes = [
        {"id": "call_id", "qualified_id": "call.call_id", "name": "Call ID"},
        {"id": "brand", "qualified_id": "call.brand", "name": "Brand"},
        {"id": "brand", "qualified_id": "people.brand", "name": "Brand"},
        {"id": "started_at", "qualified_id": "timestamp.started_at", "name": "Started at"},
    ]
    dataset = {"id": "call", "default_time_attribute_id": "started_at", "attributes": attributes}
    serve(harness, DATASETS, {"data": [dataset]})
    serve(harness, REPORTING_JOBS, {"job_identifier": "j", "status": "pending"})
    serve(harness, "/export/reporting_data/j", {"job_identifier": "j", "status": "complete"})
    rows = b"1,a,b,2025-06-01 10:00:00\n2,,,1748800000\n"
    serve(harness, REPORTING_FILE, b"call_id,brand,brand,Started at\n" + rows)
    run = report(harness, "call", start_date="2025-06-01")
    assert run.error is None
    assert run.records("reporting_call") == [
        {
            "call.call_id": "1",
            "call.brand": "a",
            "people.brand": "b",
            "timestamp.started_at": "2025-06-01T17:00:00+00:00",
        },
        {
            "call.call_id": "2",
            "call.brand": None,
            "people.brand": None,
            "timestamp.started_at": "2025-06-01T17:46:40+00:00",
        },
    ]
    (asked,) = harness.requests("/download/reporting_data/j")
    workspace = TapIntercom(config=harness.config).client.workspace["id_code"]
    assert asked.query == {"app_id": workspace, "job_identifier": "j"}


def test_a_dataset_without_a_key_is_appended_and_no_row_comes_twice(harness: SyncHarness) -> None:
    attributes = [
        {"id": name, "qualified_id": f"ticket.{name}"} for name in ("ticket_created_at", "Severity")
    ]
    time = "ticket_created_at"
    dataset = {"id": "ticket", "default_time_attribute_id": time, "attributes": attributes}
    serve(harness, DATASETS, {"data": [dataset]})
    first = report(harness, "ticket")
    written: Output = first
    for _ in range(2):
        harness.control.clock.advance(7200)
        harness.control.create("tickets")
        run = report(harness, "ticket", state=written.state)
        assert run.error is None
        written += run
    until = timestamp(int(harness.control.clock.now()) - 7200)
    timestamps = [
        timestamp(row["ticket.ticket_created_at"])
        for row in harness.control.records("reporting_ticket")
    ]
    rows = written.records("reporting_ticket")
    assert len(rows) <= len(timestamps)
    assert {timestamp for timestamp in timestamps if timestamp < until} <= {
        row["ticket.ticket_created_at"] for row in rows
    }
    (schema, *_) = (one for one in first.schemas if one["stream"] == "reporting_ticket")
    assert schema["key_properties"] == []


@pytest.mark.parametrize(
    ("code", "kind"),
    [("forbidden", PermissionDeniedError), ("token_unauthorized", PermissionDeniedError)],
)
def test_discovery_goes_on_without_the_datasets_and_says_so(
    harness: SyncHarness, caplog: pytest.LogCaptureFixture, code: str, kind: type[Exception]
) -> None:
    config = {**harness.config, "reporting_datasets": ["ticket"]}
    catalog = selecting(TapIntercom(config=config).catalog_dict, ["reporting_ticket", "tags"])
    harness.control.set_options(refused={"/export/reporting_data": code})
    tap = TapIntercom(config=config)
    entry = next(one for one in tap.catalog_dict["streams"] if one["stream"] == "reporting_ticket")
    assert entry["schema"]["properties"] == {}
    assert "The datasets of reports can't be read" in caplog.text
    run = harness.attempt_catalog(config, catalog)
    assert isinstance(run.failures["reporting_ticket"], kind)
    assert len(run.records("tags")) > 0


def test_a_dataset_that_does_not_exist_is_named_with_those_that_do(
    harness: SyncHarness, caplog: pytest.LogCaptureFixture
) -> None:
    run = report(harness, "tickets")
    assert run.failures.keys() == {"reporting_tickets"}
    assert "The dataset tickets of reporting_datasets does not exist" in caplog.text
    assert "conversation, ticket" in caplog.text
    assert len(run.records("tags")) > 0


@pytest.mark.parametrize("outcome", ["failed", "canceled"])
def test_a_reporting_job_that_ends_badly_fails_its_stream_alone(
    harness: SyncHarness, outcome: str
) -> None:
    harness.control.set_options(export_outcome=outcome)
    run = report(harness, "ticket")
    assert run.failures.keys() == {"reporting_ticket"}
    assert isinstance(run.error, ExportFailedError)


def test_a_file_that_lacks_an_attribute_is_an_error(harness: SyncHarness) -> None:
    serve(harness, REPORTING_FILE, b"ticket.ticket_id,ticket.ticket_created_at\n1,1749999000\n")
    run = report(harness, "ticket")
    assert "lacks columns: ticket.ticket_type" in str(run.error)
    assert run.records("reporting_ticket") == []


def test_a_wrong_token_does_not_keep_discovery_from_its_work(harness: SyncHarness) -> None:
    config = {**harness.config, "access_token": "wr0ng", "reporting_datasets": ["ticket"]}
    tap = TapIntercom(config=config)
    assert "reporting_ticket" in tap.streams
    stream: Any = tap.streams["reporting_ticket"]
    with pytest.raises(AuthenticationError):
        next(stream.iterate(0))


def test_downloads_of_unknown_files_are_told_as_such(harness: SyncHarness) -> None:
    client = IntercomClient(TapIntercom(config=harness.config).run.settings)
    with tempfile.TemporaryFile() as file, pytest.raises(InvalidRequestError):
        client.download(Request("/download/content/data/nothing"), file)
    accepted = Request("/download/content/data/nothing", accept="application/octet-stream")
    with tempfile.TemporaryFile() as file, pytest.raises(NotFoundError):
        client.download(accepted, file)
