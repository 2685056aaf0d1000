"""The same streams, written plainly on the SDK, to compare with.

They use the SDK's requests, paginators, decoding, type conformance, child streams and writer
unchanged, with one request at a time, as its template does. `post_process` normalizes rows as the
tap does, so that values are the same. They check no response and repeat no search, which makes
them faster than a complete tap.

`python -m benchmarks.plain_sdk --config ...` takes `access_token` and `api_url`.
"""

from __future__ import annotations

from functools import cached_property
from http import HTTPStatus
from importlib.resources import files
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import parse_qsl, urlsplit

from singer_sdk import RESTStream, SchemaDirectory, StreamSchema, Tap
from singer_sdk import typing as th
from singer_sdk.authenticators import BearerTokenAuthenticator
from singer_sdk.pagination import BaseAPIPaginator

from tap_intercom.compat import override
from tap_intercom.schema.normalize import Normalizer

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import requests
    from singer_sdk.helpers.types import Context, Record

PAGE_SIZE = 150
COMPANIES_PAGE_SIZE = 50


class PlainStream(RESTStream[Any]):
    """The base of all streams."""

    schema: ClassVar[StreamSchema[str]] = StreamSchema(
        SchemaDirectory(files("tap_intercom.schemas"))
    )
    primary_keys: Sequence[str] = ("id",)
    records_jsonpath = "$.data[*]"

    @property
    @override
    def url_base(self) -> str:
        return str(self.config["api_url"])

    @cached_property
    @override
    def authenticator(self) -> BearerTokenAuthenticator:
        return BearerTokenAuthenticator(token=self.config["access_token"])

    @property
    @override
    def http_headers(self) -> dict[str, str]:
        return {"Accept": "application/json", "Intercom-Version": "2.16"}

    @cached_property
    def normalize(self) -> Normalizer:
        """Converts records to the types of this stream's schema."""
        return Normalizer(self.effective_schema)

    @override
    def post_process(self, row: Record, context: Context | None = None) -> Record:
        return self.normalize(row)


class SearchStream(PlainStream):
    """Records found by their `updated_at`, oldest first, page after page."""

    http_method = "POST"
    replication_key = "updated_at"
    is_sorted = True
    next_page_token_jsonpath = "$.pages.next.starting_after"  # noqa: S105  # no secret

    @override
    def prepare_request_payload(
        self, context: Context | None, next_page_token: str | None
    ) -> dict[str, Any]:
        since = self.get_starting_timestamp(context)
        timestamp = int(since.timestamp()) if since else 0
        pagination: dict[str, Any] = {"per_page": PAGE_SIZE}
        if next_page_token:
            pagination["starting_after"] = next_page_token
        return {
            "query": {"field": "updated_at", "operator": ">", "value": timestamp},
            "sort": {"field": "updated_at", "order": "ascending"},
            "pagination": pagination,
        }


class Contacts(SearchStream):
    """Users and leads."""

    name = "contacts"
    path = "/contacts/search"

    @override
    def get_child_context(self, record: Record, context: Context | None) -> Context:
        return {
            "contact_id": record["id"],
            "contact_updated_at": record["updated_at"],
            "tags": record["tags"],
            "companies": record["companies"],
        }


class Conversations(SearchStream):
    """Conversations without their parts."""

    name = "conversations"
    path = "/conversations/search"
    records_jsonpath = "$.conversations[*]"

    @override
    def get_child_context(self, record: Record, context: Context | None) -> Context:
        return {"conversation_id": record["id"], "conversation_updated_at": record["updated_at"]}


class ConversationParts(PlainStream):
    """The parts of a conversation, from one request for each conversation."""

    name = "conversation_parts"
    parent_stream_type = Conversations
    state_partitioning_keys = ()
    path = "/conversations/{conversation_id}"
    records_jsonpath = "$.conversation_parts.conversation_parts[*]"

    @override
    def post_process(self, row: Record, context: Context | None = None) -> Record:
        return self.normalize({**row, **(context or {})})


class ContactList(PlainStream):
    """Rows from a list in a contact, which is requested in full where Intercom truncates it."""

    parent_stream_type = Contacts
    state_partitioning_keys = ()
    embedded: ClassVar[str]
    id_column: ClassVar[str]

    @override
    def get_records(self, context: Context | None) -> Iterable[Record]:
        found: dict[str, Any] = (context or {})[self.embedded]
        return super().get_records(context) if found["has_more"] else found["data"]

    @override
    def post_process(self, row: Record, context: Context | None = None) -> Record:
        keys = ("contact_id", "contact_updated_at")
        return self.normalize(
            {self.id_column: row["id"]} | {key: (context or {})[key] for key in keys}
        )


class ContactTags(ContactList):
    """Tags on a contact."""

    name = "contact_tags"
    primary_keys = ("contact_id", "tag_id")
    path = "/contacts/{contact_id}/tags"
    embedded = "tags"
    id_column = "tag_id"


class ContactCompanies(ContactList):
    """Companies of a contact."""

    name = "contact_companies"
    primary_keys = ("contact_id", "company_id")
    path = "/contacts/{contact_id}/companies"
    embedded = "companies"
    id_column = "company_id"
    next_page_token_jsonpath = "$.pages.next"  # noqa: S105  # no secret

    @override
    def get_url_params(
        self, context: Context | None, next_page_token: str | None
    ) -> dict[str, Any]:
        if next_page_token:
            return dict(parse_qsl(urlsplit(next_page_token).query))
        return {"per_page": COMPANIES_PAGE_SIZE}


class ScrollPaginator(BaseAPIPaginator[tuple[str, int] | None]):
    """The scroll's parameter, and the number of the page.

    The parameter alone is the same on every page, which the SDK would take for a loop.
    """

    @override
    def get_next(self, response: requests.Response) -> tuple[str, int]:
        return response.json()["scroll_param"], self.count


class Companies(PlainStream):
    """All companies, changed or not."""

    name = "companies"
    path = "/companies/scroll"

    @override
    def get_new_paginator(self) -> ScrollPaginator:
        return ScrollPaginator(None)

    @override
    def get_url_params(
        self, context: Context | None, next_page_token: tuple[str, int] | None
    ) -> dict[str, Any]:
        return {"scroll_param": next_page_token[0]} if next_page_token else {}

    @override
    def validate_response(self, response: requests.Response) -> None:
        # Intercom's response for a workspace without companies
        if response.status_code != HTTPStatus.NOT_FOUND:
            super().validate_response(response)


class PlainTap(Tap):
    """A tap of these streams."""

    name = "tap-plain"
    config_jsonschema: ClassVar[dict[str, Any]] = th.PropertiesList(
        th.Property("access_token", th.StringType, required=True, secret=True),
        th.Property("api_url", th.URIType, required=True),
    ).to_dict()

    @override
    def discover_streams(self) -> Sequence[PlainStream]:
        return [
            Contacts(self),
            ContactTags(self),
            ContactCompanies(self),
            Companies(self),
            Conversations(self),
            ConversationParts(self),
        ]


if __name__ == "__main__":
    PlainTap.cli()
