"""The help center: articles, their collections, and their statistics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_intercom.api.request import Request
from tap_intercom.api_version import ApiVersion
from tap_intercom.compat import override
from tap_intercom.sync.child_stream import DetailChildStream, ListChildStream
from tap_intercom.sync.list_stream import ListStream

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from singer_sdk.helpers.types import Record

    from tap_intercom.api.response import Page

READ_ARTICLES = "Read and list articles"


class Articles(ListStream):
    """Articles, with the text of each language."""

    name = "articles"
    primary_keys = ("id",)
    permission = READ_ARTICLES
    requests = (Request("/articles"),)


class ArticleStatistics(DetailChildStream):
    """Views and reactions of an article; drafts have none."""

    name = "article_statistics"
    parent_stream_type = Articles
    primary_keys = ("article_id",)
    permission = READ_ARTICLES
    selected_by_default = False
    parent_key = "article_id"
    detail_request = Request("/articles/{id}", record_keys=())
    records_path = ("statistics",)

    @override
    def items(self, record: Record, pages: Sequence[Page]) -> Iterable[Record]:
        (article,) = pages
        statistics = article.get("statistics")
        if not isinstance(statistics, dict):
            return []
        return [{**statistics, "article_updated_at": article.get("updated_at")}]


class ArticleVersions(ListChildStream):
    """Who changed an article, and when: each version that was saved."""

    name = "article_versions"
    parent_stream_type = Articles
    primary_keys = ("id",)
    permission = READ_ARTICLES
    min_api_version = ApiVersion(2, 16)
    selected_by_default = False
    parent_key = "article_id"
    list_request = Request("/articles/{id}/versions")


class Collections(ListStream):
    """The tree of collections that articles belong to."""

    name = "collections"
    primary_keys = ("id",)
    permission = READ_ARTICLES
    requests = (Request("/help_center/collections"),)


class HelpCenters(ListStream):
    """Help centers of the workspace."""

    name = "help_centers"
    primary_keys = ("id",)
    permission = READ_ARTICLES
    requests = (Request("/help_center/help_centers"),)


class HelpCenterRedirects(ListChildStream):
    """Addresses of a help center that lead to an article or a collection."""

    name = "help_center_redirects"
    parent_stream_type = HelpCenters
    primary_keys = ("id",)
    permission = READ_ARTICLES
    min_api_version = ApiVersion(2, 16)
    selected_by_default = False
    parent_key = "help_center_id"
    list_request = Request("/help_center/help_centers/{id}/redirects", {"per_page": 250})
