"""The attributes that contacts and companies have."""

from __future__ import annotations

from tap_intercom.client import Request
from tap_intercom.list_stream import ListStream


class DataAttributes(ListStream):
    """Standard and custom attributes.

    Neither `id` (custom attributes alone have one) nor `name` (`name` and `plan.name` of companies
    share it) tells them apart, so the key is model and full name.
    """

    name = "data_attributes"
    primary_keys = ("model", "full_name")
    permission = "Read and list users and companies"
    lists = (
        Request("/data_attributes", {"model": "contact", "include_archived": "true"}),
        Request("/data_attributes", {"model": "company", "include_archived": "true"}),
    )
