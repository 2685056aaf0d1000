"""The workspace itself and its teammates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_intercom.api.request import Request
from tap_intercom.compat import override
from tap_intercom.sync.list_stream import ListStream
from tap_intercom.timestamps import TimestampedRecord

if TYPE_CHECKING:
    from collections.abc import Iterator


class Workspace(ListStream):
    """One row: the workspace that the access token belongs to, with its time zone."""

    name = "workspace"
    primary_keys = ("id_code",)
    permission = "Read admins"
    requests = (Request("/me", record_keys=("app",)),)

    @override
    def iterate(self, since: int) -> Iterator[TimestampedRecord]:
        yield TimestampedRecord(dict(self.client.workspace))


class Admins(ListStream):
    """Teammates; those who have left are not in the list."""

    name = "admins"
    primary_keys = ("id",)
    permission = "Read admins"
    requests = (Request("/admins", {"display_avatar": "true"}, record_keys=("admins",)),)
