"""Companies, some of them without users."""

from __future__ import annotations

from functools import partial
from typing import Final

from tests.sandbox.generate.blueprint import (
    SEGMENTS,
    TAGS,
    Blueprint,
    object_id,
    segment_id,
    tag,
)
from tests.sandbox.generate.rows import template
from tests.sandbox.records import Body, Record

KIND: Final = 2
WITHOUT_USERS_EVERY: Final = 20
MANY_NOTES_EVERY: Final = 150
NOTES_PER_COMPANY: Final = 100


def companies(blueprint: Blueprint, count: int) -> list[Record]:
    """The companies of a workspace."""
    build = partial(company, blueprint)
    return [
        Record(object_id(at.created_at, KIND, number), number, at.created_at, at.updated_at, build)
        for number, at in enumerate(blueprint.times("companies", count))
    ]


def has_users(number: int) -> bool:
    """Whether anyone belongs to a company."""
    return number % WITHOUT_USERS_EVERY != WITHOUT_USERS_EVERY - 1


def company(_: Blueprint, record: Record) -> Body:
    """A whole company; `notes` are full objects, of which API views show a part."""
    number = record.number
    body = template("companies").row(number, record.updated_at, record.created_at)
    body["id"] = record.id
    body["tags"]["tags"] = [
        tag(chosen)
        for chosen in sorted({number * step % TAGS for step in range(1, 1 + number % 4)})
    ]
    body["segments"]["segments"] = [
        {"type": "segment", "id": segment_id(chosen), "name": f"Segment {chosen}"}
        for chosen in range(SEGMENTS)
        if chosen % 3 == 2 and (number + chosen) % 2 == 0
    ]
    notes = [
        template("company_notes").row(
            number * NOTES_PER_COMPANY + position, record.updated_at - 60 * (position + 1)
        )
        for position in range(12 if number % MANY_NOTES_EVERY == 1 else int(number % 10 == 1))
    ]
    owner = {"company": {"type": "company", "id": record.id}}
    return body | {"notes": [note | owner for note in notes]}
