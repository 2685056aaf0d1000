"""The content data export: messages that were sent, and what happened to them."""

from __future__ import annotations

import gzip
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from tests.sandbox.call import Call, Route
from tests.sandbox.endpoints.downloads import check_accept, csv_file, job_response, sent_file
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
    outcome = call.state.options.export_outcome if rows else "no_data"
    file = csv_file(COLUMNS, ([row[column] for column in COLUMNS] for row in rows))
    return _respond(call, jobs.start(outcome, gzip.compress(file)))


def _status(call: Call) -> web.Response:
    job = call.state.content_exports.poll(call.argument("id"), call.state.options)
    if job is None:
        raise not_found("Resource Not Found")
    return _respond(call, job)


def _download(call: Call) -> web.Response:
    check_accept(call)
    job = call.state.content_exports.find(call.argument("id"), call.state.options)
    if job is None or not job.has_file:
        raise not_found("Resource Not Found")
    return sent_file(job.file, f"{job.identifier}.csv.gz")


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
    """Messages sent within a range; later events are left out."""
    workspace = call.state.workspace
    rows = receipts(workspace.blueprint, workspace.collections["contacts"].records)
    chosen = [row for row in rows if first <= row["received_at"] <= last]
    for row in chosen:
        row |= {name: None for name in EVENTS if not first <= (row[name] or 0) <= last}
    return chosen


ROUTES: Final = (
    Route("POST", "/export/content/data", _create),
    Route("GET", "/export/content/data/{id}", _status),
    Route("GET", "/download/content/data/{id}", _download),
)
