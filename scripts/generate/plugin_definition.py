"""What Meltano has to know of the tap: `meta.yml`, and parts of the project `meltano.yml`.

`meltano add tap-intercom --from-ref meta.yml` takes the first; its format is that of Meltano Hub's
extractor definitions.
"""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import yaml

from tap_intercom.tap import TapIntercom

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scripts.generate.facts import StreamFacts

REPOSITORY = "https://github.com/tap-intercom/tap-intercom"

KINDS = {
    "array": "array",
    "boolean": "boolean",
    "integer": "integer",
    "number": "decimal",
    "object": "object",
    "string": "string",
}
"""Meltano's kind of a setting by its JSON Schema type."""


def plugin_definition() -> dict[str, Any]:
    """Return the definition of the plugin as Meltano Hub's schema wants it."""
    schema: dict[str, Any] = copy.deepcopy(TapIntercom.config_jsonschema)
    TapIntercom.append_builtin_config(schema)
    return {
        "name": TapIntercom.name,
        "namespace": "tap_intercom",
        "label": "Intercom",
        "description": "Customer messaging and support platform",
        "domain_url": "https://www.intercom.com",
        "repo": REPOSITORY,
        "pip_url": f"git+{REPOSITORY}.git",
        "executable": TapIntercom.name,
        "capabilities": sorted(capability.value for capability in TapIntercom.capabilities),
        "settings_group_validation": [schema["required"]],
        "settings": [_setting(*item) for item in sorted(schema["properties"].items())],
    }


def meta_yml() -> str:
    """Return the definition as the file `meta.yml`."""
    text: str = yaml.safe_dump(plugin_definition(), sort_keys=False, allow_unicode=True, width=100)
    return text


def project_selection(streams: Sequence[StreamFacts]) -> str:
    """Return the `select` of `meltano.yml`: everything but what is not selected by default."""
    rules = ["*.*", *(f"!{facts.name}.*" for facts in streams if not facts.is_default)]
    return "\n".join(["    select:", *(f"    - {json.dumps(rule)}" for rule in rules)])


def project_settings() -> str:
    """Return the `settings` of `meltano.yml`."""
    lines = ["    settings:"]
    for setting in plugin_definition()["settings"]:
        fields = [f"name: {setting['name']}"]
        if setting["kind"] not in ("string", "options"):
            fields.append(f"kind: {setting['kind']}")
        if setting.get("sensitive"):
            fields.append("sensitive: true")
        lines.append(f"    - {{{', '.join(fields)}}}")
    return "\n".join(lines)


def _setting(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    setting = {
        "name": name,
        "label": schema.get("title", name),
        "description": schema.get("description", ""),
        "kind": _kind(schema),
    }
    if schema.get("secret"):
        setting["sensitive"] = True
    if "enum" in schema:
        setting["options"] = [{"label": value.upper(), "value": value} for value in schema["enum"]]
    if "default" in schema:
        setting["value"] = schema["default"]
    return setting


def _kind(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return "options"
    if schema.get("format") == "date-time":
        return "date_iso8601"
    types = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
    return next(KINDS[kind] for kind in types if kind != "null")
