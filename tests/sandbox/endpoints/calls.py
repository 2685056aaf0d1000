"""Phone calls and what was said in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from aiohttp import web

from tests.sandbox.answers import json_answer
from tests.sandbox.call import Call, Route
from tests.sandbox.endpoints import lists
from tests.sandbox.errors import bad_request, not_found

if TYPE_CHECKING:
    from tests.sandbox.records import Body

PER_PAGE: Final = 25
MAX_CONVERSATIONS: Final = 20
V2_14: Final = (2, 14)


def _search(call: Call) -> web.Response:
    wanted = _conversation_ids(call.sent)
    transcripts = {row["id"]: row for row in call.state.workspace.lists["call_transcripts"]}
    rows = [
        row | transcripts[row["id"]]
        for row in call.state.workspace.lists["calls"]
        if row["conversation_id"] in wanted
    ]
    return json_answer({"type": "list", "data": rows})


def _conversation_ids(sent: Any) -> set[str]:
    ids = sent.get("conversation_ids") if isinstance(sent, dict) else None
    if not isinstance(ids, list) or not 1 <= len(ids) <= MAX_CONVERSATIONS:
        raise bad_request(
            "conversation_id_limit_exceeded",
            "A list of up to 20 conversation IDs is required",
        )
    return {str(conversation_id) for conversation_id in ids}


def _transcript(call: Call) -> web.Response:
    spoken = lists.find(call, "call_transcripts", "Not Found")["transcript"]
    if not spoken:
        raise not_found("Not Found")
    return web.Response(text="\n".join(_line(row) for row in spoken))


def _line(spoken: Body) -> str:
    minutes, seconds = divmod(int(spoken["start_time"]), 60)
    return f'[00:{minutes:02}:{seconds:02}] {spoken["speaker"]}: "{spoken["text"]}"'


ROUTES: Final = (
    Route("GET", "/calls", lists.cursor_pages("calls", PER_PAGE, PER_PAGE), since=V2_14),
    Route("POST", "/calls/search", _search, since=V2_14),
    Route("GET", "/calls/{id}", lists.single("calls", "Not Found"), since=V2_14),
    Route("GET", "/calls/{id}/transcript", _transcript, since=V2_14),
)
