"""How conversations were evaluated: monitors, scorecards, and the rules that Fin was held to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_intercom.api.request import PREVIEW, Request
from tap_intercom.api_version import ApiVersion
from tap_intercom.compat import override
from tap_intercom.streams.conversations import ConversationChildStream
from tap_intercom.sync.child_stream import EmbeddedChildStream, ListChildStream

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from singer_sdk.helpers.types import Record

    from tap_intercom.api.response import Page


class EvaluationStream(ConversationChildStream, EmbeddedChildStream):
    """Evaluations of a conversation; one without a time has that of the conversation's start."""

    min_api_version = ApiVersion(2, 16)
    selected_by_default = False

    @override
    def items(self, record: Record, pages: Sequence[Page]) -> Iterable[Record]:
        for item in super().items(record, pages):
            yield {**item, "evaluated_at": item.get("evaluated_at") or record.get("created_at")}


class ConversationMonitorEvaluations(EvaluationStream):
    """What monitors found in a conversation."""

    name = "conversation_monitor_evaluations"
    primary_keys = ("conversation_id", "monitor_id", "evaluated_at")
    records_path = ("monitor_evaluations",)


class ConversationScorecards(EvaluationStream):
    """How a conversation scored, by each scorecard."""

    name = "conversation_scorecards"
    primary_keys = ("conversation_id", "scorecard_id", "evaluated_at")
    records_path = ("scorecards",)


class ConversationHitlEvents(ConversationChildStream, ListChildStream):
    """What happened while Fin consulted a teammate, once that has ended. Preview.

    These events have no id, so `index` is the position in Intercom's answer, oldest first.
    """

    name = "conversation_hitl_events"
    primary_keys = ("conversation_id", "hitl_cycle_id", "index")
    is_preview = True
    selected_by_default = False
    list_request = Request("/conversations/{id}/hitl_events", api_version=PREVIEW)

    @override
    def items(self, record: Record, pages: Sequence[Page]) -> Iterable[Record]:
        for index, event in enumerate(super().items(record, pages)):
            yield {**event, "index": index}
