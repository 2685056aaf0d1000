"""What conversations are about, what Fin answered from, and the tags of single parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_intercom.api.request import PREVIEW, Request
from tap_intercom.api.response import items_of
from tap_intercom.compat import override
from tap_intercom.streams.conversations import ConversationChildStream, ConversationDetailStream
from tap_intercom.sync.child_stream import (
    DetailChildStream,
    EmbeddedChildStream,
    latest_items,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from singer_sdk.helpers.types import Record

    from tap_intercom.api.response import Page


class ConversationTopics(ConversationChildStream, DetailChildStream):
    """Topics that Intercom's AI found in a conversation. Preview."""

    name = "conversation_topics"
    primary_keys = ("conversation_id", "topic_name")
    is_preview = True
    selected_by_default = False
    detail_request = Request("/conversations/{id}", record_keys=(), api_version=PREVIEW)
    records_path = ("ai_topics", "topics")


class ConversationAiContentSources(ConversationChildStream, EmbeddedChildStream):
    """What Fin answered a conversation from; `index` is the position in Intercom's list."""

    name = "conversation_ai_content_sources"
    primary_keys = ("conversation_id", "index")
    records_path = ("ai_agent", "content_sources", "content_sources")

    @override
    def items(self, record: Record, pages: Sequence[Page]) -> Iterable[Record]:
        for index, source in enumerate(super().items(record, pages)):
            yield {**source, "index": index}


class ConversationPartTags(ConversationDetailStream):
    """Tags on single parts of a conversation."""

    name = "conversation_part_tags"
    primary_keys = ("conversation_part_id", "tag_id")
    id_column = "tag_id"

    @override
    def items(self, record: Record, pages: Sequence[Page]) -> Iterable[Record]:
        for part in super().items(record, pages):
            for tag in latest_items(items_of(part.get("tags"), "tags"), "applied_at"):
                yield {**tag, "conversation_part_id": part.get("id")}
