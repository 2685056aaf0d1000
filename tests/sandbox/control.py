"""A typed client of the control route, for tests, the demo and the benchmark."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec
import urllib3

from tests.sandbox.records import Body
from tests.sandbox.request_log import LoggedRequest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.sandbox.faults import Fault

TIMEOUT_SECONDS: Final = 60
MAX_CONNECTIONS: Final = 10
Result = TypeVar("Result")


class ControlError(Exception):
    """The sandbox could not do what it was asked to do."""


class Channel:
    """A connection to the control route."""

    def __init__(self, url: str) -> None:
        self._pool = urllib3.connection_from_url(url, maxsize=MAX_CONNECTIONS)

    def call(self, result: type[Result], method: str, /, **arguments: Any) -> Result:
        """Call a method, such as "clock/now"; returns its result as a type."""
        path, body = f"/_sandbox/{method}", msgspec.json.encode(arguments)
        response = self._pool.request(
            "POST", path, body=body, timeout=TIMEOUT_SECONDS, retries=False
        )
        if response.status != HTTPStatus.OK:
            raise ControlError(response.data.decode())
        return msgspec.json.decode(response.data, type=result)

    def close(self) -> None:
        """Close the connection."""
        self._pool.close()


class ClockControl:
    """Sets the clock; every method returns the time that it shows then, in epoch seconds."""

    def __init__(self, channel: Channel) -> None:
        self._call = channel.call

    def now(self) -> float:
        return self._call(float, "clock/now")

    def set(self, at: float) -> float:
        return self._call(float, "clock/set", at=at)

    def advance(self, seconds: float) -> float:
        return self._call(float, "clock/advance", seconds=seconds)

    def freeze(self) -> float:
        return self._call(float, "clock/freeze")

    def run(self) -> float:
        return self._call(float, "clock/run")


class FaultControl:
    """Adds faults behind those that are there, and removes all of them."""

    def __init__(self, channel: Channel) -> None:
        self._call = channel.call

    def add(self, fault: Fault) -> None:
        self._call(type(None), "faults/add", **msgspec.to_builtins(fault))

    def clear(self) -> None:
        self._call(type(None), "faults/clear")


class Control:
    """Reads and changes the state of a sandbox: each method is one of `Workspace` or named below.

    Attributes:
        clock: the sandbox's clock.
        faults: errors that it answers with.
    """

    def __init__(self, url: str) -> None:
        channel = Channel(url)
        self._call, self.close = channel.call, channel.close
        self.clock = ClockControl(channel)
        self.faults = FaultControl(channel)

    def requests(self) -> list[LoggedRequest]:
        """The requests to the API so far, oldest first."""
        return self._call(list[LoggedRequest], "requests/all")

    def clear_requests(self) -> None:
        """Forget the requests so far."""
        self._call(type(None), "requests/clear")

    def set_options(self, **rules: Any) -> Body:
        """Change rules of `SandboxOptions`; returns all options as they are now."""
        return self._call(Body, "options/change", **rules)

    def records(self, kind: str) -> list[Body]:
        return self._call(list[Body], "workspace/records", kind=kind)

    def change(
        self, kind: str, record_id: str, fields: Body, updated_at: int | None = None
    ) -> Body:
        arguments = {"record_id": record_id, "fields": fields, "updated_at": updated_at}
        return self._call(Body, "workspace/change", kind=kind, **arguments)

    def change_quietly(self, kind: str, record_id: str, fields: Body) -> Body:
        arguments = {"kind": kind, "record_id": record_id, "fields": fields}
        return self._call(Body, "workspace/change_quietly", **arguments)

    def touch(self, kind: str, record_ids: Iterable[str], at: int | None = None) -> None:
        ids = list(record_ids)
        self._call(type(None), "workspace/touch", kind=kind, record_ids=ids, at=at)

    def touch_oldest(self, kind: str, count: int, at: int | None = None) -> list[str]:
        return self._call(list[str], "workspace/touch_oldest", kind=kind, count=count, at=at)

    def create(self, kind: str, fields: Body | None = None, at: int | None = None) -> Body:
        return self._call(Body, "workspace/create", kind=kind, fields=fields, at=at)

    def delete(self, kind: str, record_id: str) -> None:
        self._call(type(None), "workspace/delete", kind=kind, record_id=record_id)

    def merge(self, contact_id: str, into: str) -> Body:
        return self._call(Body, "workspace/merge", contact_id=contact_id, into=into)

    def set_deleted_status(self, contact_id: str, status: str) -> Body:
        arguments = {"contact_id": contact_id, "status": status}
        return self._call(Body, "workspace/set_deleted_status", **arguments)

    def add_parts(self, conversation_id: str, count: int) -> Body:
        return self._call(Body, "workspace/add_parts", conversation_id=conversation_id, count=count)

    def give_children(self, kind: str, parent_id: str, rows: list[Body]) -> None:
        arguments = {"kind": kind, "parent_id": parent_id, "rows": rows}
        self._call(type(None), "workspace/give_children", **arguments)

    def tag(self, kind: str, record_id: str, tag_id: str) -> Body:
        return self._call(Body, "workspace/tag", kind=kind, record_id=record_id, tag_id=tag_id)

    def untag(self, kind: str, record_id: str, tag_id: str) -> Body:
        return self._call(Body, "workspace/untag", kind=kind, record_id=record_id, tag_id=tag_id)
