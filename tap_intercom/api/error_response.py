"""Responses other than 200: the error that each stands for.

Intercom's own errors are JSON, with a list `errors` or, as recorded answers show, with a text
`error`. Any other body is from something in between, such as a load balancer, a firewall or a
proxy: it says nothing of the token's permissions, and may be gone with the next attempt.
"""

from __future__ import annotations

import json
from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urljoin, urlsplit

from tap_intercom.api.retry import retry_after
from tap_intercom.errors import (
    ExportQueueFullError,
    ExportTooLargeError,
    IntercomError,
    InvalidRequestError,
    NotFoundError,
    PermissionDeniedError,
    RetriableError,
    advice_on,
)

if TYPE_CHECKING:
    from tap_intercom.api.request import Request
    from tap_intercom.api.response import Body, Response

MAX_MESSAGE_LENGTH = 200
"""Characters of Intercom's own error message that are shown."""

PERMISSION_STATUSES = (
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.PAYMENT_REQUIRED,
    HTTPStatus.FORBIDDEN,
)
NOT_FOUND_STATUSES = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)

NOT_INTERCOM = (
    "Check the settings region and api_url, and HTTPS_PROXY: something else than Intercom's API "
    "answers there"
)


class ReportedError(NamedTuple):
    """An error as Intercom reports it; what it leaves out is an empty text."""

    code: str
    message: str
    request_id: str

    def __str__(self) -> str:
        """Name what is known, such as "not_found: Tag not found; request id r1"."""
        request_id = self.request_id and f"request id {self.request_id}"
        return "; ".join(filter(None, (": ".join(filter(None, self[:2])), request_id)))


def reported_error(body: Body) -> ReportedError | None:
    """Return the error in a body of Intercom's; None if the body is not from Intercom."""
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(content, dict):
        return None
    errors, error = content.get("errors"), content.get("error")
    if isinstance(errors, list):
        first = errors[0] if errors and isinstance(errors[0], dict) else {}
    elif isinstance(error, str):
        first = {"message": error}
    else:
        return None
    return ReportedError(
        _text(first.get("code")), _text(first.get("message")), _text(content.get("request_id"))
    )


def error_from_response(request: Request, response: Response) -> IntercomError:
    """Return the error that a response other than 200 stands for."""
    if _is_failed_job(response.body):
        message = f"{request}: export job failed"
        return ExportTooLargeError(message, status=response.status)
    reported = reported_error(response.body)
    if reported is None:
        return _foreign_error(request, response)
    # the message may quote what the request's path holds
    shown = reported._replace(message="") if request.title else reported
    details = f" ({shown})" if any(shown) else ""
    return _error_type(response.status)(
        f"{request}: status {response.status}{details}",
        status=response.status,
        code=reported.code,
        request_id=reported.request_id,
        retry_after=retry_after(response.headers) or 0.0,
        advice=advice_on(reported.code, reported.message),
    )


def is_from_intercom(response: Response) -> bool:
    """Whether a response is Intercom's, and no failure of its servers."""
    if response.status == HTTPStatus.OK:
        return response.body.lstrip().startswith(b"{")
    is_failure = _error_type(response.status) is RetriableError
    return not is_failure and reported_error(response.body) is not None


def unreadable_response(error: RetriableError, response: Response) -> RetriableError:
    """Return the error of a response 200 whose body is not what the request is for."""
    advice = "" if "json" in response.headers.get("Content-Type", "") else NOT_INTERCOM
    return RetriableError(f"{error} {_source(response)}", status=error.status, advice=advice)


def _is_failed_job(body: Body) -> bool:
    """Whether a body is the state of a failed export job.

    Intercom sends it with status 504 (its docs 2.5, "Checking the status of the job"): asking again
    can't help.
    """
    try:
        content = json.loads(body)
    except ValueError:
        return False
    return isinstance(content, dict) and content.get("status") == "failed"


def _error_type(status: int) -> type[IntercomError]:
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT:
        return RetriableError
    if status in PERMISSION_STATUSES:
        return PermissionDeniedError
    if status in NOT_FOUND_STATUSES:
        return NotFoundError
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return ExportQueueFullError
    return InvalidRequestError


def _foreign_error(request: Request, response: Response) -> IntercomError:
    """Return the error of a response that is not Intercom's: it says nothing about permissions."""
    kind = _error_type(response.status)
    is_retriable = kind is RetriableError
    return (InvalidRequestError if kind is PermissionDeniedError else kind)(
        f"{request}: status {response.status} {_source(response)}{_redirect(request, response)}",
        status=response.status,
        retry_after=retry_after(response.headers) or 0.0,
        advice="" if is_retriable else NOT_INTERCOM,
        is_doubtful=not is_retriable,
    )


def _source(response: Response) -> str:
    """Say where a response came from, and what it is."""
    media_type = response.headers.get("Content-Type", "").partition(";")[0].strip()
    return f"from {response.origin} ({media_type or 'no content type'})"


def _redirect(request: Request, response: Response) -> str:
    """Name where a response redirects to, without user, password and query.

    Nor the path, if that of the request may not be shown.
    """
    with suppress(ValueError):
        parts = urlsplit(urljoin(response.origin, response.headers.get("Location", "")))
        if "Location" in response.headers and parts.hostname:
            port = f":{parts.port}" if parts.port else ""
            path = "" if request.title else parts.path
            return f", redirected to {parts.scheme}://{parts.hostname}{port}{path}"
    return ""


def _text(value: object) -> str:
    return str(value)[:MAX_MESSAGE_LENGTH] if isinstance(value, str | int) else ""
