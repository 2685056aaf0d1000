"""A source of the ids of changed records, for a run that reads only those."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence


class ChangedIds(NamedTuple):
    """The ids of changed records.

    Attributes:
        ids: Each id once.
        deleted_ids: Those of records that are said to be gone.
        position: A JSON value that stands for what has been read then.
    """

    ids: Sequence[str]
    deleted_ids: Collection[str]
    position: Any


class ChangeFeed(Protocol):
    """Names the records that changed."""

    def changed_ids(self, record_type: str, position: Any, workspace_id: str) -> ChangedIds:
        """Return the ids of records that changed since a position; None is the beginning."""
