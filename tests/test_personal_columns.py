"""Columns without a mark of personal data: each that may hold text has a reason for it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from scripts.compare_schemas import SCHEMAS, read_schemas

if TYPE_CHECKING:
    from collections.abc import Iterator


DEFINED = {
    *("articles", "article_statistics", "article_versions", "internal_articles", "collections"),
    *("help_centers", "help_center_redirects", "external_pages", "content_import_sources"),
    *("content_snippets", "dynamic_contents", "macros", "news_items", "newsfeeds", "folders"),
    *("tags", "segments", "teams", "roles", "brands", "sla_rules", "subscription_types"),
    *("office_hours_schedules", "office_hours_exceptions", "away_status_reasons", "workspace"),
    *("ticket_types", "ticket_states", "ticket_type_attributes", "data_attributes"),
    *("conversation_attributes", "data_connectors", "sync_audit"),
}
"""Streams of what the workspace publishes or defines, and of the tap's own runs."""

STREAMS = {name: one for name, one in read_schemas(SCHEMAS).items() if name not in DEFINED}

CODE = re.compile(r"(.*[._])?(id|ids|uuid|type|types|state|status|version)(\[\])?")
"""The names of Intercom's own ids, types and states."""

REVIEWED = {
    "codes of Intercom's": {
        *("category", "comparison", "locale", "priority", "role", "direction", "ended_reason"),
        *("priority_level", "previous_priority", "current_priority", "http_method", "topic"),
        *("app_package_code", "delivered_as", "drop_reason", "failure_reason", "created_via"),
        *("action.result", "event.result", "event_details.sla_states", "event_details.until"),
        *("metadata.auto_changed", "metadata.mode", "metadata.sign_in_method", "metadata.source"),
        *("merge_history[].source_contact_role", "language_override", "result.source"),
        *("conversation_handling_events.reason", "data.regeneration_outcome", "data.outcome"),
        *("sales_agent.outcome", "sales_agent.routing_outcome", "channel", "channel.current"),
        *("channel.initial", "conversation_monitor_evaluations.result", "ticket_type.icon"),
        *("monitor_evaluations[].result", "contact_social_profiles.name"),
        *("contacts.social_profiles.data[].name", "conversation_hitl_events.index"),
        *("conversation_ai_content_sources.index",),
    },
    "what the workspace defines, and topics that Intercom finds": {
        *("role.name", "plan.name", "tags[].name", "segments[].name", "team.name", "team_name"),
        *("company_tags.name", "contact_tags.name", "conversation_tags.name", "industry"),
        *("conversation_part_tags.name", "event_details.tags_added[]", "audiences.name"),
        *("event_details.tags_removed[]", "company_segments.name", "contact_segments.name"),
        *("workflow.name", "action.name", "attribute.name", "attribute.label", "sla_name"),
        *("monitor_name", "rule_name", "scorecards[].name", "conversation_scorecards.name"),
        *("reasons[].name", "result.value", "result.value_label", "away_status_reason"),
        *("predicates[].attribute", "role_predicates[].attribute", "event_name"),
        *("contact_event_summaries.name", "ai_agent.source_title", "content_title"),
        *("contact_event_summaries.description",),
        *("series_title", "topic_name", "subtopics[].name", "email_settings.domain"),
        *("default_translation.name", "default_translation.description", "internal_label"),
        *("translations[].name", "translations[].description", "external_label"),
        *("ticket_state_internal_label", "ticket_state_external_label", "ticket_type.name"),
        *("ticket_type.description", "ticket_type_attributes[].name", "input_options"),
        *("ticket_type_attributes[].description", "ticket_type_attributes.data[].name"),
        *("ticket_type_attributes.data[].description", "job_title"),
    },
    "sources of answers, which are published": {
        *("content_sources[].title", "content_sources[].url"),
        *("conversation_ai_content_sources.title", "conversation_ai_content_sources.url"),
    },
    "devices, programs and campaigns": {
        *("browser", "browser_language", "os", "device", "android_app_name", "android_device"),
        *("ios_app_name", "ios_device", "utm_campaign", "utm_content", "utm_medium", "utm_source"),
        *("utm_term",),
    },
    "addresses of Intercom's own lists": {
        *("tags.url", "notes.url", "companies.url", "opted_in_subscription_types.url"),
        *("opted_out_subscription_types.url", "tags.data[].url", "notes.data[].url"),
        *("companies.data[].url", "opted_in_subscription_types.data[].url"),
        *("opted_out_subscription_types.data[].url",),
    },
}
"""Why columns stay as they are: by reason, how their paths end."""

ENDINGS = {ending for endings in REVIEWED.values() for ending in endings}


def texts(column: dict[str, Any], path: str) -> Iterator[str]:
    """Yield the paths of what may hold text in a column, and has no mark."""
    if column.get("x-personal") or column.get("format") == "date-time":
        return
    inner = {f"{path}.{name}": item for name, item in column.get("properties", {}).items()}
    inner |= {f"{path}[]": column["items"]} if "items" in column else {}
    for name, item in inner.items():
        yield from texts(item, name)
    if not inner and not {"boolean", "integer", "number"} & set(column.get("type", ())):
        yield path


def endings(path: str) -> set[str]:
    """Return a path without its first steps, in all lengths."""
    steps = path.split(".")
    return {".".join(steps[start:]) for start in range(len(steps))}


def is_code(path: str) -> bool:
    """Whether a column is named like an id, a type or a state; the id of a value may be the value.

    So it is in `ticket_parts.updated_attribute_data` (OpenAPI 2.16).
    """
    return CODE.fullmatch(path) is not None and not path.endswith(".value.id")


@pytest.mark.parametrize("stream", sorted(STREAMS))
def test_unmarked_text_is_reviewed(stream: str) -> None:
    unmarked = {path for path in texts(STREAMS[stream], stream) if not is_code(path)}

    assert {path for path in unmarked if not endings(path) & ENDINGS} == set()


def test_every_reason_is_needed() -> None:
    unmarked = {path for name in STREAMS for path in texts(STREAMS[name], name)}

    assert ENDINGS - set().union(*map(endings, unmarked)) == set()
