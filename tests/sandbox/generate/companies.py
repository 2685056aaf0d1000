"""Companies, some of them without users."""

from __future__ import annotations

from functools import partial
from typing import Final

from tests.sandbox.generate.blueprint import (
    APP_ID,
    DAY,
    SEGMENTS,
    TAGS,
    Blueprint,
    admin_author,
    admin_id,
    object_id,
    tag,
)
from tests.sandbox.generate.settings_lists import segment_id
from tests.sandbox.generate.words import COMPANY_FORMS, COMPANY_WORDS, paragraph
from tests.sandbox.records import Body, Record

KIND: Final = 2
WITHOUT_USERS_EVERY: Final = 20
MANY_NOTES_EVERY: Final = 150
FIRST_NOTE: Final = 700_000_000
NOTES_PER_COMPANY: Final = 100


def companies(blueprint: Blueprint, count: int) -> list[Record]:
    """The companies of a workspace.

    Args:
        blueprint: of the workspace.
        count: how many.
    """
    build = partial(company, blueprint)
    return [
        Record(
            object_id(times.created_at, KIND, number),
            number,
            times.created_at,
            times.updated_at,
            build,
        )
        for number, times in enumerate(blueprint.times("companies", count))
    ]


def has_users(number: int) -> bool:
    """Whether anyone belongs to a company."""
    return number % WITHOUT_USERS_EVERY != WITHOUT_USERS_EVERY - 1


def company(blueprint: Blueprint, record: Record) -> Body:
    """The whole of a company; `notes` are full objects, of which API views show a part."""
    number = record.number
    random = blueprint.random("company", number)
    at = record.updated_at
    body: Body = {
        "type": "company",
        "company_id": f"remote-{number}",
        "id": record.id,
        "app_id": APP_ID,
        "name": f"{random.choice(COMPANY_WORDS)} {random.choice(COMPANY_FORMS)} {number}",
        "remote_created_at": record.created_at,
        "created_at": record.created_at,
        "updated_at": at,
        "last_request_at": at - random.randrange(DAY),
        "monthly_spend": random.choice((0, 99, 155)),
        "session_count": random.randrange(5000),
        "user_count": random.randrange(1, 90) if has_users(number) else 0,
        "tags": {"type": "tag.list", "tags": [tag(t) for t in _some(number, TAGS)]},
        "segments": {
            "type": "segment.list",
            "segments": [
                {"type": "segment", "id": segment_id(s), "name": f"Segment {s}"}
                for s in _segments(number)
            ],
        },
        "plan": {}
        if number % 3 == 0
        else {"type": "plan", "id": str(269 + number % 4), "name": f"Plan {number % 4}"},
        "custom_attributes": {}
        if number % 7 == 0
        else {
            "paid_subscriber": number % 2 == 0,
            "monthly_spend": 155.5,
            "team_mates": number % 40,
            "The One Ring": None if number % 5 else "Mordor",
            **_later_attributes(number, at),
        },
    }
    if number % 4:
        body |= {"size": 10 * number, "website": f"https://c{number}.example.com"}
        body["industry"] = random.choice(("Software", "Retail", "Health"))
    count = 12 if number % MANY_NOTES_EVERY == 1 else int(number % 10 == 1)
    body["notes"] = [
        {
            "type": "note",
            "id": str(FIRST_NOTE + number * NOTES_PER_COMPANY + position),
            "created_at": at - 60 * (position + 1),
            "company": {"type": "company", "id": record.id},
            "author": admin_author(admin_id(random)),
            "body": paragraph(random),
        }
        for position in range(count)
    ]
    return body


def _later_attributes(number: int, at: int) -> Body:
    """Further values; some do not fit their attribute, some have no attribute at all."""
    fitting: Body = {
        "contract_end": at - at % DAY + 365 * DAY,
        "employees": number * 3,
        "Héadquarters": "Dublin" if number % 2 else None,
    }
    misfit = ({"employees": "n/a"}, {"contract_end": "open-ended"}, {"employees": 2.5})
    undeclared = {"legacy plan": "gold"} if number % 15 == 2 else {}
    return fitting | (misfit[number % 3] if number % 20 == 1 else {}) | undeclared


def _some(number: int, available: int) -> list[int]:
    return sorted({(number * step) % available for step in range(1, 1 + number % 4)})


def _segments(number: int) -> list[int]:
    return [s for s in range(SEGMENTS) if s % 3 == 2 and (number + s) % 2 == 0]
