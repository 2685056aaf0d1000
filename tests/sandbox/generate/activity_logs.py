"""What teammates did in the workspace's settings."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final

from tests.sandbox.generate.blueprint import (
    DAY,
    FIRST_ADMIN,
    FIRST_TEAM,
    NEWEST_AGE,
    Blueprint,
    admin_author,
    admin_id,
)

if TYPE_CHECKING:
    from tests.sandbox.records import Body

SPREAD: Final = 20 * DAY
ACTIVITIES: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    ("app_name_change", {"before": "before", "after": "after"}),
    (
        "message_state_change",
        {
            "message": {"id": 123, "title": "Initial message title"},
            "before": "Initial message title",
            "after": "Eventual message title",
        },
    ),
    ("admin_login_success", {"sign_in_method": "email_password"}),
    (
        "admin_away_mode_change",
        {
            "away_mode": True,
            "away_status_reason": "😌 On a break",
            "reassign_conversations": False,
            "source": "admin update from web - Admin id: 93",
            "auto_changed": False,
            "update_by": FIRST_ADMIN,
            "update_by_name": "Ciaran0 Lee",
        },
    ),
    (
        "automatic_away_mode_setting_change",
        {
            "before": {"enabled": False, "mode": None},
            "after": {"enabled": True, "mode": "when_away_only"},
            "enabled": True,
            "mode": "when_away_only",
        },
    ),
    (
        "team_assignment_limit_change",
        {"team": {"id": FIRST_TEAM, "name": "Support"}, "team_assignment_limit": None},
    ),
    (
        "admin_impersonation_consent_approved",
        {"consent_id": 149_673, "expired_at": "2025-12-04T09:31:57.000Z"},
    ),
    (
        "admin_occupancy_state_change",
        {
            "previous_state": None,
            "new_state": "occupied",
            "threshold_minutes": 15,
            "last_activity_at": 1_671_028_894,
            "auto": True,
        },
    ),
    (
        "admin_occupancy_setting_change",
        {
            "setting_type": "teammate_occupancy",
            "changes": {"occupancy_window_minutes": {"before": 15, "after": 30}},
        },
    ),
    ("admin_conversation_assignment_limit_change", {"conversation_assignment_limit": 15}),
    ("admin_ticket_assignment_limit_change", {"ticket_assignment_limit": 20}),
    ("bulk_delete", {"external_id": "f3b87a2e09d514c6c2e79b9a"}),
    ("admin_logout", {}),
)
EVENT_TYPES: Final = sorted(activity_type for activity_type, _ in ACTIVITIES)


def activity_logs(blueprint: Blueprint, count: int) -> list[Body]:
    """Activities of the last 20 days, oldest first; every fourth shares a second with another.

    Args:
        blueprint: of the workspace.
        count: how many.
    """
    random = blueprint.random("activity_logs", 0)
    newest = blueprint.now - NEWEST_AGE
    moments = sorted(newest - int(SPREAD * random.random()) for _ in range(count))
    moments[1::4] = moments[0::4][: len(moments[1::4])]
    rows = []
    for number, at in enumerate(moments):
        activity_type, metadata = ACTIVITIES[number % len(ACTIVITIES)]
        admin = admin_author(admin_id(random))
        rows.append(
            {
                "id": str(uuid.UUID(int=random.getrandbits(128), version=4)),
                "performed_by": {
                    "type": "admin",
                    "id": admin["id"],
                    "email": admin["email"],
                    "ip": f"198.51.100.{number % 256}",
                },
                "metadata": metadata,
                "created_at": at,
                "activity_type": activity_type,
                "activity_description": f"{admin['name']}: {activity_type.replace('_', ' ')}.",
            },
        )
    return rows
