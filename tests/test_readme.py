"""What the README says of settings, streams and tests is so."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from tap_intercom.tap import STREAM_TYPES, TapIntercom

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    """Return the text under a heading."""
    return README.split(f"\n## {title}\n")[1].split("\n## ")[0]


def test_every_stream_is_in_the_stream_table() -> None:
    names = set(re.findall(r"^\| ([a-z_]+)(?: \\\*)? \|", section("Streams"), re.MULTILINE)) - {
        "stream"
    }
    assert names == {stream.name for stream in STREAM_TYPES}
    starred = set(re.findall(r"^\| ([a-z_]+) \\\* \|", section("Streams"), re.MULTILINE))
    assert starred == {s.name for s in STREAM_TYPES if not s.selected_by_default}


def test_every_setting_is_described() -> None:
    names = set(TapIntercom.config_jsonschema["properties"])
    assert {name for name in names if f"`{name}`" not in section("Settings")} == set()
    info_lines = set(re.findall(r"^\| `([a-z_]+)` \|", section("Settings"), re.MULTILINE))
    assert info_lines <= names


def test_every_test_that_keeps_a_promise_exists() -> None:
    expected = re.findall(r"`(test_\w+\.py)::(test_\w+)`", README)
    assert expected
    for file, name in expected:
        assert f"def {name}(" in (ROOT / "tests/guarantees" / file).read_text(encoding="utf-8")


def test_the_meltano_project_offers_the_settings_of_the_plugin_definition() -> None:
    definition = yaml.safe_load((ROOT / "meta.yml").read_text(encoding="utf-8"))
    project = yaml.safe_load((ROOT / "meltano.yml").read_text(encoding="utf-8"))
    (extractor,) = project["plugins"]["extractors"]
    offered = {setting["name"] for setting in extractor["settings"]}
    assert offered == {setting["name"] for setting in definition["settings"]}


def test_the_meltano_project_selects_what_is_selected_by_default() -> None:
    project = yaml.safe_load((ROOT / "meltano.yml").read_text(encoding="utf-8"))
    (extractor,) = project["plugins"]["extractors"]
    starred = [f"!{stream.name}.*" for stream in STREAM_TYPES if not stream.selected_by_default]
    assert sorted(extractor["select"]) == sorted(["*.*", *starred])
