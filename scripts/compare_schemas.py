"""Compare the streams' schemas with Intercom's OpenAPI description.

    python scripts/compare_schemas.py PATH_TO_OPENAPI_YAML

Lists every documented property that a schema in `schemas/` lacks or types more narrowly than the
description does, as `stream: property.path: problem`, and exits with 1 when there is any. Two
conventions of the tap are taken for granted: identifiers are strings, and points in time (epoch
seconds in the API) are RFC 3339 strings.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Schema: TypeAlias = "dict[str, Any]"

SCHEMAS = Path(__file__).parents[1] / "schemas"


@dataclass(frozen=True)
class Origin:
    """The components that describe a stream's records, and what the stream makes of them."""

    components: tuple[str, ...]
    renamed: Mapping[str, str] = field(default_factory=dict)
    exclude_fields: tuple[str, ...] = ()
    retyped: tuple[str, ...] = ()
    """Paths of properties whose documented type is known to be wrong; they must only exist."""


ORIGINS: Mapping[str, Origin] = {
    "activity_logs": Origin(("activity_log",), retyped=("metadata.before", "metadata.after")),
    "admins": Origin(("admin",)),
    "article_statistics": Origin(("article_statistics",)),
    "article_versions": Origin(("article_version_summary",)),
    "articles": Origin(("article_list_item",)),
    "audiences": Origin(("audience",)),
    "away_status_reasons": Origin(("away_status_reason",)),
    "brands": Origin(("brand",)),
    "call_transcripts": Origin(()),  # POST /calls/search describes them in place, in no component
    "calls": Origin(("call",)),
    "collections": Origin(("collection",)),
    "companies": Origin(("company",)),
    "company_notes": Origin(("note",)),
    "company_segments": Origin(("segment",), renamed={"id": "segment_id"}),
    "company_tags": Origin(("tag",), renamed={"id": "tag_id"}),
    "contact_companies": Origin(
        ("company_data",), renamed={"id": "company_id"}, exclude_fields=("type", "url")
    ),
    "contact_event_summaries": Origin(
        ("data_event_summary_item",),
        retyped=("first", "last"),  # ISO 8601, documented as mere text
    ),
    "contact_events": Origin(("data_event",)),
    "contact_notes": Origin(("note",)),
    "contact_segments": Origin(("segment",), renamed={"id": "segment_id"}),
    "contact_social_profiles": Origin(("social_profile",)),
    "contact_subscriptions": Origin(("subscription_type",), renamed={"id": "subscription_type_id"}),
    "contact_tags": Origin(
        ("addressable_list", "tag"), renamed={"id": "tag_id"}, exclude_fields=("type", "url")
    ),
    "contacts": Origin(("contact",)),
    "content_import_sources": Origin(("content_import_source",)),
    "content_snippets": Origin(("content_snippet",)),
    "conversation_ai_content_sources": Origin(("content_source",)),
    "conversation_attachments": Origin(("part_attachment",)),
    "conversation_attributes": Origin(("conversation_attribute",)),
    "conversation_contacts": Origin(("contact_reference",), renamed={"id": "contact_id"}),
    "conversation_handling_events": Origin(("handling_event",)),
    "conversation_monitor_evaluations": Origin(("conversation_monitor_evaluation",)),
    "conversation_part_attachments": Origin(("part_attachment",)),
    "conversation_part_tags": Origin(("tag",), renamed={"id": "tag_id"}),
    "conversation_parts": Origin(("conversation_part",)),
    "conversation_scorecards": Origin(("conversation_scorecard",)),
    "conversation_tags": Origin(("tag",), renamed={"id": "tag_id"}),
    "conversation_teammates": Origin(("reference",), renamed={"id": "admin_id"}),
    "conversations": Origin(
        ("conversation_list_item", "conversation"), exclude_fields=("conversation_parts",)
    ),
    "custom_objects": Origin(("custom_object_instance",)),
    "data_attributes": Origin(("data_attribute",)),
    "data_connector_executions": Origin(("data_connector_execution_result",)),
    "data_connectors": Origin(("data_connector",)),
    "deleted_conversations": Origin(("deleted_conversation_item",)),
    "email_settings": Origin(("email_setting",)),
    "external_pages": Origin(("external_page",)),
    "help_center_redirects": Origin(("help_center_redirect",)),
    "help_centers": Origin(("help_center",)),
    "internal_articles": Origin(("internal_article_list_item",)),
    "ip_allowlist": Origin(("ip_allowlist",)),
    "macros": Origin(("macro",)),
    "message_engagement": Origin(
        ("data_export_csv",),
        retyped=(  # points in time, documented as mere integers
            "first_reply",
            "first_completion",
            "first_series_completion",
            "first_series_disengagement",
            "first_series_exit",
            "first_goal_success",
            "first_open",
            "first_click",
            "first_dismisall",
            "first_unsubscribe",
            "first_hard_bounce",
        ),
    ),
    "news_items": Origin(("news_item",)),
    "newsfeeds": Origin(("newsfeed",)),
    "office_hours_exceptions": Origin(("office_hours_exception",)),
    "office_hours_schedules": Origin(("office_hours_schedule",)),
    "segments": Origin(("segment",)),
    "side_conversations": Origin(
        ("side_conversation_summary",), renamed={"side_conversation_id": "id"}
    ),
    "subscription_types": Origin(("subscription_type",)),
    "tags": Origin(("tag",)),
    "team_admins": Origin(()),  # derived from teams; no component describes it
    "teams": Origin(("team",)),
    "ticket_contacts": Origin(("contact_reference",), renamed={"id": "contact_id"}),
    "ticket_links": Origin(("linked_object",)),
    "ticket_part_attachments": Origin(("part_attachment",)),
    "ticket_parts": Origin(("ticket_part",)),
    "ticket_states": Origin(("ticket_state", "ticket_state_detailed")),
    "ticket_type_attributes": Origin(("ticket_type_attribute",)),
    "ticket_types": Origin(("ticket_type",)),
    "tickets": Origin(("ticket",), exclude_fields=("ticket_parts",)),
    "workspace": Origin(("app",)),
}


@dataclass
class Documented:
    """All that a description says of one value, over its references and alternatives."""

    types: set[str] = field(default_factory=set)
    formats: set[str] = field(default_factory=set)
    properties: dict[str, list[Schema]] = field(default_factory=dict)
    items: list[Schema] = field(default_factory=list)


def constituents(schemas: Sequence[Schema], components: Mapping[str, Schema]) -> Iterator[Schema]:
    """Yield the schemas with all that they refer to or are composed of, each reference once."""
    pending = list(schemas)
    followed: set[str] = set()
    while pending:
        schema = pending.pop(0)
        if "$ref" not in schema:
            yield schema
            pending.extend(
                part for key in ("allOf", "oneOf", "anyOf") for part in schema.get(key, ())
            )
        elif schema["$ref"] not in followed:
            followed.add(schema["$ref"])
            pending.append(components[schema["$ref"].rpartition("/")[2]])


def union(schemas: Sequence[Schema], components: Mapping[str, Schema]) -> Documented:
    """Merge what the schemas document; a property may be described in several of them."""
    documented = Documented()
    for schema in constituents(schemas, components):
        if "type" in schema:
            documented.types.add(schema["type"])
        if "format" in schema:
            documented.formats.add(schema["format"])
        for name, described in schema.get("properties", {}).items():
            documented.properties.setdefault(name, []).append(described)
        if "items" in schema:
            documented.items.append(schema["items"])
    if documented.properties:
        documented.types.add("object")
    return documented


def is_identifier(name: str) -> bool:
    """Tell whether a property holds an identifier, which the tap types as a string."""
    return name == "id" or name.endswith("_id")


def is_point_in_time(name: str, documented: Documented) -> bool:
    """Tell whether a property holds a point in time, which the tap types as a date-time."""
    if documented.types - {"integer", "string"}:
        return False
    return name.endswith("_at") or bool(documented.formats & {"date-time", "timestamp"})


def type_problem(name: str, column: Schema, documented: Documented) -> str | None:
    """Say in which way a column refuses documented values, or None when it takes them all."""
    types = {column["type"]} if isinstance(column["type"], str) else set(column["type"])
    types -= {"null"}
    is_date_time = column.get("format") == "date-time"
    wanted = documented.types
    if is_point_in_time(name, documented):
        return None if is_date_time else "a point in time, not typed as date-time"
    if is_date_time:
        return "typed as date-time, not documented as a point in time"
    if types == {"string"} and (is_identifier(name) or len(wanted) > 1):
        return None  # whatever the type, text can carry it
    accepted = types | {"integer"} if "number" in types else types
    if wanted <= accepted:
        return None
    return f"documented as {'|'.join(sorted(wanted))}, typed as {'|'.join(sorted(types))}"


def value_problems(
    path: str,
    column: Schema,
    documented: Documented,
    components: Mapping[str, Schema],
) -> Iterator[str]:
    """Yield the errors of one column and of everything nested in it."""
    name = path.rpartition(".")[2]
    problem = type_problem(name.replace("_ids[]", "_id"), column, documented)
    if problem:
        yield f"{path}: {problem}"
        return
    yield from object_problems(f"{path}.", column, documented, components)
    if documented.items and "items" in column:
        items = union(documented.items, components)
        yield from value_problems(f"{path}[]", column["items"], items, components)


def object_problems(
    prefix: str,
    column: Schema,
    documented: Documented,
    components: Mapping[str, Schema],
) -> Iterator[str]:
    """Yield the errors of an object's properties; `prefix` is put before their names."""
    columns = column.get("properties", {})
    for name, described in documented.properties.items():
        if name in columns:
            value = union(described, components)
            yield from value_problems(f"{prefix}{name}", columns[name], value, components)
        else:
            yield f"{prefix}{name}: missing"


def stream_problems(
    schema: Schema, origin: Origin, components: Mapping[str, Schema]
) -> Iterator[str]:
    """Yield the errors of one stream's schema, each as `property.path: problem`."""
    known = [name for name in origin.components if name in components]
    yield from (f"*: no component {name}" for name in origin.components if name not in known)
    documented = union([components[name] for name in known], components)
    documented.properties = {
        origin.renamed.get(name, name): described
        for name, described in documented.properties.items()
        if name not in origin.exclude_fields
    }
    for problem in object_problems("", schema, documented, components):
        path, _, complaint = problem.partition(": ")
        if path not in origin.retyped or complaint == "missing":
            yield problem


def errors(
    schemas: Mapping[str, Schema],
    origins: Mapping[str, Origin],
    components: Mapping[str, Schema],
) -> Iterator[str]:
    """Yield the errors of all streams, each as `stream: property.path: problem`.

    A stream without an origin is not compared.
    """
    for stream in sorted(schemas.keys() | origins.keys()):
        if stream not in schemas:
            yield f"{stream}: *: no schema"
        elif stream in origins:
            found = stream_problems(schemas[stream], origins[stream], components)
            yield from (f"{stream}: {problem}" for problem in found)


def read_schemas(directory: Path) -> dict[str, Schema]:
    """Read the schema files of a directory, by stream."""
    paths = sorted(directory.glob("*.json"))
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in paths}


def read_components(path: Path) -> dict[str, Schema]:
    """Read the components' schemas of an OpenAPI description in YAML, by name."""
    description = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    components: dict[str, Schema] = description["components"]["schemas"]
    return components


def main(arguments: Sequence[str]) -> int:
    """Print the errors, one a line; return 1 when there are any, 2 without a description."""
    if len(arguments) != 1:
        sys.stderr.write("usage: compare_schemas.py PATH_TO_OPENAPI_YAML\n")
        return 2
    components = read_components(Path(arguments[0]))
    found = list(errors(read_schemas(SCHEMAS), ORIGINS, components))
    sys.stdout.writelines(f"{problem}\n" for problem in found)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
