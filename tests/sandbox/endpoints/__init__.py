"""The endpoints of the API, one module per resource, each with its `ROUTES`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.sandbox.endpoints import companies, contacts, conversations, settings_lists, tickets

if TYPE_CHECKING:
    from tests.sandbox.call import Route

ROUTES: Final[tuple[Route, ...]] = (
    *settings_lists.ROUTES,
    *contacts.ROUTES,
    *companies.ROUTES,
    *conversations.ROUTES,
    *tickets.ROUTES,
)
