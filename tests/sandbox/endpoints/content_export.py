"""The content data export: messages that were sent, and what happened to them."""

from __future__ import annotations

import gzip
import io
import zipfile
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from tests.sandbox.call import Call, Route
from tests.sandbox.endpoints.downloads import (
    check_accept,
    csv_file,
    job_response,
    outcome_of,
    sent_file,
)
from tests.sandbox.errors import ApiError, bad_request, not_found
from tests.sandbox.generate.blueprint import DAY
from tests.sandbox.generate.message_engagement import COLUMNS, EVENTS, receipts

if TYPE_CHECKING:
    from aiohttp import web

    from tests.sandbox.exports import Job
    from tests.sandbox.records import Body

MAX_ACTIVE_JOBS: Final = 1


def _create(call: Call) -> web.Response:
    first, last = _range(call)
    jobs = call.state.content_exports
    if jobs.active(call.state.options) >= MAX_ACTIVE_JOBS:
        message = "Exceeded rate limit of 1 pending message data export jobs"
        raise ApiError(HTTPStatus.TOO_MANY_REQUESTS, "rate_limit_exceeded", message)
    rows = _rows(call, first, last)
    outcome = outcome_of(call.state.options, last - first) if rows else "no_data"
    return _respond(call, jobs.start(outcome, _file(call, rows)))


def _status(call: Call) -> web.Response:
    job = call.state.content_exports.poll(call.argument("id"), call.state.options)
    if job is None:
        raise not_found("Resource Not Found")
    response = _respond(call, job)
    if job.status == "failed":  # Intercom's docs 2.5, "Checking the status of the job"
        response.set_status(HTTPStatus.GATEWAY_TIMEOUT)
    return response


def _download(call: Call) -> web.Response:
    check_accept(call)
    job = call.state.content_exports.find(call.argument("id"), call.state.options)
    if job is None or not job.has_file:
        raise not_found("Resource Not Found")
    return sent_file(job.file, f"{job.identifier}.csv.gz")


def _file(call: Call, rows: list[Body]) -> bytes:
    """The rows as gzipped CSV, or in an archive beside a file for each kind of event.

    The archive and its names were seen by users; the columns of its other files were not.
    """
    receipts_file = csv_file(COLUMNS, ([row[column] for column in COLUMNS] for row in rows))
    if not call.state.options.export_archive:
        return gzip.compress(receipts_file)
    written_at = datetime.fromtimestamp(call.state.clock.now(), UTC).strftime("%Y%m%d-%H%M%S")
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for event in EVENTS:
            name = event.removeprefix("first_")
            happened = ([row["receipt_id"], row[event]] for row in rows if row[event])
            archive.writestr(f"{name}_{written_at}.csv", csv_file(("receipt_id", name), happened))
        archive.writestr(f"receipt_{written_at}.csv", receipts_file)
    return content.getvalue()


def _respond(call: Call, job: Job) -> web.Response:
    url = f"{call.origin}/download/content/data/{job.identifier}"
    return job_response(job, job.status, url)


def _range(call: Call) -> tuple[int, int]:
    """The first and the last second of the export: whole days (UTC), both ends included."""
    sent = call.body if isinstance(call.body, dict) else {}
    first, last = _timestamp(sent, "created_at_after"), _timestamp(sent, "created_at_before")
    return first - first % DAY, last - last % DAY + DAY - 1


def _timestamp(sent: Body, name: str) -> int:
    value: Any = sent.get(name)
    if value is None:
        raise bad_request("parameter_not_found", f"{name} is a required parameter.")
    if not isinstance(value, int) or isinstance(value, bool):
        raise bad_request("parameter_invalid", f"{name} must be a unix timestamp")
    return value


def _rows(call: Call, first: int, last: int) -> list[Body]:
    """Messages sent within a range, the oldest if there are too many; later events are left out."""
    workspace = call.state.workspace
    rows = receipts(workspace.blueprint, workspace.collections["contacts"].records)
    chosen = [row for row in rows if first <= row["received_at"] <= last]
    for row in chosen:
        row |= {name: None for name in EVENTS if not first <= (row[name] or 0) <= last}
    return chosen[: call.state.options.export_max_rows]


ROUTES: Final = (
    Route("POST", "/export/content/data", _create),
    Route("GET", "/export/content/data/{id}", _status),
    Route("GET", "/download/content/data/{id}", _download),
)
