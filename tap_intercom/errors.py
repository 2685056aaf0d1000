"""What can go wrong with a request, told apart by what the tap does about it.

No message holds a response's body, a token or personal data: only what was asked, the status,
and Intercom's own code, message and request id (OpenAPI 2.16, schema `error`).
"""

from __future__ import annotations


class IntercomError(Exception):
    """A request that Intercom did not answer as wanted."""

    def __init__(self, message: str, *, status: int = 0, code: str = "") -> None:
        """Keep the HTTP status and Intercom's error code beside the message.

        Args:
            message: One sentence for the log.
            status: HTTP status; 0 if there was no answer.
            code: `errors[0].code` of Intercom's `error.list`, or an empty text.
        """
        super().__init__(message)
        self.status = status
        self.code = code


class TemporaryError(IntercomError):
    """Worth another try: 5xx, a timeout, a broken connection, a body that can't be read."""


class AccessTokenRefusedError(IntercomError):
    """Intercom takes the token for nothing at all: the run can't go on."""


class PermissionDeniedError(IntercomError):
    """The token lacks a permission, or the workspace a plan, for one resource."""


class ExportFailedError(IntercomError):
    """An export job brought no file that can be read."""


class JobsPendingError(IntercomError):
    """429 of another kind: not the rate limit is met, but too many export jobs are pending."""


class NotFoundError(IntercomError):
    """404 or 410: the record was deleted or merged, or never existed."""


class RequestRefusedError(IntercomError):
    """Any other 4xx, a redirect, or a link to a foreign host: trying again can't help."""
