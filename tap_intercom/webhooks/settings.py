"""The settings `webhooks_database` and `webhooks_only`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from singer_sdk import typing as th

from tap_intercom.webhooks.reader import NotificationReader

if TYPE_CHECKING:
    from collections.abc import Mapping

PROPERTIES: tuple[th.Property[Any], ...] = (
    th.Property(
        "webhooks_database",
        th.StringType,
        secret=True,
        title="Webhooks database",
        description=(
            "SQLAlchemy URL of the database in which tap-intercom-webhooks stores notifications; "
            "adds the streams webhook_notifications and webhook_deletions"
        ),
    ),
    th.Property(
        "webhooks_only",
        th.BooleanType,
        default=False,
        nullable=False,
        title="Webhooks only",
        description=(
            "Read only the contacts, companies, conversations and tickets that notifications have "
            "named since the last such run"
        ),
    ),
)


def errors(config: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with the two settings."""
    url = config.get("webhooks_database")
    if not url:
        needs = "webhooks_only needs webhooks_database, the database with the notifications"
        return [needs] if config.get("webhooks_only") else []
    from tap_intercom.webhooks.store import NotificationStore, StoreError

    try:
        NotificationStore(url)
    except StoreError as error:
        return [f"webhooks_database: {error}"]
    return []


def change_feed(config: Mapping[str, Any]) -> NotificationReader | None:
    """Return the source of changed ids for a run with `webhooks_only`; else None."""
    return NotificationReader(config["webhooks_database"]) if config["webhooks_only"] else None
