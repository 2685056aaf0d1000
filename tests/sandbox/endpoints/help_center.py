"""Articles, and the collections and help centers that they are in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tests.sandbox.answers import json_answer
from tests.sandbox.call import Call, Route
from tests.sandbox.endpoints import lists
from tests.sandbox.views import V2_16

if TYPE_CHECKING:
    from aiohttp import web

    from tests.sandbox.records import Body
    from tests.sandbox.versions import Version

PER_PAGE: Final = 15
NEW_IN_ARTICLES: Final = (
    "ai_chatbot_availability",
    "ai_copilot_availability",
    "ai_sales_agent_availability",
    "audience_ids",
    "body_markdown",
    "created_by_id",
    "draft_updated_at",
    "exclude_from_article_suggestions",
    "has_unpublished_changes",
    "help_center_audience",
    "scheduled_publish_at",
    "scheduled_unpublish_at",
    "updated_by_id",
)
NEW_IN_STATISTICS: Final = ("fin_involvements", "fin_resolutions", "fin_resolution_rate")

_content: Final = lists.hidden_before(V2_16, *NEW_IN_ARTICLES)
_statistics: Final = lists.hidden_before(V2_16, *NEW_IN_STATISTICS)
_help_center: Final = lists.hidden_before(V2_16, "default", "locales")


def article(row: Body, version: Version) -> Body:
    """An article; before 2.16 it has one parent besides the list of them."""
    if version >= V2_16:
        return row
    shown = _content(row, version)
    parents = row["parent_ids"]
    shown["parent_id"] = parents[0] if parents else None
    shown["parent_type"] = "collection" if parents else None
    if "translated_content" in row:
        shown["translated_content"] = {
            locale: _content(content, version) if isinstance(content, dict) else content
            for locale, content in row["translated_content"].items()
        }
    return shown


def _article(call: Call) -> web.Response:
    row = lists.find(call, "articles", "Resource Not Found")
    statistics: Any = lists.find(call, "article_statistics", "Resource Not Found")["statistics"]
    if statistics is not None:
        statistics = _statistics(statistics, call.version)
    return json_answer(article(row, call.version) | {"statistics": statistics})


ROUTES: Final = (
    Route("GET", "/articles", lists.cursor_pages("articles", PER_PAGE, shape=article)),
    Route("GET", "/articles/{id}", _article),
    Route("GET", "/help_center/collections", lists.cursor_pages("collections", PER_PAGE)),
    Route("GET", "/help_center/collections/{id}", lists.single("collections")),
    Route("GET", "/help_center/help_centers", lists.whole("help_centers", shape=_help_center)),
    Route(
        "GET",
        "/help_center/help_centers/{id}",
        lists.single("help_centers", shape=_help_center),
    ),
)
