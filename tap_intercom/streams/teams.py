"""Teams and who is in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_intercom.api.request import Request
from tap_intercom.compat import override
from tap_intercom.sync.child_stream import ChildStream
from tap_intercom.sync.list_stream import ListStream

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from singer_sdk.helpers.types import Record

    from tap_intercom.api.response import Page


class Teams(ListStream):
    """Teams of teammates."""

    name = "teams"
    primary_keys = ("id",)
    permission = "Read admins"
    requests = (Request("/teams", record_keys=("teams",)),)


class TeamAdmins(ChildStream):
    """Teammates in a team, with their priority level in its inbox."""

    name = "team_admins"
    parent_stream_type = Teams
    primary_keys = ("team_id", "admin_id")
    permission = "Read admins"
    parent_key = "team_id"

    @override
    def items(self, record: Record, pages: Sequence[Page]) -> Iterable[Record]:
        priorities, members = record.get("admin_priority_level"), record.get("admin_ids")
        levels = {
            str(admin_id): level.removesuffix("_admin_ids")
            for level, admin_ids in (priorities if isinstance(priorities, dict) else {}).items()
            if isinstance(admin_ids, list)
            for admin_id in admin_ids
        }
        return [
            {"admin_id": admin_id, "priority_level": levels.get(str(admin_id))}
            for admin_id in (members if isinstance(members, list) else ())
        ]
