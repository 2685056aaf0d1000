"""Files of export jobs: how they are written and sent."""

from __future__ import annotations

import csv
import io
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from aiohttp import web

from tests.sandbox.errors import ApiError
from tests.sandbox.generate.blueprint import DAY
from tests.sandbox.responses import json_response

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tests.sandbox.call import Call
    from tests.sandbox.exports import Job, Outcome
    from tests.sandbox.options import SandboxOptions

OCTET_STREAM: Final = "application/octet-stream"


def csv_file(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """A CSV file in UTF-8; what is missing is left empty."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode()


def check_accept(call: Call) -> None:
    """Refuse a download without the header that is documented as required."""
    if OCTET_STREAM not in call.request.headers.get("Accept", ""):
        message = f"Accept header must be {OCTET_STREAM}"
        raise ApiError(HTTPStatus.NOT_ACCEPTABLE, "client_error", message)


def outcome_of(options: SandboxOptions, seconds: int) -> Outcome:
    """How a job over a period ends; that long ones fail is known, but not from which length on."""
    longest = options.export_max_days
    is_too_long = longest is not None and seconds > longest * DAY
    return "failed" if is_too_long else options.export_outcome


def job_response(job: Job, status: str, url: str) -> web.Response:
    """The state of a job, with the URL of its file if there is one."""
    return json_response(
        {
            "job_identifier": job.identifier,
            "status": status,
            "download_url": url if job.has_file else "",
            "download_expires_at": str(int(job.expires_at)) if job.has_file else "",
        }
    )


def sent_file(content: bytes, name: str) -> web.Response:
    """A response with a file."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return web.Response(body=content, content_type=OCTET_STREAM, headers=headers)
