"""Companies and what belongs to them."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from tap_intercom.api.request import Request
from tap_intercom.api.scroll import SCROLL, scroll_companies
from tap_intercom.api.search import SearchEndpoint
from tap_intercom.api_version import ApiVersion
from tap_intercom.compat import override
from tap_intercom.errors import NotFoundError
from tap_intercom.schema.attributes import AttributeSource
from tap_intercom.streams.data_attributes import ATTRIBUTES_OF_COMPANIES
from tap_intercom.sync.attributed_stream import AttributedStream
from tap_intercom.sync.bookmarks import Bookmark, ScrollBookmark, SearchBookmark, scrolled_at
from tap_intercom.sync.child_stream import ChildStream, EmbeddedChildStream, ListChildStream
from tap_intercom.sync.progress import SpoolProgress
from tap_intercom.sync.search_stream import SearchStream
from tap_intercom.sync.spool import Spool
from tap_intercom.timestamps import (
    DAY,
    HOUR,
    MAX_DAY_SECONDS,
    TimestampedRecord,
    format_timestamp,
    parse_timestamp,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from singer_sdk.helpers.types import Record

    from tap_intercom.sync.stream import IntercomStream


SEARCH_MIN_VERSION = ApiVersion(2, 17)
"""The API version from which companies can be searched (Intercom's 2.17 reference)."""


class Companies(AttributedStream, SearchStream):
    """Companies, those without users too.

    Only the scroll has all of them. Up to API version 2.16 there is nothing else; from 2.17 on the
    runs between two scrolls search by change, which leaves out companies without users. So the
    search moves no bookmark: what it misses is written after the next scroll.

    Whether the search compares seconds or days is not documented, so it asks for a day more. It
    reads newest first, as the day before may have many changes.
    """

    name = "companies"
    singular = "company"
    primary_keys = ("id",)
    replication_key = "updated_at"
    permission = "Read and list users and companies"
    attribute_source = AttributeSource(ATTRIBUTES_OF_COMPANIES)
    record_request = Request("/companies/{id}", record_keys=())
    endpoint = SearchEndpoint(
        "/companies/search",
        ("data",),
        margin_seconds=MAX_DAY_SECONDS,
        min_window_seconds=5 * DAY,
    )

    @classmethod
    @override
    def describe_endpoint(cls) -> str:
        search = super().describe_endpoint()
        return f"`{SCROLL}`; from {SEARCH_MIN_VERSION} on, between scrolls, {search}"

    @override
    def bookmark_of(self, stream: IntercomStream) -> Bookmark:
        if self.run.changes is not None:
            return super().bookmark_of(stream)
        return ScrollBookmark(stream) if self._is_scroll_due else SearchBookmark(stream)

    @override
    def listed_ids(self, ids: Collection[str]) -> set[str]:
        """Ask for each company by itself: the search has no field for ids.

        If none of them is found, that may be the fault of the requests.
        """
        return set(filter(self._exists, ids)) or set(ids)

    def _exists(self, company_id: str) -> bool:
        try:
            self.client.fetch(self.request_record(company_id))
        except NotFoundError as error:
            if error.is_doubtful:
                raise
            return False
        return True

    @override
    def iterate(self, since: int) -> Iterator[TimestampedRecord]:
        if self._is_scroll_due:
            return self._scroll(since)
        self.logger.info(
            "%s: searching for changes; those of companies without users come with the next "
            "scroll, from %s on",
            self.name,
            format_timestamp(self._next_scroll_at),
        )
        return self.search_newest_first(self.endpoint, since)

    @cached_property
    def _is_scroll_due(self) -> bool:
        is_searchable = self.client.api_version >= SEARCH_MIN_VERSION
        return not is_searchable or self.run.started_at >= self._next_scroll_at

    @cached_property
    def _next_scroll_at(self) -> int:
        """When (epoch seconds) the stream whose last scroll is oldest needs the next; 0 for now."""
        if any(stream.is_read_whole for stream in self.selected_streams):
            return 0
        return (
            min(map(scrolled_at, self.selected_streams)) + self.settings.company_scroll_hours * HOUR
        )

    def _scroll(self, since: int) -> Iterator[TimestampedRecord]:
        """Spool the changed companies, then yield them.

        A scroll expires after a minute without use, and a target may take longer than that over a
        batch.
        """
        progress = SpoolProgress(self.name, self.logger)
        with Spool(self.run.temporary_file()) as spool:

            def keep(companies: list[Record]) -> None:
                progress.add(len(companies))
                for company in companies:
                    timestamp = parse_timestamp(company.get("updated_at"), since)
                    if timestamp >= since:
                        spool.add(TimestampedRecord(company, timestamp))

            scroll_companies(self.client, keep, spool.clear)
            self.expected_records = len(spool)
            yield from spool.oldest_first()


class CompanyChildStream(ChildStream):
    """Rows that belong to a company."""

    parent_stream_type = Companies
    replication_key = "company_updated_at"
    permission = "Read and list users and companies"
    parent_key = "company_id"


class CompanyTags(CompanyChildStream, EmbeddedChildStream):
    """Tags on a company."""

    name = "company_tags"
    primary_keys = ("company_id", "tag_id")
    records_path = ("tags", "tags")
    id_column = "tag_id"
    latest_by = "applied_at"


class CompanySegments(CompanyChildStream, EmbeddedChildStream):
    """Segments that a company is in."""

    name = "company_segments"
    primary_keys = ("company_id", "segment_id")
    records_path = ("segments", "segments")
    id_column = "segment_id"


class CompanyNotes(CompanyChildStream, ListChildStream):
    """Notes that teammates wrote about a company."""

    name = "company_notes"
    primary_keys = ("id",)
    min_api_version = ApiVersion(2, 15)
    selected_by_default = False
    list_request = Request("/companies/{id}/notes", {"per_page": 50})
