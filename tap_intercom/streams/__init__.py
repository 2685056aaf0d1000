"""The streams, one module per resource of Intercom's."""

from tap_intercom.streams.activity_logs import ActivityLogs
from tap_intercom.streams.calls import Calls, CallTranscripts
from tap_intercom.streams.companies import Companies, CompanyNotes, CompanySegments, CompanyTags
from tap_intercom.streams.contacts import (
    ContactCompanies,
    ContactEvents,
    ContactEventSummaries,
    ContactNotes,
    Contacts,
    ContactSegments,
    ContactSocialProfiles,
    ContactSubscriptions,
    ContactTags,
)
from tap_intercom.streams.content import (
    Audiences,
    ContentImportSources,
    ContentSnippets,
    ExternalPages,
    InternalArticles,
)
from tap_intercom.streams.conversations import (
    ConversationAttachments,
    ConversationContacts,
    ConversationHandlingEvents,
    ConversationPartAttachments,
    ConversationParts,
    Conversations,
    ConversationTags,
    ConversationTeammates,
    DeletedConversations,
    SideConversations,
)
from tap_intercom.streams.data_attributes import ConversationAttributes, DataAttributes
from tap_intercom.streams.help_center import Articles, ArticleStatistics, Collections, HelpCenters
from tap_intercom.streams.inbox import (
    AwayStatusReasons,
    Brands,
    DataConnectors,
    EmailSettings,
    Macros,
    OfficeHoursSchedules,
)
from tap_intercom.streams.message_engagement import MessageEngagement
from tap_intercom.streams.news import Newsfeeds, NewsItems
from tap_intercom.streams.segments import Segments
from tap_intercom.streams.subscription_types import SubscriptionTypes
from tap_intercom.streams.tags import Tags
from tap_intercom.streams.teams import TeamAdmins, Teams
from tap_intercom.streams.tickets import (
    TicketContacts,
    TicketPartAttachments,
    TicketParts,
    Tickets,
    TicketStates,
    TicketTypeAttributes,
    TicketTypes,
)
from tap_intercom.streams.workspace import Admins, Workspace

__all__ = [
    "ActivityLogs",
    "Admins",
    "ArticleStatistics",
    "Articles",
    "Audiences",
    "AwayStatusReasons",
    "Brands",
    "CallTranscripts",
    "Calls",
    "Collections",
    "Companies",
    "CompanyNotes",
    "CompanySegments",
    "CompanyTags",
    "ContactCompanies",
    "ContactEventSummaries",
    "ContactEvents",
    "ContactNotes",
    "ContactSegments",
    "ContactSocialProfiles",
    "ContactSubscriptions",
    "ContactTags",
    "Contacts",
    "ContentImportSources",
    "ContentSnippets",
    "ConversationAttachments",
    "ConversationAttributes",
    "ConversationContacts",
    "ConversationHandlingEvents",
    "ConversationPartAttachments",
    "ConversationParts",
    "ConversationTags",
    "ConversationTeammates",
    "Conversations",
    "DataAttributes",
    "DataConnectors",
    "DeletedConversations",
    "EmailSettings",
    "ExternalPages",
    "HelpCenters",
    "InternalArticles",
    "Macros",
    "MessageEngagement",
    "NewsItems",
    "Newsfeeds",
    "OfficeHoursSchedules",
    "Segments",
    "SideConversations",
    "SubscriptionTypes",
    "Tags",
    "TeamAdmins",
    "Teams",
    "TicketContacts",
    "TicketPartAttachments",
    "TicketParts",
    "TicketStates",
    "TicketTypeAttributes",
    "TicketTypes",
    "Tickets",
    "Workspace",
]
