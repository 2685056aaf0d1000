"""Wrong definitions of custom streams are refused with their name and field, before any request."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tap_intercom.tap import TapIntercom
from tests.command_line import run_command
from tests.test_settings import config_errors, configured

MINIMAL = {"name": "things", "path": "/audiences", "primary_keys": ["id"]}
CHILD = {"parent": "contacts", "path": "/x/{id}"}
FIELDS = [
    *("name", "path", "primary_keys", "method", "params", "body", "records_path", "columns"),
    *("replication_key", "replication_param", "timestamp_format", "paging", "response_fields"),
    *("api_version", "parent", "parent_field"),
]

WRONG_DEFINITIONS: list[tuple[dict[str, Any], str]] = [
    ({"name": None}, "number 1: 'name' is a required property"),
    ({"path": None}, "'things': 'path' is a required property"),
    ({"primary_keys": None}, "'primary_keys' is a required property"),
    ({"pth": "/x"}, "there is no field pth (did you mean path?)"),
    ({"name": 7}, "name: has to be of type string"),
    ({"params": []}, "params: has to be of type object"),
    ({"primary_keys": "id"}, "primary_keys: has to be of type array"),
    ({"name": "Things"}, "name has to begin with a letter and contain only a to z"),
    ({"name": "my-things"}, "name has to begin with a letter"),
    ({"name": "things\n"}, "name has to begin with a letter"),
    ({"name": "contacts"}, "'contacts': name is already used by another stream"),
    ({"name": "custom_object_order"}, "name can't begin with custom_object_ or reporting_"),
    ({"path": "audiences"}, "path has to begin with /"),
    ({"path": "https://example.com/x"}, "path has to begin with /"),
    ({"path": "/a b"}, "path has to begin with / and contain no spaces"),
    ({"path": "/x?a=b"}, "write query parameters into params"),
    ({"path": "/x/{id}"}, "path: {id} stands for the id of a parent's record, and no parent is"),
    ({"params": {"a": "x{id}"}}, "params: {id} stands for the id of a parent's record"),
    ({"path": "/x/{nwo}"}, "path: {nwo} is not a macro: write {id}, {now}, {now-7d}"),
    ({"path": "/x/{a.b}"}, "path: {a.b} is not a macro"),
    ({"params": {"since": "{now-7w}"}}, "params: {now-7w} is not a macro"),
    ({"params": {"since": "{now-123456d}"}}, "params: {now-123456d} is not a macro"),
    ({"params": {"since": "{bookmark-1d}"}}, "params: {bookmark-1d} is not a macro"),
    ({"method": "POST", "body": {"a": [{"b": "to {}"}]}}, "body: {} is not a macro"),
    ({"params": {"since": "{now - 7d}"}}, "params: {now - 7d} is not a macro"),
    ({"params": {"since": "{ now }"}}, "params: { now } is not a macro"),
    ({"params": {"since": "{now-7d"}}, "params: {now-7d is not a macro"),
    ({"params": {"since": "a {now-7d and {now}"}}, "params: {now-7d and is not a macro"),
    ({"params": {"since": "{{now}}"}}, "params: {{now}} is not a macro"),
    ({"params": {"{now}": "a"}}, "params: {now} is in the name of a field: macros are replaced in"),
    ({"params": {"of {id": "a"}}, "params: {id is in the name of a field"),
    (
        {"method": "POST", "body": {"a": [{"{now-7d}": 1}]}},
        "body: {now-7d} is in the name of a field",
    ),
    ({"params": {"since": "{bookmark}"}}, "params: {bookmark} needs a replication_key"),
    (
        {**CHILD, "params": {"a": "{bookmark}"}},
        "alone are requested: leave it out, or write {start_date} or a time such as {now-7d}",
    ),
    ({"path": "/x/{start_date}"}, "path: {start_date} stands for the setting start_date, and that"),
    ({"timestamp_format": 7}, "timestamp_format: has to be of type string"),
    ({"timestamp_format": "ISO"}, "timestamp_format: 'ISO' is not epoch, iso or a pattern"),
    ({"timestamp_format": "%Q", "path": "/x/{now}"}, "timestamp_format: '%Q' is not epoch, iso"),
    ({"timestamp_format": "%%", "path": "/x/{now}"}, "timestamp_format: '%%' is not epoch, iso"),
    ({"timestamp_format": "iso"}, "timestamp_format: no macro and no replication_param writes"),
    ({"parent": "contacts"}, "path has to contain {id}, which stands for the id of each of the"),
    ({**CHILD, "parent": "sync_audit"}, "parent: 'sync_audit' is not one of ['activity_logs', "),
    ({**CHILD, "parent": "workspace"}, "parent: 'workspace' is not one of"),
    ({"parent_field": "external_id"}, "parent_field needs a parent"),
    (
        {**CHILD, "parent_field": "externl_id"},
        "contacts have no column externl_id (did you mean ext",
    ),
    ({**CHILD, "parent_field": "location"}, "the column location of contacts is not a text or a"),
    ({**CHILD, "parent_field": 7}, "parent_field: has to be of type string"),
    (
        {**CHILD, "parent_field": "email", "columns": {"contact_email": "string"}},
        "columns: contact_email is filled in by the tap",
    ),
    ({**CHILD, "parent": "contcts"}, "(did you mean contacts?)"),
    ({"columns": {"a": "sting"}}, "(did you mean string?)"),
    ({"method": "DELETE"}, "method: 'DELETE' is not one of ['GET', 'POST']"),
    ({"paging": "scroll"}, "paging: 'scroll' is not one of ['auto', 'none', 'cursor', 'link', "),
    ({"params": {"a": [1]}}, "params.a: has to be of type string or number or boolean"),
    ({"params": {"a": None}}, "params.a: has to be of type string or number or boolean"),
    ({"body": {"a": 1}}, "body needs the method POST"),
    ({"method": "POST", "body": {"pagination": 5}}, "body: pagination has to be an object"),
    ({"records_path": "a..b"}, "records_path has to be names with dots"),
    ({"records_path": "data[*]"}, "records_path has to be names with dots"),
    ({"records_path": "/data"}, "records_path has to be names with dots"),
    ({"records_path": "$.data"}, "records_path has to be names with dots"),
    ({"primary_keys": []}, "primary_keys: [] should be non-empty"),
    ({"primary_keys": [7]}, "primary_keys.0: has to be of type string"),
    ({"primary_keys": [""]}, "primary_keys.0: '' should be non-empty"),
    ({"primary_keys": ["id", "id"]}, "primary_keys: ['id', 'id'] has non-unique elements"),
    ({"primary_keys": ["record"]}, "record is the column of the whole record"),
    ({"primary_keys": ["unfit_values"]}, "primary_keys: unfit_values is filled in by the tap"),
    ({"replication_key": "record"}, "replication_key: record is the column of the whole record"),
    (
        {"replication_key": "_workspace_id"},
        "replication_key: _workspace_id is filled in by the tap",
    ),
    ({"columns": {"a": "text"}}, "columns.a: 'text' is not one of ['string', 'integer', "),
    ({"columns": {"a": ["string"]}}, "columns.a: has to be of type string"),
    ({"columns": {"": "string"}}, "columns: a name is empty"),
    ({"columns": {"id": "integer"}}, "columns: id is a key, and keys are of type string"),
    (
        {**CHILD, "columns": {"contact_id": "string"}},
        "columns: contact_id is filled in by the tap",
    ),
    ({"columns": {"unfit_values": "string"}}, "columns: unfit_values is filled in by the tap"),
    ({"response_fields": ["total_count"]}, "response_fields: has to be of type object"),
    ({"response_fields": {"a": 1}}, "response_fields.a: has to be of type string"),
    ({"response_fields": {"a": ""}}, "response_fields.a: '' should be non-empty"),
    ({"response_fields": {"": "a"}}, "response_fields: a name is empty"),
    ({"response_fields": {"id": "a"}}, "response_fields: there is another column id"),
    ({"response_fields": {"record": "a"}}, "response_fields: there is another column record"),
    (
        {"columns": {"total": "integer"}, "response_fields": {"total": "total_count"}},
        "response_fields: there is another column total",
    ),
    (
        {**CHILD, "response_fields": {"contact_id": "a"}},
        "response_fields: there is another column contact_id",
    ),
    ({"response_fields": {"a": "b..c"}}, "response_fields: a has to be names with dots"),
    ({"response_fields": {"a": "b[0]"}}, "response_fields: a has to be names with dots"),
    ({"response_fields": {"all": "data"}}, "response_fields: all has to be outside the records"),
    (
        {"records_path": "a.b", "response_fields": {"all": "a.b"}},
        "response_fields: all has to be outside the records, which are at a.b",
    ),
    ({"api_version": "2.99"}, "api_version '2.99' is not a version that this tap knows"),
    ({"api_version": 2.16}, "api_version: has to be of type string"),
    ({"replication_param": "since"}, "replication_param needs a replication_key"),
    ({"replication_key": ""}, "replication_key: '' should be non-empty"),
    (
        {"replication_key": "a", "columns": {"a": "integer"}},
        "replication_key: the column a has to be of type date-time",
    ),
    ({**CHILD, "replication_key": "a"}, "replication_key: leave it out: a stream with a parent"),
    (
        {**CHILD, "replication_param": "a"},
        "replication_param: leave it out: a stream with a parent",
    ),
    (
        {
            "method": "POST",
            "body": {"query": {"value": [{"value": 0}]}},
            "replication_key": "a",
            "replication_param": "query.valu.0.value",
        },
        "replication_param: body has no place query.valu.0.value: only its last name may be absent",
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
]


@pytest.mark.parametrize(("change", "fragment"), WRONG_DEFINITIONS)
def test_wrong_definition_is_named(change: dict[str, Any], fragment: str) -> None:
    errors = config_errors(custom_streams=[{**MINIMAL, **change}])

    assert all(error.startswith("custom_streams: ") for error in errors)
    assert any(fragment in error for error in errors)


@pytest.mark.parametrize(
    "text", ['{"since": {now}}', '{ "a": {"b": "{now}"} }', "{'a': {now}}", '[{"a": 1}, {now-7d}]']
)
def test_json_within_text_is_no_macro(text: str) -> None:
    tap = configured(custom_streams=[{**MINIMAL, "params": {"filter": text}}])

    assert "things" in tap.streams


@pytest.mark.parametrize("change", [change for change, _ in WRONG_DEFINITIONS])
def test_discovery_leaves_wrong_definitions_out(change: dict[str, Any]) -> None:
    setting = [{**MINIMAL, "name": "other"}, {**MINIMAL, **change}]

    tap = TapIntercom(
        config={"access_token": "none", "custom_streams": setting}, validate_config=False
    )

    assert not {"things", "other"} & tap.streams.keys()
    assert "contacts" in tap.streams


def test_name_can_be_given_once() -> None:
    (error,) = config_errors(custom_streams=[MINIMAL, MINIMAL])

    assert error == "custom_streams: 'things': name is already used by another stream"


def test_all_errors_are_reported_at_once() -> None:
    errors = config_errors(custom_streams=[{**MINIMAL, "path": "x", "paging": "y"}, {"name": "a"}])

    assert [error.split(": ")[1:3] for error in errors] == [
        ["'things'", "paging"],
        ["'things'", "path has to begin with / and contain no spaces"],
        ["'a'", "'path' is a required property"],
        ["'a'", "'primary_keys' is a required property"],
    ]


def test_parent_needs_its_api_version() -> None:
    child = {**MINIMAL, **CHILD, "parent": "tickets"}

    (error,) = config_errors(custom_streams=[child], api_version="2.9")

    assert error.endswith("'things': parent: tickets need api_version 2.10 or later")


@pytest.mark.parametrize("value", ["things", [7], {"name": "things"}])
def test_setting_has_to_be_list_of_objects(value: Any) -> None:
    (error,) = config_errors(custom_streams=value)

    assert error.startswith("custom_streams: ")


def test_unreadable_environment_variable_is_named() -> None:
    result = run_command(
        "--config=ENV", TAP_INTERCOM_ACCESS_TOKEN="none", TAP_INTERCOM_CUSTOM_STREAMS="[{"
    )

    assert result.exit_code == 1
    assert any("TAP_INTERCOM_CUSTOM_STREAMS has to be a JSON array" in e for e in result.errors)


def test_about_shows_every_field() -> None:
    about = json.loads(run_command("--about", "--format=json").stdout)

    setting = about["settings"]["properties"]["custom_streams"]
    fields = setting["items"]["properties"]
    assert list(fields) == FIELDS
    assert all(field["description"] for field in fields.values())
    assert all(name in setting["description"] for name in FIELDS)
