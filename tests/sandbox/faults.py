"""Faults: what can go wrong between a client and Intercom."""

from __future__ import annotations

import asyncio
import re
import socket
import struct
from typing import Any, Final, Literal

import msgspec
from aiohttp import web

from tests.sandbox.errors import error_list, html_error

FaultKind = Literal[
    "status",
    "html_status",
    "reset",
    "cut_body",
    "empty",
    "not_json",
    "slow_body",
    "hang",
    "endless_body",
    "redirect",
    "endless_redirect",
    "foreign_next",
    "repeated_cursor",
    "early_end",
    "small_pages",
    "raw_body",
    "raw_status",
]
ALTERING: Final = frozenset(
    ("cut_body", "slow_body", "foreign_next", "repeated_cursor", "early_end")
)
PLACE_IN_LIST: Final = ("next", "page", "total_pages")
DRIPS: Final = 10
JSON: Final = "application/json"
HTML: Final = "text/html"
ENDLESS_CHUNK: Final = b" " * 65_536
ENDLESS_CHUNKS: Final = 4096
SERVER_ERROR: Final = 500


class Fault(msgspec.Struct, omit_defaults=True):
    """What goes wrong, for which requests, and how often.

    Kinds, and the attributes that they use:
        status: an `error.list` response (`status`, `code`, `message`).
        html_status: the page of a proxy (`status`).
        reset: the connection is reset without a response.
        cut_body: half of the real body, then the connection closes; Content-Length is that of all.
        empty: 200 without a body.
        not_json: 200 with a page of HTML.
        slow_body: the real body in pieces over `seconds`.
        hang: no response for `seconds`, then the connection closes.
        endless_body: a JSON text that does not end (256 MiB at most).
        redirect: 302 to `url`.
        endless_redirect: 302 to `url`, with a body that does not end (256 MiB at most).
        foreign_next: `pages.next` of the real response is replaced by `url`.
        repeated_cursor: `pages.next.starting_after` is what the request was sent with.
        early_end: the real response, without what leads to the next page; `total_count` stays.
        small_pages: `status`, for searches and lists with more than `per_page` rows a page.
        raw_body: 200 with exactly `body` (`content_type`).
        raw_status: the same with `status`.

    Attributes:
        method: regular expression that the method must match in full.
        path: regular expression that the path must match in full.
        after: number of matching requests that go well first.
        every: of those that follow, each n-th fails.
        times: number of matching requests that fail at most; None is all.
        headers: headers of the response.
        per_page: the largest page that still works.
        body: base64 in JSON.
    """

    kind: FaultKind
    method: str = ".*"
    path: str = ".*"
    after: int = 0
    every: int = 1
    times: int | None = 1
    status: int = 500
    code: str = "server_error"
    message: str = "Server Error"
    headers: dict[str, str] = {}
    seconds: float = 0.1
    url: str = ""
    per_page: int = 0
    body: bytes = b""
    content_type: str = JSON

    def matches(self, method: str, path: str, per_page: int) -> bool:
        """Whether the fault is for a request; without a page size, that is 0."""
        if self.kind == "small_pages" and per_page <= self.per_page:
            return False
        return bool(re.fullmatch(self.method, method) and re.fullmatch(self.path, path))

    @property
    def alters_response(self) -> bool:
        """Whether the fault changes the real response, rather than replacing it."""
        return self.kind in ALTERING


class FaultList:
    """The faults that are due; the first that matches a request applies."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._seen: list[int] = []

    def add(self, **fault: Any) -> None:
        """Add a fault behind those that are there, by its attributes in JSON's form."""
        self._faults.append(msgspec.convert(fault, Fault))
        self._seen.append(0)

    def clear(self) -> None:
        """Remove all faults."""
        self._faults.clear()
        self._seen.clear()

    def next_for(self, method: str, path: str, per_page: int) -> Fault | None:
        """The fault that applies to a request, None if it goes well."""
        for position, fault in enumerate(self._faults):
            if not fault.matches(method, path, per_page):
                continue
            self._seen[position] += 1
            turn, others = divmod(self._seen[position] - fault.after, fault.every)
            if turn > 0 and not others and (fault.times is None or turn <= fault.times):
                return fault
        return None


async def replaced_response(fault: Fault, request: web.Request) -> web.StreamResponse:
    """The response in place of the real one."""
    if fault.kind == "endless_body":
        return await _endless(request, web.StreamResponse(headers={"Content-Type": JSON}))
    if fault.kind == "endless_redirect":
        redirect = web.StreamResponse(status=302, headers={"Location": fault.url})
        return await _endless(request, redirect)
    if fault.kind in {"hang", "reset"}:
        await asyncio.sleep(fault.seconds if fault.kind == "hang" else 0)
        _reset(request)
        return web.Response()
    return _ready_response(fault)


async def altered_response(
    fault: Fault, request: web.Request, response: web.Response, sent: Any
) -> web.StreamResponse:
    """The real response, altered; `sent` is the decoded body of the request."""
    body = response.body if isinstance(response.body, bytes) else b""
    if fault.kind == "cut_body":
        return await _cut(request, response, body)
    if fault.kind == "slow_body":
        return await _drip(request, response, body, fault.seconds)
    decoded = msgspec.json.decode(body)
    pages = decoded.get("pages") or {}
    if fault.kind == "foreign_next":
        pages["next"] = fault.url
    elif fault.kind == "early_end":
        for name in PLACE_IN_LIST:
            pages.pop(name, None)
            decoded.pop(name, None)
    elif pages.get("next"):
        pagination = (sent or {}).get("pagination") or {}
        pages["next"]["starting_after"] = pagination.get(
            "starting_after", pages["next"]["starting_after"]
        )
    response.body = msgspec.json.encode(decoded)
    return response


def _ready_response(fault: Fault) -> web.Response:
    refusal = msgspec.json.encode(error_list(fault.code, fault.message))
    status, body, content_type = {
        "status": (fault.status, refusal, JSON),
        "small_pages": (fault.status, refusal, JSON),
        "html_status": (fault.status, html_error(fault.status), HTML),
        "empty": (200, b"", JSON),
        "not_json": (200, html_error(200), HTML),
        "raw_body": (200, fault.body, fault.content_type),
        "raw_status": (fault.status, fault.body, fault.content_type),
        "redirect": (302, b"", HTML),
    }[fault.kind]
    headers = {"Content-Type": content_type} | fault.headers
    if fault.kind == "redirect":
        headers["Location"] = fault.url
    return web.Response(status=status, body=body, headers=headers)


def _reset(request: web.Request) -> None:
    """Close the connection with a TCP reset."""
    transport = request.transport
    if transport is None:
        return
    connection = transport.get_extra_info("socket")
    linger_zero = struct.pack("ii", 1, 0)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger_zero)
    transport.abort()


async def _stream(request: web.Request, response: web.Response) -> web.StreamResponse:
    stream = web.StreamResponse(status=response.status, headers=response.headers)
    await stream.prepare(request)
    return stream


async def _cut(request: web.Request, response: web.Response, body: bytes) -> web.StreamResponse:
    response.headers["Content-Length"] = str(len(body))
    stream = await _stream(request, response)
    await stream.write(body[: len(body) // 2])
    if request.transport is not None:
        request.transport.close()
    return stream


async def _drip(
    request: web.Request, response: web.Response, body: bytes, seconds: float
) -> web.StreamResponse:
    response.headers["Content-Length"] = str(len(body))
    stream = await _stream(request, response)
    size = len(body) // DRIPS + 1
    for start in range(0, len(body), size):
        await asyncio.sleep(seconds / DRIPS)
        await stream.write(body[start : start + size])
    await stream.write_eof()
    return stream


async def _endless(request: web.Request, stream: web.StreamResponse) -> web.StreamResponse:
    await stream.prepare(request)
    await stream.write(b'{"type":"list","data":[')
    for _ in range(ENDLESS_CHUNKS):
        await stream.write(ENDLESS_CHUNK)
    return stream
