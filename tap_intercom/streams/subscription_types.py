"""What contacts can subscribe to."""

from __future__ import annotations

from tap_intercom.api.request import Request
from tap_intercom.sync.list_stream import ListStream


class SubscriptionTypes(ListStream):
    """Kinds of messages that contacts opt in to or out of."""

    name = "subscription_types"
    primary_keys = ("id",)
    permission = "Read subscription types"
    requests = (Request("/subscription_types"),)
