"""Inbox settings: brands, addresses, office hours, away reasons, macros, connectors.

Intercom documents no permission for them except for office hours.
"""

from __future__ import annotations

from tap_intercom.api.request import Request
from tap_intercom.api.response import BARE_LIST
from tap_intercom.api_version import ApiVersion
from tap_intercom.sync.list_stream import ListStream


class Brands(ListStream):
    """Brands under which the workspace writes."""

    name = "brands"
    primary_keys = ("id",)
    min_api_version = ApiVersion(2, 15)
    selected_by_default = False
    requests = (Request("/brands"),)


class EmailSettings(ListStream):
    """Addresses that the workspace writes from."""

    name = "email_settings"
    primary_keys = ("id",)
    min_api_version = ApiVersion(2, 15)
    selected_by_default = False
    requests = (Request("/emails"),)


class AwayStatusReasons(ListStream):
    """Why a teammate may be away; deleted reasons too.

    In some workspaces the response is a bare list (Intercom-OpenAPI changed its shape).
    """

    name = "away_status_reasons"
    primary_keys = ("id",)
    permission = "Read admins"
    min_api_version = ApiVersion(2, 14)
    selected_by_default = False
    requests = (Request("/away_status_reasons", record_keys=("data", BARE_LIST)),)


class OfficeHoursSchedules(ListStream):
    """When the workspace is staffed."""

    name = "office_hours_schedules"
    primary_keys = ("id",)
    permission = "Read and write office hours"
    min_api_version = ApiVersion(2, 16)
    selected_by_default = False
    requests = (Request("/office_hours_schedules"),)


class Macros(ListStream):
    """Prepared replies; those that the token's teammate may not see are missing."""

    name = "macros"
    primary_keys = ("id",)
    min_api_version = ApiVersion(2, 16)
    selected_by_default = False
    requests = (Request("/macros", {"per_page": 150}),)


class DataConnectors(ListStream):
    """Connections to other systems' APIs."""

    name = "data_connectors"
    primary_keys = ("id",)
    min_api_version = ApiVersion(2, 16)
    selected_by_default = False
    requests = (Request("/data_connectors", {"per_page": 50}),)
