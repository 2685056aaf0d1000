"""News items, and the feeds that they are published in."""

from __future__ import annotations

from tap_intercom.api.request import Request
from tap_intercom.sync.list_stream import ListStream

READ_NEWS = "Read and list news items and newsfeeds"


class NewsItems(ListStream):
    """News for customers."""

    name = "news_items"
    primary_keys = ("id",)
    permission = READ_NEWS
    selected_by_default = False
    requests = (Request("/news/news_items"),)


class Newsfeeds(ListStream):
    """Feeds of news."""

    name = "newsfeeds"
    primary_keys = ("id",)
    permission = READ_NEWS
    selected_by_default = False
    requests = (Request("/news/newsfeeds"),)
