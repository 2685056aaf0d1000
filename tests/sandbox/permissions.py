"""What the token may not read."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from tests.sandbox.errors import ApiError

if TYPE_CHECKING:
    from tests.sandbox.options import SandboxOptions

REFUSALS: Final = {
    "token_unauthorized": (HTTPStatus.UNAUTHORIZED, "Not authorized to access resource"),
    "forbidden": (HTTPStatus.FORBIDDEN, "Forbidden request"),
    "api_plan_restricted": (HTTPStatus.FORBIDDEN, "Active subscription needed."),
}


def check_token(*, right: bool) -> None:
    """Refuse a request without the right token."""
    if not right:
        raise ApiError(HTTPStatus.UNAUTHORIZED, "unauthorized", "Access Token Invalid")


def check_permission(options: SandboxOptions, path: str) -> None:
    """Refuse a path for which the token lacks the permission, or the workspace the plan."""
    for pattern, code in options.refused.items():
        if re.match(pattern, path):
            status, message = REFUSALS[code]
            raise ApiError(status, code, message)


def sees_tickets(options: SandboxOptions) -> bool:
    """Whether conversations that are tickets are shown: only with the tickets permission."""
    return not any(re.match(pattern, "/tickets/search") for pattern in options.refused)
