"""The endpoints of the API, one module per resource, each with its `ROUTES`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.sandbox.endpoints import (
    activity_logs,
    brands,
    calls,
    companies,
    contacts,
    content,
    content_export,
    conversation_children,
    conversations,
    custom_objects,
    data_connectors,
    events,
    help_center,
    inbox,
    news,
    reporting_export,
    settings_lists,
    tickets,
)

if TYPE_CHECKING:
    from tests.sandbox.call import Route

ROUTES: Final[tuple[Route, ...]] = (
    *settings_lists.ROUTES,
    *contacts.ROUTES,
    *companies.ROUTES,
    *conversations.ROUTES,
    *conversation_children.ROUTES,
    *events.ROUTES,
    *custom_objects.ROUTES,
    *content_export.ROUTES,
    *reporting_export.ROUTES,
    *tickets.ROUTES,
    *help_center.ROUTES,
    *content.ROUTES,
    *news.ROUTES,
    *brands.ROUTES,
    *inbox.ROUTES,
    *data_connectors.ROUTES,
    *calls.ROUTES,
    *activity_logs.ROUTES,
)
