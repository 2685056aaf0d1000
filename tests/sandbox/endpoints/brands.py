"""Brands, and the addresses that they send from."""

from __future__ import annotations

from typing import Final

from tests.sandbox.call import Route
from tests.sandbox.endpoints import lists

V2_15: Final = (2, 15)

ROUTES: Final = (
    Route("GET", "/brands", lists.whole("brands"), since=V2_15),
    Route("GET", "/brands/{id}", lists.single("brands", "Brand not found"), since=V2_15),
    Route("GET", "/emails", lists.whole("email_settings"), since=V2_15),
    Route(
        "GET",
        "/emails/{id}",
        lists.single("email_settings", "Email setting not found"),
        since=V2_15,
    ),
)
