"""The streams, one module per resource of Intercom's."""

from tap_intercom.streams.companies import Companies, CompanySegments, CompanyTags
from tap_intercom.streams.contacts import ContactCompanies, Contacts, ContactTags
from tap_intercom.streams.conversations import (
    ConversationContacts,
    ConversationParts,
    Conversations,
    ConversationTags,
    DeletedConversations,
)
from tap_intercom.streams.data_attributes import DataAttributes
from tap_intercom.streams.segments import Segments
from tap_intercom.streams.subscription_types import SubscriptionTypes
from tap_intercom.streams.tags import Tags
from tap_intercom.streams.teams import TeamAdmins, Teams
from tap_intercom.streams.tickets import TicketParts, Tickets, TicketStates, TicketTypes
from tap_intercom.streams.workspace import Admins, Workspace

__all__ = [
    "Admins",
    "Companies",
    "CompanySegments",
    "CompanyTags",
    "ContactCompanies",
    "ContactTags",
    "Contacts",
    "ConversationContacts",
    "ConversationParts",
    "ConversationTags",
    "Conversations",
    "DataAttributes",
    "DeletedConversations",
    "Segments",
    "SubscriptionTypes",
    "Tags",
    "TeamAdmins",
    "Teams",
    "TicketParts",
    "TicketStates",
    "TicketTypes",
    "Tickets",
    "Workspace",
]
