"""The workspace's segments."""

from __future__ import annotations

from tap_intercom.client import Request
from tap_intercom.list_stream import ListStream


class Segments(ListStream):
    """Segments of people and companies, with how many are in them."""

    name = "segments"
    primary_keys = ("id",)
    permission = "Read and list users and companies"
    lists = (Request("/segments", {"include_count": "true"}, holds=("segments",)),)
