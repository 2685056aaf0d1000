"""A client of the control routes, for tests, the demo and the benchmark."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import msgspec
import requests

from tests.sandbox.request_log import LoggedRequest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.sandbox.faults import Fault
    from tests.sandbox.records import Body

TIMEOUT: Final = 60


class ControlError(Exception):
    """The sandbox could not do what it was told."""


class ControlChannel:
    """Sends JSON to the control routes."""

    def __init__(self, url: str) -> None:
        """Connect to a sandbox.

        Args:
            url: its base URL.
        """
        self._url = f"{url}/_sandbox"
        self._session = requests.Session()
        self._session.trust_env = False

    def send(self, method: str, path: str, body: Body | None = None) -> Any:
        """Make one request.

        Args:
            method: HTTP method.
            path: below the control prefix.
            body: to send as JSON.

        Returns:
            The decoded answer.

        Raises:
            ControlError: the sandbox refused.
        """
        encoded = None if body is None else msgspec.json.encode(body)
        url = f"{self._url}/{path}"
        answer = self._session.request(method, url, data=encoded, timeout=TIMEOUT)
        if answer.status_code != HTTPStatus.OK:
            raise ControlError(answer.text)
        return msgspec.json.decode(answer.content)

    def close(self) -> None:
        """Close the connection."""
        self._session.close()


class ClockControl:
    """Sets the sandbox's clock; every method returns the time that it shows then."""

    def __init__(self, channel: ControlChannel) -> None:
        """Use a channel."""
        self._channel = channel

    def now(self) -> float:
        """The time in unix seconds."""
        return self._post({})

    def set(self, at: float) -> float:
        """Put the clock to a time in unix seconds."""
        return self._post({"set": at})

    def advance(self, seconds: float) -> float:
        """Move the clock by some seconds."""
        return self._post({"advance": seconds})

    def freeze(self) -> float:
        """Stop the clock."""
        return self._post({"freeze": True})

    def run(self) -> float:
        """Let the clock run on."""
        return self._post({"run": True})

    def _post(self, body: Body) -> float:
        return float(self._channel.send("POST", "clock", body)["now"])


class FaultControl:
    """Orders faults."""

    def __init__(self, channel: ControlChannel) -> None:
        """Use a channel."""
        self._channel = channel

    def add(self, fault: Fault) -> None:
        """Order a fault, behind those that are there."""
        body: Body = msgspec.to_builtins(fault)
        self._channel.send("POST", "faults", body)

    def clear(self) -> None:
        """Drop all faults."""
        self._channel.send("DELETE", "faults")


class Control:
    """Looks behind the scenes of a sandbox, and changes what happens there.

    Attributes:
        clock: the sandbox's clock.
        faults: what goes wrong.
    """

    def __init__(self, url: str) -> None:
        """Connect to a sandbox.

        Args:
            url: its base URL.
        """
        self._channel = ControlChannel(url)
        self.clock = ClockControl(self._channel)
        self.faults = FaultControl(self._channel)

    def close(self) -> None:
        """Close the connection."""
        self._channel.close()

    def health(self) -> bool:
        """Whether the sandbox is up."""
        return bool(self._channel.send("GET", "health")["status"] == "ok")

    def records(self, kind: str) -> list[Body]:
        """The complete truth about a kind, nothing capped or hidden.

        Args:
            kind: contacts, companies, conversations, tickets, admins, teams, tags, segments,
                subscription_types, data_attributes, conversation_attributes, ticket_types,
                ticket_states, notes, deleted_conversations, archived_contacts, merged_contacts;
                contact_notes, contact_segments, contact_subscriptions, contact_events (those that
                can be listed), all_contact_events, contact_event_summaries, company_notes,
                conversation_handling_events, side_conversations, each row with the id of its parent
                (contact_id, company_id, conversation_id); custom_object_<type>,
                message_engagement, reporting_conversation, reporting_ticket; every kind in
                `tests.sandbox.generate.plain_lists.SIZES`, article_statistics and call_transcripts
                (what only a detail or a search adds, by `id`).

        Returns:
            Records in the API's form (2.16), the four large kinds by ascending `updated_at`.
            Contacts have `tag_ids`, `company_ids`, `note_ids`, `segment_ids`,
            `opted_in_subscription_ids` and `opted_out_subscription_ids`, and their `tags` and
            `notes` are plain lists of full objects; so are the `notes` of companies.
        """
        rows: list[Body] = self._channel.send("GET", f"records/{kind}")
        return rows

    def requests(self) -> list[LoggedRequest]:
        """The requests to the API so far, oldest first."""
        log = self._channel.send("GET", "requests")
        return msgspec.convert(log["requests"], list[LoggedRequest])

    def in_flight(self) -> int:
        """How many requests to the API are being served."""
        return int(self._channel.send("GET", "requests")["in_flight"])

    def clear_requests(self) -> None:
        """Forget the requests so far."""
        self._channel.send("DELETE", "requests")

    def change(
        self,
        kind: str,
        record_id: str,
        fields: Body,
        updated_at: int | None = None,
    ) -> Body:
        """Change fields of a record, or of a row of a small list.

        Args:
            kind: contacts, companies, conversations, tickets, or the name of a small list.
            record_id: which record.
            fields: the new values.
            updated_at: the record's new `updated_at` in unix seconds, None for now.

        Returns:
            The record as it is now.
        """
        body = {"kind": kind, "id": record_id, "set": fields, "updated_at": updated_at}
        return self._post("change", body)

    def change_quietly(self, kind: str, record_id: str, fields: Body) -> Body:
        """Change fields of a record without moving its `updated_at`."""
        body = {"kind": kind, "id": record_id, "set": fields, "quietly": True}
        return self._post("change", body)

    def touch(self, kind: str, record_ids: Iterable[str], at: int | None = None) -> None:
        """Give records the same `updated_at`, as a bulk job does.

        Args:
            kind: of the records.
            record_ids: which ones.
            at: unix seconds, None for now.
        """
        self._channel.send("POST", "touch_many", {"kind": kind, "ids": list(record_ids), "at": at})

    def touch_oldest(self, kind: str, count: int, at: int | None = None) -> list[str]:
        """Give the records that were updated longest ago the same `updated_at`.

        Returns:
            Their ids.
        """
        body = {"kind": kind, "count": count, "at": at}
        ids: list[str] = self._channel.send("POST", "touch_many", body)
        return ids

    def create(self, kind: str, fields: Body | None = None, at: int | None = None) -> Body:
        """Add a record.

        Args:
            kind: contacts, companies, conversations or tickets.
            fields: what it has in place of made-up values.
            at: its `created_at` and `updated_at` in unix seconds, None for now.

        Returns:
            The record.
        """
        return self._post("create", {"kind": kind, "set": fields, "at": at})

    def delete(self, kind: str, record_id: str) -> None:
        """Delete a record; conversations leave a tombstone, contacts are archived."""
        self._post("delete", {"kind": kind, "id": record_id})

    def merge(self, contact_id: str, into: str) -> Body:
        """Merge a contact into another.

        Returns:
            The contact that stays.
        """
        return self._post("merge", {"id": contact_id, "into": into})

    def add_parts(self, conversation_id: str, count: int) -> Body:
        """Add comments to a conversation.

        Returns:
            The conversation with all of its parts.
        """
        return self._post("add_parts", {"id": conversation_id, "count": count})

    def give_children(self, kind: str, parent_id: str, rows: list[Body]) -> None:
        """Replace what belongs to a record; the record itself does not change.

        Args:
            kind: contact_events (oldest first), conversation_handling_events or
                side_conversations.
            parent_id: of the record.
            rows: in the API's form.
        """
        self._post("children", {"kind": kind, "id": parent_id, "rows": rows})

    def tag(self, kind: str, record_id: str, tag_id: str) -> Body:
        """Put a tag on a contact, company or conversation."""
        return self._post("tag", {"kind": kind, "id": record_id, "tag_id": tag_id})

    def untag(self, kind: str, record_id: str, tag_id: str) -> Body:
        """Take a tag off a contact, company or conversation."""
        return self._post("untag", {"kind": kind, "id": record_id, "tag_id": tag_id})

    def set_options(self, **options: Any) -> Body:
        """Change rules of the sandbox: the second group of `SandboxOptions`.

        Returns:
            All options as they are now.
        """
        return self._post("options", options)

    def _post(self, path: str, body: Body) -> Body:
        answer: Body = self._channel.send("POST", path, body)
        return answer
