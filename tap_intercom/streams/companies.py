"""Companies and what belongs to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_intercom.attributes import AttributedStream, DeclaredIn
from tap_intercom.child_stream import ChildStream, EmbeddedStream, OwnListStream
from tap_intercom.client import Request
from tap_intercom.compat import override
from tap_intercom.gathering import Gathering
from tap_intercom.scroll import scroll_companies
from tap_intercom.spool import Spool
from tap_intercom.step import Step, moment_of
from tap_intercom.streams.data_attributes import ATTRIBUTES_OF_COMPANIES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from singer_sdk.helpers.types import Record


class Companies(AttributedStream):
    """Companies, those without users too.

    Intercom can't be asked which of them changed, so the scroll reads all and the changed ones
    are emitted. They are set aside until it has ended: a scroll dies after a minute without use,
    and a target may take longer than that over a batch.
    """

    name = "companies"
    primary_keys = ("id",)
    replication_key = "updated_at"
    permission = "Read and list users and companies"
    declared_in = DeclaredIn(ATTRIBUTES_OF_COMPANIES)

    @override
    def walk(self, since: int) -> Iterator[Step]:
        gathering = Gathering(self.name, self.logger)
        with Spool() as spool:

            def keep(companies: list[Record]) -> None:
                gathering.add(len(companies))
                for company in companies:
                    step = Step(company, moment_of(company.get("updated_at"), since))
                    if step.moment >= since:
                        spool.add(step)

            scroll_companies(self.client, keep, spool.clear)
            self.expected_records = len(spool)
            yield from spool.oldest_first()


class _CompanyChild(ChildStream):
    """Rows that belong to a company."""

    parent_stream_type = Companies
    replication_key = "company_updated_at"
    permission = "Read and list users and companies"
    root_key = "company_id"


class CompanyTags(_CompanyChild, EmbeddedStream):
    """Which tag is on which company."""

    name = "company_tags"
    primary_keys = ("company_id", "tag_id")
    field = ("tags", "tags")
    item_key = "tag_id"


class CompanySegments(_CompanyChild, EmbeddedStream):
    """Which company is in which segment."""

    name = "company_segments"
    primary_keys = ("company_id", "segment_id")
    field = ("segments", "segments")
    item_key = "segment_id"


class CompanyNotes(_CompanyChild, OwnListStream):
    """Notes that teammates wrote about a company."""

    name = "company_notes"
    primary_keys = ("id",)
    first_version = (2, 15)
    selected_by_default = False
    own_list = Request("/companies/{id}/notes", {"per_page": 50})
