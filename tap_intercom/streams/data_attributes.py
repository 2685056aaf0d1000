"""The attributes that contacts, companies and conversations have."""

from __future__ import annotations

from tap_intercom.api.request import Request
from tap_intercom.api_version import ApiVersion
from tap_intercom.sync.attributed_stream import AttributeDefinitionStream

WITH_ARCHIVED = {"include_archived": "true"}

ATTRIBUTES_OF_CONTACTS = Request("/data_attributes", {"model": "contact", **WITH_ARCHIVED})
ATTRIBUTES_OF_COMPANIES = Request("/data_attributes", {"model": "company", **WITH_ARCHIVED})
ATTRIBUTES_OF_CONVERSATIONS = Request("/conversations/attributes", WITH_ARCHIVED)

OLD_ATTRIBUTES_OF_CONVERSATIONS = Request(
    "/data_attributes", {"model": "conversation", **WITH_ARCHIVED}
)
"""The list of API versions before 2.16; 2.16 responds with 422."""


class DataAttributes(AttributeDefinitionStream):
    """Standard and custom attributes.

    Neither `id` (custom attributes alone have one) nor `name` (`name` and `plan.name` of companies
    share it) tells them apart, so the key is model and full name.
    """

    name = "data_attributes"
    primary_keys = ("model", "full_name")
    permission = "Read and list users and companies"
    requests = (ATTRIBUTES_OF_CONTACTS, ATTRIBUTES_OF_COMPANIES)


class ConversationAttributes(AttributeDefinitionStream):
    """Attributes that conversations have."""

    name = "conversation_attributes"
    primary_keys = ("id",)
    permission = "Read conversations"
    min_api_version = ApiVersion(2, 16)
    requests = (ATTRIBUTES_OF_CONVERSATIONS,)
