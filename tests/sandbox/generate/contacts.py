"""Contacts, with all of their tags, companies, notes, segments and subscriptions."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from tests.sandbox.generate.blueprint import (
    FIRST_ADMIN,
    SEGMENTS,
    TAGS,
    Blueprint,
    applied_tag,
    object_id,
    segment_id,
)
from tests.sandbox.generate.rows import template
from tests.sandbox.records import Body, Record

if TYPE_CHECKING:
    from random import Random

KIND: Final = 1
LEAD_EVERY: Final = 5
MANY_TAGS_EVERY: Final = 40
MANY_COMPANIES_EVERY: Final = 60
MANY_NOTES_EVERY: Final = 90
MANY: Final = 14
MORE_THAN_A_PAGE_EVERY: Final = 600
MORE_THAN_A_PAGE: Final = 75
NOTES_PER_CONTACT: Final = 100


def contacts(blueprint: Blueprint, count: int) -> list[Record]:
    """The contacts of a workspace."""
    build = partial(contact, blueprint)
    return [
        Record(object_id(at.created_at, KIND, number), number, at.created_at, at.updated_at, build)
        for number, at in enumerate(blueprint.times("contacts", count))
    ]


def external_id(number: int) -> str | None:
    """The id that the workspace's own system gave a contact; leads have none."""
    return None if number % LEAD_EVERY == 0 else f"user-{number}"


def contact(blueprint: Blueprint, record: Record) -> Body:
    """A whole contact, from which the API's views are cut.

    In place of the API's capped lists it has `tags`, `notes` (full objects), `company_ids`,
    `segment_ids`, `opted_in_subscription_ids` and `opted_out_subscription_ids`.
    """
    number = record.number
    random = blueprint.random("contact", number)
    available = blueprint.company_ids
    companies = _many(number, MANY_COMPANIES_EVERY, (1, 0, 1, 2)[number % 4])
    segments = (s for s in range(SEGMENTS) if s % 3 < 2 and (number + s) % 4 == 0)
    body = template("contacts").row(number, record.updated_at, record.created_at)
    return body | {
        "id": record.id,
        "tags": _tags(random, number, record.updated_at),
        "notes": _notes(record),
        "company_ids": random.sample(available, min(companies, len(available))),
        "segment_ids": [segment_id(segment) for segment in segments],
    }


def _tags(random: Random, number: int, at: int) -> list[Body]:
    count = MANY if number % MANY_TAGS_EVERY == 0 else number % 3
    return [
        applied_tag(chosen, at - 3600 * (position + 1), FIRST_ADMIN + position % 3)
        for position, chosen in enumerate(random.sample(range(TAGS), count))
    ]


def _notes(record: Record) -> list[Body]:
    count = _many(record.number, MANY_NOTES_EVERY, int(record.number % 20 == 3))
    notes = [
        template("contact_notes").row(
            record.number * NOTES_PER_CONTACT + position, record.updated_at - 60 * (position + 1)
        )
        for position in range(count)
    ]
    return [note | {"contact": {"type": "contact", "id": record.id}} for note in notes]


def _many(number: int, every: int, otherwise: int) -> int:
    """How many of something a contact has: sometimes more than a page, or more than ten."""
    if number % MORE_THAN_A_PAGE_EVERY == 0:
        return MORE_THAN_A_PAGE
    return MANY if number % every == 0 else otherwise
