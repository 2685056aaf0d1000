"""The lists of a workspace: one table of paths, rows, paging, versions and envelopes."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final

from tests.sandbox.call import Call, Route
from tests.sandbox.endpoints.rows import (
    CALL_TIMES,
    all_rows,
    article,
    attributes_of_model,
    data_attribute,
    hidden_before,
    internal_article,
    unarchived,
    unchanged,
    updated_since,
    with_escaped_identity,
    within_time_range,
    without_unless,
)
from tests.sandbox.paging import (
    WHOLE,
    ActivityLogPages,
    ClippedPages,
    CursorPages,
    IdCursor,
    LinkedPages,
    NumberedPages,
    Paging,
    UnlinkedPages,
    UpdatedAtCursor,
    WholeWithPages,
)
from tests.sandbox.responses import json_response
from tests.sandbox.versions import (
    OLDEST,
    PREVIEW,
    V2_9,
    V2_12,
    V2_13,
    V2_14,
    V2_15,
    V2_16,
    V2_17,
    V2_18,
    Version,
)

if TYPE_CHECKING:
    from aiohttp import web

    from tests.sandbox.endpoints.rows import RowView, Select


@dataclasses.dataclass(frozen=True)
class ListEndpoint:
    """A list, and how it is shown.

    Attributes:
        rows: the list's name in the workspace.
        since: the version that introduced it.
        type: the `type` of the response.
        key: the name of the list in the response.
        select: chooses rows by the parameters of the request.
        view: what a version shows of a row.
    """

    path: str
    rows: str
    paging: Paging = WHOLE
    since: Version = OLDEST
    type: str = "list"
    key: str = "data"
    select: Select = all_rows
    view: RowView = unchanged

    def respond(self, call: Call) -> web.Response:
        """Respond with the rows of a page."""
        rows = self.select(call, call.state.workspace.lists[self.rows])
        shown, envelope = self.paging.page(call, rows)
        data = [self.view(row, call.version) for row in shown]
        return json_response({"type": self.type, self.key: data} | envelope)


LISTS: Final = (
    ListEndpoint(
        "/admins",
        "admins",
        type="admin.list",
        key="admins",
        select=without_unless("display_avatar", "avatar"),
    ),
    ListEndpoint("/teams", "teams", type="team.list", key="teams"),
    ListEndpoint("/tags", "tags"),
    ListEndpoint(
        "/segments",
        "segments",
        WholeWithPages(),
        type="segment.list",
        key="segments",
        select=without_unless("include_count", "count"),
    ),
    ListEndpoint("/subscription_types", "subscription_types"),
    ListEndpoint(
        "/data_attributes", "data_attributes", select=attributes_of_model, view=data_attribute
    ),
    ListEndpoint(
        "/conversations/attributes", "conversation_attributes", since=V2_16, select=unarchived
    ),
    ListEndpoint("/ticket_types", "ticket_types", since=V2_9),
    ListEndpoint("/ticket_states", "ticket_states", since=V2_12),
    ListEndpoint("/articles", "articles", CursorPages(15), view=article),
    ListEndpoint("/help_center/collections", "collections", CursorPages(15)),
    ListEndpoint(
        "/help_center/help_centers", "help_centers", view=hidden_before(V2_16, "default", "locales")
    ),
    ListEndpoint(
        "/internal_articles",
        "internal_articles",
        CursorPages(25),
        since=V2_13,
        view=internal_article,
    ),
    ListEndpoint("/content_snippets", "content_snippets", NumberedPages(50, 50), since=V2_16),
    ListEndpoint("/audiences", "audiences", NumberedPages(50, 50), since=V2_16),
    ListEndpoint("/ai/external_pages", "external_pages", LinkedPages(50), since=V2_12),
    ListEndpoint(
        "/ai/content_import_sources", "content_import_sources", LinkedPages(50), since=V2_12
    ),
    ListEndpoint("/news/news_items", "news_items", CursorPages(10)),
    ListEndpoint("/news/newsfeeds", "newsfeeds", CursorPages(10)),
    ListEndpoint("/brands", "brands", since=V2_15),
    ListEndpoint("/emails", "email_settings", since=V2_15),
    ListEndpoint("/macros", "macros", UpdatedAtCursor(50, 150), since=V2_16, select=updated_since),
    ListEndpoint("/away_status_reasons", "away_status_reasons", since=V2_14),
    ListEndpoint(
        "/office_hours_schedules",
        "office_hours_schedules",
        since=V2_16,
        type="office_hours_schedule.list",
    ),
    ListEndpoint("/data_connectors", "data_connectors", UpdatedAtCursor(20, 50), since=V2_16),
    ListEndpoint(
        "/calls",
        "calls",
        CursorPages(25, 25),
        since=V2_14,
        view=hidden_before(PREVIEW, *CALL_TIMES),
    ),
    ListEndpoint("/folders", "folders", UnlinkedPages(50, 150), since=V2_17),
    ListEndpoint("/dynamic_contents", "dynamic_contents", UnlinkedPages(20, 150), since=V2_17),
    ListEndpoint("/roles", "roles", since=V2_18),
    ListEndpoint("/sla_rules", "sla_rules", since=PREVIEW, type="sla_rule.list"),
    ListEndpoint(
        "/contacts/deleted",
        "deleted_contacts",
        ClippedPages(10, 150),
        since=V2_17,
        select=with_escaped_identity,
    ),
    ListEndpoint("/contacts/activities", "contact_activities", IdCursor(50, 150), since=PREVIEW),
    ListEndpoint(
        "/admins/activity_logs",
        "activity_logs",
        ActivityLogPages(20, sorted_by="created_at"),
        type="activity_log.list",
        key="activity_logs",
        select=within_time_range,
    ),
)
ROUTES: Final = tuple(Route("GET", one.path, one.respond, one.since) for one in LISTS)
