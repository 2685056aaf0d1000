"""News items, and the newsfeeds that they appear in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.sandbox.answers import json_answer
from tests.sandbox.call import Call, Route
from tests.sandbox.endpoints import lists

if TYPE_CHECKING:
    from aiohttp import web

    from tests.sandbox.records import Body

PER_PAGE: Final = 10
ITEMS_PER_PAGE: Final = 20


def _live_items(call: Call) -> web.Response:
    feed = lists.find(call, "newsfeeds", "Resource Not Found")
    live = [
        row
        for row in call.state.workspace.lists["news_items"]
        if row["state"] == "live" and _is_assigned(row, feed)
    ]
    rows, pages = lists.cursor_page(call, live, ITEMS_PER_PAGE, lists.LARGEST_PAGE)
    return json_answer({"type": "list", "data": rows, "total_count": len(live), "pages": pages})


def _is_assigned(item: Body, feed: Body) -> bool:
    return any(str(row["newsfeed_id"]) == feed["id"] for row in item["newsfeed_assignments"])


ROUTES: Final = (
    Route("GET", "/news/news_items", lists.cursor_pages("news_items", PER_PAGE)),
    Route("GET", "/news/news_items/{id}", lists.single("news_items")),
    Route("GET", "/news/newsfeeds", lists.cursor_pages("newsfeeds", PER_PAGE)),
    Route("GET", "/news/newsfeeds/{id}", lists.single("newsfeeds")),
    Route("GET", "/news/newsfeeds/{id}/items", _live_items),
)
