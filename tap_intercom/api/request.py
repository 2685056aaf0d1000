"""A request to Intercom's API: method, path, parameters, and what its response has to contain."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

if TYPE_CHECKING:
    from collections.abc import Mapping


PREVIEW = "Preview"
"""The API version of what Intercom has not released yet; exactly so spelled (PR #669)."""


@dataclass(frozen=True)
class Request:
    """A request: a method, a path below the API's origin, and parameters.

    Attributes:
        path: May hold `{id}`, as may `params`; see `for_id`.
        params: The query.
        body: What a POST sends; a request without one is a GET.
        record_keys: Names, one of which has to be a list or an object in the response; a response
            without is an error, not an empty page. Without names any object will do.
        records_path: Where the records are if no names are given, as `records_path.find_records`
            reads it; with neither, the response is one record.
        paging: How the next page is found, one of `pagination.STYLES`.
        accept: The media type to ask for.
        api_version: The API version of this request; that of the run if empty.
        title: What log lines call the path, where it holds a value that they may not; empty if not.
    """

    path: str
    params: Mapping[str, str | int] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    record_keys: tuple[str, ...] = ("data",)
    records_path: str = "."
    paging: str = "auto"
    accept: str = "application/json"
    api_version: str = ""
    title: str = ""

    @property
    def method(self) -> str:
        """GET, or POST where there is a body: the tap only ever reads."""
        return "GET" if self.body is None else "POST"

    @property
    def target(self) -> str:
        """The path with the query."""
        return f"{self.path}?{urlencode(self.params)}" if self.params else self.path

    @cached_property
    def cache_key(self) -> str:
        """Identifies the request: two with the same key get the same response and pages."""
        query = urlencode(sorted(self.params.items()))
        key = f"{self.path}?{query} {self.record_keys} {self.paging} {self.api_version}"
        return key if self.body is None else f"{key} {json.dumps(self.body, sort_keys=True)}"

    def for_id(self, identifier: object) -> Request:
        """Return the request with an id instead of `{id}` in path and parameters."""
        path = self.path.replace("{id}", quote(str(identifier), safe=""))
        params = {
            name: str(identifier) if value == "{id}" else value
            for name, value in self.params.items()
        }
        return replace(self, path=path, params=params)

    def with_params(self, **params: str | int) -> Request:
        """Return the request with more query parameters."""
        return replace(self, params={**self.params, **params})

    def after_cursor(self, cursor: str) -> Request:
        """Return the request for the page after a cursor; a POST has it in the body."""
        if self.body is None:
            return self.with_params(starting_after=cursor)
        pagination = {**(self.body.get("pagination") or {}), "starting_after": cursor}
        return replace(self, body={**self.body, "pagination": pagination})

    def __str__(self) -> str:
        """Name the request for a log line."""
        return f"{self.method} {self.title or self.path}"
