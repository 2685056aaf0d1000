"""POST .../search: matching, sorting and stateless cursors."""

from __future__ import annotations

import base64
import binascii
import dataclasses
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final

import msgspec

from tests.sandbox.errors import ApiError, bad_request
from tests.sandbox.fields import Field, FieldFinder, FieldType

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.sandbox.query import Condition
    from tests.sandbox.records import Record, SortedRecords

MAX_PER_PAGE: Final = 150
MAX_KEPT_RESULTS: Final = 64
MILLISECONDS: Final = 1000

Key = tuple[Any, int]


@dataclasses.dataclass(frozen=True)
class Cursor:
    """The sort value (seconds for dates) and number of a page's last row, and the next page's."""

    value: Any
    number: int
    page: int

    def encoded(self, field: Field) -> str:
        """The `starting_after` text: base64 of [sort value in ms, number, page]."""
        scale = MILLISECONDS if field.type is FieldType.DATE else 1
        row = [self.value * scale, self.number, self.page]
        return base64.b64encode(msgspec.json.encode(row)).decode()


def read_cursor(text: Any, field: Field) -> Cursor:
    """Read a `starting_after` text."""
    try:
        value, number, page = msgspec.json.decode(base64.b64decode(text, validate=True))
        if field.type is FieldType.DATE:
            value //= MILLISECONDS
        return Cursor(value, int(number), int(page))
    except (binascii.Error, msgspec.DecodeError, TypeError, ValueError):
        raise invalid_cursor() from None


@dataclasses.dataclass(frozen=True)
class PageRequest:
    """Sort order and page of a search; the first page has no cursor."""

    sort: Field
    ascending: bool
    per_page: int
    cursor: Cursor | None


def read_page_request(
    body: dict[str, Any], fields: FieldFinder, default_sort: str, default_per_page: int
) -> PageRequest:
    """Read `sort` and `pagination` of a search's body."""
    sort = body.get("sort") or {}
    pagination = body.get("pagination") or {}
    if not isinstance(sort, dict) or not isinstance(pagination, dict):
        raise bad_request("parameter_invalid", "sort and pagination must be objects")
    order = sort.get("order", "descending")
    if order not in {"ascending", "descending"}:
        message = f"Invalid sort order '{order}'. Must be one of: ascending, descending"
        raise bad_request("invalid_sort_order", message)
    field = fields.find(sort.get("field", default_sort))
    if field.name == "tag_id":
        raise bad_request("invalid_field", "tag_id cannot be sorted by")
    per_page = pagination.get("per_page", default_per_page)
    after = pagination.get("starting_after")
    cursor = None if after is None else read_cursor(after, field)
    return PageRequest(field, order == "ascending", check_per_page(per_page, MAX_PER_PAGE), cursor)


def check_per_page(per_page: Any, maximum: int) -> int:
    """The size of a page, as a number."""
    try:
        size = int(per_page)
    except (TypeError, ValueError):
        raise bad_request("parameter_invalid", "Per Page must be a number") from None
    if size < 1:
        raise bad_request("parameter_invalid", "Per Page is too small")
    if size > maximum:
        raise bad_request("parameter_invalid", "Per Page is too big")
    return size


@dataclasses.dataclass(frozen=True)
class Page:
    """One page of results, its number by the cursor, and the cursor of the next page."""

    records: list[Record]
    total_count: int
    number: int
    next: Cursor | None


@dataclasses.dataclass(frozen=True)
class Matches:
    """Matching records: a range of a list of keys (sort value, number) in ascending order."""

    keys: Sequence[Key]
    start: int
    stop: int

    def page(self, request: PageRequest) -> tuple[Sequence[Key], bool]:
        """The keys of a page in the requested order, and whether more follow."""
        start, stop = self.start, self.stop
        if request.cursor is not None:
            position = (request.cursor.value, request.cursor.number)
            if request.ascending:
                start = bisect_right(self.keys, position, start, stop)
            else:
                stop = bisect_left(self.keys, position, start, stop)
        if request.ascending:
            return self.keys[start : min(stop, start + request.per_page)], (
                start + request.per_page < stop
            )
        first = max(start, stop - request.per_page)
        return self.keys[first:stop][::-1], first > start


class Searcher:
    """Runs searches, and keeps the latest results to page through them quickly."""

    def __init__(self) -> None:
        self._results: OrderedDict[tuple[Any, ...], Matches] = OrderedDict()

    def search(
        self,
        kind: str,
        revision: int,
        index: SortedRecords,
        condition: Condition,
        request: PageRequest,
    ) -> Page:
        """Find one page; an equal revision means an equal index."""
        matches = self.matches(kind, revision, index, condition, request.sort)
        try:
            keys, more = matches.page(request)
        except TypeError:
            raise invalid_cursor() from None  # of another sort field
        number = 1 if request.cursor is None else request.cursor.page
        last = Cursor(*keys[-1], number + 1) if more else None
        records = [index.numbered(key[1]) for key in keys]
        return Page(records, matches.stop - matches.start, number, last)

    def matches(
        self, kind: str, revision: int, index: SortedRecords, condition: Condition, sort: Field
    ) -> Matches:
        """All records that match, in ascending order."""
        within = condition.updated_within()
        start = bisect_left(index.keys, (within.range.low, -1))
        stop = max(start, bisect_left(index.keys, (within.range.high, -1)))
        if within.exact and sort.name == "updated_at":
            return Matches(index.keys, start, stop)
        name = (kind, revision, condition, sort)
        if name not in self._results:
            candidates = (index.numbered(number) for _, number in index.keys[start:stop])
            found = [record for record in candidates if within.exact or condition.matches(record)]
            keys = sorted((_sort_value(sort, record), record.number) for record in found)
            self._results[name] = Matches(keys, 0, len(keys))
        self._results.move_to_end(name)
        while len(self._results) > MAX_KEPT_RESULTS:
            self._results.popitem(last=False)
        return self._results[name]


def _sort_value(field: Field, record: Record) -> Any:
    value = field.value(record)
    if field.type is FieldType.STRING:
        return "" if value is None else str(value)
    return value if isinstance(value, (int, float)) else 0


def invalid_cursor() -> ApiError:
    """A 400 for a cursor that no page of this list had."""
    return bad_request(
        "client_error",
        "Invalid starting_after param. Please try again using a starting_after value from a "
        "paginated response",
    )
