"""All plain lists of a workspace: help centre, content, news, calls, settings, activities."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.sandbox.generate.activity_logs import activity_logs
from tests.sandbox.generate.brands import brands, email_settings
from tests.sandbox.generate.calls import call_transcripts, calls
from tests.sandbox.generate.content import (
    audiences,
    content_import_sources,
    content_snippets,
    external_pages,
    internal_articles,
)
from tests.sandbox.generate.data_connectors import data_connectors
from tests.sandbox.generate.help_center import (
    article_statistics,
    articles,
    collections,
    help_centers,
)
from tests.sandbox.generate.inbox import away_status_reasons, macros, office_hours_schedules
from tests.sandbox.generate.news import news_items, newsfeeds

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.sandbox.generate.blueprint import Blueprint
    from tests.sandbox.records import Body, Record

SIZES: Final = {
    "articles": 45,
    "collections": 30,
    "help_centers": 2,
    "macros": 160,
    "internal_articles": 60,
    "news_items": 25,
    "newsfeeds": 12,
    "brands": 3,
    "email_settings": 4,
    "away_status_reasons": 6,
    "office_hours_schedules": 3,
    "audiences": 60,
    "content_snippets": 60,
    "external_pages": 120,
    "content_import_sources": 65,
    "data_connectors": 55,
    "calls": 60,
    "activity_logs": 60,
}
"""How many rows each list has; every one that is paged has at least two pages."""


def plain_lists(
    blueprint: Blueprint,
    sizes: Mapping[str, int],
    conversations: Sequence[Record],
) -> dict[str, list[Body]]:
    """The rows of every plain list, by its name.

    Args:
        blueprint: of the workspace.
        sizes: how many rows, where they should not be as many as in `SIZES`.
        conversations: that calls belong to.
    """
    size = SIZES | dict(sizes)
    article_rows = articles(blueprint, size["articles"], size["collections"])
    call_rows = calls(blueprint, size["calls"], conversations)
    independent = (
        collections,
        help_centers,
        macros,
        internal_articles,
        newsfeeds,
        brands,
        away_status_reasons,
        office_hours_schedules,
        audiences,
        content_snippets,
        content_import_sources,
        data_connectors,
        activity_logs,
    )
    return {make.__name__: make(blueprint, size[make.__name__]) for make in independent} | {
        "articles": article_rows,
        "article_statistics": article_statistics(blueprint, article_rows),
        "news_items": news_items(blueprint, size["news_items"], size["newsfeeds"]),
        "email_settings": email_settings(blueprint, size["email_settings"], size["brands"]),
        "external_pages": external_pages(
            blueprint,
            size["external_pages"],
            size["content_import_sources"],
        ),
        "calls": call_rows,
        "call_transcripts": call_transcripts(blueprint, call_rows),
    }
