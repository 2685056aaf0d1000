"""This tap with the SDK's default record path, to see what the tap's own path is worth.

`python -m benchmarks.default_path --config ...` takes the tap's options.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from singer_sdk import Stream
from singer_sdk.helpers.conform import TypeConformanceLevel
from singer_sdk.io_base import SingerWriter

from tap_intercom.compat import override
from tap_intercom.tap import STREAM_TYPES, TapIntercom

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from singer_sdk.helpers.types import Record
    from singer_sdk.singerlib import RecordMessage

    from tap_intercom.stream import IntercomStream


class DefaultRecordPath(Stream):
    """The SDK's own way from a record to its message."""

    TYPE_CONFORMANCE_LEVEL = TypeConformanceLevel.RECURSIVE

    @override
    def _generate_record_messages(self, record: Record) -> Iterable[RecordMessage]:  # type: ignore[override]
        return Stream._generate_record_messages(self, record)  # noqa: SLF001


class TapOnDefaultPath(TapIntercom):
    """The tap with every stream on the SDK's default record path."""

    message_writer_class = SingerWriter  # type: ignore[assignment]

    @override
    def discover_streams(self) -> Sequence[IntercomStream]:
        return [stream_type(self) for stream_type in _on_default_path(STREAM_TYPES)]


def _on_default_path(types: Iterable[type[IntercomStream]]) -> Iterable[type[IntercomStream]]:
    """Return the same streams, parents and children linked, with the default record path."""
    made: dict[object, type[IntercomStream]] = {}
    for stream_type in types:
        parent = made.get(stream_type.parent_stream_type)
        bases = (DefaultRecordPath, stream_type)
        made[stream_type] = type(stream_type.__name__, bases, {"parent_stream_type": parent})
        yield made[stream_type]


if __name__ == "__main__":
    TapOnDefaultPath.cli()
