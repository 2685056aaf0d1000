"""The workspace itself and its teammates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_intercom.client import Request
from tap_intercom.compat import override
from tap_intercom.list_stream import ListStream
from tap_intercom.step import Step

if TYPE_CHECKING:
    from collections.abc import Iterator


class Workspace(ListStream):
    """One row: the workspace that the access token belongs to, with its time zone."""

    name = "workspace"
    primary_keys = ("id_code",)
    permission = "Read admins"
    lists = (Request("/me", holds=("app",)),)

    @override
    def walk(self, since: int) -> Iterator[Step]:
        yield Step(dict(self.client.workspace))


class Admins(ListStream):
    """Teammates; those who have left are not in the list."""

    name = "admins"
    primary_keys = ("id",)
    permission = "Read admins"
    lists = (Request("/admins", {"display_avatar": "true"}, holds=("admins",)),)
