"""What can go wrong with a request, by what the tap does about it.

    IntercomError
    ├── RetriableError         5xx, timeout, broken connection: the request is retried
    ├── UnreachableError       nothing is answered any more, or never will be: the run ends
    ├── AuthenticationError    the token is refused everywhere: the run ends
    ├── OtherWorkspaceError    the token's workspace is not that of the state: the run ends
    ├── PermissionDeniedError  one resource is refused: its stream ends
    ├── NotFoundError          404, 410: the record is skipped
    ├── ResponseTooLargeError  a response too large for memory: smaller pages are requested
    ├── ExportQueueFullError   too many export jobs are pending: wait and retry
    ├── ExportFailedError      an export job brought no file: its stream ends
    │   └── ExportTooLargeError    a job of a shorter period may succeed
    └── InvalidRequestError    any other refusal: retrying can't help

No message holds a response's body, a token or personal data: only the request, the status, and
Intercom's own code, message and request id (OpenAPI 2.16, schema `error`).
"""

from __future__ import annotations

from tap_intercom.api_version import DEFAULT_VERSION, NEWEST, PREVIEW

VERSION_INVALID = "intercom_version_invalid"
"""Intercom's code for a version that it refuses, and for what a version lacks (OpenAPI 2.16)."""

ADVICE_BY_CODE = {
    "token_suspended": (
        "Intercom has suspended the app: ask Intercom's support, or use the token of another app"
    ),
}
"""What to do, by Intercom's error code."""

CHECK_ACCESS = (
    "Copy it again from Intercom's Developer Hub (Settings > Integrations > Developer Hub > your "
    "app > Authentication) into the setting access_token, and check that region matches the "
    "workspace"
)


class IntercomError(Exception):
    """A request that was not answered as expected."""

    def __init__(  # noqa: PLR0913  # all but the message are optional
        self,
        message: str,
        *,
        status: int = 0,
        code: str = "",
        request_id: str = "",
        retry_after: float = 0.0,
        advice: str = "",
        is_doubtful: bool = False,
    ) -> None:
        """Keep what the response said beside the message.

        Args:
            message: One sentence for the log.
            status: HTTP status; 0 if there was no response.
            code: Intercom's code of the error, or an empty text.
            request_id: Intercom's id of the request, or an empty text.
            retry_after: How long (seconds) the response asked to wait before the next attempt.
            advice: What the user can do, or an empty text.
            is_doubtful: Whether it is a refusal that is not Intercom's own, or contradicts another
                response. Another attempt may be answered otherwise.
        """
        super().__init__(message)
        self.status = status
        self.code = code
        self.request_id = request_id
        self.retry_after = retry_after
        self.advice = advice
        self.is_doubtful = is_doubtful


class RetriableError(IntercomError):
    """5xx, a timeout, a broken connection, or a body that can't be read."""


class UnreachableError(IntercomError):
    """Intercom can't be reached, or answers no request any more: the run can't go on."""


class AuthenticationError(IntercomError):
    """Intercom refuses the token everywhere: the run can't go on."""


RUN_ENDING_ERRORS = (AuthenticationError, UnreachableError)
"""Errors after which no other request would be answered."""


class OtherWorkspaceError(IntercomError):
    """The token belongs to another workspace than the state: no stream is read."""


class PermissionDeniedError(IntercomError):
    """The token lacks a permission, or the workspace a plan, for one resource."""


class ResponseTooLargeError(IntercomError):
    """A complete response that is too large to be kept: one with fewer records may not be.

    Attributes:
        head: Its first bytes.
        tail: Its last bytes.
    """

    def __init__(self, message: str, *, head: bytes = b"", tail: bytes = b"") -> None:
        """Keep both ends of the body; the message holds nothing of it."""
        super().__init__(message, status=200)
        self.head = head
        self.tail = tail


class ExportFailedError(IntercomError):
    """An export job produced no file that can be read."""


class ExportTooLargeError(ExportFailedError):
    """An export job failed, or brought as many rows as Intercom exports at most."""


class ExportQueueFullError(IntercomError):
    """A 429 about pending export jobs rather than about the rate limit."""


class NotFoundError(IntercomError):
    """404 or 410: the record was deleted or merged, or never existed."""


class InvalidRequestError(IntercomError):
    """Any other 4xx, a redirect, or a link to a foreign host: retrying can't help."""


def explain(error: Exception) -> str:
    """Return an error's message, and what the user can do about it."""
    advice = error.advice if isinstance(error, IntercomError) else ""
    return f"{error}. {advice}" if advice else str(error)


def explain_failure(
    stream: str, permission: str, replication_key: str | None, error: IntercomError
) -> str:
    """Return one line about a stream that was not loaded completely."""
    if not isinstance(error, PermissionDeniedError):
        next_run = "resumes from its bookmark" if replication_key else "reads it in full"
        return f"{stream}: not loaded completely: {explain(error)}. The next run {next_run}"
    needed = f'the permission "{permission}"' if permission else "the permission that it needs"
    return f"{stream}: permission denied ({error}). Add {needed} to the app, or deselect the stream"


def advice_on(code: str, message: str) -> str:
    """Return what to do about one of Intercom's errors, or an empty text.

    A version that it refuses and an endpoint that a version lacks have one code; the message
    distinguishes them.
    """
    if code != VERSION_INVALID:
        return ADVICE_BY_CODE.get(code, "")
    if "not available in current API version" in message:
        return f"Set api_version to {NEWEST}, the newest that this tap knows, or to {PREVIEW}"
    return f"Set api_version to {DEFAULT_VERSION}"
