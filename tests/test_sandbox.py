"""The sandbox keeps Intercom's rules; proved over real HTTP."""

from __future__ import annotations

import base64
import concurrent.futures
import json
import re
import signal
import subprocess
import sys
import time
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Protocol
from zoneinfo import ZoneInfo

import pytest
import requests

from tests.sandbox import ControlError, Fault, Sandbox, SandboxOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NOON: Final = int(datetime(2026, 6, 15, 12, tzinfo=ZoneInfo("UTC")).timestamp())
SMALL: Final = SandboxOptions(
    contacts=0,
    companies=0,
    conversations=0,
    tickets=0,
    clock_start=NOON,
    frozen=True,
)
EVERYTHING: Final = {"field": "updated_at", "operator": ">", "value": 0}
OLDEST_FIRST: Final = {"field": "updated_at", "order": "ascending"}
ROWS: Final = {"contacts": "data", "companies": "data"}


class Api:
    """A plain client of a sandbox."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["Authorization"] = "Bearer sandbox-token"
        self.session.headers["Intercom-Version"] = "2.16"

    def get(self, path: str, version: str = "2.16", **parameters: Any) -> requests.Response:
        headers = {"Intercom-Version": version}
        url = path if path.startswith("http") else self.url + path
        return self.session.get(url, params=parameters, headers=headers, timeout=5)

    def post(self, path: str, body: Any, version: str = "2.16") -> requests.Response:
        headers = {"Intercom-Version": version}
        return self.session.post(self.url + path, json=body, headers=headers, timeout=5)

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

    def ids(self, kind: str, query: Any = EVERYTHING, version: str = "2.16") -> list[str]:
        answer = self.search(kind, query, version, per_page=150)
        assert answer.status_code == 200, answer.text
        return [row["id"] for row in answer.json()[ROWS.get(kind, kind)]]

    def iterate(self, kind: str, query: Any = EVERYTHING, per_page: int = 150) -> list[Any]:
        rows: list[Any] = []
        pagination: dict[str, Any] = {"per_page": per_page}
        for _ in range(100):
            page = self.search(kind, query, **pagination).json()
            rows += page[ROWS.get(kind, kind)]
            if not page["pages"].get("next"):
                return rows
            pagination["starting_after"] = page["pages"]["next"]["starting_after"]
        pytest.fail("the search does not end")


def error_of(answer: requests.Response) -> tuple[int, str]:
    body = answer.json()
    assert body["type"] == "error.list"
    return answer.status_code, body["errors"][0]["code"]


def updated(operator: str, value: Any) -> dict[str, Any]:
    return {"field": "updated_at", "operator": operator, "value": value}


def seconds(zone: str, *parts: int) -> int:
    year, month, day, hour, minute, second = (*parts, 0, 0, 0)[:6]
    timestamp = datetime(year, month, day, hour, minute, second, tzinfo=ZoneInfo(zone))
    return int(timestamp.timestamp())


class Open(Protocol):
    """Starts a sandbox, by default an empty one whose clock stands at noon."""

    def __call__(self, **options: Any) -> tuple[Sandbox, Api]: ...


@pytest.fixture
def open_sandbox() -> Iterator[Open]:
    opened: list[tuple[Sandbox, Api]] = []

    def open_one(**options: Any) -> tuple[Sandbox, Api]:
        sandbox = Sandbox(SandboxOptions(**{**SMALL.__dict__, **options}))
        sandbox.start()
        opened.append((sandbox, Api(sandbox.url)))
        return opened[-1]

    yield open_one
    for sandbox, api in opened:
        api.session.close()
        sandbox.stop()


@pytest.fixture(scope="module")
def default_contacts(default: tuple[Sandbox, Api]) -> list[dict[str, Any]]:
    return default[0].control.records("contacts")


@pytest.fixture(scope="module")
def default() -> Iterator[tuple[Sandbox, Api]]:
    """The default workspace; only for tests that change nothing."""
    with Sandbox(SandboxOptions(clock_start=NOON, frozen=True, rate_limit=100_000)) as sandbox:
        api = Api(sandbox.url)
        yield sandbox, api
        api.session.close()


# ---------------------------------------------------------------- workspace


def test_the_default_workspace_is_generated_in_less_than_a_second() -> None:
    start = time.perf_counter()
    with Sandbox() as sandbox:
        assert sandbox.control.clock.now()
    assert time.perf_counter() - start < 1


def test_the_same_seed_and_clock_give_the_same_workspace(open_sandbox: Open) -> None:
    sizes = {"contacts": 60, "companies": 20, "conversations": 30, "tickets": 12}
    first, second, third = (open_sandbox(seed=seed, **sizes)[0] for seed in (7, 7, 8))
    for kind in sizes:
        assert first.control.records(kind) == second.control.records(kind)
        assert first.control.records(kind) != third.control.records(kind)


def test_bulk_jobs_left_more_than_200_records_in_one_second(default: tuple[Sandbox, Api]) -> None:
    for kind in ("contacts", "conversations"):
        timestamps = [record["updated_at"] for record in default[0].control.records(kind)]
        assert max(timestamps.count(timestamp) for timestamp in set(timestamps)) > 200
        assert min(timestamps) >= NOON - 730 * 86_400
        assert NOON - 600 <= max(timestamps) <= NOON


def test_ids_are_unique_strings_but_for_the_documented_integers(
    default: tuple[Sandbox, Api],
) -> None:
    control = default[0].control
    for kind in ("contacts", "companies", "conversations", "tickets", "notes", "tags"):
        ids = [record["id"] for record in control.records(kind)]
        assert len(set(ids)) == len(ids)
        assert all(isinstance(identifier, str) for identifier in ids)
    conversations = control.records("conversations")
    parts = [p for c in conversations for p in c["conversation_parts"]["conversation_parts"]]
    assert len({str(part["id"]) for part in parts}) == len(parts)
    assert {type(part["id"]) for part in parts} == {int, str}
    assert any(part["body"] is None and part["redacted"] for part in parts)
    assert any(not c["conversation_parts"]["conversation_parts"] for c in conversations)


# ---------------------------------------------------------------- access


def test_a_wrong_token_is_refused_without_rate_limit_headers(default: tuple[Sandbox, Api]) -> None:
    headers = {"Authorization": "Bearer wrong", "Intercom-Version": "2.16"}
    answer = requests.get(default[0].url + "/me", headers=headers, timeout=5)
    assert error_of(answer) == (401, "unauthorized")
    assert answer.json()["errors"][0]["message"] == "Access Token Invalid"
    assert "X-RateLimit-Limit" not in answer.headers


@pytest.mark.parametrize("version", ["1.0", "2.6", "2.1", "2.18", "latest", ""])
def test_unknown_versions_are_refused(default: tuple[Sandbox, Api], version: str) -> None:
    assert error_of(default[1].get("/me", version)) == (400, "intercom_version_invalid")


@pytest.mark.parametrize("version", ["2.7", "2.10", "2.16", "2.17", "Preview"])
def test_known_versions_are_accepted(default: tuple[Sandbox, Api], version: str) -> None:
    assert default[1].get("/me", version).status_code == 200


def test_a_missing_version_is_refused(default: tuple[Sandbox, Api]) -> None:
    headers = {"Authorization": "Bearer sandbox-token"}
    answer = requests.get(default[0].url + "/me", headers=headers, timeout=5)
    assert error_of(answer) == (400, "intercom_version_invalid")


@pytest.mark.parametrize(
    ("path", "before", "since"),
    [
        ("/ticket_types", "2.8", "2.9"),
        ("/ticket_states", "2.11", "2.12"),
        ("/conversations/attributes", "2.15", "2.16"),
        ("/conversations/deleted", "2.15", "2.16"),
    ],
)
def test_resources_newer_than_the_version_are_refused(
    default: tuple[Sandbox, Api],
    path: str,
    before: str,
    since: str,
) -> None:
    assert error_of(default[1].get(path, before)) == (400, "intercom_version_invalid")
    assert default[1].get(path, since).status_code == 200
    assert default[1].get(path, "Preview").status_code == 200


def test_searches_newer_than_the_version_are_refused(default: tuple[Sandbox, Api]) -> None:
    _, api = default
    assert error_of(api.search("tickets", version="2.9")) == (400, "intercom_version_invalid")
    assert error_of(api.search("companies", version="2.16")) == (400, "intercom_version_invalid")
    assert api.search("companies", version="2.17").status_code == 200


def test_an_unknown_path_is_not_found(default: tuple[Sandbox, Api]) -> None:
    assert error_of(default[1].get("/nonsense")) == (404, "not_found")


@pytest.mark.parametrize(
    ("code", "status"),
    [("token_unauthorized", 401), ("forbidden", 403), ("api_plan_restricted", 403)],
)
def test_a_token_can_lack_a_permission(open_sandbox: Open, code: str, status: int) -> None:
    _, api = open_sandbox(refused={"/tickets": code})
    assert error_of(api.search("tickets")) == (status, code)
    assert api.search("contacts").status_code == 200


def test_a_single_child_resource_can_be_refused(open_sandbox: Open) -> None:
    sandbox, api = open_sandbox(contacts=1, refused={"/contacts/[^/]+/notes": "forbidden"})
    contact = sandbox.control.records("contacts")[0]["id"]
    assert error_of(api.get(f"/contacts/{contact}/notes")) == (403, "forbidden")
    assert api.get(f"/contacts/{contact}/tags").status_code == 200


def test_without_the_tickets_permission_tickets_vanish_from_conversations(
    open_sandbox: Open,
) -> None:
    sandbox, api = open_sandbox(conversations=40, tickets=16)
    records = sandbox.control.records("conversations")
    plain = {record["id"] for record in records if record["ticket"] is None}
    assert len(plain) == 36
    assert len(api.ids("conversations")) == 40
    sandbox.control.set_options(refused={"/tickets": "token_unauthorized"})
    assert set(api.ids("conversations")) == plain
    assert api.search("conversations").json()["total_count"] == 36
    assert api.get("/conversations").json()["total_count"] == 36


# ---------------------------------------------------------------- small lists


def test_small_lists_have_their_envelopes(default: tuple[Sandbox, Api]) -> None:
    _, api = default
    for path, envelope, key, count in (
        ("/admins", "admin.list", "admins", 6),
        ("/teams", "team.list", "teams", 3),
        ("/tags", "list", "data", 25),
        ("/segments", "segment.list", "segments", 9),
        ("/subscription_types", "list", "data", 5),
        ("/ticket_types", "list", "data", 4),
        ("/ticket_states", "list", "data", 5),
    ):
        body = api.get(path).json()
        assert body["type"] == envelope
        assert len(body[key]) == count


def test_avatars_and_counts_are_shown_only_when_asked_for(default: tuple[Sandbox, Api]) -> None:
    _, api = default
    assert "avatar" not in api.get("/admins").json()["admins"][0]
    assert "avatar" in api.get("/admins", display_avatar="true").json()["admins"][0]
    assert "count" not in api.get("/segments").json()["segments"][0]
    assert "count" in api.get("/segments", include_count="true").json()["segments"][0]


def test_data_attributes_of_conversations_ended_with_2_16(default: tuple[Sandbox, Api]) -> None:
    _, api = default
    model = {"model": "conversation"}
    assert api.get("/data_attributes", "2.15", **model).json()["data"]
    assert error_of(api.get("/data_attributes", "2.16", **model)) == (422, "parameter_invalid")


def test_only_custom_attributes_have_an_id_and_names_repeat(default: tuple[Sandbox, Api]) -> None:
    _, api = default
    rows = api.get("/data_attributes", model="company").json()["data"]
    assert all(("id" in row) == row["custom"] for row in rows)
    assert [row["full_name"] for row in rows if row["name"] == "name"] == ["name", "plan.name"]
    shown = api.get("/data_attributes", model="contact").json()["data"]
    everything = api.get("/data_attributes", model="contact", include_archived="true").json()[
        "data"
    ]
    assert len(everything) == len(shown) + 1


# ---------------------------------------------------------------- search


def test_a_search_returns_every_record_once_in_order(default: tuple[Sandbox, Api]) -> None:
    sandbox, api = default
    for kind in ("contacts", "conversations", "tickets"):
        expected = [record["id"] for record in sandbox.control.records(kind)]
        rows = api.iterate(kind)
        assert [row["id"] for row in rows] == expected
        assert [row["updated_at"] for row in rows] == sorted(row["updated_at"] for row in rows)


def test_total_count_is_that_of_all_pages(default: tuple[Sandbox, Api]) -> None:
    body = default[1].search("contacts", per_page=7).json()
    assert body["total_count"] == 3000
    assert len(body["data"]) == 7
    pages = body["pages"]
    assert (pages["page"], pages["per_page"], pages["total_pages"]) == (1, 7, 429)
    assert pages["next"]["page"] == 2


@pytest.mark.parametrize(
    ("kind", "per_page"),
    [("contacts", 50), ("conversations", 20), ("tickets", 20), ("companies", 15)],
)
def test_pages_have_their_documented_default_sizes(
    default: tuple[Sandbox, Api],
    kind: str,
    per_page: int,
) -> None:
    assert default[1].search(kind, version="2.17").json()["pages"]["per_page"] == per_page


def test_without_a_sort_the_newest_come_first(default: tuple[Sandbox, Api]) -> None:
    timestamps = [
        row["updated_at"]
        for row in default[1].post("/contacts/search", {"query": EVERYTHING}).json()["data"]
    ]
    assert timestamps == sorted(timestamps, reverse=True)
    assert timestamps[0] > NOON - 600


def test_a_descending_walk_is_the_reverse_of_an_ascending_one(
    default: tuple[Sandbox, Api],
) -> None:
    sandbox, api = default
    sort = {"field": "updated_at", "order": "descending"}
    found: list[str] = []
    pagination: dict[str, Any] = {"per_page": 150}
    for _ in range(8):
        page = api.search("conversations", sort=sort, **pagination).json()
        found += [row["id"] for row in page["conversations"]]
        if page["pages"].get("next"):
            pagination["starting_after"] = page["pages"]["next"]["starting_after"]
    expected = [record["id"] for record in sandbox.control.records("conversations")]
    assert found == expected[::-1]


@pytest.mark.parametrize("order", ["asc", "desc", "ASCENDING"])
def test_other_sort_orders_are_refused(default: tuple[Sandbox, Api], order: str) -> None:
    answer = default[1].search("contacts", sort={"field": "updated_at", "order": order})
    assert error_of(answer) == (400, "invalid_sort_order")


@pytest.mark.parametrize("per_page", [151, 0, "many"])
def test_pages_of_impossible_sizes_are_refused(default: tuple[Sandbox, Api], per_page: Any) -> None:
    answer = default[1].search("conversations", per_page=per_page)
    assert error_of(answer) == (400, "parameter_invalid")


def test_a_cursor_is_the_place_behind_the_last_row(default: tuple[Sandbox, Api]) -> None:
    body = default[1].search("conversations", per_page=10).json()
    cursor = json.loads(base64.b64decode(body["pages"]["next"]["starting_after"]))
    last = body["conversations"][-1]
    assert cursor == [last["updated_at"] * 1000, int(last["id"]), 2]


@pytest.mark.parametrize("cursor", ["nonsense", "", "W10=", "eyJhIjoxfQ==", "WyJhIiwxLDJd", 7])
def test_a_malformed_cursor_is_refused(default: tuple[Sandbox, Api], cursor: Any) -> None:
    answer = default[1].search("contacts", starting_after=cursor)
    assert error_of(answer) == (400, "client_error")
    assert answer.json()["errors"][0]["message"].startswith("Invalid starting_after param")


def test_a_cursor_in_the_url_is_ignored(default: tuple[Sandbox, Api]) -> None:
    _, api = default
    first = api.search("tickets").json()
    cursor = first["pages"]["next"]["starting_after"]
    body = {"query": EVERYTHING, "sort": OLDEST_FIRST}
    again = api.post(f"/tickets/search?starting_after={cursor}", body).json()
    assert again["tickets"] == first["tickets"]


def test_a_row_that_moves_forward_during_a_walk_is_seen_again(open_sandbox: Open) -> None:
    sandbox, api = open_sandbox(conversations=30)
    first = api.search("conversations", per_page=10).json()
    moved = first["conversations"][0]["id"]
    sandbox.control.change("conversations", moved, {"title": "new"})
    cursor = first["pages"]["next"]["starting_after"]
    rest = api.search("conversations", per_page=150, starting_after=cursor).json()
    assert [row["id"] for row in rest["conversations"]][-1] == moved
    assert len(rest["conversations"]) == 21


def test_a_row_that_moves_to_the_front_of_a_descending_walk_is_missed(open_sandbox: Open) -> None:
    sandbox, api = open_sandbox(conversations=30)
    sort = {"field": "updated_at", "order": "descending"}
    first = api.search("conversations", sort=sort, per_page=10).json()
    moved = sandbox.control.records("conversations")[0]["id"]
    sandbox.control.change("conversations", moved, {"title": "new"})
    cursor = first["pages"]["next"]["starting_after"]
    rest = api.search("conversations", sort=sort, per_page=150, starting_after=cursor).json()
    assert len(rest["conversations"]) == 19
    assert moved not in {row["id"] for row in first["conversations"] + rest["conversations"]}


def test_a_walk_through_one_crowded_second_neither_skips_nor_repeats(open_sandbox: Open) -> None:
    sandbox, api = open_sandbox(contacts=350)
    sandbox.control.touch_oldest("contacts", 350, at=NOON - 100)
    rows = api.iterate("contacts", per_page=60)
    assert len(rows) == len({row["id"] for row in rows}) == 350


@pytest.mark.parametrize(
    "query",
    [
        None,
        {},
        [],
        {"field": "updated_at", "operator": "between", "value": 1},
        {"operator": "AND", "value": []},
        {"field": "updated_at", "operator": ">", "value": "soon"},
        {"field": "role", "operator": "IN", "value": "user"},
        {"field": "role", "operator": ">", "value": "user"},
        {"field": "has_hard_bounced", "operator": "~", "value": "t"},
        {"field": "tag_id", "operator": "IN", "value": ["1"]},
        {"operator": "AND", "value": [EVERYTHING] * 16},
        {
            "operator": "AND",
            "value": [
                {"operator": "OR", "value": [{"operator": "AND", "value": [EVERYTHING]}]},
            ],
        },
    ],
)
def test_queries_that_break_a_rule_are_refused(default: tuple[Sandbox, Api], query: Any) -> None:
    assert error_of(default[1].search("contacts", query)) == (400, "parameter_invalid")


def test_unknown_fields_are_refused(default: tuple[Sandbox, Api]) -> None:
    query = {"field": "shoe_size", "operator": "=", "value": 1}
    for kind in ("contacts", "conversations", "tickets", "companies"):
        assert error_of(default[1].search(kind, query, "2.17")) == (400, "invalid_field")


def test_two_levels_and_fifteen_filters_are_allowed(default: tuple[Sandbox, Api]) -> None:
    query = {"operator": "AND", "value": [{"operator": "OR", "value": [EVERYTHING] * 15}]}
    assert default[1].search("contacts", query).json()["total_count"] == 3000


@pytest.mark.parametrize(
    ("query", "matches"),
    [
        (("role", "=", "lead"), lambda c: c["role"] == "lead"),
        (("role", "!=", "lead"), lambda c: c["role"] != "lead"),
        (("role", "IN", ["lead", "x"]), lambda c: c["role"] == "lead"),
        (("role", "NIN", ["lead", "x"]), lambda c: c["role"] != "lead"),
        (("phone", "=", None), lambda c: c["phone"] is None),
        (("email", "~", "SON1@"), lambda c: "son1@" in (c["email"] or "")),
        (("email", "!~", "son1"), lambda c: "son1" not in (c["email"] or "")),
        (("email", "^", "person2"), lambda c: (c["email"] or "").startswith("person2")),
        (("external_id", "$", "7"), lambda c: (c["external_id"] or "").endswith("7")),
        (("location.country", "=", "Japan"), lambda c: c["location"]["country"] == "Japan"),
        (("has_hard_bounced", "=", True), lambda c: c["has_hard_bounced"]),
        (("tag_id", "=", "7800103"), lambda c: "7800103" in c["tag_ids"]),
        (
            ("custom_attributes.seats", ">=", 150),
            lambda c: (c["custom_attributes"].get("seats") or 0) >= 150,
        ),
        (
            ("custom_attributes.score", "<", "5"),
            lambda c: c["custom_attributes"].get("score", 9.0) < 5,
        ),
    ],
)
def test_filters_on_values_mean_what_they_say(
    default: tuple[Sandbox, Api],
    default_contacts: list[dict[str, Any]],
    query: tuple[str, str, Any],
    matches: Callable[[Any], bool],
) -> None:
    field, operator, value = query
    asked = {"field": field, "operator": operator, "value": value}
    expected = sum(1 for contact in default_contacts if matches(contact))
    assert expected > 0
    assert default[1].search("contacts", asked).json()["total_count"] == expected


# ---------------------------------------------------------------- dates


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Pacific/Auckland", "UTC"])
def test_contact_dates_are_days_of_the_workspaces_time_zone(open_sandbox: Open, zone: str) -> None:
    sandbox, api = open_sandbox(timezone=zone)
    timestamps = {
        "yesterday's last second": seconds(zone, 2026, 5, 9, 23, 59, 59),
        "first second": seconds(zone, 2026, 5, 10),
        "last second": seconds(zone, 2026, 5, 10, 23, 59, 59),
        "tomorrow's first second": seconds(zone, 2026, 5, 11),
    }
    for name, at in timestamps.items():
        sandbox.control.create("contacts", {"id": name}, at)
    noon = seconds(zone, 2026, 5, 10, 12)
    for asked in (noon, str(noon), timestamps["first second"], timestamps["last second"]):
        assert api.ids("contacts", updated("=", asked)) == ["first second", "last second"]
        assert api.ids("contacts", updated(">", asked)) == ["tomorrow's first second"]
        assert api.ids("contacts", updated("<", asked)) == ["yesterday's last second"]


def test_a_day_with_a_clock_change_is_still_one_day(open_sandbox: Open) -> None:
    zone = "America/Los_Angeles"
    sandbox, api = open_sandbox(timezone=zone)
    first, last = seconds(zone, 2026, 3, 8), seconds(zone, 2026, 3, 8, 23, 59, 59)
    assert last - first == 23 * 3600 - 1
    for name, at in (("before", first - 1), ("a", first), ("b", last), ("after", last + 1)):
        sandbox.control.create("contacts", {"id": name}, at)
    assert api.ids("contacts", updated("=", first)) == ["a", "b"]
    assert api.ids("contacts", updated(">", first)) == ["after"]
    assert api.ids("contacts", updated("<", last)) == ["before"]


def test_a_bookmark_alone_loses_the_rest_of_its_day(open_sandbox: Open) -> None:
    sandbox, api = open_sandbox(timezone="UTC")
    sandbox.control.create("contacts", {"id": "later that day"}, NOON - 60)
    assert api.ids("contacts", updated(">", NOON - 3600)) == []
    assert api.ids("contacts", updated("<", NOON)) == []
    either = {"operator": "OR", "value": [updated(">", NOON - 3600), updated("=", NOON - 3600)]}
    assert api.ids("contacts", either) == ["later that day"]


@pytest.mark.parametrize("operator", [">=", "<=", "!="])
def test_other_comparisons_of_contact_dates_are_refused(
    default: tuple[Sandbox, Api],
    operator: str,
) -> None:
    answer = default[1].search("contacts", updated(operator, NOON))
    assert error_of(answer) == (400, "parameter_invalid")
    assert default[1].search("contacts", updated(operator, NOON), "2.17").status_code == 200


@pytest.mark.parametrize("version", ["2.16", "2.17"])
def test_lists_of_contact_dates_are_refused(default: tuple[Sandbox, Api], version: str) -> None:
    for operator in ("IN", "NIN"):
        answer = default[1].search("contacts", updated(operator, [NOON]), version)
        assert error_of(answer) == (400, "parameter_invalid")


@pytest.mark.parametrize("version", ["2.17", "Preview"])
def test_contact_dates_are_exact_from_2_17_on(open_sandbox: Open, version: str) -> None:
    sandbox, api = open_sandbox()
    for at in (NOON - 1, NOON, NOON + 1):
        sandbox.control.create("contacts", {"id": str(at - NOON)}, at)
    sandbox.control.clock.advance(10)
    for operator, expected in {
        "=": ["0"],
        "!=": ["-1", "1"],
        ">": ["1"],
        ">=": ["0", "1"],
        "<": ["-1"],
        "<=": ["-1", "0"],
    }.items():
        assert api.ids("contacts", updated(operator, NOON), version) == expected


def test_custom_dates_are_utc_days_from_2_17_on(open_sandbox: Open) -> None:
    sandbox, api = open_sandbox(timezone="Pacific/Auckland")
    day = seconds("UTC", 2026, 5, 10)
    for hour in (-1, 0, 23, 24):
        fields = {"id": str(hour), "custom_attributes": {"renewal_date": day + hour * 3600}}
        sandbox.control.create("contacts", fields)
    query = {"field": "custom_attributes.renewal_date", "operator": "=", "value": day}
    assert sorted(api.ids("contacts", query, "2.17")) == ["0", "23"]
    refused = {"field": "custom_attributes.renewal_date", "operator": ">=", "value": day}
    assert error_of(api.search("contacts", refused, "2.17")) == (400, "parameter_invalid")


@pytest.mark.parametrize("kind", ["conversations", "tickets"])
def test_greater_may_or_may_not_include_equality(open_sandbox: Open, kind: str) -> None:
    sandbox, api = open_sandbox()
    ids = [sandbox.control.create(kind, {}, NOON + step)["id"] for step in (-1, 0, 1)]
    sandbox.control.clock.advance(10)
    assert api.ids(kind, updated(">", NOON)) == ids[1:]
    assert api.ids(kind, updated("<", NOON)) == ids[:2]
    assert api.ids(kind, updated(">=", NOON)) == ids[1:]
    assert api.ids(kind, updated("IN", [NOON, NOON + 1])) == ids[1:]
    sandbox.control.set_options(inclusive_comparisons=False)
    assert api.ids(kind, updated(">", NOON)) == ids[2:]
    assert api.ids(kind, updated("<", NOON)) == ids[:1]
    between = {"operator": "AND", "value": [updated(">", NOON - 1), updated("<", NOON + 1)]}
    assert api.ids(kind, between) == ids[1:2]


def test_ranges_joined_by_or_match_their_union(default: tuple[Sandbox, Api]) -> None:
    sandbox, api = default
    border, later = NOON - 300 * 86_400, NOON - 100 * 86_400
    query = {"operator": "OR", "value": [updated("<", border), updated(">", later)]}
    rows = sandbox.control.records("conversations")
    expected = [r["id"] for r in rows if r["updated_at"] <= border or r["updated_at"] >= later]
    assert [row["id"] for row in api.iterate("conversations", query)] == expected


# ---------------------------------------------------------------- index delay


def test_a_new_record_is_found_only_once_the_index_has_caught_up(open_sandbox: Open) -> None:
    sandbox, api = open_sandbox(index_delay={"contacts": 300})
    created = sandbox.control.create("contacts")["id"]
    assert api.get(f"/contacts/{created}").status_code == 200
    assert api.ids("contacts") == []
    sandbox.control.clock.advance(299)
    assert api.ids("contacts") == []
    sandbox.control.clock.advance(1)
    assert api.ids("contacts") == [created]


def test_a_changed_record_is_found_in_its_old_form_meanwhile(open_sandbox: Open) -> None:
    sandbox, api = open_sandbox(conversations=5, index_delay={"conversations": 60})
    sandbox.control.clock.advance(600)
    before = api.iterate("conversations")
    changed = before[0]["id"]
    sandbox.control.change("conversations", changed, {"title": "changed"})
    assert api.iterate("conversations") == before
    assert api.get(f"/conversations/{changed}").json()["title"] == "changed"
    sandbox.control.clock.advance(60)
    after = api.iterate("conversations")
    assert after[-1]["id"] == changed
    assert after[-1]["title"] == "changed"
    assert len(after) == 5


def test_a_row_can_appear_late_with_an_older_time(open_sandbox: Open) -> None:
    sandbox, api = open_sandbox(index_delay={"contacts": 300})
    sandbox.control.create("contacts", {"id": "late"}, NOON - 200)
    assert api.ids("contacts") == []
    sandbox.control.clock.advance(100)
    assert api.ids("contacts") == ["late"]


def test_a_quiet_change_leaves_updated_at(open_sandbox: Open) -> None:
    sandbox, api = open_sandbox(contacts=3)
    record = sandbox.control.records("contacts")[0]
    sandbox.control.change_quietly("contacts", record["id"], {"name": "Quiet"})
    found = api.iterate("contacts")[0]
    assert (found["id"], found["name"]) == (record["id"], "Quiet")
    assert found["updated_at"] == record["updated_at"]


# ---------------------------------------------------------------- contacts


def test_embedded_lists_of_contacts_stop_at_ten(default: tuple[Sandbox, Api]) -> None:
    sandbox, api = default
    records = sandbox.control.records("contacts")
    for embedded, path, key in (
        ("tags", "tags", "tag_ids"),
        ("companies", "companies", "company_ids"),
        ("notes", "notes", "note_ids"),
    ):
        long = next(record for record in records if len(record[key]) == 14)
        shown = api.get(f"/contacts/{long['id']}").json()[embedded]
        assert [row["id"] for row in shown["data"]] == long[key][:10]
        assert (shown["total_count"], shown["has_more"]) == (14, True)
        assert shown["url"] == f"/contacts/{long['id']}/{path}"
        full = api.get(shown["url"]).json()["data"]
        assert [row["id"] for row in full] == long[key]


def test_only_the_list_of_tags_tells_when_they_were_applied(default: tuple[Sandbox, Api]) -> None:
    sandbox, api = default
    tagged = next(record for record in sandbox.control.records("contacts") if record["tag_ids"])
    embedded = api.get(f"/contacts/{tagged['id']}").json()["tags"]["data"][0]
    assert embedded.keys() == {"type", "id", "url"}
    listed = api.get(f"/contacts/{tagged['id']}/tags").json()["data"][0]
    assert {"name", "applied_at", "applied_by"} <= listed.keys()


def test_some_contacts_have_more_than_a_page_of_companies_and_notes(
    default: tuple[Sandbox, Api],
) -> None:
    sandbox, api = default
    contact = next(c for c in sandbox.control.records("contacts") if len(c["company_ids"]) > 60)
    for path, key in (("companies", "company_ids"), ("notes", "note_ids")):
        first = api.get(f"/contacts/{contact['id']}/{path}").json()
        second = api.get(first["pages"]["next"]).json()
        assert (len(first["data"]), len(second["data"])) == (50, 25)
        assert [row["id"] for row in first["data"] + second["data"]] == contact[key]


def test_companies_of_a_contact_are_paged_by_url(default: tuple[Sandbox, Api]) -> None:
    sandbox, api = default
    contact = next(c for c in sandbox.control.records("contacts") if len(c["company_ids"]) == 14)
    path = f"/contacts/{contact['id']}/companies"
    first = api.get(path, per_page=10).json()
    assert first["pages"]["next"].startswith(sandbox.url + path)
    second = api.get(first["pages"]["next"]).json()
    assert second["pages"]["next"] is None
    ids = [row["id"] for row in first["data"] + second["data"]]
    assert ids == contact["company_ids"]
    assert error_of(api.get(path, per_page=61)) == (400, "parameter_invalid")


def test_a_merged_contact_is_gone_from_2_16_on(open_sandbox: Open) -> None:
    sandbox, api = open_sandbox(contacts=3)
    first, second, third = (record["id"] for record in sandbox.control.records("contacts"))
    sandbox.control.merge(first, second)
    sandbox.control.merge(second, third)
    answer = api.get(f"/contacts/{first}")
    assert error_of(answer) == (410, "contact_merged")
    assert answer.headers["Link"] == f'</contacts/{third}>; rel="canonical"'
    assert error_of(api.get(f"/contacts/{first}", "2.15")) == (404, "not_found")
    assert error_of(api.get(f"/contacts/{first}/tags")) == (404, "not_found")
    assert api.ids("contacts") == [third]


def test_owner_ids_are_strings_from_2_16_on(default: tuple[Sandbox, Api]) -> None:
    sandbox, api = default
    owned = next(c for c in sandbox.control.records("contacts") if c["owner_id"])
    assert isinstance(api.get(f"/contacts/{owned['id']}", "2.15").json()["owner_id"], int)
    assert isinstance(api.get(f"/contacts/{owned['id']}", "2.16").json()["owner_id"], str)


def test_tags_can_be_put_on_and_taken_off(open_sandbox: Open) -> None:
    sandbox, api = open_sandbox(contacts=1, companies=1, conversations=1)
    for kind in ("contacts", "companies", "conversations"):
        record = sandbox.control.records(kind)[0]["id"]
        sandbox.control.tag(kind, record, "7800124")
        assert sandbox.control.records(kind)[0]["updated_at"] == NOON
        assert "7800124" in str(api.get(f"/{kind}/{record}").json()["tags"])
        sandbox.control.untag(kind, record, "7800124")
        assert "7800124" not in str(api.get(f"/{kind}/{record}").json()["tags"])


# ---------------------------------------------------------------- companies


def test_a_scroll_returns_all_companies_under_one_parameter(open_sandbox: Open) -> None:
    sandbox, api = open_sandbox(companies=250)
    sizes, parameters, found = [], set(), []
    parameter: dict[str, str] = {}
    for _ in range(4):
        page = api.get("/companies/scroll", **parameter).json()
        assert page["pages"] is page["total_count"] is None
        parameter = {"scroll_param": page["scroll_param"]}
        sizes.append(len(page["data"]))
        parameters.add(page["scroll_param"])
        found += [company["id"] for company in page["data"]]
    assert sizes == [100, 100, 50, 0]
    assert len(parameters) == 1
    assert sorted(found) == sorted(r["id"] for r in sandbox.control.records("companies"))
    assert error_of(api.get("/companies/scroll", **parameter)) == (404, "not_found")
    assert api.get("/companies/scroll").status_code == 200


def test_a_second_scroll_is_refused_until_the_first_expires(open_sandbox: Open) -> None:
    sandbox, api = open_sandbox(companies=250)
    first = api.get("/companies/scroll").json()["scroll_param"]
    assert error_of(api.get("/companies/scroll")) == (400, "scroll_exists")
    sandbox.control.clock.advance(59)
    assert api.get("/companies/scroll", scroll_param=first).status_code == 200
    sandbox.control.clock.advance(59)
    assert error_of(api.get("/companies/scroll")) == (400, "scroll_exists")
    sandbox.control.clock.advance(1)
    assert error_of(api.get("/companies/scroll", scroll_param=first)) == (404, "not_found")
    assert api.get("/companies/scroll").status_code == 200


def test_an_internal_error_kills_the_scroll(open_sandbox: Open) -> None:
    sandbox, api = open_sandbox(companies=250)
    parameter = api.get("/companies/scroll").json()["scroll_param"]
    sandbox.control.faults.add(Fault(kind="status", path="/companies/scroll", status=500))
    assert api.get("/companies/scroll", scroll_param=parameter).status_code == 500
    assert error_of(api.get("/companies/scroll", scroll_param=parameter)) == (404, "not_found")


def test_a_workspace_without_companies_may_answer_either_way(open_sandbox: Open) -> None:
    sandbox, api = open_sandbox()
    assert api.get("/companies/scroll").json()["data"] == []
    sandbox.control.set_options(empty_scroll_is_404=True)
    assert api.get("/companies/scroll").status_code == 404


def test_the_list_and_the_search_leave_out_companies_without_users(
    default: tuple[Sandbox, Api],
) -> None:
    _, api = default
    assert api.search("companies", version="2.17").json()["total_count"] == 380


def test_notes_of_companies_came_with_2_15(default: tuple[Sandbox, Api]) -> None:
    sandbox, api = default
    noted = next(c for c in sandbox.control.records("companies") if len(c["notes"]) > 10)
    path = f"/companies/{noted['id']}/notes"
    assert api.get(path, "2.15").json()["data"] == noted["notes"]
    assert error_of(api.get(path, "2.14")) == (400, "intercom_version_invalid")
    assert error_of(api.get("/companies/x/notes")) == (404, "company_not_found")


# ---------------------------------------------------------------- conversations and tickets


def test_only_the_500_most_recent_parts_are_shown(open_sandbox: Open) -> None:
    sandbox, api = open_sandbox(conversations=2, long_conversation_parts=501)
    record = sandbox.control.records("conversations")
    long = max(record, key=lambda c: int(c["conversation_parts"]["total_count"]))
    everything = long["conversation_parts"]["conversation_parts"]
    assert len(everything) == 501
    shown = api.get(f"/conversations/{long['id']}").json()["conversation_parts"]
    assert shown["total_count"] == 501
    assert shown["conversation_parts"] == everything[1:]


def test_added_parts_are_shown_and_move_the_conversation(open_sandbox: Open) -> None:
    sandbox, api = open_sandbox(conversations=3)
    record = sandbox.control.records("conversations")[0]
    count = record["conversation_parts"]["total_count"]
    sandbox.control.add_parts(record["id"], 3)
    shown = api.get(f"/conversations/{record['id']}").json()
    assert shown["conversation_parts"]["total_count"] == count + 3
    assert shown["updated_at"] == NOON


def test_lists_and_searches_show_no_parts(default: tuple[Sandbox, Api]) -> None:
    _, api = default
    listed = api.get("/conversations").json()["conversations"][0]
    found = api.search("conversations").json()["conversations"][0]
    assert "conversation_parts" not in listed
    assert "conversation_parts" not in found
    assert "ticket_parts" in api.search("tickets").json()["tickets"][0]


def test_plain_text_replaces_html_in_bodies_and_subject(default: tuple[Sandbox, Api]) -> None:
    sandbox, api = default
    record = next(
        conversation
        for conversation in sandbox.control.records("conversations")
        if conversation["source"]["type"] == "email"
        and conversation["conversation_parts"]["total_count"] > 0
    )
    plain = api.get(f"/conversations/{record['id']}", display_as="plaintext").json()
    bodies = [part["body"] for part in plain["conversation_parts"]["conversation_parts"]]
    texts = [plain["source"]["body"], plain["source"]["subject"], *filter(None, bodies)]
    assert not any(re.search("<[a-z/]", text) for text in texts)
    assert plain["source"]["subject"] == "About my order"


def test_nobody_is_zero_and_priorities_have_five_levels_from_2_16_on(
    default: tuple[Sandbox, Api],
) -> None:
    _, api = default
    by_version = {
        version: api.search("conversations", version=version, per_page=150).json()["conversations"]
        for version in ("2.15", "2.16")
    }
    assert {row["priority"] for row in by_version["2.15"]} == {"priority", "not_priority"}
    assert {"none", "urgent"} <= {row["priority"] for row in by_version["2.16"]}
    assert None in {row["admin_assignee_id"] for row in by_version["2.15"]}
    assert 0 in {row["admin_assignee_id"] for row in by_version["2.16"]}


def test_deleted_conversations_leave_a_tombstone(open_sandbox: Open) -> None:
    sandbox, api = open_sandbox(conversations=30)
    ids = [record["id"] for record in sandbox.control.records("conversations")]
    for position, conversation in enumerate(ids[:25]):
        sandbox.control.clock.set(NOON + position)
        sandbox.control.delete("conversations", conversation)
    assert error_of(api.get(f"/conversations/{ids[0]}")) == (404, "not_found")
    assert api.ids("conversations") == ids[25:]
    first = api.get("/conversations/deleted").json()
    assert first["type"] == "conversations.list"
    assert [row["id"] for row in first["conversations"]] == ids[24:4:-1]
    second = api.get(first["pages"]["next"]).json()
    assert [row["id"] for row in second["conversations"]] == ids[4::-1]
    assert second["pages"]["next"] is None
    oldest = api.get("/conversations/deleted", order="asc").json()["conversations"][0]
    assert (oldest["id"], oldest["deleted_at"]) == (ids[0], NOON)
    answer = api.get("/conversations/deleted", per_page=61)
    assert error_of(answer) == (400, "parameter_invalid")


def test_with_an_index_delay_deleted_records_are_still_found(open_sandbox: Open) -> None:
    sandbox, api = open_sandbox(conversations=2)
    sandbox.control.set_options(index_delay={"conversations": 60})
    deleted = sandbox.control.records("conversations")[0]["id"]
    assert deleted in api.ids("conversations")
    sandbox.control.delete("conversations", deleted)
    assert deleted in api.ids("conversations")
    assert api.get(f"/conversations/{deleted}").status_code == 404
    sandbox.control.clock.advance(60)
    assert deleted not in api.ids("conversations")


def test_the_list_of_conversations_is_paged_by_a_cursor_in_the_url(
    default: tuple[Sandbox, Api],
) -> None:
    sandbox, api = default
    first = api.get("/conversations", per_page=150).json()
    cursor = first["pages"]["next"]["starting_after"]
    second = api.get("/conversations", per_page=150, starting_after=cursor).json()
    newest = [record["id"] for record in sandbox.control.records("conversations")][::-1]
    shown = [row["id"] for row in first["conversations"] + second["conversations"]]
    assert shown == newest[:300]


def test_a_ticket_is_shown_and_its_absence_named(default: tuple[Sandbox, Api]) -> None:
    sandbox, api = default
    record = sandbox.control.records("tickets")[0]
    assert api.get(f"/tickets/{record['id']}").json() == record
    assert error_of(api.get("/tickets/1")) == (404, "ticket_not_found")
    assert api.get(f"/tickets/{record['id']}", "2.15").json()["team_assignee_id"] == str(
        record["team_assignee_id"],
    )


# ---------------------------------------------------------------- rate limit


def test_requests_over_the_limit_are_refused_until_the_window_ends(open_sandbox: Open) -> None:
    sandbox, api = open_sandbox(rate_limit=3, clock_start=NOON + 4.0)
    for remaining in ("2", "1", "0"):
        headers = api.get("/me").headers
        assert headers["X-RateLimit-Limit"] == "3"
        assert headers["X-RateLimit-Remaining"] == remaining
        assert headers["X-RateLimit-Reset"] == str(NOON + 10)
    answer = api.get("/me")
    assert error_of(answer) == (429, "rate_limit_exceeded")
    assert answer.json()["errors"][0]["message"] == "Exceeded rate limit of 3 in 10_seconds"
    assert answer.headers["X-RateLimit-Remaining"] == "0"
    sandbox.control.clock.set(NOON + 9.9)
    assert api.get("/me").status_code == 429
    sandbox.control.clock.set(NOON + 10)
    assert api.get("/me").headers["X-RateLimit-Reset"] == str(NOON + 20)


def test_the_rate_limit_headers_may_be_missing(open_sandbox: Open) -> None:
    _, api = open_sandbox(rate_limit=1, rate_limit_headers=False)
    assert not any(name.startswith("X-RateLimit") for name in api.get("/me").headers)
    answer = api.get("/me")
    assert answer.status_code == 429
    assert not any(name.startswith("X-RateLimit") for name in answer.headers)


@pytest.mark.parametrize("other", [{"other_requests": 60}, {"other_share": 0.6}])
def test_another_program_can_use_up_a_part_of_the_limit(open_sandbox: Open, other: Any) -> None:
    sandbox, api = open_sandbox(rate_limit=100, **other)
    assert api.get("/me").headers["X-RateLimit-Remaining"] == "99"
    sandbox.control.clock.set(NOON + 5)
    assert api.get("/me").headers["X-RateLimit-Remaining"] == "68"
    sandbox.control.clock.set(NOON + 10)
    assert api.get("/me").headers["X-RateLimit-Remaining"] == "99"


def test_windows_may_be_shorter(open_sandbox: Open) -> None:
    sandbox, api = open_sandbox(rate_limit=1, window_seconds=1)
    assert api.get("/me").status_code == 200
    assert api.get("/me").json()["errors"][0]["message"].endswith("in 1_seconds")
    sandbox.control.clock.advance(1)
    assert api.get("/me").status_code == 200


def test_the_date_header_follows_the_clock(open_sandbox: Open) -> None:
    sandbox, api = open_sandbox()
    assert api.get("/me").headers["Date"] == "Mon, 15 Jun 2026 12:00:00 GMT"
    sandbox.control.clock.advance(61)
    assert api.get("/me").headers["Date"] == "Mon, 15 Jun 2026 12:01:01 GMT"


def test_a_frozen_clock_runs_on_from_where_it_stood(open_sandbox: Open) -> None:
    sandbox, _ = open_sandbox()
    assert sandbox.control.clock.now() == sandbox.control.clock.now() == NOON
    assert NOON <= sandbox.control.clock.run() < NOON + 5
    assert sandbox.control.clock.now() > NOON


# ---------------------------------------------------------------- latency and log


def test_latency_can_be_set_per_path(open_sandbox: Open) -> None:
    _, api = open_sandbox(latency=0.0, latency_by_path={"^/tags": 0.1})
    start = time.perf_counter()
    api.get("/tags")
    assert time.perf_counter() - start >= 0.1


def test_requests_are_logged_without_the_token(open_sandbox: Open) -> None:
    sandbox, api = open_sandbox(latency=0.05)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: api.get("/me"), range(4)))
    api.search("contacts", per_page=5)
    log = sandbox.control.requests()
    assert [entry.path for entry in log] == ["/me"] * 4 + ["/contacts/search"]
    assert max(entry.in_flight for entry in log) > 1
    last = log[-1]
    assert (last.method, last.status, last.time) == ("POST", 200, NOON)
    assert last.body["pagination"] == {"per_page": 5}
    assert (last.api_version, last.authorized) == ("2.16", True)
    assert "sandbox-token" not in str(log)
    sandbox.control.clear_requests()
    assert sandbox.control.requests() == []


# ---------------------------------------------------------------- faults


def test_faults_let_some_through_and_strike_some(open_sandbox: Open) -> None:
    sandbox, api = open_sandbox()
    fault = Fault(kind="status", method="GET", path="/t.*s", status=503, after=1, times=2)
    sandbox.control.faults.add(fault)
    assert api.get("/admins").status_code == 200
    assert [api.get("/tags").status_code for _ in range(4)] == [200, 503, 503, 200]
    sandbox.control.faults.add(Fault(kind="status", path="/tags", times=None))
    assert [api.get("/tags").status_code for _ in range(3)] == [500] * 3
    sandbox.control.faults.clear()
    assert api.get("/tags").status_code == 200


def test_a_fault_can_be_any_error_list(open_sandbox: Open) -> None:
    sandbox, api = open_sandbox()
    headers = {"X-RateLimit-Reset": "1"}
    fault = Fault(kind="status", status=429, code="rate_limit_exceeded", headers=headers)
    sandbox.control.faults.add(fault)
    answer = api.get("/tags")
    assert error_of(answer) == (429, "rate_limit_exceeded")
    assert answer.headers["X-RateLimit-Reset"] == "1"


@pytest.mark.parametrize("status", [404, 502, 504])
def test_a_fault_can_be_the_page_of_a_proxy(open_sandbox: Open, status: int) -> None:
    sandbox, api = open_sandbox()
    sandbox.control.faults.add(Fault(kind="html_status", status=status))
    answer = api.get("/tags")
    assert answer.status_code == status
    assert "nginx" in answer.text


def test_a_fault_can_reset_the_connection(open_sandbox: Open) -> None:
    sandbox, api = open_sandbox()
    sandbox.control.faults.add(Fault(kind="reset"))
    with pytest.raises(requests.ConnectionError):
        api.get("/tags")
    assert api.get("/tags").status_code == 200


def test_a_fault_can_cut_the_body(open_sandbox: Open) -> None:
    sandbox, api = open_sandbox()
    sandbox.control.faults.add(Fault(kind="cut_body"))
    with pytest.raises((requests.exceptions.ChunkedEncodingError, requests.ConnectionError)):
        api.get("/tags")


def test_a_fault_can_answer_nothing_or_no_json(open_sandbox: Open) -> None:
    sandbox, api = open_sandbox()
    sandbox.control.faults.add(Fault(kind="empty"))
    empty = api.get("/tags")
    assert (empty.status_code, empty.content) == (200, b"")
    sandbox.control.faults.add(Fault(kind="not_json"))
    page = api.get("/tags")
    assert (page.status_code, page.content[:6]) == (200, b"<html>")


def test_a_fault_can_drip_the_body(open_sandbox: Open) -> None:
    sandbox, api = open_sandbox()
    sandbox.control.faults.add(Fault(kind="slow_body", seconds=0.15))
    start = time.perf_counter()
    assert len(api.get("/tags").json()["data"]) == 25
    assert time.perf_counter() - start >= 0.14


def test_a_fault_can_hang(open_sandbox: Open) -> None:
    sandbox, api = open_sandbox()
    sandbox.control.faults.add(Fault(kind="hang", seconds=60))
    with pytest.raises(requests.ReadTimeout):
        api.session.get(api.url + "/tags", timeout=0.1)
    assert api.get("/tags").status_code == 200


def test_a_fault_can_send_a_body_without_end(open_sandbox: Open) -> None:
    sandbox, api = open_sandbox()
    sandbox.control.faults.add(Fault(kind="endless_body"))
    with api.session.get(api.url + "/tags", stream=True, timeout=5) as answer:
        read = sum(
            len(chunk) for chunk, _ in zip(answer.iter_content(65_536), range(64), strict=False)
        )
    assert read > 1_000_000
    assert api.get("/tags").status_code == 200


def test_a_fault_can_redirect(open_sandbox: Open) -> None:
    sandbox, api = open_sandbox()
    sandbox.control.faults.add(Fault(kind="redirect", url="http://127.0.0.1:9/elsewhere"))
    answer = api.session.get(api.url + "/tags", allow_redirects=False, timeout=5)
    assert answer.status_code == 302
    assert answer.headers["Location"] == "http://127.0.0.1:9/elsewhere"


def test_a_fault_can_point_to_another_host(open_sandbox: Open) -> None:
    sandbox, api = open_sandbox(conversations=5)
    sandbox.control.faults.add(Fault(kind="foreign_next", url="http://127.0.0.1:9/steal"))
    page = api.get("/conversations/deleted").json()
    assert page["pages"]["next"] == "http://127.0.0.1:9/steal"


def test_a_fault_can_repeat_a_cursor(open_sandbox: Open) -> None:
    sandbox, api = open_sandbox(contacts=30)
    first = api.search("contacts", per_page=10).json()["pages"]["next"]["starting_after"]
    sandbox.control.faults.add(Fault(kind="repeated_cursor"))
    again = api.search("contacts", per_page=10, starting_after=first).json()
    assert again["pages"]["next"]["starting_after"] == first


def test_a_fault_can_fail_on_large_pages_only(open_sandbox: Open) -> None:
    sandbox, api = open_sandbox(contacts=30)
    fault = Fault(kind="small_pages", path=".*/search", per_page=37, status=504, times=None)
    sandbox.control.faults.add(fault)
    sizes = (150, 75, 38, 37, 10)
    statuses = [api.search("contacts", per_page=size).status_code for size in sizes]
    assert statuses == [504, 504, 504, 200, 200]
    assert error_of(api.get("/conversations", per_page=151)) == (400, "parameter_invalid")


def test_a_fault_can_be_any_bytes(open_sandbox: Open) -> None:
    sandbox, api = open_sandbox()
    body = b'{"type":"list","data":[{"id":"1","name":"\\ud83d"}]}'
    sandbox.control.faults.add(Fault(kind="raw_body", body=body))
    answer = api.get("/tags")
    assert answer.content == body
    assert answer.json()["data"][0]["name"] == "\ud83d"


# ---------------------------------------------------------------- control and shell


def test_orders_that_cannot_be_carried_out_are_refused(open_sandbox: Open) -> None:
    sandbox, _ = open_sandbox()
    with pytest.raises(ControlError, match="no contacts with id x"):
        sandbox.control.change("contacts", "x", {})
    with pytest.raises(ControlError, match="cannot be changed: seed"):
        sandbox.control.set_options(seed=2)
    with pytest.raises(ControlError):
        sandbox.control.records("nonsense")


def test_a_taken_port_is_reported() -> None:
    with Sandbox(SMALL) as running:
        port = int(running.url.rpartition(":")[2])
        with pytest.raises(RuntimeError, match="could not start"):
            Sandbox(SandboxOptions(port=port, contacts=1)).start()


def test_attributes_of_an_unexpected_type_match_no_number(open_sandbox: Open) -> None:
    sandbox, api = open_sandbox(contacts=3)
    odd, *_ = (record["id"] for record in sandbox.control.records("contacts"))
    sandbox.control.change("contacts", odd, {"custom_attributes": {"seats": "a dozen"}})
    query = {"field": "custom_attributes.seats", "operator": ">=", "value": 0}
    assert odd not in api.ids("contacts", query)


def test_rows_of_small_lists_can_be_changed(open_sandbox: Open) -> None:
    sandbox, api = open_sandbox()
    sandbox.control.change("tags", "7800100", {"name": "Renamed"})
    assert api.get("/tags").json()["data"][0]["name"] == "Renamed"


def test_archived_contacts_are_gone_from_search(open_sandbox: Open) -> None:
    sandbox, api = open_sandbox(contacts=2)
    gone, stays = (record["id"] for record in sandbox.control.records("contacts"))
    sandbox.control.delete("contacts", gone)
    assert api.ids("contacts") == [stays]
    assert [record["id"] for record in sandbox.control.records("archived_contacts")] == [gone]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_runs_from_the_shell_and_ends_on_a_signal(number: int) -> None:
    command = [sys.executable, "-m", "tests.sandbox", "--port", "0", "--contacts", "5"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.fullmatch(r"Sandbox listening on (http://127\.0\.0\.1:\d+)\n", line)
        assert found is not None
        api = Api(found[1])
        assert api.search("contacts").json()["total_count"] == 5
        api.session.close()
        process.send_signal(number)
        assert process.wait(timeout=5) == 0
        assert "sandbox-token" in process.stdout.read()
