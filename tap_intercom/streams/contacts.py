"""Contacts (users and leads) and what belongs to them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, ClassVar

from tap_intercom.api.request import Request
from tap_intercom.api.search import PARAMS_MIN_VERSION, SearchEndpoint
from tap_intercom.api_version import ApiVersion
from tap_intercom.compat import override
from tap_intercom.schema.attributes import AttributeSource
from tap_intercom.streams.data_attributes import ATTRIBUTES_OF_CONTACTS
from tap_intercom.sync.attributed_stream import AttributedStream
from tap_intercom.sync.child_stream import (
    ChildStream,
    EmbeddedChildStream,
    ListChildStream,
)
from tap_intercom.sync.search_stream import SearchStream
from tap_intercom.timestamps import DAY, MAX_DAY_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from singer_sdk.helpers.types import Record

    from tap_intercom.api.response import Page
    from tap_intercom.timestamps import TimestampedRecord

READ_CONTACTS = "Read and list users and companies"

EXACT_MIN_VERSION = ApiVersion(2, 17)
"""The API version from which the contact search compares seconds (Intercom's 2.17 changelog)."""


MERGES = {"include_merge_history": "true"}
"""Requests the contacts that were merged into a user; nothing else returns them."""

EXACT_ENDPOINT = SearchEndpoint("/contacts/search", ("data",), params=MERGES)


class Contacts(AttributedStream, SearchStream):
    """Users and leads; Intercom returns neither merged nor archived contacts.

    Those that were merged into a user are in its `merge_history`, from API version 2.16 on.

    Up to API version 2.16 the search compares calendar days, in the workspace's time zone, and
    `>` starts with the *next* day (OpenAPI 2.16, "Searching for Timestamp Fields"). So a margin of
    more than a day is added on either side. Where that would be most of the search, contacts are
    read newest first instead, until only older ones are left.
    """

    name = "contacts"
    singular = "contact"
    primary_keys = ("id",)
    replication_key = "updated_at"
    permission = READ_CONTACTS
    attribute_source = AttributeSource(ATTRIBUTES_OF_CONTACTS)
    record_request = Request("/contacts/{id}", record_keys=())
    text_fields: ClassVar[Mapping[str, str]] = {"avatar": "image_url"}  # recorded, version 2.11
    endpoint = SearchEndpoint(
        "/contacts/search",
        ("data",),
        margin_seconds=MAX_DAY_SECONDS,
        min_window_seconds=5 * DAY,
        params=MERGES,
    )

    @override
    def request_record(self, record_id: str) -> Request:
        request = super().request_record(record_id)
        has_params = self.client.api_version >= PARAMS_MIN_VERSION
        return request.with_params(**MERGES) if has_params else request

    @override
    def iterate(self, since: int) -> Iterator[TimestampedRecord]:
        if self.client.api_version >= EXACT_MIN_VERSION:
            return self.search_oldest_first(EXACT_ENDPOINT, since)
        if self.run.started_at - since < 3 * DAY:
            return self.search_newest_first(self.endpoint, since)
        return super().iterate(since)


class ContactChildStream(ChildStream):
    """Rows that belong to a contact."""

    parent_stream_type = Contacts
    replication_key = "contact_updated_at"
    permission = READ_CONTACTS
    parent_key = "contact_id"


class ContactTags(ContactChildStream, EmbeddedChildStream):
    """Tags on a contact. A contact embeds at most ten; longer lists are fetched in full.

    Embedded tags are ids alone. So `name`, `applied_at` and `applied_by` are null unless a contact
    has more than ten, and `tags` has the names of all.
    """

    name = "contact_tags"
    primary_keys = ("contact_id", "tag_id")
    records_path = ("tags", "data")
    id_column = "tag_id"
    item_fields = ("id", "name", "applied_at", "applied_by")
    latest_by = "applied_at"
    full_list = Request("/contacts/{id}/tags")


class ContactCompanies(ContactChildStream, EmbeddedChildStream):
    """Companies of a contact. A contact embeds at most ten; longer lists are fetched in full."""

    name = "contact_companies"
    primary_keys = ("contact_id", "company_id")
    records_path = ("companies", "data")
    id_column = "company_id"
    item_fields = ("id",)
    full_list = Request(
        "/contacts/{id}/companies", {"per_page": 50}, record_keys=("data", "companies")
    )


class ContactSocialProfiles(ContactChildStream, EmbeddedChildStream):
    """A contact's profiles on social networks; one without an address has an empty text there."""

    name = "contact_social_profiles"
    primary_keys = ("contact_id", "name", "url")
    records_path = ("social_profiles", "data")

    @override
    def items(self, record: Record, pages: Sequence[Page]) -> Iterable[Record]:
        for profile in super().items(record, pages):
            yield {**profile, "url": profile.get("url") or ""}


class ContactSegments(ContactChildStream, ListChildStream):
    """Segments that a contact is in.

    Segments follow rules, so membership can change while the contact does not.
    """

    name = "contact_segments"
    primary_keys = ("contact_id", "segment_id")
    selected_by_default = False
    id_column = "segment_id"
    list_request = Request("/contacts/{id}/segments", record_keys=("data", "segments"))


class ContactSubscriptions(ContactChildStream, ListChildStream):
    """What a contact has explicitly subscribed to, or unsubscribed from."""

    name = "contact_subscriptions"
    primary_keys = ("contact_id", "subscription_type_id")
    selected_by_default = False
    id_column = "subscription_type_id"
    list_request = Request("/contacts/{id}/subscriptions")


class ContactNotes(ContactChildStream, ListChildStream):
    """Notes that teammates wrote about a contact."""

    name = "contact_notes"
    primary_keys = ("id",)
    selected_by_default = False
    list_request = Request("/contacts/{id}/notes", {"per_page": 50})

    @override
    def request(self, record: Record) -> Request | None:
        """Return the request unless the contact has a count of no notes."""
        notes = record.get("notes")
        has_none = isinstance(notes, dict) and notes.get("total_count") == 0
        return None if has_none else super().request(record)


class ContactEventSummaries(ContactChildStream, ListChildStream):
    """How often a contact triggered which event, and when first and last."""

    name = "contact_event_summaries"
    primary_keys = ("contact_id", "name")
    permission = "Read events"
    selected_by_default = False
    list_request = Request(
        "/events",
        {"type": "user", "intercom_user_id": "{id}", "summary": "true"},
        record_keys=("events",),
    )

    @classmethod
    @override
    def describe_endpoint(cls) -> str:
        return f"`{cls.list_request}?summary=true`"


class ContactEvents(ContactChildStream, ListChildStream):
    """What a contact did in the last 90 days, as the workspace's own software reported it.

    Intercom does not guarantee an id, and documents it as the contact's (OpenAPI 2.16,
    `data_event`). So an event without one of its own gets an id made of its contact, timestamp and
    name, and its number among equal ones.
    """

    name = "contact_events"
    primary_keys = ("id",)
    permission = "Read events"
    retention = "Intercom returns the events of the last 90 days"
    selected_by_default = False
    list_request = Request(
        "/events",
        {"type": "user", "intercom_user_id": "{id}", "per_page": 150},
        record_keys=("events",),
    )

    @classmethod
    @override
    def describe_endpoint(cls) -> str:
        return f"`{cls.list_request}`, the last 90 days"

    @override
    def items(self, record: Record, pages: Sequence[Page]) -> Iterable[Record]:
        equal = Counter[str]()
        for event in reversed(list(super().items(record, pages))):
            generated = f"{record['id']}:{event.get('created_at')}:{event.get('event_name')}"
            equal[generated] += 1
            of_contact = (None, "", record["id"], record.get("external_id"), event.get("user_id"))
            own = event.get("id")
            yield {**event, "id": f"{generated}:{equal[generated]}" if own in of_contact else own}
