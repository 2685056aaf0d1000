"""Companies and what belongs to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_intercom.compat import override
from tap_intercom.family import EmbeddedStream, RootStream
from tap_intercom.scroll import scroll_companies
from tap_intercom.spool import Spool
from tap_intercom.step import Step, step_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from singer_sdk.helpers.types import Record


class Companies(RootStream):
    """Companies, those without users too.

    Intercom can't be asked which of them changed, so the scroll reads all and the changed ones
    are emitted. They are set aside until it has ended: a scroll dies after a minute without use,
    and a target may take longer than that over a batch.
    """

    name = "companies"
    primary_keys = ("id",)
    replication_key = "updated_at"
    permission = "Read and list users and companies"

    @override
    def walk(self, since: int) -> Iterator[Step]:
        with Spool() as spool:

            def keep(companies: list[Record]) -> None:
                for company in companies:
                    step = step_of(company, since)
                    if step.moment >= since:
                        spool.add(step)

            scroll_companies(self.client, keep, spool.clear)
            self.expected_records = len(spool)
            yield from spool.oldest_first()


class CompanyTags(EmbeddedStream):
    """Which tag is on which company."""

    name = "company_tags"
    parent_stream_type = Companies
    primary_keys = ("company_id", "tag_id")
    replication_key = "company_updated_at"
    permission = "Read and list users and companies"
    root_key = "company_id"
    field = ("tags", "tags")
    item_key = "tag_id"


class CompanySegments(EmbeddedStream):
    """Which company is in which segment."""

    name = "company_segments"
    parent_stream_type = Companies
    primary_keys = ("company_id", "segment_id")
    replication_key = "company_updated_at"
    permission = "Read and list users and companies"
    root_key = "company_id"
    field = ("segments", "segments")
    item_key = "segment_id"
