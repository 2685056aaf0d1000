"""Intercom's error responses: `error.list` bodies."""

from __future__ import annotations

import uuid
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


class ApiError(Exception):
    """An error to be answered with an `error.list` body."""

    def __init__(
        self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})


def error_list(code: str, message: str) -> dict[str, Any]:
    """The body of an error response (OpenAPI 2.16, schema `error`)."""
    return {
        "type": "error.list",
        "request_id": str(uuid.uuid4()),
        "errors": [{"code": code, "message": message}],
    }


def bad_request(code: str, message: str) -> ApiError:
    """A 400."""
    return ApiError(HTTPStatus.BAD_REQUEST, code, message)


def not_found(message: str, code: str = "not_found") -> ApiError:
    """A 404."""
    return ApiError(HTTPStatus.NOT_FOUND, code, message)


def html_error(status: int) -> bytes:
    """The page that the proxy in front of Intercom answers with."""
    title = f"{status} {HTTPStatus(status).phrase}"
    return (
        f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n"
        f"<center><h1>{title}</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
    ).encode()
