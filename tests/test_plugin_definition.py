"""meta.yml is what `--about` says, in Meltano's words."""

from __future__ import annotations

from pathlib import Path

import yaml

from scripts.generate.plugin_definition import plugin_definition

ROOT = Path(__file__).parents[1]


def test_meta_yml_is_up_to_date() -> None:
    written = yaml.safe_load((ROOT / "meta.yml").read_text())
    assert written == plugin_definition(), "run python3 dev.py generate"


def test_secrets_are_sensitive_and_the_token_is_required() -> None:
    definition = plugin_definition()
    sensitive = [s["name"] for s in definition["settings"] if s.get("sensitive")]
    assert sensitive == ["access_token", "personal_data_key", "webhooks_database"]
    assert definition["settings_group_validation"] == [["access_token"]]


def test_every_setting_has_a_kind_that_meltano_knows() -> None:
    kinds = {setting["kind"] for setting in plugin_definition()["settings"]}
    assert kinds <= {
        "array",
        "boolean",
        "date_iso8601",
        "decimal",
        "integer",
        "object",
        "options",
        "string",
    }
