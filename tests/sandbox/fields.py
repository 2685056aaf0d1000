"""The fields that can be searched and sorted by, per kind."""

from __future__ import annotations

import dataclasses
import enum
from typing import TYPE_CHECKING, Any, Final, Protocol

from tests.sandbox.errors import ApiError, bad_request

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tests.sandbox.records import Body, Record


class FieldType(enum.Enum):
    """The values of a field, which decide the operators that it accepts."""

    STRING = "string"
    INTEGER = "integer"
    FLOAT = "float"
    BOOLEAN = "boolean"
    DATE = "date"

    def read(self, value: Any, field: str) -> Any:
        """Read a value of a filter; numbers and dates may be strings."""
        if value is None:
            return None
        try:
            return _READERS[self](value)
        except (KeyError, TypeError, ValueError):
            message = f"value {value!r} is not valid for {field}"
            raise bad_request("parameter_invalid", message) from None


_READERS: Final[Mapping[FieldType, Callable[[Any], Any]]] = {
    FieldType.STRING: str,
    FieldType.INTEGER: int,
    FieldType.FLOAT: float,
    FieldType.BOOLEAN: lambda value: {"true": True, "false": False}[str(value).lower()],
    FieldType.DATE: int,
}


@dataclasses.dataclass(frozen=True)
class Field:
    """A field, its place in a record, and the operators that it refuses unlike its type."""

    name: str
    type: FieldType
    path: tuple[str, ...]
    refused_operators: tuple[str, ...] = ()
    is_custom: bool = False

    def value(self, record: Record) -> Any:
        """The value of a record, a list of values, or None."""
        if self.name in _INDEXED:
            return getattr(record, self.name)
        found: Any = record.body()
        for key in self.path:
            if isinstance(found, list):
                found = [_step(element, key) for element in found]
            else:
                found = _step(found, key)
        return found


_INDEXED: Final = frozenset(("created_at", "updated_at", "id"))


def _step(value: Any, key: str) -> Any:
    return value.get(key) if isinstance(value, dict) else None


class FieldFinder(Protocol):
    """The searchable fields of a kind of records."""

    def find(self, name: Any) -> Field:
        """The field with a name."""


class KnownFields:
    """The standard fields of a kind, and its custom attributes under their prefix."""

    def __init__(self, kind: str, custom_attributes: Sequence[Body]) -> None:
        self._standard = STANDARD[kind]
        self._prefix = "ticket_attribute." if kind == "tickets" else "custom_attributes."
        self._container = "ticket_attributes" if kind == "tickets" else "custom_attributes"
        self._custom = {row["name"]: row["data_type"] for row in custom_attributes}

    def find(self, name: Any) -> Field:
        """The field with a name."""
        if not isinstance(name, str):
            raise _unknown(name)
        if name in self._standard:
            return self._standard[name]
        attribute = name.removeprefix(self._prefix)
        if attribute == name or attribute not in self._custom:
            raise _unknown(name)
        field_type = _CUSTOM_TYPES.get(self._custom[attribute], FieldType.STRING)
        return Field(name, field_type, (self._container, attribute), is_custom=True)


_CUSTOM_TYPES: Final = {
    "integer": FieldType.INTEGER,
    "float": FieldType.FLOAT,
    "boolean": FieldType.BOOLEAN,
    "date": FieldType.DATE,
    "datetime": FieldType.DATE,
}


def _unknown(name: Any) -> ApiError:
    return bad_request("invalid_field", f"{name} is not a valid search field")


def _fields(
    *,
    strings: str = "",
    integers: str = "",
    booleans: str = "",
    dates: str = "",
    paths: Mapping[str, str] | None = None,
) -> dict[str, Field]:
    """Declare fields: names separated by spaces, and where they lie, if not under their name."""
    declared = (
        (FieldType.STRING, strings),
        (FieldType.INTEGER, integers),
        (FieldType.BOOLEAN, booleans),
        (FieldType.DATE, dates),
    )
    return {
        name: Field(
            name,
            field_type,
            tuple((paths or {}).get(name, name).split(".")),
            ("IN", "NIN") if name == "tag_id" else (),
        )
        for field_type, names in declared
        for name in names.split()
    }


STANDARD: Final[Mapping[str, Mapping[str, Field]]] = {
    "contacts": _fields(
        strings="id role name avatar owner_id email email_domain phone formatted_phone external_id"
        " language_override browser browser_language os location.country location.region"
        " location.city ios_app_version ios_device ios_app_device ios_os_version ios_app_name"
        " ios_sdk_version android_app_version android_device android_app_name andoid_sdk_version"
        " segment_id tag_id",
        booleans="unsubscribed_from_emails marked_email_as_spam has_hard_bounced",
        dates="created_at signed_up_at updated_at last_seen_at last_contacted_at last_replied_at"
        " last_email_opened_at last_email_clicked_at ios_last_seen_at android_last_seen_at",
        paths={"tag_id": "tags.id", "segment_id": "segment_ids", "avatar": "avatar.image_url"},
    ),
    "companies": _fields(
        strings="company_id name tag_id",
        integers="monthly_spend session_count user_count",
        dates="created_at updated_at remote_created_at last_request_at",
        paths={"tag_id": "tags.tags.id"},
    ),
    "conversations": _fields(
        strings="id source.type source.id source.delivered_as source.subject source.body"
        " source.author.id source.author.type source.author.name source.author.email source.url"
        " contact_ids teammate_ids channel_initiated state tag_ids priority"
        " statistics.last_closed_by_id conversation_rating.remark conversation_rating.contact_id"
        " conversation_rating.admin_d ai_agent.resolution_state ai_agent.last_answer_type"
        " ai_agent.rating_remark ai_agent.source_type ai_agent.source_title",
        integers="admin_assignee_id team_assignee_id statistics.time_to_assignment"
        " statistics.time_to_admin_reply statistics.time_to_first_close"
        " statistics.time_to_last_close statistics.median_time_to_reply statistics.count_reopens"
        " statistics.count_assignments statistics.count_conversation_parts"
        " conversation_rating.score ai_agent.rating",
        booleans="open read ai_agent_participated",
        dates="created_at updated_at waiting_since snoozed_until"
        " statistics.first_contact_reply_at statistics.first_assignment_at"
        " statistics.first_admin_reply_at statistics.first_close_at"
        " statistics.last_assignment_at statistics.last_assignment_admin_reply_at"
        " statistics.last_contact_reply_at statistics.last_admin_reply_at"
        " statistics.last_close_at conversation_rating.requested_at"
        " conversation_rating.replied_at",
        paths={
            "contact_ids": "contacts.contacts.id",
            "teammate_ids": "teammates.teammates.id",
            "tag_ids": "tags.tags.id",
            "conversation_rating.score": "conversation_rating.rating",
            "conversation_rating.contact_id": "conversation_rating.contact.id",
            "conversation_rating.admin_d": "conversation_rating.teammate.id",
            "conversation_rating.requested_at": "conversation_rating.created_at",
            "conversation_rating.replied_at": "conversation_rating.updated_at",
            "channel_initiated": "source.type",
        },
    ),
    "tickets": _fields(
        strings="id title description category ticket_type_id contact_ids teammate_ids"
        " admin_assignee_id team_assignee_id state",
        booleans="open",
        dates="created_at updated_at snoozed_until",
        paths={
            "title": "ticket_attributes._default_title_",
            "description": "ticket_attributes._default_description_",
            "ticket_type_id": "ticket_type.id",
            "contact_ids": "contacts.contacts.id",
            "teammate_ids": "admin_assignee_id",
            "state": "ticket_state.category",
        },
    ),
}
