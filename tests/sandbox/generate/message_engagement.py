"""Receipts of outbound messages, as the content data export has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.sandbox.generate.blueprint import DAY, Blueprint

if TYPE_CHECKING:
    from collections.abc import Iterable
    from random import Random

    from tests.sandbox.records import Body, Record

RECEIVED_EVERY: Final = 5
REACH: Final = 120 * DAY
FIRST_RECEIPT: Final = 25_000_000_000
RECEIPTS_PER_CONTACT: Final = 10
NONE: Final = "-1"
EVENTS: Final = (
    *("first_reply", "first_completion", "first_series_completion", "first_series_disengagement"),
    *("first_series_exit", "first_goal_success", "first_open", "first_click", "first_dismisall"),
    *("first_unsubscribe", "first_hard_bounce"),
)
COLUMNS: Final = (
    *("user_id", "user_external_id", "company_id", "email", "name", "ruleset_id", "content_id"),
    *("content_type", "content_title", "ruleset_version_id", "receipt_id", "received_at"),
    *("series_id", "series_title", "node_id", *EVENTS),
)
"""As OpenAPI 2.16 has them (schema `data_export_csv`), one misspelt."""
CONTENTS: Final = (
    ("Email", "Welcome aboard, and\nwhat to do first"),
    ("Chat", 'Try our "new" inbox'),
    ("Post", "Größere Änderungen; bitte lesen"),
    ("Survey", "How was the last parcel?"),
)


def receipts(blueprint: Blueprint, contacts: Iterable[Record]) -> list[Body]:
    """All receipts of messages, oldest first, with all that ever happened to them.

    Timestamps are epoch seconds, None for what never happened.
    """
    rows = [
        receipt
        for contact in contacts
        if contact.number % RECEIVED_EVERY == 2
        for receipt in _received(blueprint, contact)
    ]
    return sorted(rows, key=lambda row: (row["received_at"], row["receipt_id"]))


def _received(blueprint: Blueprint, contact: Record) -> list[Body]:
    random = blueprint.random("receipts", contact.number)
    body, first = contact.body(), contact.number * RECEIPTS_PER_CONTACT
    return [
        _receipt(random, body, first + position, blueprint.now)
        for position in range(random.randint(1, 3))
    ]


def _receipt(random: Random, contact: Body, number: int, now: int) -> Body:
    received_at = now - 600 - random.randrange(REACH)
    ruleset = random.randrange(len(CONTENTS))
    content_type, title = CONTENTS[ruleset]
    series = number % 3 == 0
    later = {name: received_at + 60 + random.randrange(20 * DAY) for name in EVENTS}
    return {
        "user_id": contact["id"],
        "user_external_id": contact["external_id"],
        "company_id": contact["company_ids"][0] if contact["company_ids"] else NONE,
        "email": contact["email"],
        "name": contact["name"],
        "ruleset_id": str(35_000 + ruleset),
        "content_id": str(45_000 + ruleset * 2 + number % 2),
        "content_type": content_type,
        "content_title": title,
        "ruleset_version_id": str(55_000 + ruleset * 10),
        "receipt_id": str(FIRST_RECEIPT + number),
        "received_at": received_at,
        "series_id": "65001" if series else NONE,
        "series_title": "First weeks" if series else None,
        "node_id": "75001" if series else None,
    } | {name: at if at < now and random.random() < 1 / 4 else None for name, at in later.items()}
