"""The workspace's segments."""

from __future__ import annotations

from tap_intercom.api.request import Request
from tap_intercom.sync.list_stream import ListStream


class Segments(ListStream):
    """Segments of people and companies, with how many are in them."""

    name = "segments"
    primary_keys = ("id",)
    permission = "Read and list users and companies"
    requests = (Request("/segments", {"include_count": "true"}, record_keys=("segments",)),)
