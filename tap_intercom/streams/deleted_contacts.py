"""Contacts that are gone."""

from __future__ import annotations

from tap_intercom.api.request import Request
from tap_intercom.api_version import ApiVersion
from tap_intercom.streams.contacts import READ_CONTACTS
from tap_intercom.sync.list_stream import ListStream


class DeletedContacts(ListStream):
    """Contacts that were archived, blocked, merged into another, or deleted for good.

    A contact that is restored leaves the list without a trace; it is in `contacts` again.
    Intercom documents neither a filter nor an order, so the list is read whole.
    """

    name = "deleted_contacts"
    primary_keys = ("id",)
    permission = READ_CONTACTS
    min_api_version = ApiVersion(2, 17)
    requests = (Request("/contacts/deleted", {"per_page": 150, "escape_identity": "false"}),)
