"""Contacts (users and leads) and what belongs to them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from tap_intercom.attributes import AttributedStream, DeclaredIn
from tap_intercom.child_stream import ChildStream, EmbeddedStream, OwnListStream, ReferenceStream
from tap_intercom.client import Request
from tap_intercom.compat import override
from tap_intercom.gathering import Gathering
from tap_intercom.normalize import DAY
from tap_intercom.search import CursorRefusedError, Search, SearchEndpoint
from tap_intercom.search_stream import SearchStream
from tap_intercom.settings import version_number
from tap_intercom.spool import Spool
from tap_intercom.streams.data_attributes import ATTRIBUTES_OF_CONTACTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from singer_sdk.helpers.types import Record

    from tap_intercom.page import Page
    from tap_intercom.step import Step

READ_CONTACTS = "Read and list users and companies"

LONGEST_DAY = DAY + 2 * 3600
"""More than any calendar day lasts, the one on which daylight saving ends included."""

EXACT_FROM = (2, 17)
"""The API version from which the contact search compares seconds (Intercom's 2.17 changelog)."""


MERGES = {"include_merge_history": "true"}
"""Asks for the contacts that were merged into a user; nothing else tells of them."""

EXACT_ENDPOINT = SearchEndpoint("/contacts/search", ("data",), params=MERGES)


class Contacts(AttributedStream, SearchStream):
    """Users and leads; merged and archived contacts are not in Intercom's answers.

    Those that were merged into a user stand in its `merge_history`, from API version 2.16 on.

    Up to API version 2.16 the search knows calendar days alone, in the workspace's time zone, and
    `>` begins with the *next* day (OpenAPI 2.16, "Searching for Timestamp Fields"). So more than
    a day is asked for on either side. Where that would outweigh what is wanted, contacts are read
    newest first instead, until all that is left is older.
    """

    name = "contacts"
    primary_keys = ("id",)
    replication_key = "updated_at"
    permission = READ_CONTACTS
    declared_in = DeclaredIn(ATTRIBUTES_OF_CONTACTS)
    endpoint = SearchEndpoint(
        "/contacts/search",
        ("data",),
        margin_seconds=LONGEST_DAY,
        narrowest_window=5 * DAY,
        params=MERGES,
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
        search = Search(self.client, self.endpoint, self.settings.page_size, self.settled)
        gathering = Gathering(self.name, self.logger)
        with Spool() as spool:
            try:
                for step in search.newest_first(since):
                    spool.add(step)
                    gathering.add(1)
            except CursorRefusedError as error:
                self.logger.warning("%s; contacts are searched anew, oldest first", error)
                yield from super().walk(since)
                return
            self.logger.info(
                "Intercom promised %d contacts, days before the bookmark included; the %d youngest "
                "came, and all that is left is older",
                search.audit.promised,
                len(spool),
            )
            self.expected_records = len(spool)
            yield from spool.oldest_first()


class _ContactChild(ChildStream):
    """Rows that belong to a contact."""

    parent_stream_type = Contacts
    replication_key = "contact_updated_at"
    permission = READ_CONTACTS
    root_key = "contact_id"


class ContactTags(_ContactChild, ReferenceStream):
    """Which tag is on which contact."""

    name = "contact_tags"
    primary_keys = ("contact_id", "tag_id")
    field = ("tags", "data")
    item_key = "tag_id"
    whole_list = Request("/contacts/{id}/tags")


class ContactCompanies(_ContactChild, ReferenceStream):
    """Which contact is with which company."""

    name = "contact_companies"
    primary_keys = ("contact_id", "company_id")
    field = ("companies", "data")
    item_key = "company_id"
    whole_list = Request("/contacts/{id}/companies", {"per_page": 50}, holds=("data", "companies"))


class ContactSocialProfiles(_ContactChild, EmbeddedStream):
    """A contact's profiles on social networks; one without an address has an empty text there."""

    name = "contact_social_profiles"
    primary_keys = ("contact_id", "name", "url")
    field = ("social_profiles", "data")

    @override
    def items(self, record: Record, pages: Sequence[Page]) -> Iterable[Record]:
        for profile in super().items(record, pages):
            yield {**profile, "url": profile.get("url") or ""}


class ContactSegments(_ContactChild, OwnListStream):
    """Which contact is in which segment.

    Segments follow rules, so membership can change while the contact does not.
    """

    name = "contact_segments"
    primary_keys = ("contact_id", "segment_id")
    selected_by_default = False
    item_key = "segment_id"
    own_list = Request("/contacts/{id}/segments", holds=("data", "segments"))


class ContactSubscriptions(_ContactChild, OwnListStream):
    """What a contact has explicitly subscribed to, or unsubscribed from."""

    name = "contact_subscriptions"
    primary_keys = ("contact_id", "subscription_type_id")
    selected_by_default = False
    item_key = "subscription_type_id"
    own_list = Request("/contacts/{id}/subscriptions")


class ContactNotes(_ContactChild, OwnListStream):
    """Notes that teammates wrote about a contact."""

    name = "contact_notes"
    primary_keys = ("id",)
    selected_by_default = False
    own_list = Request("/contacts/{id}/notes", {"per_page": 50})

    @override
    def request(self, record: Record) -> Request | None:
        """Ask unless the contact tells that it has none."""
        notes = record.get("notes")
        has_none = isinstance(notes, dict) and notes.get("total_count") == 0
        return None if has_none else super().request(record)


class ContactEventSummaries(_ContactChild, OwnListStream):
    """How often a contact triggered which event, and when first and last."""

    name = "contact_event_summaries"
    primary_keys = ("contact_id", "name")
    permission = "Read events"
    selected_by_default = False
    own_list = Request(
        "/events",
        {"type": "user", "intercom_user_id": "{id}", "summary": "true"},
        holds=("events",),
    )


class ContactEvents(_ContactChild, OwnListStream):
    """What a contact did in the last 90 days, as the workspace's own software told Intercom.

    Intercom does not promise an id, and documents it as the contact's (OpenAPI 2.16, `data_event`).
    So an event that has none of its own gets one made of its contact, moment and name, and its
    number among those alike.
    """

    name = "contact_events"
    primary_keys = ("id",)
    permission = "Read events"
    selected_by_default = False
    own_list = Request(
        "/events",
        {"type": "user", "intercom_user_id": "{id}", "per_page": 150},
        holds=("events",),
    )

    @override
    def items(self, record: Record, pages: Sequence[Page]) -> Iterable[Record]:
        alike = Counter[str]()
        for event in reversed(list(super().items(record, pages))):
            made = f"{record['id']}:{event.get('created_at')}:{event.get('event_name')}"
            alike[made] += 1
            of_contact = (None, "", record["id"], record.get("external_id"), event.get("user_id"))
            own = event.get("id")
            yield {**event, "id": f"{made}:{alike[made]}" if own in of_contact else own}
