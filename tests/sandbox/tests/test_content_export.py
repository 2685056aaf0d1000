"""The content data export."""

from __future__ import annotations

import csv
import gzip
import io
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from tests.sandbox.tests.client import DAY, NOON, NOT_FOUND, OCTETS, error_of, message_of

if TYPE_CHECKING:
    import requests

    from tests.sandbox.tests.client import Body, Client, Start

PATH = "/export/content/data"


def create(client: Client, first: int = NOON - 9 * DAY, last: int = NOON) -> requests.Response:
    return client.post(PATH, {"created_at_after": first, "created_at_before": last})


def finished(client: Client, first: int = NOON - 9 * DAY, last: int = NOON) -> Body:
    identifier = create(client, first, last).json()["job_identifier"]
    return client.finished(f"{PATH}/{identifier}")


def receipts_of(client: Client, job: Body) -> list[dict[str, str]]:
    response = client.get(job["download_url"], headers=OCTETS)
    assert response.headers["Content-Type"] == "application/octet-stream"
    text = gzip.decompress(response.content).decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_export_has_every_receipt(start: Start) -> None:
    client = start(contacts=60)

    job = finished(client, NOON - 200 * DAY)

    rows = client.records("message_engagement")
    expected = [{k: "" if v is None else str(v) for k, v in row.items()} for row in rows]
    assert job["status"] == "completed"
    assert receipts_of(client, job) == expected


def test_receipts_have_awkward_values(shared: Client) -> None:
    rows = shared.records("message_engagement")

    assert "-1" in {row["company_id"] for row in rows}
    assert any("\n" in row["content_title"] for row in rows)


def test_export_has_whole_days(start: Start) -> None:
    client = start(contacts=60)
    first, last = NOON - 60 * DAY, NOON - 40 * DAY

    rows = receipts_of(client, finished(client, first, last))

    begin, end = first - first % DAY, last - last % DAY + DAY
    receipts = client.records("message_engagement")
    expected = [row["receipt_id"] for row in receipts if begin <= row["received_at"] < end]
    assert [row["receipt_id"] for row in rows] == expected


def test_later_events_are_left_out(start: Start) -> None:
    client = start(contacts=60)
    first, last = NOON - 60 * DAY, NOON - 40 * DAY

    rows = receipts_of(client, finished(client, first, last))

    end = last - last % DAY + DAY
    assert all(int(row["first_open"]) < end for row in rows if row["first_open"])
    assert any((row["first_open"] or 0) >= end for row in client.records("message_engagement"))


def test_new_job_has_no_url(start: Start) -> None:
    job = create(start(contacts=60)).json()

    assert (job["status"], job["download_url"], job["download_expires_at"]) == ("pending", "", "")


def test_second_active_job_is_refused(start: Start) -> None:
    client = start(contacts=60)
    create(client)

    second = create(client)

    assert error_of(second) == (429, "rate_limit_exceeded")
    assert message_of(second) == "Exceeded rate limit of 1 pending message data export jobs"


def test_finished_job_makes_room(start: Start) -> None:
    client = start(contacts=60)
    finished(client)

    assert create(client).status_code == 200


def test_job_ends_after_some_polls(start: Start) -> None:
    client = start(contacts=60, export_polls=3)
    path = f"{PATH}/{create(client).json()['job_identifier']}"

    statuses = [client.get(path).json()["status"] for _ in range(4)]

    assert statuses == ["pending", "in_progress", "in_progress", "completed"]


def test_job_ends_after_some_time(start: Start) -> None:
    client = start(contacts=60, export_seconds=30)
    path = f"{PATH}/{create(client).json()['job_identifier']}"

    client.control.clock.advance(31)

    assert client.get(path).json()["status"] == "completed"


def test_unfinished_job_has_no_file(start: Start) -> None:
    client = start(contacts=60)
    identifier = create(client).json()["job_identifier"]

    response = client.get(f"/download/content/data/{identifier}", headers=OCTETS)

    assert error_of(response) == NOT_FOUND


@pytest.mark.parametrize("accept", ["*/*", "application/json"])
def test_download_needs_its_header(start: Start, accept: str) -> None:
    client = start(contacts=60)
    job = finished(client)

    response = client.get(job["download_url"], headers={"Accept": accept})

    assert error_of(response) == (406, "client_error")


def test_file_expires_after_two_days(start: Start) -> None:
    client = start(contacts=60)
    job = finished(client)

    client.control.clock.advance(2 * DAY - 1)
    before = client.get(job["download_url"], headers=OCTETS)
    client.control.clock.advance(1)
    after = client.get(job["download_url"], headers=OCTETS)

    assert job["download_expires_at"] == str(NOON + 2 * DAY)
    assert before.status_code == 200
    assert error_of(after) == NOT_FOUND


@pytest.mark.parametrize("outcome", ["failed", "canceled"])
def test_job_can_end_without_file(start: Start, outcome: str) -> None:
    job = finished(start(contacts=60, export_outcome=outcome))

    assert (job["status"], job["download_url"]) == (outcome, "")


def test_failed_job_has_status_504(start: Start) -> None:
    client = start(contacts=60, export_outcome="failed", export_polls=0)
    identifier = create(client).json()["job_identifier"]

    response = client.get(f"{PATH}/{identifier}")

    assert (response.status_code, response.json()["status"]) == (504, "failed")


@pytest.mark.parametrize(("days", "status"), [(5, "completed"), (6, "failed")])
def test_job_over_long_period_fails(start: Start, days: int, status: str) -> None:
    client = start(contacts=60, export_max_days=6)

    assert finished(client, NOON - days * DAY)["status"] == status


def test_archive_has_a_file_per_event(start: Start) -> None:
    client = start(contacts=60, export_archive=True)
    job = finished(client, NOON - 200 * DAY)

    response = client.get(job["download_url"], headers=OCTETS)

    with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
        names = {name.partition("_")[0] for name in archive.namelist()}
        (receipts,) = (name for name in archive.namelist() if name.startswith("receipt_"))
        lines = archive.read(receipts).count(b"\r\n")
    assert names > {"receipt", "open", "click", "reply"}
    assert lines == 1 + len(client.records("message_engagement"))


def test_rows_above_limit_are_left_out(start: Start) -> None:
    client = start(contacts=60, export_max_rows=7)

    assert len(receipts_of(client, finished(client, NOON - 200 * DAY))) == 7


def test_empty_range_has_no_data(start: Start) -> None:
    job = finished(start(contacts=60), NOON - 900 * DAY, NOON - 800 * DAY)

    assert job["status"] == "no_data"


@pytest.mark.parametrize("body", [{}, {"created_at_after": NOON}, {"created_at_before": NOON}])
def test_export_needs_both_ends(shared: Client, body: Any) -> None:
    assert error_of(shared.post(PATH, body)) == (400, "parameter_not_found")


def test_unknown_job_is_not_found(shared: Client) -> None:
    assert error_of(shared.get(f"{PATH}/none")) == NOT_FOUND
