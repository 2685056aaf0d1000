"""What teammates did in the workspace's settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.sandbox.generate.blueprint import DAY, NEWEST_AGE_SECONDS, Blueprint
from tests.sandbox.generate.rows import template

if TYPE_CHECKING:
    from tests.sandbox.records import Body

SPREAD_SECONDS: Final = 20 * DAY
EVENT_TYPES: Final = sorted(
    {
        template("activity_logs").row(number)["activity_type"]
        for number in range(template("activity_logs").count)
    }
)


def activity_logs(blueprint: Blueprint, count: int) -> list[Body]:
    """Activities of the last 20 days, oldest first; every fourth shares a second with another."""
    random = blueprint.random("activity_logs", 0)
    newest = blueprint.now - NEWEST_AGE_SECONDS
    created = sorted(newest - int(SPREAD_SECONDS * random.random()) for _ in range(count))
    created[1::4] = created[0::4][: len(created[1::4])]
    return [template("activity_logs").row(number, at) for number, at in enumerate(created)]
