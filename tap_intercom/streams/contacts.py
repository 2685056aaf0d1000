"""Contacts (users and leads) and what belongs to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_intercom.client import Request
from tap_intercom.compat import override
from tap_intercom.family import ReferenceStream
from tap_intercom.search import CursorRefusedError, Search, SearchEndpoint
from tap_intercom.search_stream import SearchStream
from tap_intercom.settings import version_number
from tap_intercom.spool import Spool

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_intercom.step import Step

DAY = 86_400
LONGEST_DAY = DAY + 2 * 3600
"""More than any calendar day lasts, the one on which daylight saving ends included."""

EXACT_FROM = (2, 17)
"""The API version from which the contact search compares seconds (Intercom's 2.17 changelog)."""


EXACT_ENDPOINT = SearchEndpoint("/contacts/search", ("data",))


class Contacts(SearchStream):
    """Users and leads; merged and archived contacts are not in Intercom's answers.

    Up to API version 2.16 the search knows calendar days alone, in the workspace's time zone, and
    `>` begins with the *next* day (OpenAPI 2.16, "Searching for Timestamp Fields"). So more than
    a day is asked for on either side. Where that would outweigh what is wanted, contacts are read
    newest first instead, until all that is left is older.
    """

    name = "contacts"
    primary_keys = ("id",)
    replication_key = "updated_at"
    permission = "Read and list users and companies"
    endpoint = SearchEndpoint(
        "/contacts/search", ("data",), margin_seconds=LONGEST_DAY, narrowest_window=2 * DAY
    )

    @override
    def walk(self, since: int) -> Iterator[Step]:
        if version_number(self.settings.api_version) >= EXACT_FROM:
            return self.search_oldest_first(EXACT_ENDPOINT, since)
        if self.began_at - since < 3 * DAY:
            return self._read_newest_first(since)
        return super().walk(since)

    def _read_newest_first(self, since: int) -> Iterator[Step]:
        """Set the youngest contacts aside, then hand them out in the order of bookmarks.

        Only the oldest-first walk knows how to go on from within a search, so it takes over where
        Intercom refuses a cursor.
        """
        search = Search(self.client, self.endpoint, self.settings.page_size)
        with Spool() as spool:
            try:
                for step in search.newest_first(since):
                    spool.add(step)
            except CursorRefusedError as error:
                self.logger.warning("%s; contacts are searched anew, oldest first", error)
                yield from super().walk(since)
                return
            self.logger.info(
                "Intercom promised %d contacts, days before the bookmark included; the %d youngest "
                "came, and all that is left is older",
                search.promised,
                len(spool),
            )
            self.expected_records = len(spool)
            yield from spool.oldest_first()


class ContactTags(ReferenceStream):
    """Which tag is on which contact."""

    name = "contact_tags"
    parent_stream_type = Contacts
    primary_keys = ("contact_id", "tag_id")
    replication_key = "contact_updated_at"
    permission = "Read and list users and companies"
    root_key = "contact_id"
    field = ("tags", "data")
    item_key = "tag_id"
    whole_list = Request("/contacts/{id}/tags")


class ContactCompanies(ReferenceStream):
    """Which contact is with which company."""

    name = "contact_companies"
    parent_stream_type = Contacts
    primary_keys = ("contact_id", "company_id")
    replication_key = "contact_updated_at"
    permission = "Read and list users and companies"
    root_key = "contact_id"
    field = ("companies", "data")
    item_key = "company_id"
    whole_list = Request("/contacts/{id}/companies", {"per_page": 50}, holds=("data", "companies"))
