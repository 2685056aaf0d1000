"""Tokens, versions and permissions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
import requests

from tests.sandbox.endpoints.routes import ROUTES
from tests.sandbox.tests.client import (
    INVALID_VERSION,
    NOT_FOUND,
    TIMEOUT_SECONDS,
    error_of,
    message_of,
)
from tests.sandbox.versions import NEWEST, OLDEST, PREVIEW, header_of

if TYPE_CHECKING:
    from tests.sandbox.call import Route
    from tests.sandbox.tests.client import Client, Start

NEWER_ROUTES = [route for route in ROUTES if route.since > OLDEST]


def path_of(route: Route) -> str:
    return route.path


def url_of(client: Client, route: Route) -> str:
    return client.url + re.sub(r"\{\w+\}", "1", route.path)


def test_wrong_token_is_refused(shared: Client) -> None:
    headers = {"Authorization": "Bearer wrong", "Intercom-Version": "2.16"}

    response = requests.get(shared.url + "/me", headers=headers, timeout=TIMEOUT_SECONDS)

    assert error_of(response) == (401, "unauthorized")
    assert message_of(response) == "Access Token Invalid"
    assert "X-RateLimit-Limit" not in response.headers


@pytest.mark.parametrize("version", ["1.0", "2.6", "2.1", "2.19", "preview", "latest", ""])
def test_unknown_version_is_refused(shared: Client, version: str) -> None:
    assert error_of(shared.get("/me", version)) == INVALID_VERSION


@pytest.mark.parametrize("version", ["2.7", "2.10", "2.16", "2.17", "2.18", "Preview"])
def test_known_version_is_accepted(shared: Client, version: str) -> None:
    assert shared.get("/me", version).status_code == 200


def test_missing_version_is_refused(shared: Client) -> None:
    headers = {"Authorization": "Bearer sandbox-token"}

    response = requests.get(shared.url + "/me", headers=headers, timeout=TIMEOUT_SECONDS)

    assert error_of(response) == INVALID_VERSION


@pytest.mark.parametrize("route", NEWER_ROUTES, ids=path_of)
def test_route_is_refused_before_its_version(shared: Client, route: Route) -> None:
    major, minor = NEWEST if route.since == PREVIEW else route.since
    earlier = (major, minor) if route.since == PREVIEW else (major, minor - 1)
    headers = {"Intercom-Version": header_of(earlier)}

    response = shared.session.request(route.method, url_of(shared, route), headers=headers)

    assert error_of(response) == INVALID_VERSION


@pytest.mark.parametrize("route", NEWER_ROUTES, ids=path_of)
def test_route_is_known_since_its_version(shared: Client, route: Route) -> None:
    for version in (header_of(route.since), "Preview"):
        headers = {"Intercom-Version": version}
        response = shared.session.request(route.method, url_of(shared, route), headers=headers)
        assert "intercom_version_invalid" not in response.text


@pytest.mark.parametrize("route", [route for route in ROUTES if route.since == OLDEST], ids=path_of)
def test_oldest_routes_have_every_version(shared: Client, route: Route) -> None:
    headers = {"Intercom-Version": "2.7"}

    response = shared.session.request(route.method, url_of(shared, route), headers=headers)

    assert "intercom_version_invalid" not in response.text


@pytest.mark.parametrize(
    ("route", "parameter"),
    [(route, parameter) for route in ROUTES for parameter in route.newer_parameters],
    ids=lambda value: getattr(value, "path", value),
)
def test_parameter_is_refused_before_its_version(
    shared: Client, route: Route, parameter: str
) -> None:
    major, minor = route.newer_parameters[parameter]
    version = NEWEST if (major, minor) == PREVIEW else (major, minor - 1)
    headers = {"Intercom-Version": "{}.{}".format(*version)}
    request = {"params": {parameter: "true"}, "headers": headers}

    response = shared.session.request(route.method, url_of(shared, route), **request)

    assert error_of(response) == (422, "parameter_invalid")


def test_unknown_path_is_not_found(shared: Client) -> None:
    assert error_of(shared.get("/nonsense")) == NOT_FOUND


@pytest.mark.parametrize(
    ("code", "status"),
    [("token_unauthorized", 401), ("forbidden", 403), ("api_plan_restricted", 403)],
)
def test_token_can_lack_a_permission(start: Start, code: str, status: int) -> None:
    client = start(refused={"/tickets": code})

    assert error_of(client.search("tickets")) == (status, code)
    assert client.search("contacts").status_code == 200


def test_single_child_list_can_be_refused(start: Start) -> None:
    client = start(contacts=1, refused={"/contacts/[^/]+/notes": "forbidden"})
    contact = client.records("contacts")[0]["id"]

    assert error_of(client.get(f"/contacts/{contact}/notes")) == (403, "forbidden")
    assert client.get(f"/contacts/{contact}/tags").status_code == 200


def test_single_list_can_be_refused(start: Start) -> None:
    client = start(refused={"/macros": "forbidden"})

    assert error_of(client.get("/macros")) == (403, "forbidden")
    assert client.get("/articles").status_code == 200


def test_tickets_are_hidden_without_permission(start: Start) -> None:
    client = start(conversations=40, tickets=16)
    records = client.records("conversations")
    plain = {record["id"] for record in records if record["ticket"] is None}

    client.control.set_options(refused={"/tickets": "token_unauthorized"})

    assert 0 < len(plain) < len(records) == 40
    assert set(client.ids("conversations")) == plain
    assert client.search("conversations").json()["total_count"] == len(plain)
    assert client.get("/conversations").json()["total_count"] == len(plain)
