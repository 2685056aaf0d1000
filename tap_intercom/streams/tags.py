"""The workspace's tags."""

from __future__ import annotations

from tap_intercom.api.request import Request
from tap_intercom.sync.list_stream import ListStream


class Tags(ListStream):
    """Tags, whatever they are put on."""

    name = "tags"
    primary_keys = ("id",)
    permission = "Read tags"
    requests = (Request("/tags"),)
