"""Inbox settings: brands, addresses, office hours, away reasons, macros, SLA rules, connectors.

Intercom documents no permission for brands, addresses, macros and connectors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_intercom.api.request import PREVIEW, Request
from tap_intercom.api.response import BARE_LIST
from tap_intercom.api_version import ApiVersion
from tap_intercom.compat import override
from tap_intercom.sync.child_stream import ListChildStream
from tap_intercom.sync.list_stream import ListStream

if TYPE_CHECKING:
    from singer_sdk.helpers.types import Record


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


class OfficeHoursExceptions(ListChildStream):
    """Days on which a schedule does not apply, such as holidays."""

    name = "office_hours_exceptions"
    parent_stream_type = OfficeHoursSchedules
    primary_keys = ("id",)
    permission = "Read and write office hours"
    min_api_version = ApiVersion(2, 16)
    selected_by_default = False
    parent_key = "office_hours_schedule_id"
    list_request = Request("/office_hours_schedules/{id}/office_hours_exceptions")


class SlaRules(ListStream):
    """Targets for response times, archived ones included. Preview."""

    name = "sla_rules"
    primary_keys = ("id",)
    permission = "Read conversations"
    is_preview = True
    selected_by_default = False
    requests = (Request("/sla_rules", api_version=PREVIEW),)


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


class DataConnectorExecutions(ListChildStream):
    """Calls of a data connector, without what was sent and received.

    Intercom shows those of the last hour unless it is asked for more.
    """

    name = "data_connector_executions"
    parent_stream_type = DataConnectors
    primary_keys = ("id",)
    min_api_version = ApiVersion(2, 16)
    selected_by_default = False
    parent_key = "data_connector_id"
    list_request = Request("/data_connectors/{id}/execution_results", {"per_page": 30})

    @override
    def request(self, record: Record) -> Request:
        request = self.list_request.for_id(record["id"])
        return request.with_params(start_ts=self.settings.start_date or 1)
