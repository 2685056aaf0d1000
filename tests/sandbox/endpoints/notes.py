"""Notes of a contact or a company, paged by `page` and `per_page`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.sandbox.answers import json_answer
from tests.sandbox.endpoints.paging import numbered_page

if TYPE_CHECKING:
    from aiohttp import web

    from tests.sandbox.call import Call
    from tests.sandbox.records import Body

PER_PAGE: Final = 50


def notes_page(call: Call, notes: list[Body]) -> web.Response:
    """One page of notes.

    The schema of `pages` promises a cursor for which no parameter is documented; the option
    `cursor_pages_next` leaves the link out.

    Args:
        call: with the parameters `page` and `per_page`.
        notes: all of them.

    Raises:
        ApiError: 400 `parameter_invalid`.
    """
    rows, envelope = numbered_page(call, notes, PER_PAGE)
    if call.state.options.cursor_pages_next == "absent":
        del envelope["pages"]["next"]
    return json_answer({"type": "list", "data": rows} | envelope)
