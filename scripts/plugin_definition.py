"""Write the Meltano plugin definition, `meta.yml`, from what `tap-intercom --about` says.

    python scripts/plugin_definition.py > meta.yml

`meltano add --plugin-type extractor tap-intercom --from-ref meta.yml` takes the file; its format is
that of Meltano Hub's extractor definitions.
"""

from __future__ import annotations

import sys
from typing import Any

import yaml

from tap_intercom.tap import TapIntercom

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
    schema: dict[str, Any] = {**TapIntercom.config_jsonschema}
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


if __name__ == "__main__":
    yaml.safe_dump(plugin_definition(), sys.stdout, sort_keys=False, allow_unicode=True, width=100)
