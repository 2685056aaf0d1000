"""Rows that belong to rows of a list: versions of articles, redirects of help centers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from tests.sandbox.generate.rows import template

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tests.sandbox.records import Body

ROWS_OF_FIRST: Final = 60
"""Rows of the first parent, so that every list that is paged has two pages."""
SECONDS_BETWEEN: Final = 600


class Parent(NamedTuple):
    """The list that rows belong to, and where a row has its parent's id."""

    list: str
    key: str


PARENTS: Final = {
    "article_versions": Parent("articles", "article_id"),
    "help_center_redirects": Parent("help_centers", "help_center_id"),
    "office_hours_exceptions": Parent("office_hours_schedules", "office_hours_schedule_id"),
    "data_connector_executions": Parent("data_connectors", "data_connector_id"),
}


def rows_of(
    name: str, lists: Mapping[str, Sequence[Body]], position: int, now: int
) -> Iterator[Body]:
    """The rows of the parent at a position of its list: many of the first, two of every third."""
    parent_id = lists[PARENTS[name].list][position]["id"]
    count = ROWS_OF_FIRST if position == 0 else 0 if position % 3 else 2
    for number in range(count):
        at = now - SECONDS_BETWEEN * (number + position)
        row = template(name).row(position * ROWS_OF_FIRST + number, at)
        yield {**row, PARENTS[name].key: str(parent_id)}


def all_rows(name: str, lists: Mapping[str, Sequence[Body]], now: int) -> list[Body]:
    """The rows of all parents."""
    positions = range(len(lists[PARENTS[name].list]))
    return [row for position in positions for row in rows_of(name, lists, position, now)]
