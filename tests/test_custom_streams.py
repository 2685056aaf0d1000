"""Streams that users define for endpoints that the tap does not know."""

from __future__ import annotations

import json
import logging
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from tap_intercom.custom.definitions import FIELD_TYPES, with_value
from tap_intercom.tap import TapIntercom
from tests.expected_rows import timestamp
from tests.sandbox.faults import Fault
from tests.sandbox.options import SandboxOptions
from tests.test_cli import info_lines, run, written
from tests.test_docs import PAGES, blocks
from tests.test_settings import refused

if TYPE_CHECKING:
    from pathlib import Path

    from tests.sandbox.server import Sandbox
    from tests.singer import Output, TapRunner

MINIMAL = {"name": "things", "path": "/audiences", "primary_keys": ["id"]}

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

CONTACTS = {
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


def loaded(tap: TapRunner, definition: dict[str, Any], **options: Any) -> Output:
    """Run the tap with one custom stream, and nothing else selected."""
    return tap.run(select=[definition["name"]], custom_streams=[definition], **options)


def now(sandbox: Sandbox) -> str:
    return timestamp(int(sandbox.control.clock.now()))


def requests_to(sandbox: Sandbox, path: str) -> list[Any]:
    return [request for request in sandbox.control.requests() if re.fullmatch(path, request.path)]


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
def test_a_definition_of_three_fields_loads_a_list_whole_however_it_pages(
    sandbox: Sandbox, tap: TapRunner, path: str, kind: str, params: dict[str, Any]
) -> None:
    output = loaded(tap, {**MINIMAL, "path": path, "params": params})
    expected_rows = [{"id": str(row["id"]), "record": row} for row in sandbox.control.records(kind)]
    assert sorted(output.records("things"), key=str) == sorted(expected_rows, key=str)


@pytest.mark.parametrize(
    ("path", "kind", "paging"),
    [
        ("/audiences", "audiences", "page"),
        ("/ai/external_pages", "external_pages", "link"),
        ("/macros", "macros", "cursor"),
    ],
)
def test_a_way_of_paging_can_be_prescribed(
    sandbox: Sandbox, tap: TapRunner, path: str, kind: str, paging: str
) -> None:
    output = loaded(tap, {**MINIMAL, "path": path, "paging": paging, "params": {"per_page": 20}})
    ids = sorted(str(row["id"]) for row in sandbox.control.records(kind))
    assert sorted(row["id"] for row in output.records("things")) == ids
    assert len(requests_to(sandbox, path)) == -(-len(ids) // 20)


def test_without_paging_one_page_is_read(sandbox: Sandbox, tap: TapRunner) -> None:
    output = loaded(tap, {**MINIMAL, "paging": "none", "params": {"per_page": 20}})
    assert len(output.records("things")) == 20
    assert len(requests_to(sandbox, "/audiences")) == 1


def test_columns_are_typed_and_keys_are_text(sandbox: Sandbox, tap: TapRunner) -> None:
    definition = {
        **MINIMAL,
        "path": "/teams",
        "records_path": "teams",
        "columns": {"name": "string", "admin_ids": "array", "distribution_method": "string"},
    }
    output = loaded(tap, definition)
    assert sorted(output.records("things"), key=str) == sorted(
        (
            {
                "id": str(team["id"]),
                "name": team["name"],
                "admin_ids": team["admin_ids"],
                "distribution_method": team.get("distribution_method"),
            }
            for team in sandbox.control.records("teams")
        ),
        key=str,
    )
    (schema,) = output.schemas
    assert schema["key_properties"] == ["id"]
    validator = Draft202012Validator(schema["schema"])
    assert all(validator.is_valid(row) for row in output.records("things"))


def test_a_list_of_texts_and_an_answer_that_is_the_record_can_be_loaded(tap: TapRunner) -> None:
    types = loaded(
        tap,
        {"name": "kinds", "path": "/admins/activity_log_event_types", "primary_keys": ["value"]},
    )
    assert all(row["record"] == {"value": row["value"]} for row in types.records("kinds"))
    assert len(types.records("kinds")) > 5
    me = {"name": "me", "path": "/me", "records_path": ".", "primary_keys": ["id"]}
    (row,) = loaded(tap, me).records("me")
    assert row["record"]["type"] == "admin"
    app = {**me, "records_path": "app", "primary_keys": ["id_code"]}
    (row,) = loaded(tap, app).records("me")
    assert row["id_code"] == row["record"]["id_code"]


def test_a_post_has_its_cursor_in_the_body(sandbox: Sandbox, tap: TapRunner) -> None:
    output = loaded(tap, CONTACTS)
    leads = [row["id"] for row in sandbox.control.records("contacts") if row["role"] == "lead"]
    assert sorted(row["id"] for row in output.records("leads")) == sorted(leads)
    requests = requests_to(sandbox, "/contacts/search")
    assert len(requests) == -(-len(leads) // 20) > 1
    assert all(request.body["pagination"]["per_page"] == 20 for request in requests)
    assert all("starting_after" in request.body["pagination"] for request in requests[1:])


def test_a_second_run_asks_for_what_changed(sandbox: Sandbox, tap: TapRunner) -> None:
    first = loaded(tap, MACROS, lookback_seconds=0)
    macros = sandbox.control.records("macros")
    assert {row["id"] for row in first.records("my_macros")} == {str(row["id"]) for row in macros}
    assert all("updated_since" not in r.query for r in requests_to(sandbox, "/macros"))
    seconds = [row["updated_at"][:19] for row in first.records("my_macros")]
    assert seconds == sorted(seconds)
    bookmark = first.state["bookmarks"]["my_macros"]["replication_key_value"]
    assert bookmark == f"{seconds[-1]}+00:00"

    changed = str(macros[3]["id"])
    sandbox.control.change("macros", changed, {"name": "new", "updated_at": now(sandbox)})
    sandbox.control.clear_requests()
    second = loaded(tap, MACROS, state=first.state, lookback_seconds=0)
    assert {row["id"] for row in second.records("my_macros")} <= {
        changed,
        *(row["id"] for row in first.records("my_macros") if row["updated_at"] >= bookmark[:19]),
    }
    assert {"id": changed, "name": "new"}.items() <= second.records("my_macros")[-1].items()
    assert all("updated_since" in request.query for request in requests_to(sandbox, "/macros"))


def test_without_a_parameter_older_records_are_left_out_on_our_side(
    sandbox: Sandbox, tap: TapRunner
) -> None:
    definition = {name: value for name, value in MACROS.items() if name != "replication_param"}
    first = loaded(tap, definition, lookback_seconds=0)
    changed = str(sandbox.control.records("macros")[3]["id"])
    sandbox.control.change("macros", changed, {"name": "new", "updated_at": now(sandbox)})
    second = loaded(tap, definition, state=first.state, lookback_seconds=0)
    assert second.records("my_macros")[-1]["id"] == changed
    assert 1 <= len(second.records("my_macros")) < 5


def test_a_post_has_the_moment_in_its_body(sandbox: Sandbox, tap: TapRunner) -> None:
    definition = {
        **CONTACTS,
        "replication_key": "created_at",
        "replication_param": "query.value.1.value",
    }
    start = 1_700_000_000
    loaded(tap, definition, start_date=timestamp(start), lookback_seconds=0)
    for request in requests_to(sandbox, "/contacts/search"):
        assert request.body["query"]["value"][1]["value"] == start - 1


def test_a_value_is_put_at_a_place_in_a_body() -> None:
    assert with_value({}, "a.b", 1) == {"a": {"b": 1}}
    assert with_value({"a": [{"b": 0}]}, "a.0.b", 1) == {"a": [{"b": 1}]}
    body = {"a": {"b": 0}}
    assert with_value(body, "a.b", 1) == {"a": {"b": 1}}
    assert body == {"a": {"b": 0}}


def test_a_child_requests_its_list_for_each_record_of_its_parent(
    sandbox: Sandbox, tap: TapRunner
) -> None:
    output = loaded(tap, NOTES)
    contacts = {row["id"]: row for row in sandbox.control.records("contacts")}
    expected_rows = {
        str(note["id"]): {
            "id": str(note["id"]),
            "contact_id": note["contact_id"],
            "contact_updated_at": timestamp(contacts[note["contact_id"]]["updated_at"]),
            "body": note["body"],
            "created_at": timestamp(note["created_at"]),
        }
        for note in sandbox.control.records("contact_notes")
    }
    rows = {row["id"]: row for row in output.records("my_notes")}
    assert rows.keys() == expected_rows.keys()
    assert len(output.records("my_notes")) == len(expected_rows) > 0
    assert all(expected_rows[key].items() <= row.items() for key, row in rows.items())
    asked = Counter(request.path for request in requests_to(sandbox, "/contacts/[^/]+/notes"))
    assert asked.keys() == {f"/contacts/{contact_id}/notes" for contact_id in contacts}

    sandbox.control.clear_requests()
    contact = next(iter(contacts))
    sandbox.control.change("contacts", contact, {"name": "new"})
    loaded(tap, NOTES, state=output.state, lookback_seconds=0)
    assert len(requests_to(sandbox, "/contacts/[^/]+/notes")) < 10


def test_a_child_does_not_change_what_the_tap_itself_reads_at_the_same_place(
    sandbox: Sandbox, tap: TapRunner
) -> None:
    definition = {**NOTES, "params": {"per_page": 1}, "paging": "none"}
    own = {"contact_notes", "my_notes"}
    output = tap.run(select=own, custom_streams=[definition])
    notes = sandbox.control.records("contact_notes")
    assert {row["id"] for row in output.records("contact_notes")} == {str(n["id"]) for n in notes}
    per_contact = Counter(row["contact_id"] for row in output.records("my_notes"))
    assert set(per_contact.values()) == {1}
    assert len(per_contact) == len({note["contact_id"] for note in notes})


@pytest.mark.parametrize("parent", ["contacts", "companies", "conversations", "tickets"])
def test_every_parent_can_be_had(tap: TapRunner, parent: str) -> None:
    definition = {
        "name": "details",
        "path": f"/{parent}/{{id}}",
        "records_path": ".",
        "primary_keys": ["id"],
        "parent": parent,
    }
    output = tap.run(select=["details", parent], custom_streams=[definition])
    assert {row["id"] for row in output.records("details")} == {
        row["id"] for row in output.records(parent)
    }


def test_the_id_can_stand_in_a_parameter(sandbox: Sandbox, tap: TapRunner) -> None:
    definition = {
        "name": "summaries",
        "path": "/events",
        "params": {"type": "user", "intercom_user_id": "{id}", "summary": True},
        "primary_keys": ["contact_id", "name"],
        "columns": {"count": "integer"},
        "parent": "contacts",
    }
    rows = loaded(tap, definition).records("summaries")
    expected_rows = sandbox.control.records("contact_event_summaries")
    assert {(row["contact_id"], row["name"], row["count"]) for row in rows} == {
        (row["contact_id"], row["name"], row["count"]) for row in expected_rows
    }


@pytest.mark.parametrize(
    "wrong",
    [
        {"path": "/contacts/{id}/notez"},
        {"records_path": "notes.items"},
        {"primary_keys": ["idd"]},
    ],
)
def test_a_child_that_gets_nothing_fails_alone_and_keeps_its_bookmark(
    sandbox: Sandbox, tap: TapRunner, wrong: dict[str, str]
) -> None:
    output = tap.run(select=["contacts", "my_notes"], custom_streams=[{**NOTES, **wrong}])
    assert tap.refusals == ["my_notes"]
    assert len(output.records("contacts")) == len(sandbox.control.records("contacts"))
    assert "my_notes" not in output.state["bookmarks"] or not output.state["bookmarks"]["my_notes"]
    later = tap.run(output.state, select=["contacts", "my_notes"], custom_streams=[NOTES])
    assert len(later.records("my_notes")) == len(sandbox.control.records("contact_notes"))


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"path": "/audiencez"}, "404"),
        ({"records_path": "rows"}, "answered with type, data, .* at the records_path rows"),
        ({"method": "POST", "path": "/contacts/search"}, "400"),
        ({"primary_keys": ["idd"]}, "records of .* lack idd; check the primary_keys"),
    ],
)
def test_what_can_only_be_found_out_by_asking_is_told_by_a_test_run(
    config: dict[str, Any], tmp_path: Path, wrong: dict[str, str], reason: str
) -> None:
    settings = {**config, "custom_streams": [{**MINIMAL, **wrong}]}
    done = run("--config", written(tmp_path, "config.json", json.dumps(settings)), "--test")
    assert done.returncode == 1
    (error,) = info_lines(done, "ERROR")
    assert re.search(f"things.*{reason}", error)


def test_a_test_run_tries_each(config: dict[str, Any], tmp_path: Path, sandbox: Sandbox) -> None:
    settings = {**config, "custom_streams": [MINIMAL, MACROS, {**NOTES, "params": {"page": 1}}]}
    settings["custom_objects"] = ["order"]
    done = run("--config", written(tmp_path, "config.json", json.dumps(settings)), "--test")
    assert done.returncode == 0, done.stderr
    assert requests_to(sandbox, "/custom_object_instances/order")
    assert [r for r in requests_to(sandbox, "/contacts/.*/notes") if "page" in r.query]


def test_documented_example_loads(sandbox: Sandbox, tap: TapRunner) -> None:
    (example,) = blocks(PAGES["docs/custom-streams.md"], "json")
    definitions = json.loads(example)["custom_streams"]
    names = {definition["name"] for definition in definitions}
    output = tap.run(select=names, custom_streams=definitions)
    assert output.streams() == names
    assert tap.refusals == []
    assert len(output.records("updated_macros")) == len(sandbox.control.records("macros"))


def test_fields_of_a_definition_are_documented() -> None:
    page = PAGES["docs/custom-streams.md"]
    assert [name for name in FIELD_TYPES if f"`{name}`" not in page] == []


def test_a_denied_stream_fails_alone(
    config: dict[str, Any], tmp_path: Path, sandbox: Sandbox
) -> None:
    sandbox.control.set_options(refused={"/audiences": "forbidden"})
    settings = {**config, "custom_streams": [MINIMAL, {**MACROS, "replication_key": "updated_at"}]}
    done = run("--config", written(tmp_path, "config.json", json.dumps(settings)))
    assert done.returncode == 1
    (error,) = info_lines(done, "ERROR")
    assert error.startswith("Stream things was not loaded")
    assert '""' not in error


def test_records_without_a_key_are_counted_and_a_failure_is_tried_again(
    sandbox: Sandbox, tap: TapRunner, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.control.faults.add(Fault("status", path="/tags", status=503, times=1))
    output = loaded(tap, {**MINIMAL, "path": "/tags", "primary_keys": ["id", "nothing"]})
    assert output.records("things") == []
    warnings = [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING]
    assert any("came without a key" in warning for warning in warnings)


def test_a_catalog_may_select_custom_streams(
    tap: TapRunner, caplog: pytest.LogCaptureFixture
) -> None:
    loaded(tap, MINIMAL)
    assert [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING] == []


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"name": None}, "custom_streams: 'number 1': name is missing"),
        ({"path": None}, "custom_streams: 'things': path is missing"),
        ({"primary_keys": None}, "primary_keys is missing"),
        ({"pth": "/x"}, "there is no field pth (did you mean path?)"),
        ({"name": 7}, "name has to be text"),
        ({"params": []}, "params has to be an object"),
        ({"primary_keys": "id"}, "primary_keys has to be a list"),
        ({"name": "Things"}, "name has to begin with a letter and hold a to z"),
        ({"name": "my-things"}, "name has to begin with a letter"),
        ({"name": "contacts"}, "custom_streams: 'contacts': name is taken by another stream"),
        ({"name": "custom_object_order"}, "name can't begin with custom_object_ or reporting_"),
        ({"path": "audiences"}, "path has to begin with /"),
        ({"path": "https://example.com/x"}, "path has to begin with /"),
        ({"path": "/a b"}, "path has to begin with / and hold no spaces"),
        ({"path": "/x?a=b"}, "write query parameters into params"),
        ({"path": "/x/{id}"}, "no parent is given"),
        ({"parent": "contacts"}, "path has to hold {id}, where the id of each of the contacts"),
        ({"parent": "tags", "path": "/x/{id}"}, "parent has to be one of contacts, companies"),
        ({"method": "DELETE"}, "method has to be one of GET, POST"),
        ({"paging": "scroll"}, "paging has to be one of auto, none, cursor, link, page"),
        ({"params": {"a": [1]}}, "params: a has to be text, a number, true or false"),
        ({"body": {"a": 1}}, "body needs the method POST"),
        ({"method": "POST", "body": {"pagination": 5}}, "body: pagination has to be an object"),
        ({"records_path": "a..b"}, "records_path has to be names with dots"),
        ({"primary_keys": []}, "primary_keys has to name at least one field"),
        ({"primary_keys": [7]}, "primary_keys has to name at least one field"),
        ({"primary_keys": ["id", "id"]}, "primary_keys names a field twice"),
        ({"primary_keys": ["record"]}, "record is the column of the whole record"),
        ({"columns": {"a": "text"}}, "columns: a has to be one of string, integer"),
        ({"columns": {"a": ["string"]}}, "columns: a has to be one of string, integer"),
        ({"columns": {"id": "integer"}}, "columns: id is a key, and keys are text"),
        (
            {"columns": {"company_id": "string"}, "parent": "companies", "path": "/x/{id}"},
            "columns: company_id is filled in by the tap",
        ),
        ({"replication_param": "since"}, "replication_param needs a replication_key"),
        ({"replication_key": ""}, "replication_key and replication_param can't be empty"),
        (
            {"replication_key": "a", "columns": {"a": "integer"}},
            "the column a has to be a date-time",
        ),
        (
            {"replication_key": "a", "parent": "contacts", "path": "/x/{id}"},
            "a stream with a parent follows the parent's updated_at by itself",
        ),
        (
            {
                "method": "POST",
                "body": {"query": {"value": [1]}},
                "replication_key": "a",
                "replication_param": "query.value.3.value",
            },
            "replication_param: body has no place query.value.3.value",
        ),
    ],
)
def test_a_wrong_definition_is_refused_with_its_name_and_field(
    change: dict[str, Any], sentence: str
) -> None:
    setting = [{**MINIMAL, **change}]
    assert sentence in refused(custom_streams=setting)
    tap = TapIntercom(
        config={"access_token": "none", "custom_streams": setting}, validate_config=False
    )
    assert "things" not in tap.streams
    assert "contacts" in tap.streams


def test_no_name_is_given_twice() -> None:
    assert "'things': name is taken" in refused(custom_streams=[MINIMAL, MINIMAL])


def test_all_that_is_wrong_is_told_at_once() -> None:
    message = refused(custom_streams=[{**MINIMAL, "path": "x", "paging": "y"}, {"name": "other"}])
    assert "'things': path" in message
    assert "'things': paging" in message
    assert "'other': path is missing" in message


@pytest.mark.parametrize("wrong", ["things", [7], {"name": "things"}])
def test_what_is_no_list_of_objects_is_refused(wrong: Any) -> None:
    assert "custom_streams" in refused(custom_streams=wrong)


def test_an_unreadable_environment_variable_is_named() -> None:
    done = run("--config=ENV", TAP_INTERCOM_ACCESS_TOKEN="none", TAP_INTERCOM_CUSTOM_STREAMS="[{")
    assert done.returncode == 1
    assert "TAP_INTERCOM_CUSTOM_STREAMS has to be a JSON array" in done.stderr


def test_null_stands_for_nothing(tap: TapRunner) -> None:
    definition = {**MINIMAL, "columns": None, "parent": None, "replication_key": None}
    assert loaded(tap, definition).records("things") != []


@pytest.mark.parametrize(
    "options", [SandboxOptions(contacts=5, companies=0, conversations=20, tickets=2)], indirect=True
)
def test_without_any_parent_there_is_nothing_to_fail(tap: TapRunner) -> None:
    definition = {**NOTES, "name": "none", "parent": "companies", "path": "/companies/{id}/notes"}
    loaded(tap, definition)
    assert tap.refusals == []
