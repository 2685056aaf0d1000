"""What Fin and teammates answer from, besides the help center."""

from __future__ import annotations

from tap_intercom.api.request import Request
from tap_intercom.api_version import ApiVersion
from tap_intercom.sync.list_stream import ListStream

READ_CONTENT = "Read content data"


class InternalArticles(ListStream):
    """Articles for teammates."""

    name = "internal_articles"
    primary_keys = ("id",)
    permission = "Read and list articles"
    min_api_version = ApiVersion(2, 13)
    selected_by_default = False
    requests = (Request("/internal_articles"),)


class ContentSnippets(ListStream):
    """Short texts for Fin."""

    name = "content_snippets"
    primary_keys = ("id",)
    permission = READ_CONTENT
    min_api_version = ApiVersion(2, 16)
    selected_by_default = False
    requests = (Request("/content_snippets", {"per_page": 50}),)


class DynamicContents(ListStream):
    """Texts with a variation for each language and brand."""

    name = "dynamic_contents"
    primary_keys = ("id",)
    permission = "Read dynamic content"
    min_api_version = ApiVersion(2, 17)
    selected_by_default = False
    requests = (Request("/dynamic_contents"),)


class Folders(ListStream):
    """The tree of folders that articles and other content lie in."""

    name = "folders"
    primary_keys = ("id",)
    permission = "Read and list articles"
    min_api_version = ApiVersion(2, 17)
    selected_by_default = False
    requests = (Request("/folders", {"per_page": 150}),)


class ExternalPages(ListStream):
    """Pages of other sites that Fin knows."""

    name = "external_pages"
    primary_keys = ("id",)
    permission = READ_CONTENT
    min_api_version = ApiVersion(2, 12)
    selected_by_default = False
    requests = (Request("/ai/external_pages"),)


class ContentImportSources(ListStream):
    """Sites that external pages come from."""

    name = "content_import_sources"
    primary_keys = ("id",)
    permission = READ_CONTENT
    min_api_version = ApiVersion(2, 12)
    selected_by_default = False
    requests = (Request("/ai/content_import_sources"),)


class Audiences(ListStream):
    """Whom content is for."""

    name = "audiences"
    primary_keys = ("id",)
    permission = READ_CONTENT
    min_api_version = ApiVersion(2, 16)
    selected_by_default = False
    requests = (Request("/audiences", {"per_page": 50}),)
