"""What Fin and teammates answer from: internal articles, snippets, pages from elsewhere."""

from __future__ import annotations

from typing import Final

from tests.sandbox.call import Route
from tests.sandbox.endpoints import lists
from tests.sandbox.views import V2_16

LARGEST_PAGE: Final = 50
V2_12: Final = (2, 12)
V2_13: Final = (2, 13)

_internal_article: Final = lists.hidden_before(
    V2_16,
    "ai_chatbot_availability",
    "ai_copilot_availability",
    "ai_sales_agent_availability",
    "audience_ids",
    "body_markdown",
)

ROUTES: Final = (
    Route(
        "GET",
        "/internal_articles",
        lists.cursor_pages("internal_articles", 25, shape=_internal_article),
        since=V2_13,
    ),
    Route(
        "GET",
        "/internal_articles/{id}",
        lists.single("internal_articles", shape=_internal_article),
        since=V2_13,
    ),
    Route(
        "GET",
        "/content_snippets",
        lists.counted_pages("content_snippets", LARGEST_PAGE, LARGEST_PAGE),
        since=V2_16,
    ),
    Route(
        "GET",
        "/content_snippets/{id}",
        lists.single("content_snippets", "Content snippet not found"),
        since=V2_16,
    ),
    Route(
        "GET",
        "/audiences",
        lists.counted_pages("audiences", LARGEST_PAGE, LARGEST_PAGE),
        since=V2_16,
    ),
    Route("GET", "/audiences/{id}", lists.single("audiences"), since=V2_16),
    Route("GET", "/ai/external_pages", lists.linked("external_pages", 50), since=V2_12),
    Route("GET", "/ai/external_pages/{id}", lists.single("external_pages"), since=V2_12),
    Route(
        "GET",
        "/ai/content_import_sources",
        lists.linked("content_import_sources", 50),
        since=V2_12,
    ),
    Route(
        "GET",
        "/ai/content_import_sources/{id}",
        lists.single("content_import_sources"),
        since=V2_12,
    ),
)
