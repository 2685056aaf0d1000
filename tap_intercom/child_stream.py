"""Kinds of child streams: where the rows that belong to a root record come from.

They lie in the record itself, in an answer that is fetched for each record, or in a list of their
own. The walk of the root stream (`family.py`) asks each child what has to be fetched, fetches it
once for all that need it, and writes the rows.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, ClassVar

from tap_intercom.compat import override
from tap_intercom.page import Page
from tap_intercom.stream import IntercomStream

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from singer_sdk.helpers.types import Context, Record

    from tap_intercom.client import Request

logger = logging.getLogger("tap-intercom")

NAMED = (dict, Page)
"""What has values by name."""


class ChildStream(IntercomStream):
    """Rows that belong to the records of a root stream.

    A row is an item of a list, with the root record's id under `root_key` and its `updated_at`
    under the replication key. The item's own `id` goes under `item_key`.
    """

    root_key: ClassVar[str]
    item_key: ClassVar[str] = "id"

    @override
    def get_records(self, context: Context | None) -> Iterable[Record]:
        """Return nothing: the walk of the root stream writes the rows."""
        return ()

    def request(self, record: Record) -> Request | None:  # noqa: ARG002  # subclasses use it
        """Return what has to be fetched for a root record before its rows can be made, if any."""
        return None

    def items(self, record: Record, pages: Sequence[Page]) -> Iterable[Record]:
        """Return the list's items of a root record.

        Args:
            record: The root record as Intercom sent it.
            pages: What `request` brought; none if nothing was to be fetched.
        """
        raise NotImplementedError

    def rows(self, record: Record, pages: Sequence[Page]) -> Iterator[Record]:
        """Yield the rows of a root record; the arguments are those of `items`."""
        keys = {self.root_key: record["id"]}
        if self.replication_key:
            keys[self.replication_key] = record.get("updated_at")
        for item in self.items(record, pages):
            row = {**item, **keys}
            if self.item_key != "id":
                row[self.item_key] = row.pop("id", None)
            yield self.normalize(row)


class ListedStream(ChildStream):
    """Rows out of a list that lies within a record; `field` is the path to it.

    `most_items` is how many Intercom hands out at most; 0 if it does not say.
    """

    field: ClassVar[tuple[str, ...]]
    most_items: ClassVar[int] = 0

    def items_in(self, record: Record | Page, root_id: object) -> list[Record]:
        """Return the list's items, and warn if Intercom tells of more than it hands out."""
        holder, found = value_at(record, self.field[:-1]), value_at(record, self.field)
        items = dicts_in(found)
        total = holder.get("total_count") if isinstance(holder, dict) else None
        if isinstance(total, int) and total > len(items):
            self.logger.warning(
                "%s %s has %d %s, of which Intercom hands out %d; others that were loaded before "
                "stay as they are",
                *(self.root_key, root_id, total, self.name, len(items)),
            )
        elif self.most_items and len(items) >= self.most_items:
            self.logger.warning(
                "%s %s has %d %s, as many as Intercom hands out; there may be more",
                *(self.root_key, root_id, len(items), self.name),
            )
        return items


class EmbeddedStream(ListedStream):
    """Rows out of a list within the root record, such as a conversation's tags.

    Where Intercom cuts it off (`has_more`, or a `total_count` of more), it is read whole from
    `whole_list`, in which `{id}` stands for the root record's id.
    """

    whole_list: ClassVar[Request | None] = None

    @override
    def request(self, record: Record) -> Request | None:
        holder, found = value_at(record, self.field[:-1]), value_at(record, self.field)
        if self.whole_list is None or not isinstance(holder, dict):
            return None
        total = holder.get("total_count")
        given = len(found) if isinstance(found, list) else 0
        is_cut_off = holder.get("has_more") or (isinstance(total, int) and total > given)
        return self.whole_list.about(record["id"]) if is_cut_off else None

    @override
    def items(self, record: Record, pages: Sequence[Page]) -> Iterable[Record]:
        if pages:
            return [item for page in pages for item in page.records()]
        return self.items_in(record, record["id"])


class ReferenceStream(EmbeddedStream):
    """Rows that say which record is linked to which, and nothing else about either."""

    @override
    def items(self, record: Record, pages: Sequence[Page]) -> Iterable[Record]:
        return [{"id": item.get("id")} for item in super().items(record, pages)]


class FetchedStream(ListedStream):
    """Rows out of a list in an answer that has to be fetched for each root record.

    `detail` is what is asked, in which `{id}` stands for the root record's id.
    """

    detail: ClassVar[Request]

    @override
    def request(self, record: Record) -> Request | None:
        return self.detail.about(record["id"])

    @override
    def items(self, record: Record, pages: Sequence[Page]) -> Iterable[Record]:
        (detail,) = pages
        return self.items_in(detail, record["id"])


class OwnListStream(ChildStream):
    """Rows out of a list of its own, which has to be requested for each root record.

    `own_list` is what is asked, in which `{id}` stands for the root record's id.
    """

    own_list: ClassVar[Request]

    @override
    def request(self, record: Record) -> Request | None:
        return self.own_list.about(record["id"])

    @override
    def items(self, record: Record, pages: Sequence[Page]) -> Iterable[Record]:
        return [item for page in pages for item in page.records()]


def attachments_of(parts: Iterable[Record], part_key: str) -> list[Record]:
    """Return the attachments of parts, each with its part's id under a key."""
    return [
        {**attachment, part_key: part.get("id")}
        for part in parts
        for attachment in dicts_in(part.get("attachments"))
    ]


def dicts_in(value: Any) -> list[Record]:
    """Return the objects in a list; what else is there is left out, with a warning."""
    found = value if isinstance(value, list) else [value] if value else []
    items = [item for item in found if isinstance(item, dict) and found is value]
    if len(items) < len(found):
        logger.warning(
            "%d values are no objects in a list, where Intercom documents such; they make no rows",
            len(found) - len(items),
        )
    return items


def value_at(record: Any, path: Sequence[str]) -> Any:
    """Return the value at a path of field names; None where a step of it is missing or null."""
    for name in path:
        record = record.get(name) if isinstance(record, NAMED) else None
    return record
