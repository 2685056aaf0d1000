"""Endpoints that the tap does not know, as the setting `custom_streams` describes them."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, ClassVar

from tap_intercom.api.pagination import pages
from tap_intercom.api.request import Request
from tap_intercom.api.response import value_at
from tap_intercom.compat import override
from tap_intercom.custom import definitions
from tap_intercom.custom.definitions import AUTO, VALUE, WHOLE_ANSWER, StreamDefinition
from tap_intercom.errors import InvalidRequestError, NotFoundError
from tap_intercom.streams.companies import Companies
from tap_intercom.streams.contacts import Contacts
from tap_intercom.streams.conversations import Conversations
from tap_intercom.streams.tickets import Tickets
from tap_intercom.sync.child_stream import ListChildStream
from tap_intercom.sync.spool import Spool
from tap_intercom.sync.stream import IntercomStream
from tap_intercom.sync.top_level_stream import TopLevelStream
from tap_intercom.timestamps import TimestampedRecord, parse_timestamp

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from singer_sdk.helpers.types import Context, Record

    from tap_intercom.api.response import Page
    from tap_intercom.errors import IntercomError

PARENTS = {parent.name: parent for parent in (Contacts, Companies, Conversations, Tickets)}


class _DefinedStream(IntercomStream):
    """A stream that users define, and may define wrongly: then it fails, and gets no bookmark."""

    definition: ClassVar[StreamDefinition]

    @property
    def mistake(self) -> IntercomError | None:
        """What the answers so far show to be wrong with the definition, if anything."""
        if not self._records_without_key:
            return None
        message = (
            f"{self._records_without_key} records of {self.definition.path} lack "
            f"{' or '.join(self.primary_keys)}; check the primary_keys of this custom stream"
        )
        return InvalidRequestError(message)

    @override
    def advance_bookmark(self, timestamp: int) -> None:
        if self.mistake is None:
            super().advance_bookmark(timestamp)

    @override
    def log_warnings(self) -> None:
        mistake = self.mistake
        super().log_warnings()
        if mistake and self.name not in self.run.failures:
            self.fail(mistake)


class CustomStream(_DefinedStream, TopLevelStream):
    """A list of its own, read whole or from the bookmark on."""

    @override
    def iterate(self, since: int) -> Iterator[TimestampedRecord]:
        if self.replication_key is None:
            yield from map(TimestampedRecord, self._read(since))
            return
        # nobody knows the list's order, and bookmarks move with the oldest record
        with Spool() as spool:
            for record in self._read(since):
                timestamp = parse_timestamp(record.get(self.replication_key), since)
                if timestamp >= since:
                    spool.add(TimestampedRecord(record, timestamp))
            self.expected_records = len(spool)
            yield from spool.oldest_first()

    @override
    def post_process(self, row: Record, context: Context | None = None) -> Record | None:
        return super().post_process(self.definition.row(row), context)

    def _read(self, since: int) -> Iterator[Record]:
        for page in pages(self.client, request_of(self.definition, since)):
            yield from records_in(self.definition, page.as_dict())


class CustomChildStream(_DefinedStream, ListChildStream):
    """A list that is requested for each record of a parent.

    A record that is gone has no list. But if none has one, and none ever had, the path must be
    wrong.
    """

    _was_asked = False
    _was_answered = False

    @override
    def request(self, record: Record) -> Request | None:
        self._was_asked = True
        return super().request(record)

    @override
    def items(self, record: Record, pages: Sequence[Page]) -> Iterable[Record]:
        self._was_answered = True
        return [
            self.definition.row(item)
            for page in pages
            for item in records_in(self.definition, page.as_dict())
        ]

    @property
    @override
    def mistake(self) -> IntercomError | None:
        if self._was_answered or not self._was_asked or self.bookmark is not None:
            return super().mistake
        path, parent = self.definition.path, self.definition.parent
        message = f"{self.list_request.method} {path} was answered with 404 for all {parent}"
        return NotFoundError(message, status=HTTPStatus.NOT_FOUND)


def stream_types(
    config: Mapping[str, Any], taken: Collection[str]
) -> tuple[type[IntercomStream], ...]:
    """Return a stream class for each definition in the setting `custom_streams`.

    Args:
        config: The tap's configuration.
        taken: The names of the tap's own streams.
    """
    return tuple(
        _child_type(definition) if definition.parent else _root_type(definition)
        for definition in definitions.custom_streams(config, taken)
    )


def request_of(definition: StreamDefinition, since: int) -> Request:
    """Return the request for a list's first page.

    Args:
        definition: Describes the list.
        since: The timestamp (epoch seconds) from which records are wanted; 0 for all of them.
    """
    params, body, parameter = definition.params, definition.body, definition.replication_param
    since = max(0, since - 1)  # nobody knows whether the endpoint takes it for included
    if definition.method == "POST":
        if parameter:
            body = definitions.with_value(body, parameter, since)
        return Request(definition.path, params, body, record_keys=(), paging=definition.paging)
    if parameter and since:
        params = {**params, parameter: since}
    return Request(definition.path, params, record_keys=(), paging=definition.paging)


def records_in(definition: StreamDefinition, answer: Mapping[str, Any]) -> list[Record]:
    """Return the records of an answer; what is no object becomes one with a single field.

    Raises:
        InvalidRequestError: There are none where the definition has them.
    """
    found = _found(definition, answer)
    if isinstance(found, dict):
        return [found]
    if isinstance(found, list):
        items = [item for item in found if item is not None]
        return [item if isinstance(item, dict) else {VALUE: item} for item in items]
    message = (
        f"{definition.method} {definition.path} was answered with {', '.join(answer)}, where no "
        f"records are at the records_path {definition.records_path}"
    )
    raise InvalidRequestError(message)


def _found(definition: StreamDefinition, answer: Mapping[str, Any]) -> Any:
    if definition.records_path == WHOLE_ANSWER:
        return answer
    if definition.records_path != AUTO:
        *way, last = definition.records_path.split(".")
        holder = value_at(answer, way)
        is_null = isinstance(holder, dict) and last in holder and holder[last] is None
        return [] if is_null else value_at(holder, [last])
    if isinstance(answer.get("data"), list):
        return answer["data"]
    lists = [value for value in answer.values() if isinstance(value, list)]
    return lists[0] if len(lists) == 1 else None


def _root_type(defined: StreamDefinition) -> type[IntercomStream]:
    class Defined(CustomStream):
        definition = defined
        name = defined.name
        primary_keys = defined.primary_keys
        replication_key = defined.replication_key
        schema = defined.schema

    return Defined


def _child_type(defined: StreamDefinition) -> type[IntercomStream]:
    parent_id, parent_updated_at = defined.parent_columns

    class Defined(CustomChildStream):
        definition = defined
        name = defined.name
        parent_stream_type = PARENTS[defined.parent or ""]
        primary_keys = defined.primary_keys
        replication_key = parent_updated_at
        parent_key = parent_id
        list_request = request_of(defined, 0)
        schema = defined.schema

    return Defined
