"""All routes of the API, in the order in which paths are matched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.sandbox.endpoints import (
    children,
    content_export,
    events,
    list_children,
    lists,
    others,
    records,
    reporting_export,
)

if TYPE_CHECKING:
    from tests.sandbox.call import Route

ROUTES: Final[tuple[Route, ...]] = (
    *lists.ROUTES,
    *others.ROUTES,
    *records.ROUTES,
    *children.ROUTES,
    *list_children.ROUTES,
    *events.ROUTES,
    *content_export.ROUTES,
    *reporting_export.ROUTES,
)
