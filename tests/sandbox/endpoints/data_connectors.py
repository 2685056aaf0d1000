"""Data connectors: HTTP requests that workflows and Fin make."""

from __future__ import annotations

from typing import Final

from tests.sandbox.call import Route
from tests.sandbox.endpoints import lists
from tests.sandbox.views import V2_16

ROUTES: Final = (
    Route("GET", "/data_connectors", lists.after_cursor("data_connectors", 20, 50), since=V2_16),
)
