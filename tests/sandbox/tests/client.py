"""A plain client of a sandbox, and what its tests share."""

from __future__ import annotations

import contextlib
import functools
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Protocol
from zoneinfo import ZoneInfo

import pytest
import requests

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tests.sandbox import Sandbox

NOON: Final = int(datetime(2026, 6, 15, 12, tzinfo=UTC).timestamp())
DAY: Final = 86_400
TIMEOUT_SECONDS: Final = 60
"""Passes only if something hangs: responses come at once."""

EVERYTHING: Final = {"field": "updated_at", "operator": ">", "value": 0}
OLDEST_FIRST: Final = {"field": "updated_at", "order": "ascending"}
NEWEST_FIRST: Final = {"field": "updated_at", "order": "descending"}
INVALID_VERSION: Final = (400, "intercom_version_invalid")
INVALID_PARAMETER: Final = (400, "parameter_invalid")
NOT_FOUND: Final = (404, "not_found")
OCTETS: Final = {"Accept": "application/octet-stream"}

Body = dict[str, Any]
Rows = list[Body]


class Start(Protocol):
    """Starts a sandbox, by default an empty one whose clock stands at noon."""

    def __call__(self, **options: Any) -> Client: ...


class Client:
    """Sends requests to a sandbox, and asserts nothing about the responses."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.url = sandbox.url
        self.control = sandbox.control
        self.records = functools.cache(sandbox.control.records)
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["Authorization"] = "Bearer sandbox-token"

    def get(
        self,
        path: str,
        version: str = "2.16",
        headers: dict[str, str] | None = None,
        **parameters: Any,
    ) -> requests.Response:
        url = path if path.startswith("http") else self.url + path
        sent = {"Intercom-Version": version} | (headers or {})
        return self.session.get(url, params=parameters, headers=sent, timeout=TIMEOUT_SECONDS)

    def post(self, path: str, body: Any, version: str = "2.16") -> requests.Response:
        headers = {"Intercom-Version": version}
        url = self.url + path
        return self.session.post(url, json=body, headers=headers, timeout=TIMEOUT_SECONDS)

    def search(
        self,
        kind: str,
        query: Any = EVERYTHING,
        version: str = "2.16",
        sort: Any = OLDEST_FIRST,
        **pagination: Any,
    ) -> requests.Response:
        body = {"query": query, "sort": sort, "pagination": pagination}
        return self.post(f"/{kind}/search", body, version)

    def found(
        self,
        kind: str,
        query: Any = EVERYTHING,
        version: str = "2.16",
        sort: Any = OLDEST_FIRST,
        per_page: int = 150,
    ) -> Rows:
        """All rows of a search."""
        pagination: Body = {"per_page": per_page}
        rows: Rows = []
        for _ in range(100):
            page = self.search(kind, query, version, sort, **pagination).json()
            rows += page[{"contacts": "data", "companies": "data"}.get(kind, kind)]
            if not page["pages"].get("next"):
                return rows
            pagination["starting_after"] = page["pages"]["next"]["starting_after"]
        pytest.fail("the search does not end")

    def ids(self, kind: str, query: Any = EVERYTHING, version: str = "2.16") -> list[str]:
        return ids_of(self.found(kind, query, version))

    def pages(self, path: str, **parameters: Any) -> Rows:
        """All pages of a list, whichever way leads from one to the next."""
        pages = [self.get(path, **parameters).json()]
        for number in range(2, 200):
            paging = pages[-1].get("pages", pages[-1])
            following = paging.get("next")
            if isinstance(following, dict):
                more = parameters | {"starting_after": following["starting_after"]}
                pages.append(self.get(path, **more).json())
            elif following is not None:
                pages.append(self.get(following).json())
            elif "next" not in paging and paging.get("total_pages", 0) >= number:
                pages.append(self.get(path, **parameters, page=number).json())
            else:
                return pages
        pytest.fail("the list does not end")

    def rows(self, path: str, key: str = "data", **parameters: Any) -> Rows:
        return rows_of(self.pages(path, **parameters), key)

    def events(self, contact_id: str, **parameters: Any) -> Rows:
        person = {"type": "user", "intercom_user_id": contact_id}
        return self.rows("/events", "events", **person, **parameters)

    def finished(self, path: str, **parameters: Any) -> Body:
        """The status of an export job when it has ended."""
        for _ in range(10):
            job: Body = self.get(path, **parameters).json()
            if job["status"] not in {"pending", "in_progress"}:
                return job
        pytest.fail("the job does not end")

    @contextlib.contextmanager
    def rules(self, **rules: Any) -> Iterator[None]:
        """Other rules within a block."""
        before = self.control.set_options()
        self.control.set_options(**rules)
        yield
        self.control.set_options(**{name: before[name] for name in rules})


def error_of(response: requests.Response) -> tuple[int, str]:
    body = response.json()
    assert body["type"] == "error.list"
    return response.status_code, body["errors"][0]["code"]


def message_of(response: requests.Response) -> str:
    return str(response.json()["errors"][0]["message"])


def rows_of(pages: Iterable[Body], key: str = "data") -> Rows:
    return [row for page in pages for row in page[key]]


def ids_of(rows: Iterable[Body]) -> list[Any]:
    return [row["id"] for row in rows]


def by_id(rows: Iterable[Body]) -> Rows:
    return sorted(rows, key=lambda row: str(row["id"]))


def by_parent(rows: Rows, key: str) -> list[tuple[str, Rows]]:
    """Rows by the id of their record, without it, those with the most rows first."""
    grouped: dict[str, Rows] = {}
    for row in rows:
        shown = {name: value for name, value in row.items() if name != key}
        grouped.setdefault(row[key], []).append(shown)
    return sorted(grouped.items(), key=lambda item: -len(item[1]))


def updated(operator: str, value: Any) -> Body:
    return {"field": "updated_at", "operator": operator, "value": value}


def seconds(zone: str, *parts: int) -> int:
    """Epoch seconds of a local date and time."""
    year, month, day, hour, minute, second = (*parts, 0, 0, 0)[:6]
    local = datetime(year, month, day, hour, minute, second, tzinfo=ZoneInfo(zone))
    return int(local.timestamp())
