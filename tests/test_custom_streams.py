"""Streams that users define for endpoints that the tap does not know."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from tap_intercom.custom.definitions import ITEM_SCHEMA, with_value
from tap_intercom.custom.parents import PARENTS, parent_columns
from tests.command_line import json_file, run_command
from tests.expected_rows import timestamp
from tests.sandbox.faults import Fault
from tests.sandbox.options import SandboxOptions
from tests.test_docs import PAGES, blocks

if TYPE_CHECKING:
    from pathlib import Path

    from tests.sandbox.request_log import LoggedRequest
    from tests.sandbox.server import Sandbox
    from tests.singer import Output, TapRunner

DOCUMENTATION = PAGES["docs/custom-streams.md"]

AUDIENCES = {"name": "things", "path": "/audiences", "primary_keys": ["id"]}

MACROS = {
    "name": "my_macros",
    "path": "/macros",
    "params": {"per_page": 30},
    "primary_keys": ["id"],
    "columns": {"name": "string", "visible_to": "string", "available_on": "array"},
    "replication_key": "updated_at",
    "replication_param": "updated_since",
}

NOTES = {
    "name": "my_notes",
    "path": "/contacts/{id}/notes",
    "primary_keys": ["id"],
    "columns": {"body": "string", "created_at": "date-time", "author": "object"},
    "parent": "contacts",
}

LEADS = {
    "name": "leads",
    "method": "POST",
    "path": "/contacts/search",
    "body": {
        "query": {
            "operator": "AND",
            "value": [
                {"field": "role", "operator": "=", "value": "lead"},
                {"field": "created_at", "operator": ">", "value": 0},
            ],
        },
        "pagination": {"per_page": 20},
    },
    "primary_keys": ["id"],
}


@pytest.fixture
def options(request: pytest.FixtureRequest) -> SandboxOptions:
    default = SandboxOptions(contacts=160, companies=20, conversations=20, tickets=10)
    return getattr(request, "param", default)


def load(tap: TapRunner, definition: dict[str, Any], **options: Any) -> Output:
    """Run the tap with one custom stream, and nothing else selected."""
    return tap.run(select=[definition["name"]], custom_streams=[definition], **options)


def ids(rows: list[dict[str, Any]]) -> list[str]:
    return sorted(str(row["id"]) for row in rows)


def requests_to(sandbox: Sandbox, path: str) -> list[LoggedRequest]:
    return [request for request in sandbox.control.requests() if re.fullmatch(path, request.path)]


def rename_macro(sandbox: Sandbox) -> str:
    """Change the name of a macro now, and return its id."""
    macro_id = str(sandbox.control.records("macros")[3]["id"])
    now = timestamp(int(sandbox.control.clock.now()))
    sandbox.control.change("macros", macro_id, {"name": "new", "updated_at": now})
    return macro_id


@pytest.mark.parametrize(
    ("path", "kind", "params"),
    [
        ("/audiences", "audiences", {"per_page": 7}),
        ("/ai/external_pages", "external_pages", {"per_page": 50}),
        ("/internal_articles", "internal_articles", {"per_page": 25}),
        ("/macros", "macros", {}),
        ("/tags", "tags", {}),
    ],
)
def test_three_fields_load_full_list(
    sandbox: Sandbox, tap: TapRunner, path: str, kind: str, params: dict[str, Any]
) -> None:
    output = load(tap, {**AUDIENCES, "path": path, "params": params}, api_version="Preview")

    expected = [{"id": str(row["id"]), "record": row} for row in sandbox.control.records(kind)]
    assert sorted(output.records("things"), key=str) == sorted(expected, key=str)


def test_list_of_many_pages_is_read_to_its_end(
    sandbox: Sandbox, tap: TapRunner, caplog: pytest.LogCaptureFixture
) -> None:
    output = load(tap, {**AUDIENCES, "params": {"per_page": 1}})

    assert ids(output.records("things")) == ids(sandbox.control.records("audiences"))
    assert "count may be off" not in caplog.text


@pytest.mark.parametrize(
    ("path", "kind", "paging"),
    [
        ("/audiences", "audiences", "page"),
        ("/ai/external_pages", "external_pages", "link"),
        ("/macros", "macros", "cursor"),
    ],
)
def test_paging_style_can_be_chosen(
    sandbox: Sandbox, tap: TapRunner, path: str, kind: str, paging: str
) -> None:
    output = load(tap, {**AUDIENCES, "path": path, "paging": paging, "params": {"per_page": 20}})

    expected = ids(sandbox.control.records(kind))
    assert ids(output.records("things")) == expected
    assert len(requests_to(sandbox, path)) == -(-len(expected) // 20)


def test_without_paging_one_page_is_read(sandbox: Sandbox, tap: TapRunner) -> None:
    output = load(tap, {**AUDIENCES, "paging": "none", "params": {"per_page": 20}})

    assert len(output.records("things")) == 20
    assert len(requests_to(sandbox, "/audiences")) == 1


def test_rows_hold_defined_columns(sandbox: Sandbox, tap: TapRunner) -> None:
    columns = {"name": "string", "admin_ids": "array", "distribution_method": "string"}

    output = load(tap, {**AUDIENCES, "path": "/teams", "records_path": "teams", "columns": columns})

    expected = [
        {"id": str(team["id"]), **{name: team.get(name) for name in columns}}
        for team in sandbox.control.records("teams")
    ]
    assert sorted(output.records("things"), key=str) == sorted(expected, key=str)


def test_rows_fit_schema_and_keys(tap: TapRunner) -> None:
    output = load(tap, {**MACROS, "columns": {"name": "string", "available_on": "array"}})

    (schema,) = output.schemas
    validator = Draft202012Validator(schema["schema"])
    assert schema["key_properties"] == ["id"]
    assert schema["schema"]["properties"]["id"] == {"type": "string"}
    assert all(validator.is_valid(row) for row in output.records("my_macros"))


def test_list_of_texts_can_be_loaded(tap: TapRunner) -> None:
    path = "/admins/activity_log_event_types"

    rows = load(tap, {**AUDIENCES, "path": path, "primary_keys": ["value"]}).records("things")

    assert len(rows) > 5
    assert all(row["record"] == {"value": row["value"]} for row in rows)


@pytest.mark.parametrize(("records_path", "key"), [(".", "id"), ("app", "id_code")])
def test_single_object_can_be_loaded(tap: TapRunner, records_path: str, key: str) -> None:
    definition = {**AUDIENCES, "path": "/me", "records_path": records_path, "primary_keys": [key]}

    (row,) = load(tap, definition).records("things")

    assert row[key] == row["record"][key]


FIELDS = {"total": "total_count", "size": "pages.per_page", "links": "pages", "kind": "type"}


def test_response_fields_are_columns(tap: TapRunner) -> None:
    output = load(tap, {**LEADS, "response_fields": FIELDS})

    rows = output.records("leads")
    assert {(row["total"], row["size"]) for row in rows} == {(len(rows), 20)}
    assert {row["links"]["page"] for row in rows} == set(
        range(1, rows[0]["links"]["total_pages"] + 1)
    )
    assert {row["kind"] for row in rows} == {"list"}
    assert all(Draft202012Validator(output.schemas[0]["schema"]).is_valid(row) for row in rows)


def test_flattened_response_fields_are_texts(tap: TapRunner) -> None:
    output = load(
        tap,
        {**LEADS, "response_fields": FIELDS},
        flattening_enabled=True,
        flattening_max_depth=3,
    )

    row = output.records("leads")[0]
    assert row["total"] == str(len(output.records("leads")))
    assert json.loads(row["links"])["page"] == 1
    assert Draft202012Validator(output.schemas[0]["schema"]).is_valid(row)


def test_child_rows_have_response_fields(tap: TapRunner) -> None:
    output = load(tap, {**NOTES, "response_fields": {"total": "total_count"}})

    counts = Counter(row["contact_id"] for row in output.records("my_notes"))
    assert all(row["total"] == counts[row["contact_id"]] for row in output.records("my_notes"))


def test_response_field_that_no_response_has_is_named(
    tap: TapRunner, caplog: pytest.LogCaptureFixture
) -> None:
    output = load(tap, {**AUDIENCES, "response_fields": {"sum": "total", "total": "total_count"}})

    assert {row["sum"] for row in output.records("things")} == {None}
    assert "no response has the response_fields sum, so" in caplog.text


@pytest.mark.parametrize("parent", [None, "contacts"])
def test_requests_have_their_api_version(
    sandbox: Sandbox, tap: TapRunner, parent: str | None
) -> None:
    definition = (
        {**NOTES, "api_version": "2.15"} if parent else {**MACROS, "api_version": "Preview"}
    )

    load(tap, definition)

    sent = {request.path: request.api_version for request in sandbox.control.requests()}
    own = {version for path, version in sent.items() if path.endswith(("/notes", "/macros"))}
    assert own == {definition["api_version"]}
    assert sent["/me"] == "2.17"


REPORT = {
    "name": "things",
    "method": "POST",
    "path": "/contacts/search",
    "body": {
        "query": {"field": "created_at", "operator": ">", "value": "{now-400d}"},
        "pagination": {"per_page": 150},
        "comment": ["from {now-1h} to {now+2m}"],
    },
    "primary_keys": ["id"],
}


def test_macros_are_times_of_the_run(sandbox: Sandbox, tap: TapRunner) -> None:
    output = load(tap, REPORT)

    (request,) = requests_to(sandbox, "/contacts/search")
    start = request.body["query"]["value"]
    now = start + 400 * 86_400
    expected = [row for row in sandbox.control.records("contacts") if row["created_at"] > start]
    assert type(start) is int
    assert abs(now - request.time) < 60
    assert request.body["comment"] == [f"from {now - 3600} to {now + 120}"]
    assert ids(output.records("things")) == ids(expected) != []


@pytest.mark.parametrize(
    ("timestamp_format", "pattern"),
    [
        ("iso", r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"),
        ("%Y-%m-%d", r"\d{4}-\d\d-\d\d"),
        ("%d/%m %H:%M", r"\d\d/\d\d \d\d:\d\d"),
    ],
)
def test_times_have_their_format(
    sandbox: Sandbox, tap: TapRunner, timestamp_format: str, pattern: str
) -> None:
    definition = {
        **MACROS,
        "params": {"updated_since": "{now-7d}", "label": "week of {now-7d}"},
        "timestamp_format": timestamp_format,
    }
    del definition["replication_key"], definition["replication_param"]

    tap.run(select=["my_macros"], custom_streams=[definition])

    (query, *_) = [request.query for request in requests_to(sandbox, "/macros")]
    assert re.fullmatch(pattern, query["updated_since"])
    assert query["label"] == f"week of {query['updated_since']}"


def test_bookmark_is_sent_minus_the_lookback(sandbox: Sandbox, tap: TapRunner) -> None:
    definition = {**MACROS, "params": {"updated_since": "{bookmark}"}}
    del definition["replication_param"]
    first = load(tap, definition)
    changed = rename_macro(sandbox)

    second = load(tap, definition, state=first.state, lookback_seconds=600)

    sent = [int(request.query["updated_since"]) for request in requests_to(sandbox, "/macros")]
    bookmark = first.state["bookmarks"]["my_macros"]["replication_key_value"]
    assert sent[0] == 0
    assert sent[-1] == datetime.fromisoformat(bookmark).timestamp() - 600
    assert second.records("my_macros")[-1]["id"] == changed


def test_first_run_sends_the_start_date(sandbox: Sandbox, tap: TapRunner) -> None:
    params = {"updated_since": "{bookmark}", "begin": "{start_date}"}
    definition = {**MACROS, "params": params, "timestamp_format": "iso"}
    del definition["replication_param"]

    load(tap, definition, start_date="2024-02-29")

    (query, *_) = [request.query for request in requests_to(sandbox, "/macros")]
    assert query["updated_since"] == query["begin"] == "2024-02-29T00:00:00Z"


def test_replication_parameter_has_the_format(sandbox: Sandbox, tap: TapRunner) -> None:
    load(tap, {**MACROS, "timestamp_format": "iso"}, start_date="2024-02-29")

    (query, *_) = [request.query for request in requests_to(sandbox, "/macros")]
    assert query["updated_since"] == "2024-02-28T23:59:59Z"


def test_time_in_path_is_quoted(sandbox: Sandbox, tap: TapRunner) -> None:
    definition = {**AUDIENCES, "path": "/reports/{now}", "timestamp_format": "%d/%m/%Y"}

    tap.run(select=["things"], custom_streams=[definition])

    (request,) = requests_to(sandbox, "/reports/.*")
    assert re.fullmatch(r"/reports/\d\d%2F\d\d%2F\d{4}", request.raw_path)


@pytest.mark.parametrize(
    "options", [SandboxOptions(contacts=1, companies=0, conversations=20, tickets=0)], indirect=True
)
@pytest.mark.parametrize(
    ("external_id", "quoted"),
    [("a/b", "a%2Fb"), ("a?b=c#d", "a%3Fb%3Dc%23d"), ("a%2Fb", "a%252Fb"), ("ä b", "%C3%A4%20b")],
)
def test_parent_value_in_path_is_quoted(
    sandbox: Sandbox, tap: TapRunner, external_id: str, quoted: str
) -> None:
    (contact,) = sandbox.control.records("contacts")
    sandbox.control.change("contacts", contact["id"], {"external_id": external_id})

    load(tap, {**NOTES, "parent_field": "external_id"})

    paths = {request.raw_path for request in sandbox.control.requests()}
    assert f"/contacts/{quoted}/notes" in paths


def test_parent_id_stands_anywhere(sandbox: Sandbox, tap: TapRunner) -> None:
    definition = {
        **REPORT,
        "body": {"query": {"field": "id", "operator": "=", "value": "{id}"}, "comment": "of {id}"},
        "parent": "contacts",
    }

    output = tap.run(select=["things", "contacts"], custom_streams=[definition])

    rows = output.records("things")
    comments = {request.body.get("comment") for request in requests_to(sandbox, "/contacts/search")}
    assert ids(rows) == ids(output.records("contacts")) != []
    assert all(row["id"] == row["contact_id"] for row in rows)
    assert comments == {None, *(f"of {row['id']}" for row in rows)}


def test_search_sends_cursor_in_body(sandbox: Sandbox, tap: TapRunner) -> None:
    output = load(tap, LEADS)

    leads = [row for row in sandbox.control.records("contacts") if row["role"] == "lead"]
    paginations = [r.body["pagination"] for r in requests_to(sandbox, "/contacts/search")]
    assert ids(output.records("leads")) == ids(leads)
    assert len(paginations) == -(-len(leads) // 20) > 1
    assert all(pagination["per_page"] == 20 for pagination in paginations)
    assert all("starting_after" in pagination for pagination in paginations[1:])


def test_first_incremental_run_loads_everything(sandbox: Sandbox, tap: TapRunner) -> None:
    output = load(tap, MACROS)

    timestamps = [row["updated_at"][:19] for row in output.records("my_macros")]
    bookmark = output.state["bookmarks"]["my_macros"]["replication_key_value"]
    assert ids(output.records("my_macros")) == ids(sandbox.control.records("macros"))
    assert timestamps == sorted(timestamps)
    assert bookmark == f"{timestamps[-1]}+00:00"
    assert all("updated_since" not in request.query for request in requests_to(sandbox, "/macros"))


def test_second_run_requests_changed_records(sandbox: Sandbox, tap: TapRunner) -> None:
    first = load(tap, MACROS, lookback_seconds=0)
    changed = rename_macro(sandbox)
    sandbox.control.clear_requests()

    second = load(tap, MACROS, state=first.state, lookback_seconds=0)

    last = second.records("my_macros")[-1]
    assert (last["id"], last["name"]) == (changed, "new")
    assert 1 <= len(second.records("my_macros")) < 5
    assert all("updated_since" in request.query for request in requests_to(sandbox, "/macros"))


def test_older_records_are_left_out_without_parameter(sandbox: Sandbox, tap: TapRunner) -> None:
    definition = {name: value for name, value in MACROS.items() if name != "replication_param"}
    first = load(tap, definition, lookback_seconds=0)
    changed = rename_macro(sandbox)

    second = load(tap, definition, state=first.state, lookback_seconds=0)

    assert second.records("my_macros")[-1]["id"] == changed
    assert 1 <= len(second.records("my_macros")) < 5


def test_search_sends_timestamp_in_body(sandbox: Sandbox, tap: TapRunner) -> None:
    start = 1_700_000_000
    parameter = "query.value.1.value"
    definition = {**LEADS, "replication_key": "created_at", "replication_param": parameter}

    load(tap, definition, start_date=timestamp(start), lookback_seconds=0)

    bodies = [request.body for request in requests_to(sandbox, "/contacts/search")]
    assert {body["query"]["value"][1]["value"] for body in bodies} == {start - 1}


@pytest.mark.parametrize(
    ("body", "path", "changed"),
    [
        ({"a": {}}, "a.b", {"a": {"b": 1}}),
        ({"a": [{"b": 0}]}, "a.0.b", {"a": [{"b": 1}]}),
        ({"a": {"b": 0}}, "a.b", {"a": {"b": 1}}),
    ],
)
def test_value_is_put_into_copied_body(
    body: dict[str, Any], path: str, changed: dict[str, Any]
) -> None:
    before = json.dumps(body)

    assert with_value(body, path, 1) == changed
    assert json.dumps(body) == before


def test_child_rows_carry_parent_columns(sandbox: Sandbox, tap: TapRunner) -> None:
    contacts = {row["id"]: row for row in sandbox.control.records("contacts")}
    expected = {
        str(note["id"]): {
            "id": str(note["id"]),
            "contact_id": note["contact_id"],
            "contact_updated_at": timestamp(contacts[note["contact_id"]]["updated_at"]),
            "body": note["body"],
            "created_at": timestamp(note["created_at"]),
        }
        for note in sandbox.control.records("contact_notes")
    }

    rows = load(tap, NOTES).records("my_notes")

    assert ids(rows) == sorted(expected) != []
    assert all(expected[row["id"]].items() <= row.items() for row in rows)


def test_child_list_is_requested_per_parent(sandbox: Sandbox, tap: TapRunner) -> None:
    load(tap, NOTES)

    paths = {request.path for request in requests_to(sandbox, "/contacts/[^/]+/notes")}
    assert paths == {f"/contacts/{row['id']}/notes" for row in sandbox.control.records("contacts")}


def test_child_of_unchanged_parent_is_not_requested(sandbox: Sandbox, tap: TapRunner) -> None:
    first = load(tap, NOTES)
    contact_id = sandbox.control.records("contacts")[0]["id"]
    sandbox.control.change("contacts", contact_id, {"name": "new"})
    sandbox.control.clear_requests()

    load(tap, NOTES, state=first.state, lookback_seconds=0)

    assert 1 <= len(requests_to(sandbox, "/contacts/[^/]+/notes")) < 10


def test_child_leaves_built_in_stream_alone(sandbox: Sandbox, tap: TapRunner) -> None:
    definition = {**NOTES, "params": {"per_page": 1}, "paging": "none"}

    output = tap.run(select=["contact_notes", "my_notes"], custom_streams=[definition])

    notes = sandbox.control.records("contact_notes")
    notes_per_contact = Counter(row["contact_id"] for row in output.records("my_notes"))
    assert ids(output.records("contact_notes")) == ids(notes)
    assert notes_per_contact == Counter({note["contact_id"] for note in notes})


@pytest.mark.parametrize("parent", ["contacts", "companies", "conversations", "tickets"])
def test_child_may_have_any_parent(tap: TapRunner, parent: str) -> None:
    definition = {**AUDIENCES, "path": f"/{parent}/{{id}}", "records_path": ".", "parent": parent}

    output = tap.run(select=["things", parent], custom_streams=[definition])

    assert ids(output.records("things")) == ids(output.records(parent)) != []


def test_parent_id_can_be_parameter(sandbox: Sandbox, tap: TapRunner) -> None:
    definition = {
        "name": "summaries",
        "path": "/events",
        "params": {"type": "user", "intercom_user_id": "{id}", "summary": True},
        "primary_keys": ["contact_id", "name"],
        "columns": {"count": "integer"},
        "parent": "contacts",
    }

    rows = load(tap, definition).records("summaries")

    expected = sandbox.control.records("contact_event_summaries")
    assert {(row["contact_id"], row["name"], row["count"]) for row in rows} == {
        (row["contact_id"], row["name"], row["count"]) for row in expected
    }


def test_child_of_a_list_has_its_id(tap: TapRunner) -> None:
    definition = {
        "name": "redirects",
        "path": "/help_center/help_centers/{id}/redirects",
        "primary_keys": ["id"],
        "parent": "help_centers",
    }

    output = tap.run(select=["redirects", "help_center_redirects"], custom_streams=[definition])

    (schema,) = [one for one in output.schemas if one["stream"] == "redirects"]
    keys = {(row["id"], row["help_center_id"]) for row in output.records("help_center_redirects")}
    assert {(row["id"], row["help_center_id"]) for row in output.records("redirects")} == keys
    assert len(keys) > 1
    assert set(schema["schema"]["properties"]) == {"id", "record", "help_center_id", "unfit_values"}


def test_child_of_incremental_list_follows_its_times(sandbox: Sandbox, tap: TapRunner) -> None:
    for conversation in sandbox.control.records("conversations")[:2]:
        sandbox.control.delete("conversations", conversation["id"])
    deleted = ids(sandbox.control.records("deleted_conversations"))
    definition = {
        **AUDIENCES,
        "path": "/tags",
        "params": {"of": "{id}"},
        "parent": "deleted_conversations",
    }

    output = load(tap, definition)

    rows = output.records("things")
    assert sorted({row["deleted_conversation_id"] for row in rows}) == deleted
    assert all(row["deleted_conversation_deleted_at"] for row in rows)
    assert output.state["bookmarks"]["things"]["replication_key_value"] == max(
        row["deleted_conversation_deleted_at"] for row in rows
    )


@pytest.mark.parametrize("parent", sorted(PARENTS))
def test_every_list_can_be_parent(tap: TapRunner, parent: str) -> None:
    definition = {**AUDIENCES, "path": "/tags", "params": {"of": "{id}"}, "paging": "none"}
    name = next(iter(parent_columns(parent, "id")))

    output = tap.run(
        select=["things", parent],
        custom_streams=[{**definition, "parent": parent}],
        api_version="Preview",
    )

    assert tap.failed_streams == []
    parents = {row["id"] for row in output.records(parent) if row.get("id")}
    assert {row[name] for row in output.records("things")} == parents != set()


BY_EXTERNAL_ID = {
    **REPORT,
    "body": {"query": {"field": "external_id", "operator": "=", "value": "{id}"}},
    "columns": {"external_id": "string"},
    "parent": "contacts",
    "parent_field": "external_id",
}


def test_parent_field_stands_for_the_id(
    sandbox: Sandbox, tap: TapRunner, caplog: pytest.LogCaptureFixture
) -> None:
    contacts = sandbox.control.records("contacts")
    external_ids = {row["external_id"] for row in contacts if row["external_id"] is not None}

    rows = load(tap, BY_EXTERNAL_ID).records("things")

    assert {row["contact_external_id"] for row in rows} == external_ids != set()
    assert all(row["contact_external_id"] == row["external_id"] for row in rows)
    assert all("contact_id" not in row for row in rows)
    skipped = sum(row["external_id"] is None for row in contacts)
    assert f"things: skipped {skipped} contacts without external_id" in caplog.text


def test_parent_value_is_hashed_as_in_its_stream(tap: TapRunner) -> None:
    key = {"personal_data": "hash", "personal_data_key": "0123456789abcdef"}

    output = tap.run(select=["things", "contacts"], custom_streams=[BY_EXTERNAL_ID], **key)

    hashes = {row["external_id"] for row in output.records("contacts")} - {None}
    assert {row["contact_external_id"] for row in output.records("things")} == hashes
    assert all(len(one) == 64 for one in hashes)


def test_parent_value_is_in_no_message(
    tap: TapRunner, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    definition = {**NOTES, "path": "/people/{id}/notes", "parent_field": "email"}
    sandbox.control.faults.add(Fault("status", path="/people/.*", status=503))

    load(tap, definition)

    assert tap.failed_streams == ["my_notes"]
    assert "GET /people/{id}/notes: status 503" in caplog.text
    assert re.findall("@|%40", caplog.text) == []


def test_debug_log_has_no_parent_value(
    tap: TapRunner, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    sandbox.control.clear_requests()

    load(tap, {**NOTES, "path": "/people/{id}/notes", "parent_field": "email"})

    assert requests_to(sandbox, "/people/.*(@|%40).*")
    assert re.findall("@|%40", caplog.text) == []


WRONG_CHILDREN = [
    {"path": "/contacts/{id}/notez"},
    {"records_path": "notes.items"},
    {"primary_keys": ["idd"]},
]


@pytest.mark.parametrize("change", WRONG_CHILDREN)
def test_wrong_child_fails_alone(sandbox: Sandbox, tap: TapRunner, change: dict[str, str]) -> None:
    output = tap.run(select=["contacts", "my_notes"], custom_streams=[{**NOTES, **change}])

    assert tap.failed_streams == ["my_notes"]
    assert len(output.records("contacts")) == len(sandbox.control.records("contacts"))


@pytest.mark.parametrize("change", WRONG_CHILDREN)
def test_corrected_child_gets_all_rows(
    sandbox: Sandbox, tap: TapRunner, change: dict[str, str]
) -> None:
    select = ["contacts", "my_notes"]
    first = tap.run(select=select, custom_streams=[{**NOTES, **change}])

    later = tap.run(first.state, select=select, custom_streams=[NOTES])

    assert len(later.records("my_notes")) == len(sandbox.control.records("contact_notes"))


@pytest.mark.parametrize(
    ("change", "pattern"),
    [
        ({"path": "/audiencez"}, "404.*Check the path of this custom stream"),
        ({"records_path": "rows"}, "records_path rows; the response has type, data"),
        ({"method": "POST", "path": "/contacts/search"}, "400.*Check path, params and body of"),
        ({**NOTES, "path": "/contacts/{id}/notez"}, "404.*Check the path of this custom stream"),
        ({"primary_keys": ["idd"]}, "without idd. Check the primary_keys"),
    ],
)
def test_test_run_names_wrong_definition(
    config: dict[str, Any], tmp_path: Path, change: dict[str, str], pattern: str
) -> None:
    settings = {**config, "custom_streams": [{**AUDIENCES, **change}]}

    result = run_command("--config", json_file(tmp_path, "config", settings), "--test")

    assert result.exit_code == 1
    (error,) = result.errors
    assert re.search(f"^(things|my_notes): .*{pattern}", error)


@pytest.mark.parametrize("flags", [[], ["--test"]], ids=["run", "test run"])
def test_failure_says_how_next_run_reads(
    config: dict[str, Any], tmp_path: Path, flags: list[str]
) -> None:
    wrong = [{**AUDIENCES, "path": "/audiencez"}, {**MACROS, "path": "/macroz"}]
    settings = {**config, "custom_streams": wrong}

    result = run_command("--config", json_file(tmp_path, "config", settings), *flags)

    ends = {error.partition(":")[0]: error.rpartition(". ")[2] for error in result.errors}
    assert ends == {
        "things": "The next run reads it in full",
        "my_macros": "The next run resumes from its bookmark",
    }


def test_test_run_tries_each_definition(
    config: dict[str, Any], tmp_path: Path, sandbox: Sandbox
) -> None:
    custom_streams = [AUDIENCES, MACROS, {**NOTES, "params": {"page": 1}}]
    settings = {**config, "custom_streams": custom_streams, "custom_objects": ["order"]}

    result = run_command("--config", json_file(tmp_path, "config", settings), "--test")

    assert result.exit_code == 0, result.stderr
    assert requests_to(sandbox, "/custom_object_instances/order")
    assert any("page" in r.query for r in requests_to(sandbox, "/contacts/.*/notes"))


def test_documented_example_loads(sandbox: Sandbox, tap: TapRunner) -> None:
    (example,) = blocks(DOCUMENTATION, "json")
    definitions = json.loads(example)["custom_streams"]
    names = {definition["name"] for definition in definitions}

    output = tap.run(select=names, custom_streams=definitions)

    assert tap.failed_streams == []
    assert output.streams() == names
    assert len(output.records("updated_macros")) == len(sandbox.control.records("macros"))


def test_every_field_is_documented() -> None:
    assert [name for name in ITEM_SCHEMA["properties"] if f"`{name}`" not in DOCUMENTATION] == []


def test_denied_stream_fails_alone(sandbox: Sandbox, tap: TapRunner) -> None:
    sandbox.control.set_options(refused={"/audiences": "forbidden"})

    output = tap.run(select=["things", "my_macros"], custom_streams=[AUDIENCES, MACROS])

    assert tap.failed_streams == ["things"]
    assert len(output.records("my_macros")) == len(sandbox.control.records("macros"))


def test_denied_stream_names_no_permission(
    config: dict[str, Any], tmp_path: Path, sandbox: Sandbox
) -> None:
    sandbox.control.set_options(refused={"/audiences": "forbidden"})
    settings = {**config, "custom_streams": [AUDIENCES]}

    result = run_command("--config", json_file(tmp_path, "config", settings))

    assert result.exit_code == 1
    (error,) = result.errors
    assert error.startswith("things: permission denied")
    assert '""' not in error


def test_records_without_key_are_left_out(tap: TapRunner, caplog: pytest.LogCaptureFixture) -> None:
    output = load(tap, {**AUDIENCES, "path": "/tags", "primary_keys": ["id", "nothing"]})

    assert output.records("things") == []
    assert tap.failed_streams == ["things"]
    assert "without a key" in caplog.text


def test_failed_request_is_retried(sandbox: Sandbox, tap: TapRunner) -> None:
    sandbox.control.faults.add(Fault("status", path="/audiences", status=503, times=1))

    output = load(tap, AUDIENCES)

    assert tap.failed_streams == []
    assert ids(output.records("things")) == ids(sandbox.control.records("audiences"))


def test_catalog_may_select_custom_streams(
    tap: TapRunner, caplog: pytest.LogCaptureFixture
) -> None:
    load(tap, AUDIENCES)

    assert [record for record in caplog.records if record.levelname == "WARNING"] == []


def test_null_counts_as_absent(tap: TapRunner) -> None:
    optional = [name for name in ITEM_SCHEMA["properties"] if name not in AUDIENCES]

    output = load(tap, {**AUDIENCES, **dict.fromkeys(optional)})

    assert output.records("things") != []


@pytest.mark.parametrize(
    "options", [SandboxOptions(contacts=5, companies=0, conversations=20, tickets=2)], indirect=True
)
def test_child_without_parents_does_not_fail(tap: TapRunner) -> None:
    load(tap, {**NOTES, "parent": "companies", "path": "/companies/{id}/notes"})

    assert tap.failed_streams == []


def test_misspelt_columns_are_reported(tap: TapRunner, caplog: pytest.LogCaptureFixture) -> None:
    columns = {"nmae": "string", "visible_to": "string"}

    tap.run(select=["my_macros"], custom_streams=[{**MACROS, "columns": columns}])

    (warning,) = (one.message for one in caplog.records if one.levelname == "WARNING")
    assert "nmae (did you mean name?)" in warning
    assert "visible_to" not in warning
    assert tap.failed_streams == []


def test_misspelt_replication_key_fails_stream(tap: TapRunner) -> None:
    definition = {**MACROS, "replication_key": "updated_a"}

    output = tap.run(select=["my_macros"], custom_streams=[definition])

    assert tap.failed_streams == ["my_macros"]
    assert output.state.get("bookmarks", {}).get("my_macros", {}) == {}


def test_misspelt_columns_of_child_are_reported(
    tap: TapRunner, caplog: pytest.LogCaptureFixture
) -> None:
    tap.run(select=["my_notes"], custom_streams=[{**NOTES, "columns": {"bdy": "string"}}])

    (warning,) = (one.message for one in caplog.records if one.levelname == "WARNING")
    assert "bdy (did you mean body?)" in warning
