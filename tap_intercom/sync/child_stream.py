"""Kinds of child streams: where the rows that belong to a parent's record come from.

They are in the record itself, in its detail, or in a list of its own. The sync of the parent
(`parent_child_sync.py`) asks each child what has to be fetched, fetches it once for all children
that need it, and writes the rows.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar

from tap_intercom.api.response import dicts_in, value_at
from tap_intercom.compat import override
from tap_intercom.sync.stream import IntercomStream
from tap_intercom.timestamps import parse_timestamp

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from singer_sdk.helpers.types import Context, Record

    from tap_intercom.api.request import Request
    from tap_intercom.api.response import Page


class ChildStream(IntercomStream):
    """Rows that belong to the records of a parent stream.

    A row is an item of a list, with the parent's id and, in the replication key, its `updated_at`.

    Attributes:
        parent_key: The column of the parent's id.
        id_column: The column of the item's own `id`.
        latest_by: The field with the time of an item, if a list may have several of one id, which
            are one row: that of the latest, whatever their order.
    """

    parent_key: ClassVar[str]
    id_column: ClassVar[str] = "id"
    latest_by: ClassVar[str] = ""

    @classmethod
    @override
    def describe_endpoint(cls) -> str:
        parent: Any = cls.parent_stream_type
        return f"in {parent.name}"

    @property
    @override
    def reads_changes(self) -> bool:
        parent: Any = self.parent_stream_type
        return parent.record_request is not None

    @override
    def get_records(self, context: Context | None) -> Iterable[Record]:
        """Return nothing: the sync of the parent writes the rows."""
        return ()

    def request(self, record: Record) -> Request | None:  # noqa: ARG002  # subclasses use it
        """Return what has to be fetched for a parent's record to make its rows, if anything."""
        return None

    def items(self, record: Record, pages: Sequence[Page]) -> Iterable[Record]:
        """Return the items that belong to a parent's record.

        Args:
            record: The parent's record as Intercom sent it.
            pages: What `request` returned; none if nothing was requested.
        """
        raise NotImplementedError

    def parent_columns(self, record: Record) -> Record:
        """Return the columns that rows have from their parent's record."""
        columns = {self.parent_key: record["id"]}
        if self.replication_key:
            columns[self.replication_key] = record.get("updated_at")
        return columns

    def rows(self, record: Record, pages: Sequence[Page]) -> Iterator[Record]:
        """Yield the rows of a parent's record; the arguments are those of `items`."""
        of_parent = self.parent_columns(record)
        items = self.items(record, pages)
        for item in latest_items(items, self.latest_by) if self.latest_by else items:
            row = {**item, **of_parent}
            if self.id_column != "id":
                row[self.id_column] = row.pop("id", None)
            yield self.normalize(row)


class NestedChildStream(ChildStream):
    """Rows from a list within a record or its detail.

    Attributes:
        records_path: Where the list is.
        max_items: How many items Intercom returns at most; 0 if that is not documented.
    """

    records_path: ClassVar[tuple[str, ...]]
    max_items: ClassVar[int] = 0

    def nested_list(self, record: Record | Page) -> Any:
        """Return what is at `records_path`, and note if it is known to be cut off.

        A list may lie bare where an object has to hold it.
        """
        holder = value_at(record, self.records_path[:-1])
        found = holder if isinstance(holder, list) else value_at(holder, self.records_path[-1:])
        if self._is_cut_off(holder, len(found) if isinstance(found, list) else 0):
            self.note_missing("a list of its rows is cut off")
        return found

    def _is_cut_off(self, holder: Any, count: int) -> bool:
        if self.max_items and count >= self.max_items:
            return True
        if not isinstance(holder, dict):
            return False
        total = holder.get("total_count")
        return bool(holder.get("has_more")) or (isinstance(total, int) and total > count)

    def nested_items(self, record: Record | Page, parent_id: object) -> list[Record]:
        """Return the list's items, and warn if Intercom counts more than it returns."""
        parent = value_at(record, self.records_path[:-1])
        items = dicts_in(self.nested_list(record), self.name)
        total = parent.get("total_count") if isinstance(parent, dict) else None
        if isinstance(total, int) and total > len(items):
            self.logger.warning(
                "%s: Intercom returned %d of the %d items of %s %s; rows loaded earlier are kept",
                self.name,
                len(items),
                total,
                self.parent_key,
                parent_id,
            )
        elif self.max_items and len(items) >= self.max_items:
            self.logger.warning(
                "%s: Intercom returned %d items of %s %s, the most it returns; there may be more",
                self.name,
                len(items),
                self.parent_key,
                parent_id,
            )
        return items


class EmbeddedChildStream(NestedChildStream):
    """Rows from a list in the parent's record, such as a conversation's tags.

    Attributes:
        full_list: Requested where Intercom cuts the embedded list off (`has_more`, or a higher
            `total_count`); `{id}` stands for the parent's id.
        item_fields: The fields of an item that rows have, if embedded and full lists hold different
            ones; null where an item lacks one. All that an item has, if empty.
    """

    full_list: ClassVar[Request | None] = None
    item_fields: ClassVar[tuple[str, ...]] = ()

    @classmethod
    @override
    def describe_endpoint(cls) -> str:
        embedded = super().describe_endpoint()
        return f"{embedded}; `{cls.full_list}` if cut off there" if cls.full_list else embedded

    @override
    def request(self, record: Record) -> Request | None:
        parent, found = (
            value_at(record, self.records_path[:-1]),
            value_at(record, self.records_path),
        )
        if self.full_list is None or not isinstance(parent, dict):
            return None
        total = parent.get("total_count")
        count = len(found) if isinstance(found, list) else 0
        is_cut_off = parent.get("has_more") or (isinstance(total, int) and total > count)
        return self.full_list.for_id(record["id"]) if is_cut_off else None

    @override
    def items(self, record: Record, pages: Sequence[Page]) -> Iterable[Record]:
        items = (
            [item for page in pages for item in page.records()]
            if pages
            else self.nested_items(record, record["id"])
        )
        if not self.item_fields:
            return items
        return [{name: item.get(name) for name in self.item_fields} for item in items]


class DetailChildStream(NestedChildStream):
    """Rows from a list in the parent's detail, which is fetched for each parent.

    Attributes:
        detail_request: The request for the detail; `{id}` stands for the parent's id.
    """

    detail_request: ClassVar[Request]

    @classmethod
    @override
    def describe_endpoint(cls) -> str:
        return f"`{cls.detail_request}`"

    @override
    def request(self, record: Record) -> Request | None:
        return self.detail_request.for_id(record["id"])

    @override
    def items(self, record: Record, pages: Sequence[Page]) -> Iterable[Record]:
        (detail,) = pages
        return self.nested_items(detail, record["id"])


class ListChildStream(ChildStream):
    """Rows from a list endpoint per parent.

    Attributes:
        list_request: The request for the list; `{id}` stands for the parent's id.
    """

    list_request: ClassVar[Request]

    @classmethod
    @override
    def describe_endpoint(cls) -> str:
        return f"`{cls.list_request}`"

    @override
    def request(self, record: Record) -> Request | None:
        return self.list_request.for_id(record["id"])

    @override
    def items(self, record: Record, pages: Sequence[Page]) -> Iterable[Record]:
        return [item for page in pages for item in page.records()]


def latest_items(items: Iterable[Record], field: str) -> Iterable[Record]:
    """Return one item of each id: the one with the latest time in a field."""
    oldest_first = sorted(items, key=lambda item: parse_timestamp(item.get(field), 0))
    return {str(item.get("id")): item for item in oldest_first}.values()


def with_stable_url(attachment: Record) -> Record:
    """Return an attachment whose `url` is the same in every run, and the URL as Intercom sent it.

    The query of a file's URL is a signature that expires, so the same file has another URL tomorrow
    (recorded responses): as a key it would make a new row of every file whenever it is read.
    """
    signed_url = attachment.get("url")
    if not isinstance(signed_url, str):
        return attachment
    return {**attachment, "url": re.split("[?#]", signed_url)[0], "signed_url": signed_url}


def attachments_of(parts: Iterable[Record], part_key: str) -> list[Record]:
    """Return the attachments of parts, each with its part's id in a column."""
    return [
        {**with_stable_url(attachment), part_key: part.get("id")}
        for part in parts
        for attachment in dicts_in(part.get("attachments"), "attachments")
    ]
