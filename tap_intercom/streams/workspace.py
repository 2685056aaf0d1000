"""The workspace itself and its teammates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_intercom.api.request import Request
from tap_intercom.api_version import ApiVersion
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


class IpAllowlist(ListStream):
    """One row: the addresses from which teammates may use the workspace."""

    name = "ip_allowlist"
    primary_keys = ("type",)
    min_api_version = ApiVersion(2, 16)
    selected_by_default = False
    requests = (Request("/ip_allowlist", record_keys=()),)

    @override
    def iterate(self, since: int) -> Iterator[TimestampedRecord]:
        for page in self.pages(self.requests[0]):
            yield TimestampedRecord(page.as_dict())


class Roles(ListStream):
    """Roles that teammates can have, those that nobody has included."""

    name = "roles"
    primary_keys = ("id",)
    permission = "Read admins"
    min_api_version = ApiVersion(2, 18)
    selected_by_default = False
    requests = (Request("/roles"),)


class Admins(ListStream):
    """Teammates; those who have left are not in the list."""

    name = "admins"
    primary_keys = ("id",)
    permission = "Read admins"
    requests = (Request("/admins", {"display_avatar": "true"}, record_keys=("admins",)),)
