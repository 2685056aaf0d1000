"""Macros, reasons to be away, and office hours."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from tests.sandbox.generate.blueprint import FIRST_TEAM, TEAMS, Blueprint
from tests.sandbox.generate.words import SENTENCES

if TYPE_CHECKING:
    from tests.sandbox.records import Body

FIRST_MACRO: Final = 123
FIRST_REASON: Final = 1
FIRST_SCHEDULE: Final = 123
REASONS: Final = (
    ("On a break", "☕"),
    ("In a meeting", "🗓️"),
    ("Lunch", "🍝"),
    ("Off sick", "🤒"),
    ("En vacances", "🏖️"),
    ("Retired reason", "👻"),
)
TIME_ZONES: Final = ("America/New_York", "Europe/Dublin", "Pacific/Auckland")
MINUTES_OF_DAY: Final = 1440


def macros(blueprint: Blueprint, count: int) -> list[Body]:
    """The macros; their timestamps are texts with milliseconds.

    Args:
        blueprint: of the workspace.
        count: how many.
    """
    random = blueprint.random("macros", 0)
    rows = []
    for number, times in enumerate(blueprint.times("macros", count)):
        text = random.choice(SENTENCES)
        body = f'<p>Hi <attribute key="user.name" default="there"/>, {text}</p>'
        body_text = f'Hi {{{{user.name|fallback:"there"}}}}, {text}'
        teams = [str(FIRST_TEAM + number % TEAMS)] if number % 4 == 1 else []
        rows.append(
            {
                "type": "macro",
                "id": str(FIRST_MACRO + number),
                "name": f"Macro {number}",
                "body": None if number % 10 == 9 else body,
                "body_text": None if number % 10 == 9 else body_text,
                "created_at": iso(times.created_at),
                "updated_at": iso(times.updated_at, number % 5),
                "visible_to": "specific_teams" if teams else "everyone",
                "visible_to_team_ids": teams,
                "available_on": ["inbox"] if number % 3 else ["inbox", "messenger"],
            },
        )
    return rows


def iso(at: int, milliseconds: int = 0) -> str:
    """A moment as text, such as 2025-07-17T11:18:08.000Z.

    Args:
        at: unix seconds.
        milliseconds: beyond them.
    """
    moment = datetime.fromtimestamp(at, tz=UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{milliseconds:03d}Z"


def away_status_reasons(blueprint: Blueprint, count: int) -> list[Body]:
    """Why teammates may be away, deleted reasons included.

    Args:
        blueprint: of the workspace.
        count: how many.
    """
    rows = []
    for number, times in enumerate(blueprint.times("away_status_reasons", count)):
        label, emoji = REASONS[number % len(REASONS)]
        rows.append(
            {
                "type": "away_status_reason",
                "id": str(FIRST_REASON + number),
                "label": label,
                "emoji": emoji,
                "order": number,
                "deleted": number % len(REASONS) == len(REASONS) - 1,
                "created_at": times.created_at,
                "updated_at": times.updated_at,
            },
        )
    return rows


def office_hours_schedules(blueprint: Blueprint, count: int) -> list[Body]:
    """Weekly hours; one schedule is open all the time.

    Args:
        blueprint: of the workspace.
        count: how many.
    """
    rows = []
    for number, times in enumerate(blueprint.times("office_hours_schedules", count)):
        always = number % 3 == 2
        rows.append(
            {
                "type": "office_hours_schedule",
                "id": str(FIRST_SCHEDULE + number),
                "name": f"Support hours {number}",
                "time_zone_name": TIME_ZONES[number % len(TIME_ZONES)],
                "time_intervals": [] if always else [_working_day(day) for day in range(5)],
                "twenty_four_seven": always,
                "created_at": times.created_at,
                "updated_at": times.updated_at,
            },
        )
    return rows


def _working_day(day: int) -> Body:
    """Nine to five, in minutes since Monday 00:00."""
    midnight = day * MINUTES_OF_DAY
    return {"start_minute": midnight + 540, "end_minute": midnight + 1020, "day_of_week": day}
