"""A name in the setting `stream_maps` that does not exist ends the run before any record."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from singer_sdk.exceptions import ConfigValidationError

from tap_intercom.tap import TapIntercom
from tests.command_line import json_file, run_command

if TYPE_CHECKING:
    from pathlib import Path

    from tests.singer import TapRunner

USERS = {"__source__": "contacts"}

UNKNOWN_EMAIL = "x: contacts: no selected column is called emial (did you mean email?)"

WRONG_NAMES: list[tuple[dict[str, Any], str]] = [
    ({"contcats": {"email": None}}, "there is no stream contcats (did you mean contacts?)"),
    ({"contcats": None}, "there is no stream contcats (did you mean contacts?)"),
    ({"contcat*": None}, "there is no stream contcat*"),
    ({"users": {"__source__": "contact"}}, "there is no stream contact (did you mean contacts?)"),
    ({"__els__": None}, "there is no stream __els__"),
    ({"contacts": {"__fliter__": "True"}}, "there is no option __fliter__ (did you mean __filter_"),
    ({"contacts": {"emial": None}}, "contacts: there is no column emial (did you mean email?)"),
    ({"contacts": {"emial": "__NULL__"}}, "there is no column emial (did you mean email?)"),
    ({"users": {**USERS, "emial": None}}, "users: there is no column emial (did you mean email?)"),
    ({"*": {"emial": None}}, "there is no column emial (did you mean email?)"),
    ({"contacts": {"x": "md5(emial)"}}, UNKNOWN_EMAIL),
    ({"contacts": {"x": "_['emial']"}}, UNKNOWN_EMAIL),
    ({"contacts": {"x": "record.emial"}}, UNKNOWN_EMAIL),
    ({"contacts": {"x": "_.get('emial')"}}, UNKNOWN_EMAIL),
    ({"contacts": {"__else__": None}}, '__else__ leaves out id, a key of contacts: add "id": "id"'),
    ({"contacts": {"__else__": "email"}}, "contacts: __else__ has to be null: it leaves out"),
    ({"__else__": "__DROP__"}, "stream_maps: __else__ has to be null: it leaves out others"),
    ({"contacts": {"x": "md6(email)"}}, "no selected column is called md6 (did you mean md5?)"),
    ({"contacts": {"x": "self"}}, "x: contacts: no selected column is called self"),
    ({"contacts": {"x": "fake.name()"}}, "x: fake needs the package Faker"),
    ({"contacts": {"__filter__": "rol == 'user'"}}, "is called rol (did you mean role?)"),
    ({"*": {"x": "md5(email)"}}, "x: articles, collections, "),
    ({"tags": {"x": "config['slat']"}}, "stream_map_config has no slat (did you mean salt?)"),
    ({"tags": {"x": "config.get('slat')"}}, "stream_map_config has no slat (did you mean salt?)"),
    ({"tags": {"x": "config.slat"}}, "stream_map_config has no slat (did you mean salt?)"),
]

RIGHT_NAMES: list[dict[str, Any]] = [
    {},
    {"__else__": None, "contacts": {}},
    {"contacts": {"email": None, "phone": "md5(self) if self else None"}},
    {"contacts": {"__else__": None, "__key_properties__": ["id"], "id": "id"}},
    {"contacts": {"__alias__": "people", "x": "[tag['id'] for tag in _['tags']['data']]"}},
    {"contacts": {"x": "md5(config['salt'] + email) if record.get('email') else None"}},
    {"contacts": {"x": "json.dumps(custom_attributes)", "y": "datetime.date.today()"}},
    {"contacts": {"x": "__stream_name__", "y": "custom_attributes['not declared']"}},
    {"c*": {"email": None}},
    {"deleted_conversations": None},
]


@pytest.mark.parametrize(("maps", "fragment"), WRONG_NAMES)
def test_unknown_name_is_refused(
    config: dict[str, Any], maps: dict[str, Any], fragment: str
) -> None:
    settings = {"stream_maps": maps, "stream_map_config": {"salt": "x"}}

    with pytest.raises(ConfigValidationError) as refused:
        TapIntercom(config={**config, **settings})

    assert all(error.startswith("stream_maps: ") for error in refused.value.errors)
    assert any(fragment in error for error in refused.value.errors)


@pytest.mark.parametrize("maps", RIGHT_NAMES)
def test_known_names_are_accepted(config: dict[str, Any], maps: dict[str, Any]) -> None:
    settings = {"stream_maps": maps, "stream_map_config": {"salt": "x"}}

    assert TapIntercom(config={**config, **settings}).streams


def test_deselected_column_is_unknown_to_expressions(
    config: dict[str, Any], tap: TapRunner
) -> None:
    catalog = TapIntercom(config=config).catalog_dict
    contacts = next(one for one in catalog["streams"] if one["stream"] == "contacts")
    for item in contacts["metadata"]:
        if item["breadcrumb"] == ["properties", "email"]:
            item["metadata"]["selected"] = False
    settings = {**config, "stream_maps": {"contacts": {"x": "md5(email)"}}}

    with pytest.raises(ConfigValidationError) as refused:
        tap.run_catalog(settings, catalog)

    assert "x: contacts: no selected column is called email" in refused.value.errors[0]


def test_unknown_name_ends_run_before_any_record(config: dict[str, Any], tmp_path: Path) -> None:
    settings = {**config, "stream_maps": {"contacts": {"emial": None}}}

    result = run_command("--config", json_file(tmp_path, "config", settings))

    error, last = result.errors
    assert result.exit_code == 1
    assert error == "stream_maps: contacts: there is no column emial (did you mean email?)"
    assert last == "Config validation failed"
    assert result.stdout == ""


def test_discovery_reports_unknown_name(config: dict[str, Any], tmp_path: Path) -> None:
    settings = {**config, "stream_maps": {"contacts": {"emial": None}}}

    result = run_command("--config", json_file(tmp_path, "config", settings), "--discover")

    (warning,) = result.warnings
    assert result.exit_code == 0
    assert "would fail: stream_maps: contacts: there is no column emial" in warning
    assert json.loads(result.stdout)["streams"]


@pytest.mark.parametrize(
    ("maps", "fragment"),
    [
        ({"contacts": {"emial": "md5(email)"}}, "adds the column emial; the stream has email"),
        ({"contacts": {"x": "custom_attributes['seat']"}}, "has no seat (did you mean seats?)"),
        ({"tags": {"name": None}}, "that don't fit stay in unfit_values; remove it too"),
        (
            {"contacts": {"custom_attributes": None, "unfit_values": None}},
            "that don't fit stay in custom_attributes_raw; remove it too",
        ),
        ({"contacts": {"__alias__": "tags"}}, "contacts and tags are written to one stream, tags"),
    ],
)
def test_name_that_may_be_misspelt_is_reported(
    config: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
    maps: dict[str, Any],
    fragment: str,
) -> None:
    TapIntercom(config={**config, "stream_maps": maps})

    (warning,) = (one.message for one in caplog.records if one.levelname == "WARNING")
    assert fragment in warning


def test_unused_map_setting_is_reported(
    config: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    maps = {"contacts": {"x": "md5(config['salt'] + id)"}}

    TapIntercom(
        config={**config, "stream_maps": maps, "stream_map_config": {"salt": "x", "salts": "y"}}
    )

    (warning,) = (one.message for one in caplog.records if one.levelname == "WARNING")
    assert "no expression uses salts (did you mean salt?)" in warning


def test_unknown_faker_setting_is_refused(config: dict[str, Any]) -> None:
    with pytest.raises(ConfigValidationError) as refused:
        TapIntercom(config={**config, "faker_config": {"sed": 1}})

    assert list(refused.value.errors) == ["faker_config has no sed (did you mean seed?)"]
