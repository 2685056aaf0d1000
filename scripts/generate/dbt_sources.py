"""The dbt package's sources: the tables of all default streams, with tests of their keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from scripts.generate.data_model import relations
from tap_intercom.api_version import DEFAULT_VERSION, ApiVersion

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scripts.generate.data_model import Relation
    from scripts.generate.facts import StreamFacts

HEADER = "# Written by `python3 dev.py generate`.\n"
OPTIONAL = ("article_statistics",)
"""Streams that models read if they were selected."""

FRESHNESS = {"warn_after": {"count": 2, "period": "day"}}
LOADED_AT = "{{ tap_intercom.loaded_at(this) }}"


def sources(streams: Sequence[StreamFacts]) -> str:
    """Return `dbt/models/sources.yml`."""
    parents = {facts.name: facts.parent for facts in streams}
    found = [relation for relation in relations(streams) if _is_to_parent(relation, parents)]
    source = {
        "name": "tap_intercom",
        "description": "The tables that tap-intercom's default streams are loaded into.",
        "database": "{{ var('tap_intercom_database', target.database) }}",
        "schema": "{{ var('tap_intercom_schema') }}",
        "config": {"loaded_at_query": LOADED_AT, "freshness": FRESHNESS},
        "tables": [_table(facts, found) for facts in streams if _is_used(facts)],
    }
    style: dict[str, Any] = {"sort_keys": False, "width": 100, "default_flow_style": None}
    text: str = yaml.safe_dump({"version": 2, "sources": [source]}, **style)
    return HEADER + text


def _is_to_parent(relation: Relation, parents: dict[str, str | None]) -> bool:
    return parents[relation.stream] == relation.target


def _table(facts: StreamFacts, found: Sequence[Relation]) -> dict[str, Any]:
    table: dict[str, Any] = {"name": facts.name, "description": facts.summary}
    if not _is_always_loaded(facts):
        return table | {"config": {"freshness": None}}
    keys = list(facts.primary_keys)
    tests: dict[str, list[Any]] = {key: ["not_null"] for key in keys}
    table["data_tests"] = [{"unique_key": {"arguments": {"columns": keys}}}]
    for relation in found:
        if relation.stream == facts.name:
            parent = {"to": f"source('tap_intercom', '{relation.target}')", "field": "id"}
            tests.setdefault(relation.column, []).append({"has_parent": {"arguments": parent}})
    return table | {"columns": [{"name": name, "data_tests": of} for name, of in tests.items()]}


def _is_used(facts: StreamFacts) -> bool:
    return facts.is_default or facts.name in OPTIONAL


def _is_always_loaded(facts: StreamFacts) -> bool:
    """Whether the stream is selected, and offered, unless the user decides otherwise."""
    version = ApiVersion.parse(DEFAULT_VERSION)
    return facts.is_default and facts.stream_type.min_api_version <= version
