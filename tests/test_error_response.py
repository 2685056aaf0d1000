"""Which error a response stands for: Intercom's own, or that of something in between."""

from __future__ import annotations

import pytest

from tap_intercom.api.error_response import error_from_response, is_from_intercom
from tap_intercom.api.request import Request
from tap_intercom.api.response import Response
from tap_intercom.errors import (
    ExportQueueFullError,
    IntercomError,
    InvalidRequestError,
    NotFoundError,
    PermissionDeniedError,
    RetriableError,
    explain,
)

ORIGIN = "https://api.intercom.io"
HTML = {"Content-Type": "text/html; charset=utf-8"}
REFUSED = b'{"type":"error.list","errors":[{"code":"refused","message":"No"}]}'


def error_of(status: int, body: bytes, headers: dict[str, str] | None = None) -> IntercomError:
    response = Response(status, headers or {}, body, ORIGIN)
    return error_from_response(Request("/things"), response)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, PermissionDeniedError),
        (402, PermissionDeniedError),
        (403, PermissionDeniedError),
        (404, NotFoundError),
        (410, NotFoundError),
        (408, RetriableError),
        (500, RetriableError),
        (503, RetriableError),
        (429, ExportQueueFullError),
        (302, InvalidRequestError),
        (400, InvalidRequestError),
        (422, InvalidRequestError),
    ],
)
def test_status_decides_the_class_of_an_error(status: int, error: type[IntercomError]) -> None:
    found = error_of(status, REFUSED)

    assert type(found) is error
    assert not found.is_doubtful


@pytest.mark.parametrize("status", [401, 402, 403])
@pytest.mark.parametrize("body", [b"", b"<html>", b"null", b"[]", b'{"message":"Forbidden"}'])
def test_refusal_of_others_is_of_no_permission(status: int, body: bytes) -> None:
    error = error_of(status, body, HTML)

    assert type(error) is InvalidRequestError
    assert error.is_doubtful
    assert str(error) == f"GET /things: status {status} from {ORIGIN} (text/html)"
    assert "HTTPS_PROXY" in explain(error)


@pytest.mark.parametrize(
    ("body", "details"),
    [
        (
            b'{"errors":[{"code":"not_allowed","message":"No"}],"request_id":"r1","secret":"x"}',
            " (not_allowed: No; request id r1)",
        ),
        (b'{"errors":[{"code":"not_allowed","message":"No"}]}', " (not_allowed: No)"),
        (b'{"errors":[{"code":"not_allowed"}],"request_id":null}', " (not_allowed)"),
        (b'{"errors":[{"message":"No"}],"request_id":"r1"}', " (No; request id r1)"),
        (b'{"errors":[],"request_id":"r1"}', " (request id r1)"),
        (b'{"type":"error.list","errors":[]}', ""),
        (b'{"type":"error.list","errors":["No"]}', ""),
        (b'{"status":400,"error":"Bad Request"}', " (Bad Request)"),
    ],
)
def test_error_names_what_intercom_reports(body: bytes, details: str) -> None:
    """Recorded errors lack a request id, a code, or the list itself."""
    assert str(error_of(400, body)) == f"GET /things: status 400{details}"


def test_error_keeps_code_and_request_id() -> None:
    body = b'{"errors":[{"code":"not_allowed","message":"No"}],"request_id":"r1"}'

    error = error_of(403, body)

    assert (error.status, error.code, error.request_id) == (403, "not_allowed", "r1")


def test_long_message_is_cut() -> None:
    body = b'{"status":400,"error":"%s"}' % (b"x" * 10_000)

    assert len(str(error_of(400, body))) < 300


@pytest.mark.parametrize(
    ("location", "target"),
    [
        (
            "https://login.example.com/sso?token=secret#s",
            ", redirected to https://login.example.com/sso",
        ),
        ("https://user:secret@example.com:8443/", ", redirected to https://example.com:8443/"),
        ("/login?next=secret", f", redirected to {ORIGIN}/login"),
        ("http://[", ""),
    ],
)
def test_redirect_names_its_target(location: str, target: str) -> None:
    error = error_of(302, b"", {**HTML, "Location": location})

    assert str(error) == f"GET /things: status 302 from {ORIGIN} (text/html){target}"


@pytest.mark.parametrize("status", [302, 400, 403, 404, 422, 500])
@pytest.mark.parametrize("body", [b'{"errors":[{"code":"x","message":"No Ada"}]}', b"Ada"])
def test_value_of_a_path_is_in_no_error(status: int, body: bytes) -> None:
    """A message of Intercom's, or the place of a redirect, may quote it."""
    request = Request("/people/Ada", title="/people/{id}")
    response = Response(status, {**HTML, "Location": "/others/Ada"}, body, ORIGIN)

    error = error_from_response(request, response)

    assert str(error).startswith(f"GET /people/{{id}}: status {status}")
    assert "Ada" not in explain(error)


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (200, b' {"app":{}}', True),
        (200, b"<html>", False),
        (401, REFUSED, True),
        (403, b"<html>", False),
        (503, REFUSED, False),
        (302, b"", False),
    ],
)
def test_only_json_is_from_intercom(status: int, body: bytes, *, expected: bool) -> None:
    assert is_from_intercom(Response(status, {}, body)) is expected
