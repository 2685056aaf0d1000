"""Phone calls and their transcripts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tap_intercom.api.request import Request
from tap_intercom.api_version import ApiVersion
from tap_intercom.compat import override
from tap_intercom.errors import RUN_ENDING_ERRORS, IntercomError, ResponseTooLargeError
from tap_intercom.sync.child_stream import ChildStream
from tap_intercom.sync.list_stream import ListStream
from tap_intercom.timestamps import TimestampedRecord

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from singer_sdk.helpers.types import Record

    from tap_intercom.api.response import Page

CALLS = Request("/calls", {"per_page": 25})
TRANSCRIPTS = Request("/calls/search", body={})

MAX_CONVERSATIONS = 20
"""Conversations per request (OpenAPI 2.16, POST /calls/search)."""

TRANSCRIPT_FIELDS = ("transcript", "transcript_status")


class Calls(ListStream):
    """Phone calls; Intercom has no filter by change."""

    name = "calls"
    primary_keys = ("id",)
    permission = "Read conversations"
    min_api_version = ApiVersion(2, 14)
    selected_by_default = False
    requests = (CALLS,)
    exclude_fields = TRANSCRIPT_FIELDS

    @override
    def iterate(self, since: int) -> Iterator[TimestampedRecord]:
        for page in self.pages(CALLS):
            calls = page.records()
            transcripts = self._transcripts(calls)
            for call in calls:
                yield TimestampedRecord({**call, **transcripts.get(str(call.get("id")), {})})

    def _transcripts(self, calls: list[Record]) -> dict[str, Record]:
        """Return the transcripts of some calls, by the calls' ids, if their stream needs them.

        Raises:
            IntercomError: It ends the run. Any other ends the stream of the transcripts alone:
                calls are complete without them.
        """
        child = self._transcript_stream
        if not child.selected or child.name in self.run.failures:
            return {}
        try:
            return self._found_transcripts(calls)
        except RUN_ENDING_ERRORS:
            raise
        except IntercomError as error:
            child.fail(error)
            return {}

    @property
    def _transcript_stream(self) -> CallTranscripts:
        return next(one for one in self.child_streams if isinstance(one, CallTranscripts))

    def _found_transcripts(self, calls: list[Record]) -> dict[str, Record]:
        ids = list({str(call["conversation_id"]) for call in calls if call.get("conversation_id")})
        found = [
            call
            for start in range(0, len(ids), MAX_CONVERSATIONS)
            for call in self._search(ids[start : start + MAX_CONVERSATIONS])
        ]
        return {
            str(call.get("id")): {name: call.get(name) for name in TRANSCRIPT_FIELDS}
            for call in found
        }

    def _search(self, conversation_ids: list[str]) -> list[Record]:
        """Return the calls of some conversations, in halves while the response is too large."""
        request = replace(TRANSCRIPTS, body={"conversation_ids": conversation_ids})
        try:
            return self.client.fetch(request).records()
        except ResponseTooLargeError as error:
            middle = len(conversation_ids) // 2
            if not middle:
                self.logger.warning("%s; left out conversation %s", error, conversation_ids[0])
                self._transcript_stream.note_missing("a transcript is too large")
                return []
            return self._search(conversation_ids[:middle]) + self._search(conversation_ids[middle:])


class CallTranscripts(ChildStream):
    """The transcript of a call, as a list of turns; calls without one have no row.

    Intercom finds transcripts by conversation, so a call without a conversation has none.
    """

    name = "call_transcripts"
    parent_stream_type = Calls
    primary_keys = ("call_id",)
    permission = "Read conversations"
    min_api_version = ApiVersion(2, 14)
    selected_by_default = False
    parent_key = "call_id"

    @classmethod
    @override
    def describe_endpoint(cls) -> str:
        return f"`{TRANSCRIPTS}`, {MAX_CONVERSATIONS} conversations per request"

    @override
    def items(self, record: Record, pages: Sequence[Page]) -> Iterable[Record]:
        if not record.get("transcript"):
            return []
        row = {name: record.get(name) for name in ("conversation_id", *TRANSCRIPT_FIELDS)}
        return [{**row, "call_updated_at": record.get("updated_at")}]
