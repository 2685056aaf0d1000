"""The ways in which Intercom pages its lists, from the `pages` schemas of its API reference."""

from __future__ import annotations

import base64
import dataclasses
import math
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar
from urllib.parse import urlencode

import msgspec

from tests.sandbox.errors import bad_request
from tests.sandbox.search import check_per_page, invalid_cursor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.sandbox.call import Call
    from tests.sandbox.records import Body

MILLISECONDS: Final = 1000
Row = TypeVar("Row")


class Paging(Protocol):
    """A way of paging."""

    def page(self, call: Call, rows: Sequence[Body], /) -> tuple[Sequence[Body], Body]:
        """The rows of the page that is requested, and what the envelope says about it."""


@dataclasses.dataclass(frozen=True)
class Whole:
    """No pages: every response has all rows."""

    def page(self, _: Call, rows: Sequence[Body], /) -> tuple[Sequence[Body], Body]:
        return rows, {}


WHOLE: Final = Whole()


class WholeWithPages(Whole):
    """The same, with an empty `pages`, as segments have it."""

    def page(self, _: Call, rows: Sequence[Body], /) -> tuple[Sequence[Body], Body]:
        return rows, {"pages": {}}


@dataclasses.dataclass(frozen=True)
class NumberedPages:
    """Page numbers at the top level, and no `pages`."""

    per_page: int
    max_per_page: int

    def page(self, call: Call, rows: Sequence[Body], /) -> tuple[Sequence[Body], Body]:
        number, size = page_and_size(call, self.per_page, self.max_per_page)
        counts = page_counts(number, size, len(rows))
        del counts["type"]
        return rows[(number - 1) * size : number * size], {"total_count": len(rows)} | counts


@dataclasses.dataclass(frozen=True)
class LinkedPages:
    """Page numbers; `pages.next` is the URL of the next page, null on the last."""

    per_page: int
    max_per_page: int = 60

    def page(self, call: Call, rows: Sequence[Row], /) -> tuple[Sequence[Row], Body]:
        number, size = page_and_size(call, self.per_page, self.max_per_page)
        pages = page_counts(number, size, len(rows))
        link = next_url(call, number, size) if number < pages["total_pages"] else None
        envelope = {"total_count": len(rows), "pages": {"next": link} | pages}
        return rows[(number - 1) * size : number * size], envelope


class NotePages(LinkedPages):
    """The same for notes, whose schema has a cursor that no parameter is documented for."""

    def page(self, call: Call, rows: Sequence[Row], /) -> tuple[Sequence[Row], Body]:
        shown, envelope = super().page(call, rows)
        if call.state.options.cursor_pages_next == "absent":
            del envelope["pages"]["next"]
        return shown, envelope


class UnlinkedPages(LinkedPages):
    """The same for side conversations, without a link."""

    def page(self, call: Call, rows: Sequence[Row], /) -> tuple[Sequence[Row], Body]:
        shown, envelope = super().page(call, rows)
        del envelope["pages"]["next"]
        return shown, envelope


class ClippedPages(UnlinkedPages):
    """The same; a page that is too large is clipped, not refused (2.17, /contacts/deleted)."""

    def page(self, call: Call, rows: Sequence[Row], /) -> tuple[Sequence[Row], Body]:
        asked = call.parameter("per_page") or str(self.per_page)
        if not asked.isdecimal() or int(asked) < 1:
            raise bad_request("invalid_per_page", "per_page must be a positive integer")
        size = min(int(asked), self.max_per_page)
        number = int(call.parameter("page") or 1)
        counts = page_counts(number, size, len(rows))
        return rows[(number - 1) * size : number * size], {
            "total_count": len(rows),
            "pages": counts,
        }


@dataclasses.dataclass(frozen=True)
class IdCursor:
    """Oldest first; the cursor is the last row's id, null at the end (/contacts/activities)."""

    per_page: int
    max_per_page: int

    def page(self, call: Call, rows: Sequence[Body], /) -> tuple[Sequence[Body], Body]:
        size = check_per_page(call.parameter("per_page") or self.per_page, self.max_per_page)
        cursor = call.parameter("starting_after")
        after = (0, "") if cursor is None else _activity_position(cursor)
        rest = [row for row in rows if _activity_position(row["id"]) > after]
        shown = rest[:size]
        following = {"starting_after": shown[-1]["id"]} if len(rest) > size else None
        return shown, {"pages": {"type": "pages", "per_page": size, "next": following}}


def _activity_position(activity_id: str) -> tuple[int, str]:
    milliseconds, dot, suffix = activity_id.partition(".")
    if not dot or not milliseconds.isdecimal():
        raise invalid_cursor()
    return int(milliseconds), suffix


@dataclasses.dataclass(frozen=True)
class UpdatedAtCursor:
    """Newest first; the cursor is base64 of [timestamp, id], null at the end (/macros)."""

    per_page: int
    max_per_page: int
    sorted_by: str = "updated_at"

    def page(self, call: Call, rows: Sequence[Body], /) -> tuple[Sequence[Body], Body]:
        size = check_per_page(call.parameter("per_page") or self.per_page, self.max_per_page)
        ordered = newest_first(rows, self.sorted_by)
        cursor = call.parameter("starting_after")
        if cursor is not None:
            position = _decoded(cursor, tuple[float, str])
            ordered = [row for row in ordered if _position(row, self.sorted_by) < position]
        shown = ordered[:size]
        following = None
        if len(ordered) > size:
            following = {"starting_after": _encoded(_position(shown[-1], self.sorted_by))}
        return shown, {"pages": {"type": "pages", "per_page": size, "next": following}}


@dataclasses.dataclass(frozen=True)
class CursorPages:
    """Newest first, by page number or cursor (schema `cursor_pages`).

    What `pages.next` is, the documentation leaves open: the option `cursor_pages_next` decides.
    """

    per_page: int
    max_per_page: int = 150
    sorted_by: str = "updated_at"

    def page(self, call: Call, rows: Sequence[Body], /) -> tuple[Sequence[Body], Body]:
        number, size = page_and_size(call, self.per_page, self.max_per_page)
        ordered = newest_first(rows, self.sorted_by)
        rest = ordered[(number - 1) * size :]
        cursor = call.parameter("starting_after")
        if cursor is not None:
            milliseconds, row_id, number = _decoded(cursor, tuple[int, str, int])
            position = (milliseconds / MILLISECONDS, row_id)
            rest = [row for row in ordered if _position(row, self.sorted_by) < position]
        shown = rest[:size]
        pages = page_counts(number, size, len(rows))
        if len(rest) > size:
            pages |= self._next(call, number, size, shown[-1])
        return shown, {"total_count": len(rows), "pages": pages}

    def _next(self, call: Call, number: int, size: int, last: Body) -> Body:
        form = call.state.options.cursor_pages_next
        if form == "absent":
            return {}
        if form == "url":
            return {"next": next_url(call, number, size)}
        seconds, row_id = _position(last, self.sorted_by)
        cursor = _encoded((int(seconds * MILLISECONDS), row_id, number + 1))
        return {"next": {"per_page": size, "starting_after": cursor}}


class ActivityLogPages(CursorPages):
    """The same for activity logs: no `total_count`, and `pages.next` is null on the last page."""

    def page(self, call: Call, rows: Sequence[Body], /) -> tuple[Sequence[Body], Body]:
        shown, envelope = super().page(call, rows)
        return shown, {"pages": {"next": None} | envelope["pages"]}


def page_and_size(call: Call, per_page: int, max_per_page: int) -> tuple[int, int]:
    """The number and the size of the page that is requested."""
    number = call.parameter("page") or "1"
    if not number.isdecimal() or int(number) < 1:
        raise bad_request("parameter_invalid", "page must be a positive number")
    return int(number), check_per_page(call.parameter("per_page") or per_page, max_per_page)


def page_counts(number: int, per_page: int, total: int) -> Body:
    """A `pages` object without `next`."""
    total_pages = math.ceil(total / per_page)
    return {"type": "pages", "page": number, "per_page": per_page, "total_pages": total_pages}


def next_url(call: Call, number: int, per_page: int) -> str:
    """The URL of the page behind one."""
    query = {**call.request.query, "per_page": str(per_page), "page": str(number + 1)}
    return f"{call.origin}{call.request.path}?{urlencode(query)}"


def newest_first(rows: Sequence[Body], sorted_by: str) -> list[Body]:
    """Rows in descending order of a timestamp and their id."""
    return sorted(rows, key=lambda row: _position(row, sorted_by), reverse=True)


def epoch_seconds(timestamp: float | str) -> float:
    """A timestamp of either notation (OpenAPI 2.16, schema `datetime`)."""
    if isinstance(timestamp, str):
        return datetime.fromisoformat(timestamp).timestamp()
    return timestamp


def _position(row: Body, sorted_by: str) -> tuple[float, str]:
    return epoch_seconds(row[sorted_by]), str(row["id"])


def _encoded(cursor: tuple[float | str, ...]) -> str:
    return base64.b64encode(msgspec.json.encode(cursor)).decode()


def _decoded(cursor: str, form: Any) -> Any:
    try:
        return msgspec.json.decode(base64.b64decode(cursor, validate=True), type=form)
    except (ValueError, msgspec.DecodeError):
        raise invalid_cursor() from None
