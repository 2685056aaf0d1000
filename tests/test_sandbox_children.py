"""The sandbox keeps Intercom's rules for what belongs to records, and for exports."""

from __future__ import annotations

import csv
import gzip
import io
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Protocol

import pytest
import requests

from tests.sandbox import Sandbox, SandboxOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NOON: Final = int(datetime(2026, 6, 15, 12, tzinfo=UTC).timestamp())
DAY: Final = 86_400
OCTETS: Final = {"Accept": "application/octet-stream"}
REPORTING: Final = {
    "dataset_id": "conversation",
    "attribute_ids": ["conversation.conversation_id", "conversation.conversation_started_at"],
    "start_time": 0,
    "end_time": NOON,
}
CLIENT: Final[dict[str, Any]] = {"app_id": "ecahpwf5", "client_id": "client"}
Rows = list[dict[str, Any]]


class Api:
    """A plain client of a sandbox."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.control = sandbox.control
        self.url = sandbox.url
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["Authorization"] = "Bearer sandbox-token"
        self._truths: dict[str, Rows] = {}

    def truth(self, kind: str) -> Rows:
        """What the sandbox holds, read once; for a workspace that does not change."""
        if kind not in self._truths:
            self._truths[kind] = self.control.records(kind)
        return self._truths[kind]

    def get(
        self,
        path: str,
        version: str = "2.16",
        headers: dict[str, str] | None = None,
        **parameters: Any,
    ) -> requests.Response:
        url = path if path.startswith("http") else self.url + path
        sent = {"Intercom-Version": version} | (headers or {})
        return self.session.get(url, params=parameters, headers=sent, timeout=5)

    def post(self, path: str, body: Any, version: str = "2.16") -> requests.Response:
        headers = {"Intercom-Version": version}
        return self.session.post(self.url + path, json=body, headers=headers, timeout=5)

    def linked(self, path: str, key: str, **parameters: Any) -> Rows:
        """All rows of a list whose `pages.next` is a URL."""
        page = self.get(path, **parameters).json()
        rows = list(page[key])
        for _ in range(100):
            following = page["pages"].get("next")
            if following is None:
                return rows
            page = self.get(following).json()
            rows += page[key]
        pytest.fail("the list does not end")

    def events(self, contact_id: str, **parameters: Any) -> Rows:
        person = {"type": "user", "intercom_user_id": contact_id}
        return self.linked("/events", "events", **person, **parameters)

    def content_export(self, first: int, last: int) -> requests.Response:
        body = {"created_at_after": first, "created_at_before": last}
        return self.post("/export/content/data", body)

    def finished(self, path: str, **parameters: Any) -> dict[str, Any]:
        """A job's last status, asked for until it has ended."""
        for _ in range(10):
            job: dict[str, Any] = self.get(path, **parameters).json()
            if job["status"] not in {"pending", "in_progress"}:
                return job
        pytest.fail("the job does not end")

    def finished_content(self, first: int, last: int) -> dict[str, Any]:
        job = self.content_export(first, last).json()
        return self.finished(f"/export/content/data/{job['job_identifier']}")

    def finished_report(self, body: Any, version: str = "2.16") -> dict[str, Any]:
        job = self.post("/export/reporting_data/enqueue", body, version).json()["job_identifier"]
        path = f"/export/reporting_data/{job}"
        return self.finished(path, job_identifier=job, **CLIENT)


class Open(Protocol):
    """Starts a small sandbox whose clock stands at noon."""

    def __call__(self, **options: Any) -> Api: ...


@pytest.fixture
def open_sandbox() -> Iterator[Open]:
    opened: list[tuple[Sandbox, Api]] = []

    def open_one(**options: Any) -> Api:
        small = {"contacts": 60, "companies": 20, "conversations": 60, "tickets": 20}
        chosen = {**small, "clock_start": NOON, "frozen": True, **options}
        sandbox = Sandbox(SandboxOptions(**chosen))
        sandbox.start()
        opened.append((sandbox, Api(sandbox)))
        return opened[-1][1]

    yield open_one
    for sandbox, api in opened:
        api.session.close()
        sandbox.stop()


@pytest.fixture(scope="module")
def default() -> Iterator[Api]:
    """A workspace that no test changes."""
    options = SandboxOptions(contacts=620, companies=160, clock_start=NOON, frozen=True)
    with Sandbox(options) as sandbox:
        sandbox.control.set_options(rate_limit=100_000)
        api = Api(sandbox)
        yield api
        api.session.close()


def error_of(answer: requests.Response) -> tuple[int, str]:
    body = answer.json()
    assert body["type"] == "error.list"
    return answer.status_code, body["errors"][0]["code"]


def message_of(answer: requests.Response) -> str:
    return str(answer.json()["errors"][0]["message"])


def by_parent(rows: Rows, key: str) -> dict[str, Rows]:
    """Rows by the id of their parent, without it."""
    grouped: dict[str, Rows] = {}
    for row in rows:
        shown = {name: value for name, value in row.items() if name != key}
        grouped.setdefault(row[key], []).append(shown)
    return grouped


def most(grouped: dict[str, Rows], count: int = 12) -> list[tuple[str, Rows]]:
    """The parents with the most rows."""
    return sorted(grouped.items(), key=lambda item: -len(item[1]))[:count]


# ------------------------------------------- children of contacts and companies


@pytest.mark.parametrize(
    ("truth", "key", "path"),
    [
        ("contact_notes", "contact_id", "/contacts/{}/notes"),
        ("company_notes", "company_id", "/companies/{}/notes"),
    ],
)
def test_notes_of_a_record_are_paged(default: Api, truth: str, key: str, path: str) -> None:
    grouped = most(by_parent(default.truth(truth), key))
    assert len(grouped) == 12
    for parent, expected in grouped:
        assert default.linked(path.format(parent), "data", per_page=7) == expected


def test_a_page_of_notes_has_fifty(default: Api) -> None:
    grouped = by_parent(default.truth("contact_notes"), "contact_id")
    contact, expected = most(grouped, 1)[0]
    first = default.get(f"/contacts/{contact}/notes").json()
    assert (len(expected), len(first["data"]), first["total_count"]) == (75, 50, 75)
    assert first["pages"]["total_pages"] == 2
    second = default.get(f"/contacts/{contact}/notes", page=2).json()
    assert first["data"] + second["data"] == expected


def test_pages_of_notes_may_have_no_link(open_sandbox: Open) -> None:
    api = open_sandbox(cursor_pages_next="absent")
    contact, expected = most(by_parent(api.control.records("contact_notes"), "contact_id"), 1)[0]
    path = f"/contacts/{contact}/notes"
    pages = [api.get(path, page=page, per_page=50).json() for page in (1, 2)]
    assert all("next" not in page["pages"] for page in pages)
    assert [row for page in pages for row in page["data"]] == expected


@pytest.mark.parametrize("name", ["segments", "subscriptions"])
def test_segments_and_subscriptions_of_contacts_come_in_one_piece(default: Api, name: str) -> None:
    grouped = by_parent(default.truth(f"contact_{name}"), "contact_id")
    for contact, expected in most(grouped):
        answer = default.get(f"/contacts/{contact}/{name}").json()
        assert answer == {"type": "list", "data": expected}


def test_subscriptions_that_nobody_chose_or_refused_are_left_out(default: Api) -> None:
    chosen = {row["contact_id"] for row in default.truth("contact_subscriptions")}
    contact = next(row["id"] for row in default.truth("contacts") if row["id"] not in chosen)
    assert default.get(f"/contacts/{contact}/subscriptions").json()["data"] == []


@pytest.mark.parametrize(
    "path",
    [
        "/contacts/none/notes",
        "/contacts/none/segments",
        "/contacts/none/subscriptions",
        "/events?type=user&intercom_user_id=none",
        "/events?type=user&user_id=none&summary=true",
        "/conversations/1/handling_events",
        "/conversations/1/side_conversations",
        "/custom_object_instances/order?external_id=none",
        "/export/content/data/none",
    ],
)
def test_children_of_unknown_records_are_not_found(default: Api, path: str) -> None:
    assert error_of(default.get(path)) == (404, "not_found")


def test_notes_of_unknown_companies_are_not_found(default: Api) -> None:
    assert error_of(default.get("/companies/none/notes")) == (404, "company_not_found")


@pytest.mark.parametrize(
    ("path", "last_without"),
    [
        ("/companies/{company}/notes", "2.14"),
        ("/conversations/{conversation}/handling_events", "2.14"),
        ("/conversations/{conversation}/side_conversations", "2.15"),
        ("/custom_object_instances/order?external_id=order_001", "2.12"),
        ("/export/reporting_data/get_datasets", "2.13"),
    ],
)
def test_resources_that_a_version_lacks_are_refused(
    default: Api, path: str, last_without: str
) -> None:
    company = default.truth("companies")[0]["id"]
    conversation = default.truth("conversations")[0]["id"]
    asked = path.format(company=company, conversation=conversation)
    assert error_of(default.get(asked, last_without)) == (400, "intercom_version_invalid")
    major, minor = last_without.split(".")
    assert default.get(asked, f"{major}.{int(minor) + 1}").status_code == 200


# ---------------------------------------------------------------------- events


@pytest.mark.parametrize("per_page", [1, 4, 15, 150])
def test_links_lead_through_all_events_of_ninety_days(default: Api, per_page: int) -> None:
    grouped = by_parent(default.truth("contact_events"), "contact_id")
    for contact, expected in most(grouped, 3):
        assert len(expected) > 4
        assert default.events(contact, per_page=per_page) == expected[::-1]


def test_a_page_of_events_has_fifteen(default: Api) -> None:
    grouped = by_parent(default.truth("contact_events"), "contact_id")
    contact, _ = most(grouped, 1)[0]
    page = default.get("/events", type="user", intercom_user_id=contact).json()
    assert (page["type"], len(page["events"])) == ("event.list", 15)
    assert page["pages"]["next"].startswith(f"{default.url}/events?")
    assert default.events(contact)[-1] == grouped[contact][0]


def test_events_within_one_second_are_told_apart_by_milliseconds(default: Api) -> None:
    rows = default.truth("all_contact_events")
    seconds = {(row["contact_id"], row["created_at"]) for row in rows}
    assert len(seconds) < len(rows)
    assert len({row["id"] for row in rows}) == len(rows)


def test_events_of_ninety_days_ago_are_counted_but_not_listed(open_sandbox: Open) -> None:
    api = open_sandbox()
    grouped = by_parent(api.control.records("all_contact_events"), "contact_id")
    contact, everything = most(grouped, 1)[0]
    assert 0 < len(api.events(contact)) < len(everything)
    api.control.clock.advance(90 * DAY)
    assert api.events(contact) == []
    summary = api.get("/events", type="user", intercom_user_id=contact, summary="true").json()
    assert summary["type"] == "event.summary"
    assert sum(row["count"] for row in summary["events"]) == len(everything)


def test_summaries_tell_name_first_last_count_and_description(default: Api) -> None:
    grouped = by_parent(default.truth("contact_event_summaries"), "contact_id")
    everything = by_parent(default.truth("all_contact_events"), "contact_id")
    for contact, expected in most(grouped, 5):
        person: dict[str, Any] = {"type": "user", "intercom_user_id": contact}
        rows = default.get("/events", **person, summary="true").json()["events"]
        assert rows == expected
        for row in rows:
            moments = [
                e["created_at"] for e in everything[contact] if e["event_name"] == row["name"]
            ]
            shown = [int(datetime.fromisoformat(row[end]).timestamp()) for end in ("first", "last")]
            assert shown == [min(moments), max(moments)]
            assert row["count"] == len(moments)
            assert row.keys() == {"name", "first", "last", "count", "description"}


def test_users_are_found_by_all_three_ids_and_leads_by_one(default: Api) -> None:
    grouped = by_parent(default.truth("contact_events"), "contact_id")
    people = {c["id"]: c for c in default.truth("contacts")}
    user = next(people[i] for i in grouped if people[i]["role"] == "user" and people[i]["email"])
    for selector in ({"user_id": user["external_id"]}, {"email": user["email"]}):
        rows = default.linked("/events", "events", type="user", **selector)
        assert rows == grouped[user["id"]][::-1]
    lead = next(people[i] for i in grouped if people[i]["role"] == "lead" and people[i]["email"])
    assert default.events(lead["id"]) == grouped[lead["id"]][::-1]
    assert error_of(default.get("/events", type="user", email=lead["email"]))[0] == 404
    assert all("user_id" not in event for event in default.events(lead["id"]))


def test_events_need_a_type_and_a_person(default: Api) -> None:
    contact = default.truth("contacts")[0]["id"]
    assert error_of(default.get("/events", intercom_user_id=contact)) == (400, "parameter_invalid")
    assert error_of(default.get("/events", type="user")) == (400, "parameter_not_found")


def test_the_since_link_leads_to_newer_events_only(open_sandbox: Open) -> None:
    api = open_sandbox()
    contact = most(by_parent(api.control.records("contact_events"), "contact_id"), 1)[0][0]
    page = api.get("/events", type="user", intercom_user_id=contact).json()
    since = page["pages"]["since"]
    assert api.get(since).json()["events"] == []
    event = {"type": "event", "event_name": "late", "created_at": NOON + 1, "id": "1"}
    rows = api.control.records("all_contact_events")
    before = [row for row in rows if row["contact_id"] == contact]
    api.control.give_children("contact_events", contact, [*before, event])
    assert [row["event_name"] for row in api.get(since).json()["events"]] == ["late"]


def test_events_may_have_no_id(open_sandbox: Open) -> None:
    api = open_sandbox(event_ids=False)
    contact = most(by_parent(api.control.records("contact_events"), "contact_id"), 1)[0][0]
    assert all("id" not in event for event in api.events(contact))


# --------------------------------------------------- children of conversations


def test_handling_events_come_in_one_piece_without_ids(default: Api) -> None:
    rows = default.truth("conversation_handling_events")
    for conversation, expected in most(by_parent(rows, "conversation_id")):
        answer = default.get(f"/conversations/{conversation}/handling_events").json()
        assert answer == {"handling_events": expected}
    identities = {
        (r["conversation_id"], r["timestamp"], r["type"], r["teammate"]["id"]) for r in rows
    }
    assert len(identities) == len(rows)
    assert {row["type"] for row in rows} == {"paused", "resumed"}
    assert all(isinstance(row["teammate"]["id"], int) for row in rows)
    assert {row["teammate"]["type"] for row in rows} == {"admin", "team", "bot"}


def test_side_conversations_are_paged_without_a_link(default: Api) -> None:
    rows = default.truth("side_conversations")
    conversation, expected = most(by_parent(rows, "conversation_id"), 1)[0]
    path = f"/conversations/{conversation}/side_conversations"
    first = default.get(path).json()
    assert first["type"] == "side_conversation.list"
    assert first["total_count"] == len(expected)
    assert first["pages"] == {"type": "pages", "page": 1, "per_page": 25, "total_pages": 3}
    pages = [default.get(path, page=page, per_page=50).json() for page in (1, 2, 3)]
    shown = [page["side_conversations"] for page in pages]
    assert [len(page) for page in shown] == [50, len(expected) - 50, 0]
    assert [row for page in shown for row in page] == expected
    assert error_of(default.get(path, per_page=51)) == (400, "parameter_invalid")


def test_parts_of_side_conversations_have_ids_of_their_own(default: Api) -> None:
    side = [
        part["id"]
        for row in default.truth("side_conversations")
        for part in row["conversation_parts"]
    ]
    main = [
        str(part["id"])
        for row in default.truth("conversations")
        for part in row["conversation_parts"]["conversation_parts"]
    ]
    assert len(set(side + main)) == len(side + main)


def test_children_change_without_their_parent(open_sandbox: Open) -> None:
    api = open_sandbox()
    before = api.control.records("conversations")
    conversation = before[0]["id"]
    teammate = {"type": "admin", "id": 1, "name": "A", "email": None}
    rows = [{"teammate": teammate, "type": "paused", "timestamp": "2026-01-09T09:00:00Z"}]
    api.control.give_children("conversation_handling_events", conversation, rows)
    answer = api.get(f"/conversations/{conversation}/handling_events").json()
    assert answer == {"handling_events": rows}
    assert api.control.records("conversations") == before


def test_a_change_of_a_record_leaves_its_children(open_sandbox: Open) -> None:
    api = open_sandbox()
    kinds = ("all_contact_events", "conversation_handling_events", "side_conversations")
    before = [sorted(map(repr, api.control.records(kind))) for kind in kinds]
    api.control.touch_oldest("contacts", 60)
    api.control.touch_oldest("conversations", 60)
    assert [sorted(map(repr, api.control.records(kind))) for kind in kinds] == before


# --------------------------------------------------------- embedded in records


def counts(rows: Rows, count: Callable[[dict[str, Any]], int]) -> set[int]:
    return {count(row) for row in rows}


def test_records_embed_none_one_and_several(default: Api) -> None:
    conversations = default.truth("conversations")
    tickets = default.truth("tickets")
    contacts = default.truth("contacts")
    parts = [p for c in conversations for p in c["conversation_parts"]["conversation_parts"]]
    ticket_parts = [p for t in tickets for p in t["ticket_parts"]["ticket_parts"]]
    teammates = [c["teammates"] for c in conversations if c["teammates"]]
    assert counts(conversations, lambda c: len(c["source"]["attachments"])) == {0, 1, 2, 3}
    assert counts(parts, lambda part: len(part["attachments"])) == {0, 1, 2, 3}
    assert counts(ticket_parts, lambda part: len(part["attachments"])) == {0, 1, 2, 3}
    assert {0, 1, 2, 3} <= counts(teammates, lambda t: len(t["teammates"]))
    assert counts(conversations, lambda c: len(c["contacts"]["contacts"])) == {1, 3}
    assert counts(tickets, lambda t: len(t["contacts"]["contacts"])) == {1, 4}
    assert counts(contacts, lambda c: len(c["social_profiles"]["data"])) == {0, 2, 4}


def test_teammates_are_those_who_wrote_a_part(default: Api) -> None:
    for conversation in default.truth("conversations"):
        parts = conversation["conversation_parts"]["conversation_parts"]
        authors = {p["author"]["id"] for p in parts if p["author"]["type"] == "admin"}
        if conversation["teammates"] is not None:
            ids = {row["id"] for row in conversation["teammates"]["teammates"]}
            assert ids == authors


def test_attachments_of_one_place_have_urls_of_their_own(default: Api) -> None:
    for conversation in default.truth("conversations"):
        parts = conversation["conversation_parts"]["conversation_parts"]
        for place in (conversation["source"], *parts):
            urls = [file["url"] for file in place["attachments"]]
            assert len(set(urls)) == len(urls)


# ----------------------------------------------------------- custom attributes


TYPES: Final[dict[str, tuple[type, ...]]] = {
    "string": (str,),
    "integer": (int,),
    "float": (float, int),
    "decimal": (float, int),
    "boolean": (bool,),
    "date": (int,),
    "datetime": (int,),
    "list": (str,),
    "files": (list,),
    "relationship": (dict,),
}


def fits(value: Any, data_type: str) -> bool:
    if isinstance(value, bool):
        return data_type == "boolean"
    return value is None or isinstance(value, TYPES[data_type])


def check_values(rows: Rows, declared: dict[str, str]) -> None:
    pairs = [pair for row in rows for pair in row.items()]
    known = [(name, value) for name, value in pairs if name in declared]
    misfits = [name for name, value in known if not fits(value, declared[name])]
    assert 0 < len(misfits) < len(known) / 50
    assert {name for name, _ in known} == set(declared)
    assert 0 < len(pairs) - len(known) < len(known) / 5


@pytest.mark.parametrize(("model", "kind"), [("contact", "contacts"), ("company", "companies")])
def test_most_values_fit_their_declared_attribute(default: Api, model: str, kind: str) -> None:
    rows = default.get("/data_attributes", model=model).json()["data"]
    declared = {row["name"]: row["data_type"] for row in rows if row["custom"]}
    assert set(declared.values()) == {"string", "integer", "float", "boolean", "date"}
    check_values([row["custom_attributes"] for row in default.truth(kind)], declared)


def test_conversations_have_attributes_of_every_type(default: Api) -> None:
    rows = default.get("/conversations/attributes").json()["data"]
    declared = {row["name"]: row["data_type"] for row in rows}
    assert sorted(declared.values()) == sorted(set(TYPES) - {"float", "date"})
    conversations = default.truth("conversations")
    check_values([row["custom_attributes"] for row in conversations], declared)


def test_ticket_types_have_attributes_of_every_type(default: Api) -> None:
    types = default.get("/ticket_types").json()["data"]
    declared = {row["name"]: row["data_type"] for row in types[0]["ticket_type_attributes"]["data"]}
    assert set(declared.values()) == set(TYPES) - {"float", "date", "relationship"}
    tickets = default.truth("tickets")
    check_values([row["ticket_attributes"] for row in tickets], declared)


def test_values_that_do_not_fit_do_not_break_a_sort(default: Api) -> None:
    query = {"field": "custom_attributes.logins", "operator": ">", "value": 20}
    sort = {"field": "custom_attributes.logins", "order": "ascending"}
    answer = default.post("/contacts/search", {"query": query, "sort": sort})
    logins = [row["custom_attributes"]["logins"] for row in answer.json()["data"]]
    assert len(logins) == 50
    assert logins == sorted(logins)
    assert default.post("/contacts/search", {"query": None, "sort": sort}).status_code < 500
    everybody = {"field": "updated_at", "operator": ">", "value": 0}
    assert default.post("/contacts/search", {"query": everybody, "sort": sort}).status_code == 200


# -------------------------------------------------------------- custom objects


@pytest.mark.parametrize("name", ["order", "subscription"])
def test_links_lead_through_all_instances_newest_first(default: Api, name: str) -> None:
    truth = default.truth(f"custom_object_{name}")
    links = ("contact_id", "conversation_id")
    expected = [{key: row[key] for key in row if key not in links} for row in truth]
    path = f"/custom_object_instances/{name}"
    first = default.get(path).json()
    assert (len(first["data"]), first["total_count"]) == (20, 45)
    assert first["pages"]["next"].startswith(default.url + path)
    assert default.linked(path, "data", per_page=10) == expected
    moments = [row["created_at"] for row in expected]
    assert moments == sorted(moments, reverse=True)
    assert error_of(default.get(path, per_page=151)) == (400, "parameter_invalid")


def test_unknown_object_types_are_not_found(default: Api) -> None:
    answer = default.get("/custom_object_instances/invoice")
    assert error_of(answer) == (404, "not_found")
    assert message_of(answer) == "Custom object type `invoice` not found"


def test_before_2_16_an_instance_is_found_by_external_id_only(default: Api) -> None:
    path = "/custom_object_instances/order"
    assert error_of(default.get(path, "2.15")) == (400, "parameter_not_found")
    found = default.get(path, "2.15", external_id="order_003").json()
    assert (found["external_id"], found["type"]) == ("order_003", "order")


def test_conversations_embed_the_instances_that_refer_to_them(default: Api) -> None:
    orders = {row["conversation_id"]: row["id"] for row in default.truth("custom_object_order")}
    embedded = {
        row["id"]: row["custom_attributes"]["Orders"]["instances"][0]["id"]
        for row in default.truth("conversations")
        if "Orders" in row["custom_attributes"]
    }
    assert embedded == orders


# -------------------------------------------------------- content data export


def receipts_of(api: Api, job: dict[str, Any]) -> list[dict[str, str]]:
    answer = api.get(job["download_url"], headers=OCTETS)
    assert answer.headers["Content-Type"] == "application/octet-stream"
    text = gzip.decompress(answer.content).decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_a_content_export_holds_every_receipt_of_its_days(open_sandbox: Open) -> None:
    api = open_sandbox()
    job = api.finished_content(NOON - 200 * DAY, NOON)
    assert job["status"] == "completed"
    truth = api.control.records("message_engagement")
    expected = [{k: "" if v is None else str(v) for k, v in row.items()} for row in truth]
    assert receipts_of(api, job) == expected
    assert {row["company_id"] for row in truth} >= {"-1"}
    assert any("\n" in row["content_title"] for row in truth)


def test_days_are_exported_whole_and_later_events_left_out(open_sandbox: Open) -> None:
    api = open_sandbox()
    first, last = NOON - 60 * DAY, NOON - 40 * DAY
    rows = receipts_of(api, api.finished_content(first, last))
    begin, end = first - first % DAY, last - last % DAY + DAY
    truth = api.control.records("message_engagement")
    expected = [row for row in truth if begin <= row["received_at"] < end]
    assert [row["receipt_id"] for row in rows] == [row["receipt_id"] for row in expected]
    opened = [int(row["first_open"]) for row in rows if row["first_open"]]
    assert opened == [
        row["first_open"] for row in expected if begin <= (row["first_open"] or 0) < end
    ]


def test_a_workspace_has_one_active_content_export(open_sandbox: Open) -> None:
    api = open_sandbox()
    job = api.content_export(NOON - 9 * DAY, NOON).json()
    assert (job["status"], job["download_url"], job["download_expires_at"]) == ("pending", "", "")
    second = api.content_export(NOON - 9 * DAY, NOON)
    assert error_of(second) == (429, "rate_limit_exceeded")
    assert message_of(second) == "Exceeded rate limit of 1 pending message data export jobs"
    api.finished(f"/export/content/data/{job['job_identifier']}")
    assert api.content_export(NOON - 9 * DAY, NOON).status_code == 200


def test_a_content_export_takes_some_polls_or_some_time(open_sandbox: Open) -> None:
    api = open_sandbox(export_polls=3, export_seconds=30)
    for advance, expected in (
        (0, ["pending", "in_progress", "in_progress", "completed"]),
        (31, ["completed"]),
    ):
        job = api.content_export(NOON - 9 * DAY, NOON).json()["job_identifier"]
        assert error_of(api.get(f"/download/content/data/{job}", headers=OCTETS))[0] == 404
        api.control.clock.advance(advance)
        path = f"/export/content/data/{job}"
        assert [api.get(path).json()["status"] for _ in expected] == expected


def test_a_download_needs_the_octet_header(open_sandbox: Open) -> None:
    api = open_sandbox()
    job = api.finished_content(NOON - 9 * DAY, NOON)
    assert error_of(api.get(job["download_url"])) == (406, "client_error")
    json_only = {"Accept": "application/json"}
    assert api.get(job["download_url"], headers=json_only).status_code == 406
    assert api.get(job["download_url"], headers=OCTETS).status_code == 200


def test_an_export_expires_after_two_days(open_sandbox: Open) -> None:
    api = open_sandbox()
    job = api.finished_content(NOON - 9 * DAY, NOON)
    assert job["download_expires_at"] == str(NOON + 2 * DAY)
    api.control.clock.advance(2 * DAY - 1)
    assert api.get(job["download_url"], headers=OCTETS).status_code == 200
    api.control.clock.advance(1)
    assert error_of(api.get(job["download_url"], headers=OCTETS)) == (404, "not_found")


@pytest.mark.parametrize("outcome", ["failed", "canceled"])
def test_an_export_can_end_without_a_file(open_sandbox: Open, outcome: str) -> None:
    api = open_sandbox(export_outcome=outcome)
    job = api.finished_content(NOON - 9 * DAY, NOON)
    assert (job["status"], job["download_url"]) == (outcome, "")
    assert api.finished_report(REPORTING)["status"] == "failed"
    api.control.set_options(export_outcome="completed")
    assert api.finished_content(NOON - 9 * DAY, NOON)["status"] == "completed"


def test_a_range_without_messages_has_no_data(open_sandbox: Open) -> None:
    api = open_sandbox()
    assert api.finished_content(NOON - 900 * DAY, NOON - 800 * DAY)["status"] == "no_data"


@pytest.mark.parametrize("body", [{}, {"created_at_after": NOON}, {"created_at_before": NOON}])
def test_a_content_export_needs_both_ends(default: Api, body: Any) -> None:
    assert error_of(default.post("/export/content/data", body)) == (400, "parameter_not_found")


# ------------------------------------------------------ reporting data export


def report_of(api: Api, job: dict[str, Any]) -> Rows:
    answer = api.get(job["download_url"], headers=OCTETS)
    assert answer.status_code == 200
    return list(csv.DictReader(io.StringIO(answer.content.decode(), newline="")))


def test_datasets_list_attributes_with_qualified_ids_from_2_16_on(default: Api) -> None:
    for version, qualified in (("2.16", True), ("2.15", False)):
        answer = default.get("/export/reporting_data/get_datasets", version).json()
        assert [row["id"] for row in answer["data"]] == ["conversation", "ticket"]
        attributes = answer["data"][0]["attributes"]
        assert all(("qualified_id" in row) == qualified for row in attributes)
        ids = [row["id"] for row in attributes]
        assert ids.count("Brand") == 2
        assert answer["data"][0]["default_time_attribute_id"] in ids


@pytest.mark.parametrize("name", ["conversation", "ticket"])
def test_a_report_holds_every_row_of_its_time(open_sandbox: Open, name: str) -> None:
    api = open_sandbox()
    truth = api.control.records(f"reporting_{name}")
    attributes = list(truth[0])
    time = attributes[1]
    start, end = truth[5][time], truth[15][time]
    body = {"dataset_id": name, "attribute_ids": attributes, "start_time": start, "end_time": end}
    rows = report_of(api, api.finished_report(body))
    assert len(rows) == 11
    assert rows == [
        {key: "" if value is None else str(value) for key, value in row.items()}
        for row in truth[5:16]
    ]


def test_before_2_16_reports_lack_conversations_without_a_reply(open_sandbox: Open) -> None:
    api = open_sandbox()
    body = REPORTING | {"attribute_ids": ["conversation_id"]}
    old = report_of(api, api.finished_report(body, "2.15"))
    new = report_of(api, api.finished_report(REPORTING))
    conversations = api.control.records("conversations")
    replied = {row["id"] for row in conversations if row["first_contact_reply"]}
    assert {row["conversation_id"] for row in old} == replied
    assert {row["conversation.conversation_id"] for row in new} == {r["id"] for r in conversations}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"dataset_id": None}, "'dataset_id' is a required parameter"),
        ({"dataset_id": "imaginary"}, "imaginary is not a valid dataset_id"),
        ({"attribute_ids": None}, "'attribute_ids' is a required parameter"),
        ({"attribute_ids": []}, "attribute_ids must contain at least one attribute_id"),
        (
            {"attribute_ids": "conversation.title"},
            "'attribute_ids' not an array must be of type Array",
        ),
        (
            {"attribute_ids": ["non_existent"]},
            "attribute_ids invalid for conversation dataset: non_existent",
        ),
        ({"attribute_ids": ["Brand"]}, "attribute_ids invalid for conversation dataset: Brand"),
        ({"start_time": None}, "'start_time' is a required parameter"),
    ],
)
def test_reports_that_cannot_be_made_are_refused(default: Api, change: Any, message: str) -> None:
    answer = default.post("/export/reporting_data/enqueue", REPORTING | change)
    assert error_of(answer) == (400, "bad_request")
    assert message_of(answer) == message


def test_ids_without_a_prefix_may_be_taken(open_sandbox: Open) -> None:
    api = open_sandbox(reporting_simple_ids=True)
    body = REPORTING | {"attribute_ids": ["conversation_id"]}
    assert len(report_of(api, api.finished_report(body))) == 60


def test_a_workspace_has_five_pending_reports(open_sandbox: Open) -> None:
    api = open_sandbox()
    for _ in range(5):
        assert api.post("/export/reporting_data/enqueue", REPORTING).json()["status"] == "pending"
    sixth = api.post("/export/reporting_data/enqueue", REPORTING)
    assert error_of(sixth) == (429, "rate_limit_exceeded")
    assert message_of(sixth) == "Exceeded rate limit of 5 pending reporting dataset export jobs"
    api.control.clock.advance(60)
    assert api.post("/export/reporting_data/enqueue", REPORTING).status_code == 200


def test_a_report_is_found_with_all_of_its_parameters_only(open_sandbox: Open) -> None:
    api = open_sandbox()
    job = api.post("/export/reporting_data/enqueue", REPORTING).json()["job_identifier"]
    path = f"/export/reporting_data/{job}"
    assert error_of(api.get(path)) == (400, "bad_request")
    wrong = api.get("/export/reporting_data/none", job_identifier="none", **CLIENT)
    assert error_of(wrong) == (404, "not_found")
    assert message_of(wrong) == "Export job not found for identifier: none"
    assert api.get(path, job_identifier=job, **CLIENT).json()["status"] == "pending"


def test_a_report_needs_the_octet_header_and_expires(open_sandbox: Open) -> None:
    api = open_sandbox()
    job = api.finished_report(REPORTING)
    assert job["status"] == "complete"
    assert api.get(job["download_url"]).status_code == 406
    assert api.get(job["download_url"], headers=OCTETS).status_code == 200
    api.control.clock.advance(2 * DAY)
    assert error_of(api.get(job["download_url"], headers=OCTETS)) == (404, "not_found")
