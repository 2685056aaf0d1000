"""Brands and sender addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.sandbox.generate.blueprint import APP_ID, Blueprint
from tests.sandbox.generate.help_center import FIRST_HELP_CENTER

if TYPE_CHECKING:
    from tests.sandbox.records import Body

FIRST_EMAIL: Final = 13


def brands(blueprint: Blueprint, count: int) -> list[Body]:
    """The brands; the default one has the id of the workspace (OpenAPI 2.16, /brands).

    Args:
        blueprint: of the workspace.
        count: how many.
    """
    return [
        {
            "type": "brand",
            "id": brand_id(number),
            "name": "Default Brand" if number == 0 else f"Premium Brand {number}",
            "is_default": number == 0,
            "created_at": times.created_at,
            "updated_at": times.updated_at,
            "help_center_id": str(FIRST_HELP_CENTER + number % 2),
            "default_address_settings_id": str(FIRST_EMAIL + number),
        }
        for number, times in enumerate(blueprint.times("brands", count))
    ]


def brand_id(number: int) -> str:
    """The id of a brand."""
    return str(number + 2) if number else APP_ID


def email_settings(blueprint: Blueprint, count: int, brand_count: int) -> list[Body]:
    """The addresses that messages are sent from.

    Args:
        blueprint: of the workspace.
        count: how many.
        brand_count: how many brands they belong to.
    """
    return [
        {
            "type": "email_setting",
            "id": str(FIRST_EMAIL + number),
            "email": f"support{number}@example.com",
            "verified": number % 3 != 2,
            "domain": "example.com",
            "brand_id": brand_id(number % max(1, brand_count)),
            "forwarding_enabled": number % 2 == 0,
            "forwarded_email_last_received_at": None if number % 2 else times.updated_at,
            "created_at": times.created_at,
            "updated_at": times.updated_at,
        }
        for number, times in enumerate(blueprint.times("email_settings", count))
    ]
