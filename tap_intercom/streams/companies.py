"""Companies and what belongs to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_intercom.api.request import Request
from tap_intercom.api.scroll import SCROLL, scroll_companies
from tap_intercom.api_version import ApiVersion
from tap_intercom.compat import override
from tap_intercom.schema.attributes import AttributeSource
from tap_intercom.streams.data_attributes import ATTRIBUTES_OF_COMPANIES
from tap_intercom.sync.attributed_stream import AttributedStream
from tap_intercom.sync.child_stream import ChildStream, EmbeddedChildStream, ListChildStream
from tap_intercom.sync.progress import SpoolProgress
from tap_intercom.sync.spool import Spool
from tap_intercom.timestamps import TimestampedRecord, parse_timestamp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from singer_sdk.helpers.types import Record


class Companies(AttributedStream):
    """Companies, those without users too.

    Up to API version 2.16 Intercom can't search by change, so the scroll reads all companies and
    the changed ones are written. They are spooled until it has ended: a scroll expires after a
    minute without use, and a target may take longer than that over a batch.
    """

    name = "companies"
    singular = "company"
    primary_keys = ("id",)
    replication_key = "updated_at"
    permission = "Read and list users and companies"
    attribute_source = AttributeSource(ATTRIBUTES_OF_COMPANIES)
    record_request = Request("/companies/{id}", record_keys=())

    @classmethod
    @override
    def describe_endpoint(cls) -> str:
        return f"`{SCROLL}`"

    @override
    def iterate(self, since: int) -> Iterator[TimestampedRecord]:
        progress = SpoolProgress(self.name, self.logger)
        with Spool() as spool:

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
