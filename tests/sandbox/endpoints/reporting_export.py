"""The reporting data export: chosen attributes of a dataset."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from tests.sandbox.call import Call, Route
from tests.sandbox.endpoints.downloads import (
    check_accept,
    csv_file,
    job_response,
    outcome_of,
    sent_file,
)
from tests.sandbox.errors import ApiError, bad_request, not_found
from tests.sandbox.generate.reporting import DATASETS, Dataset, simple_id
from tests.sandbox.responses import json_response
from tests.sandbox.versions import V2_14, V2_16

if TYPE_CHECKING:
    from aiohttp import web

    from tests.sandbox.exports import Job
    from tests.sandbox.records import Body
    from tests.sandbox.versions import Version

MAX_PENDING_JOBS: Final = 5
STATUSES: Final = {"completed": "complete", "pending": "pending", "in_progress": "pending"}


def _datasets(call: Call) -> web.Response:
    rows = [
        {
            "id": name,
            "name": dataset.name,
            "description": dataset.description,
            "default_time_attribute_id": simple_id(dataset.time),
            "attributes": [_attribute(attribute, call.version) for attribute in dataset.attributes],
        }
        for name, dataset in DATASETS.items()
    ]
    return json_response({"type": "list", "data": rows})


def _attribute(qualified_id: str, version: Version) -> Body:
    name = simple_id(qualified_id)
    qualified = {"qualified_id": qualified_id} if version >= V2_16 else {}
    return {"id": name, **qualified, "name": name.replace("_", " ").capitalize()}


def _enqueue(call: Call) -> web.Response:
    sent = call.body if isinstance(call.body, dict) else {}
    name = _required(sent, "dataset_id")
    if name not in DATASETS:
        raise bad_request("bad_request", f"{name} is not a valid dataset_id")
    attributes = _attributes(call, sent, name)
    start, end = (_timestamp(sent, bound) for bound in ("start_time", "end_time"))
    jobs, options = call.state.reporting_exports, call.state.options
    if jobs.active(options) >= MAX_PENDING_JOBS:
        message = "Exceeded rate limit of 5 pending reporting dataset export jobs"
        raise ApiError(HTTPStatus.TOO_MANY_REQUESTS, "rate_limit_exceeded", message)
    rows = _rows(call, DATASETS[name], start, end)
    values = ([row[attribute] for attribute in attributes.values()] for row in rows)
    file = csv_file(list(attributes), values)
    return _respond(call, jobs.start(outcome_of(options, end - start), file))


def _attributes(call: Call, sent: Body, name: str) -> dict[str, str]:
    """Ids as they were sent -> qualified ids.

    From 2.16 on the documentation asks for qualified ids, its example has simple ones: an option
    decides.
    """
    requested = _required(sent, "attribute_ids")
    if not isinstance(requested, list):
        raise bad_request("bad_request", "'attribute_ids' not an array must be of type Array")
    if not requested:
        raise bad_request("bad_request", "attribute_ids must contain at least one attribute_id")
    qualified = {attribute: attribute for attribute in DATASETS[name].attributes}
    simple = {simple_id(attribute): attribute for attribute in reversed(qualified)}
    known = simple
    if call.version >= V2_16:
        known = qualified | (simple if call.state.options.reporting_simple_ids else {})
    unknown = [str(attribute) for attribute in requested if attribute not in known]
    if unknown:
        message = f"attribute_ids invalid for {name} dataset: {', '.join(unknown)}"
        raise bad_request("bad_request", message)
    return {attribute: known[attribute] for attribute in requested}


def _rows(call: Call, dataset: Dataset, start: int, end: int) -> list[Body]:
    """The rows of a time range; it is not documented whether its end is included."""
    last = end if call.state.options.inclusive_comparisons else end - 1
    records = call.state.workspace.collections[dataset.kind].records
    rows = dataset.rows(records, replied_only=call.version < V2_16)
    return [row for row in rows if start <= row[dataset.time] <= last]


def _status(call: Call) -> web.Response:
    for name in ("app_id", "client_id", "job_identifier"):
        _parameter(call, name)
    identifier = call.argument("id")
    job = call.state.reporting_exports.poll(identifier, call.state.options)
    if job is None or not _is_of_job(call):
        raise _unknown(identifier)
    return _respond(call, job)


def _download(call: Call) -> web.Response:
    check_accept(call)
    for name in ("app_id", "job_identifier"):
        _parameter(call, name)
    identifier = call.argument("id")
    job = call.state.reporting_exports.find(identifier, call.state.options)
    if job is None or not job.has_file or not _is_of_job(call):
        raise _unknown(identifier)
    return sent_file(job.file, f"{identifier}.csv")


def _respond(call: Call, job: Job) -> web.Response:
    parameters = {"app_id": call.state.workspace.id, "job_identifier": job.identifier}
    url = f"{call.origin}/download/reporting_data/{job.identifier}?{urlencode(parameters)}"
    return job_response(job, STATUSES.get(job.status, "failed"), url)


def _is_of_job(call: Call) -> bool:
    """Whether the parameters name this workspace and the job of the path."""
    named = (call.parameter("app_id"), call.parameter("job_identifier"))
    return named == (call.state.workspace.id, call.argument("id"))


def _required(sent: Body, name: str) -> Any:
    if sent.get(name) is None:
        raise bad_request("bad_request", f"'{name}' is a required parameter")
    return sent[name]


def _parameter(call: Call, name: str) -> None:
    if not call.parameter(name):
        raise bad_request("bad_request", f"'{name}' is a required parameter")


def _timestamp(sent: Body, name: str) -> int:
    value = _required(sent, name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise bad_request("bad_request", f"'{name}' {value} must be of type Integer")
    return value


def _unknown(identifier: str) -> ApiError:
    return not_found(f"Export job not found for identifier: {identifier}")


ROUTES: Final = (
    Route("GET", "/export/reporting_data/get_datasets", _datasets, since=V2_14),
    Route("POST", "/export/reporting_data/enqueue", _enqueue, since=V2_14),
    Route("GET", "/export/reporting_data/{id}", _status, since=V2_14),
    Route("GET", "/download/reporting_data/{id}", _download, since=V2_14),
)
