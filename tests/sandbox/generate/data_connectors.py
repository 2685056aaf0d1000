"""Data connectors as their list shows them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from tests.sandbox.generate.blueprint import Blueprint, admin_id

if TYPE_CHECKING:
    from tests.sandbox.records import Body

FIRST_CONNECTOR: Final = 12_345
METHODS: Final = ("get", "post", "put", "delete", "patch")


def data_connectors(blueprint: Blueprint, count: int) -> list[Body]:
    """The data connectors; their timestamps are texts without milliseconds.

    Args:
        blueprint: of the workspace.
        count: how many.
    """
    random = blueprint.random("data_connectors", 0)
    rows = []
    for number, times in enumerate(blueprint.times("data_connectors", count)):
        identifier = str(FIRST_CONNECTOR + number)
        rows.append(
            {
                "type": "data_connector",
                "id": identifier,
                "name": f"Order Status Service {number}",
                "description": None if number % 4 == 3 else "Fetches the status of an order",
                "state": "draft" if number % 5 == 4 else "live",
                "http_method": METHODS[number % len(METHODS)],
                "direct_fin_usage": number % 2 == 0,
                "created_by_admin_id": str(admin_id(random)),
                "updated_by_admin_id": str(admin_id(random)),
                "created_at": _iso(times.created_at),
                "updated_at": _iso(times.updated_at),
                "execution_results_url": f"/data_connectors/{identifier}/execution_results",
            },
        )
    return rows


def _iso(at: int) -> str:
    """A moment as text, such as 2025-11-15T09:30:00Z."""
    return f"{datetime.fromtimestamp(at, tz=UTC):%Y-%m-%dT%H:%M:%SZ}"
