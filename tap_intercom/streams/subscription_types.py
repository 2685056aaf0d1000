"""What contacts can subscribe to."""

from __future__ import annotations

from tap_intercom.client import Request
from tap_intercom.list_stream import ListStream


class SubscriptionTypes(ListStream):
    """Kinds of messages that contacts opt in to or out of."""

    name = "subscription_types"
    primary_keys = ("id",)
    permission = "Read subscription types"
    lists = (Request("/subscription_types"),)
