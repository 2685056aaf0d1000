"""The workspace's tags."""

from __future__ import annotations

from tap_intercom.client import Request
from tap_intercom.list_stream import ListStream


class Tags(ListStream):
    """Tags, whatever they are put on."""

    name = "tags"
    primary_keys = ("id",)
    permission = "Read tags"
    lists = (Request("/tags"),)
