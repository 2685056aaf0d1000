"""Which rows of a list a request selects, and what a version shows of a row."""

from __future__ import annotations

import html
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from tests.sandbox.call import Call
from tests.sandbox.errors import ApiError, bad_request
from tests.sandbox.paging import epoch_seconds
from tests.sandbox.records import Body
from tests.sandbox.versions import PREVIEW, V2_16, V2_17, Version

CALL_TIMES: Final = ("duration", "talk_time", "queue_time", "hold_time")
"""Seconds of a call, which Preview shows."""
NEW_IN_INTERNAL_ARTICLES: Final = (
    "ai_chatbot_availability",
    "ai_copilot_availability",
    "ai_sales_agent_availability",
    "audience_ids",
    "body_markdown",
)
NEW_IN_ARTICLES: Final = (
    *NEW_IN_INTERNAL_ARTICLES,
    "created_by_id",
    "draft_updated_at",
    "exclude_from_article_suggestions",
    "has_unpublished_changes",
    "help_center_audience",
    "scheduled_publish_at",
    "scheduled_unpublish_at",
    "updated_by_id",
)

EXACT_SINCE_2_17: Final = frozenset(
    {
        *("created_at", "updated_at", "signed_up_at", "last_seen_at", "last_contacted_at"),
        *("last_replied_at", "last_email_opened_at", "last_email_clicked_at"),
        *("ios_last_seen_at", "android_last_seen_at"),
    }
)
"""Attributes of contacts whose `data_type` is datetime in place of date (2.17 changelog)."""

Select = Callable[[Call, list[Body]], list[Body]]
RowView = Callable[[Body, Version], Body]


def all_rows(_: Call, rows: list[Body]) -> list[Body]:
    """Every row."""
    return rows


def without_unless(parameter: str, field: str) -> Select:
    """Every row, without a field unless a parameter is "true"."""

    def select(call: Call, rows: list[Body]) -> list[Body]:
        return rows if call.parameter(parameter) == "true" else [_without(r, field) for r in rows]

    return select


def with_escaped_identity(call: Call, rows: list[Body]) -> list[Body]:
    """Contacts whose identity is HTML-escaped, unless `escape_identity` is "false" (2.17)."""
    if call.parameter("escape_identity") == "false":
        return rows
    return [
        row | {key: html.escape(row[key]) for key in ("email", "external_id") if row[key]}
        for row in rows
    ]


def unarchived(call: Call, rows: list[Body]) -> list[Body]:
    """Attributes that are not archived, unless `include_archived` is "true"."""
    if call.parameter("include_archived") == "true":
        return rows
    return [row for row in rows if not row["archived"]]


def attributes_of_model(call: Call, rows: list[Body]) -> list[Body]:
    """Data attributes of a `model`; conversations have an endpoint of their own from 2.16 on."""
    model = call.parameter("model")
    models = {"contact", "company", "conversation"}
    if call.version >= V2_16:
        models.remove("conversation")
        if model == "conversation":
            message = (
                "model=conversation is no longer supported. "
                "Use GET /conversations/attributes instead"
            )
            raise ApiError(HTTPStatus.UNPROCESSABLE_ENTITY, "parameter_invalid", message)
    chosen = models if model is None else models & {model}
    return unarchived(call, [row for row in rows if row["model"] in chosen])


def updated_since(call: Call, rows: list[Body]) -> list[Body]:
    """Rows updated after `updated_since`."""
    text = call.parameter("updated_since")
    if text is None:
        return rows
    if not text.isdecimal():
        raise bad_request("parameter_invalid", "Invalid updated_since timestamp")
    return [row for row in rows if epoch_seconds(row["updated_at"]) > int(text)]


def within_time_range(call: Call, rows: list[Body]) -> list[Body]:
    """Activities between two timestamps; it is not documented whether these are included."""
    after = _timestamp(call, "created_at_after")
    if after is None:
        raise bad_request("parameter_not_found", "created_at_after is a required parameter.")
    before = _timestamp(call, "created_at_before")
    options = call.state.options
    end = call.state.clock.now() if before is None else before
    if options.activity_log_range is not None and end - after > options.activity_log_range:
        raise ApiError(500, "server_error", "Server Error")  # airbytehq/airbyte issue 38626
    margin = 0 if options.inclusive_comparisons else 1
    return [row for row in rows if after + margin <= row["created_at"] <= end - margin]


def executed_since(call: Call, rows: list[Body]) -> list[Body]:
    """Executions from `start_ts` to `end_ts`: those of the last hour, if neither is given."""
    now = call.state.clock.now()
    start, end = _timestamp(call, "start_ts"), _timestamp(call, "end_ts")
    first = now - 3600 if start is None else start
    last = now if end is None else end
    return [row for row in rows if first <= epoch_seconds(row["created_at"]) <= last]


def _timestamp(call: Call, name: str) -> int | None:
    text = call.parameter(name)
    if text is not None and not text.isdecimal():
        raise bad_request("parameter_invalid", f"{name} must be a UNIX timestamp")
    return None if text is None else int(text)


def unchanged(row: Body, _: Version) -> Body:
    """A row that every version shows in the same way."""
    return row


def hidden_before(version: Version, *fields: str) -> RowView:
    """A row whose fields are hidden in versions before the one that introduced them."""
    return lambda row, requested: row if requested >= version else _without(row, *fields)


def data_attribute(row: Body, version: Version) -> Body:
    """An attribute; from 2.17 on the timestamps of contacts are no longer dates."""
    is_exact = row["model"] == "contact" and row["name"] in EXACT_SINCE_2_17
    return row | {"data_type": "datetime"} if is_exact and version >= V2_17 else row


def internal_article(row: Body, version: Version) -> Body:
    """An internal article: folders came with 2.17, tags with Preview."""
    newer = {PREVIEW: ("tags",), V2_17: ("folder_id",), V2_16: NEW_IN_INTERNAL_ARTICLES}
    hidden = [name for since, names in newer.items() if version < since for name in names]
    return _without(row, *hidden)


def article(row: Body, version: Version) -> Body:
    """An article; before 2.16 it has one parent besides the list of them, before 2.17 no folder."""
    row = hidden_before(V2_17, "folder_id")(row, version)
    if version >= V2_16:
        return row
    content = hidden_before(V2_16, *NEW_IN_ARTICLES)
    parents = row["parent_ids"]
    shown = content(row, version) | {
        "content_id": row["id"],  # recorded
        "parent_id": parents[0] if parents else None,
        "parent_type": "collection" if parents else None,
    }
    if "translated_content" in row:
        shown["translated_content"] = {
            locale: content(value, version) if isinstance(value, dict) else value
            for locale, value in row["translated_content"].items()
        }
    return shown


def _without(row: Body, *fields: str) -> Body:
    return {name: value for name, value in row.items() if name not in fields}
