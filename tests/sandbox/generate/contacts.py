"""Contacts, with all of their tags, companies, notes, segments and subscriptions."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from tests.sandbox.generate.blueprint import (
    APP_ID,
    DAY,
    FIRST_SUBSCRIPTION_TYPE,
    SEGMENTS,
    TAGS,
    Blueprint,
    admin_author,
    admin_id,
    applied_tag,
    object_id,
)
from tests.sandbox.generate.settings_lists import DATE_ATTRIBUTE, segment_id
from tests.sandbox.generate.words import COUNTRIES, paragraph, person_name
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
MISFIT_EVERY: Final = 30
MANY_PROFILES_EVERY: Final = 30


def contacts(blueprint: Blueprint, count: int) -> list[Record]:
    """The contacts of a workspace.

    Args:
        blueprint: of the workspace, its companies included.
        count: how many.
    """
    build = partial(contact, blueprint)
    return [
        Record(
            object_id(times.created_at, KIND, number),
            number,
            times.created_at,
            times.updated_at,
            build,
        )
        for number, times in enumerate(blueprint.times("contacts", count))
    ]


def external_id(number: int) -> str | None:
    """The id that the workspace's own system gave a contact; leads have none."""
    return None if number % LEAD_EVERY == 0 else f"user-{number}"


def contact(blueprint: Blueprint, record: Record) -> Body:
    """The whole of a contact: all that its API views are cut from.

    In place of the capped lists of the API it holds `tags`, `notes` (full objects),
    `company_ids`, `segment_ids`, `opted_in_subscription_ids`, `opted_out_subscription_ids`.
    """
    number = record.number
    random = blueprint.random("contact", number)
    at = record.updated_at
    name = person_name(random)
    seen = at - random.randrange(DAY)
    country, region, city, country_code, continent_code = random.choice(COUNTRIES)
    mobile = number % 4 == 1
    return {
        "type": "contact",
        "id": record.id,
        "workspace_id": APP_ID,
        "external_id": external_id(number),
        "role": "lead" if number % LEAD_EVERY == 0 else "user",
        "email": None if number % 17 == 0 else f"person{number}@mail{number % 50}.example.com",
        "email_domain": None if number % 17 == 0 else f"mail{number % 50}.example.com",
        "phone": f"+1555{number:07d}" if number % 3 == 0 else None,
        "name": None if number % 13 == 0 else name,
        "avatar": {"type": "avatar", "image_url": f"https://static.example.com/{number}.png"}
        if number % 6 == 0
        else None,
        "owner_id": admin_id(random) if number % 3 == 1 else None,
        "social_profiles": {"type": "list", "data": _social_profiles(number)},
        "has_hard_bounced": number % 97 == 0,
        "marked_email_as_spam": False,
        "unsubscribed_from_emails": number % 11 == 0,
        "created_at": record.created_at,
        "updated_at": at,
        "signed_up_at": record.created_at if number % LEAD_EVERY else None,
        "last_seen_at": seen if number % 2 else None,
        "last_replied_at": seen - 60 if number % 3 == 0 else None,
        "last_contacted_at": seen - 120 if number % 4 == 0 else None,
        "last_email_opened_at": seen - 180 if number % 5 == 0 else None,
        "last_email_clicked_at": None,
        "language_override": None,
        "browser": random.choice(("chrome", "firefox", "safari")),
        "browser_version": "80.0.3987.132",
        "browser_language": random.choice(("en", "de", "pt-BR", "ja")),
        "os": random.choice(("OS X 10.15.7", "Windows 10", "Linux")),
        "location": {
            "type": "location",
            "country": country,
            "region": region,
            "city": city,
            "country_code": country_code,
            "continent_code": continent_code,
        },
        "android_app_name": None,
        "android_app_version": None,
        "android_device": None,
        "android_os_version": None,
        "android_sdk_version": None,
        "android_last_seen_at": None,
        "ios_app_name": "Sandbox" if mobile else None,
        "ios_app_version": "5.0.0" if mobile else None,
        "ios_device": "iPhone11,8" if mobile else None,
        "ios_os_version": "13.3.1" if mobile else None,
        "ios_sdk_version": "6.0.2" if mobile else None,
        "ios_last_seen_at": seen if mobile else None,
        "custom_attributes": _custom_attributes(random, number, at),
        "tags": _tags(random, number, at),
        "notes": _notes(random, record),
        "company_ids": _company_ids(blueprint, random, number),
        "segment_ids": [
            segment_id(s) for s in range(SEGMENTS) if s % 3 < 2 and (number + s) % 4 == 0
        ],
        "opted_out_subscription_ids": [str(FIRST_SUBSCRIPTION_TYPE)] if number % 8 == 0 else [],
        "opted_in_subscription_ids": [str(FIRST_SUBSCRIPTION_TYPE + 1)] if number % 9 == 0 else [],
        "utm_campaign": "spring" if number % 7 == 0 else None,
        "utm_content": None,
        "utm_medium": "email" if number % 7 == 0 else None,
        "utm_source": "newsletter" if number % 7 == 0 else None,
        "utm_term": None,
        "referrer": "https://www.example.com/?q=chat" if number % 7 == 0 else None,
        "enabled_push_messaging": None if number % 4 else True,
    }


def _social_profiles(number: int) -> list[Body]:
    if number % 10:
        return []
    profiles: list[Body] = [
        {"type": "social_profile", "name": "Facebook", "url": f"http://facebook.com/{number}"},
        {"type": "social_profile", "name": "Twitter", "url": f"http://twitter.com/p{number}"},
    ]
    if number % MANY_PROFILES_EVERY == 0:
        second = {"name": "Twitter", "url": f"http://twitter.com/work{number}"}
        unlinked = {"name": "LinkedIn", "url": None}
        profiles += [{"type": "social_profile"} | profile for profile in (second, unlinked)]
    return profiles


def _custom_attributes(random: Random, number: int, at: int) -> Body:
    if number % 12 == 0:
        return {}
    return {
        "plan_name": random.choice(("free", "pro", "enterprise")),
        "seats": random.randrange(200) if number % 5 else None,
        "score": round(random.random() * 100, 2),
        "paid_subscriber": number % 2 == 0,
        DATE_ATTRIBUTE: at - at % DAY + 30 * DAY,
        "Job Title": "Head of Ops",
        "job_title": None,
        **_later_attributes(number, at),
    }


def _later_attributes(number: int, at: int) -> Body:
    """Values of every type; some do not fit their attribute, some have no attribute at all.

    Attributes are archived or change their type, and what was stored before stays.
    """
    fitting: Body = {
        "logins": number % 500,
        "discount": number % 7 / 4,
        "beta tester": number % 2 == 1,
        "trial_end": at - at % DAY + 14 * DAY,
    }
    misfits: tuple[Body, ...] = (
        {"logins": "n/a"},
        {"discount": "12,5 %"},
        {"beta tester": "yes"},
        {"trial_end": "2026-03-04T09:46:14Z"},
        {"trial_end": "next year"},
        {"logins": 3.5, "discount": 2},
    )
    misfit = misfits[number // MISFIT_EVERY % len(misfits)] if number % MISFIT_EVERY == 1 else {}
    undeclared = {"legacy plan": "gold", "imported_id": number} if number % 15 == 2 else {}
    archived = {"retired": "since 2023"} if number % 21 == 4 else {}
    return fitting | misfit | undeclared | archived


def _tags(random: Random, number: int, at: int) -> list[Body]:
    count = MANY if number % MANY_TAGS_EVERY == 0 else number % 3
    chosen = random.sample(range(TAGS), count)
    return [applied_tag(t, at - 3600 * (i + 1), admin_id(random)) for i, t in enumerate(chosen)]


def _notes(random: Random, record: Record) -> list[Body]:
    number = record.number
    count = _many(number, MANY_NOTES_EVERY, int(number % 20 == 3))
    return [
        {
            "type": "note",
            "id": str(number * NOTES_PER_CONTACT + position + 1),
            "created_at": record.updated_at - 60 * (position + 1),
            "contact": {"type": "contact", "id": record.id},
            "author": admin_author(admin_id(random))
            | {"away_mode_enabled": False, "away_mode_reassign": False},
            "body": paragraph(random),
        }
        for position in range(count)
    ]


def _company_ids(blueprint: Blueprint, random: Random, number: int) -> list[str]:
    available = blueprint.company_ids
    count = _many(number, MANY_COMPANIES_EVERY, (1, 0, 1, 2)[number % 4])
    return random.sample(available, min(count, len(available)))


def _many(number: int, every: int, otherwise: int) -> int:
    """How many of something a contact has: now and then more than a page, or than ten."""
    if number % MORE_THAN_A_PAGE_EVERY == 0:
        return MORE_THAN_A_PAGE
    return MANY if number % every == 0 else otherwise
