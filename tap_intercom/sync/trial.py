"""A trial of the selected streams (`--test`): a few records of each are read, none is written."""

from __future__ import annotations

import shutil
import textwrap
from typing import TYPE_CHECKING, NamedTuple

from tap_intercom.compat import override
from tap_intercom.errors import PermissionDeniedError
from tap_intercom.sync.child_stream import ChildStream
from tap_intercom.sync.stream import IntercomStream
from tap_intercom.sync.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from singer_sdk import Stream
    from singer_sdk.helpers.types import Record
    from singer_sdk.singerlib import Message

MAX_RECORDS = 10
"""Records of a stream that are read: several, as the first may have no rows in child streams."""

HEADER = ("stream", "reachable", "missing permission", "columns of one record")

WIDTH = 100
"""Columns of the table where stderr is no terminal."""

MIN_WIDTH = 40
"""Columns for the last column of the table, at least."""


class ColumnWriter(Writer):
    """Writes no message, and keeps the column names of each stream's first row."""

    def __init__(self) -> None:
        """Start without a row."""
        super().__init__()
        self.columns: dict[str, list[str]] = {}

    @override
    def write_message(self, message: Message) -> None:
        """Write nothing."""

    @override
    def write_row(self, stream: str, row: Record, version: int | None = None) -> None:
        """Keep the names of the columns."""
        self.columns.setdefault(stream, list(row))


class Trial(NamedTuple):
    """What became of one stream.

    Attributes:
        name: Its name.
        reachable: Whether it could be read; unknown if there was no record to try it with.
        permission: What the token lacks, if that is why it could not be read.
        columns: The columns of one row; none if no row came.
    """

    name: str
    reachable: str
    permission: str
    columns: Sequence[str]


def try_streams(streams: Iterable[Stream], writer: ColumnWriter) -> list[Trial]:
    """Read a few records of each selected stream, and return what became of it.

    Raises:
        IntercomError: No stream can be read.
    """
    of_tap = [stream for stream in streams if isinstance(stream, IntercomStream)]
    for stream in of_tap:
        stream.ABORT_AT_RECORD_COUNT = MAX_RECORDS
        is_needed = stream.selected or stream.has_selected_descendents
        if is_needed and not isinstance(stream, ChildStream):
            stream.sync()
    return [_trial(stream, writer) for stream in of_tap if stream.selected]


def table(trials: Iterable[Trial]) -> str:
    """Return a table of trials, for a terminal; the names of columns take several lines."""
    rows = [HEADER, *((*trial[:3], ", ".join(trial.columns) or "-") for trial in trials)]
    widths = [max(len(row[position]) for row in rows) for position in range(len(HEADER) - 1)]
    left = shutil.get_terminal_size((WIDTH, 0)).columns - sum(widths) - 2 * len(widths)
    return "\n".join(line for row in rows for line in _lines(row, widths, max(MIN_WIDTH, left)))


def _lines(row: Sequence[str], widths: Sequence[int], last_width: int) -> Iterator[str]:
    first = "".join(f"{cell:{width}}  " for cell, width in zip(row, widths, strict=False))
    for line in textwrap.wrap(row[-1], last_width):
        yield (first + line).rstrip()
        first = " " * len(first)


def _trial(stream: IntercomStream, writer: ColumnWriter) -> Trial:
    aliases = [one.stream_alias for one in stream.stream_maps]
    columns = next((writer.columns[one] for one in aliases if one in writer.columns), [])
    if error := stream.run.failures.get(stream.name):
        is_denied = isinstance(error, PermissionDeniedError)
        permission = stream.permission or "not documented"
        return Trial(stream.name, "no", permission if is_denied else "", [])
    needs_record = isinstance(stream, ChildStream) or stream.run.changes is not None
    is_tried = stream.audit.is_tried or not needs_record
    return Trial(stream.name, "yes" if is_tried else "unknown", "", columns)
