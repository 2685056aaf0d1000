"""The settings of a workspace: admins, teams, tags, segments, attributes, ticket types ..."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Final

import msgspec

from tests.sandbox.generate.blueprint import (
    ADMINS,
    DAY,
    SEGMENTS,
    SUBSCRIPTION_TYPES,
    TAGS,
    Blueprint,
    segment_id,
    tag,
)
from tests.sandbox.generate.rows import template

if TYPE_CHECKING:
    from tests.sandbox.records import Body

ATTRIBUTES_PER_TICKET_TYPE: Final = 10
SHORT_TICKET_TYPE: Final = (
    *("type", "id", "name", "description", "icon", "archived", "is_internal", "category"),
)


def settings_lists(blueprint: Blueprint) -> dict[str, list[Body]]:
    """The rows of every settings list, by its name."""
    return {
        "admins": [_row("admins", number) for number in range(ADMINS)],
        "teams": _rows("teams"),
        "tags": [tag(number) for number in range(TAGS)],
        "roles": _rows("roles"),
        "segments": [
            _row("segments", number, blueprint.now - DAY * number) | {"id": segment_id(number)}
            for number in range(SEGMENTS)
        ],
        "subscription_types": [
            _row("subscription_types", number) for number in range(SUBSCRIPTION_TYPES)
        ],
        "data_attributes": _rows("data_attributes") + _custom_attributes(blueprint.now),
        "conversation_attributes": _rows("conversation_attributes", blueprint.now - DAY * 30),
        "ticket_types": _ticket_types(blueprint.now),
        "ticket_states": _ticket_states(blueprint.now),
    }


def ticket_state(number: int) -> Body:
    """A ticket state as tickets and ticket types embed it."""
    return _row("ticket_states", number % template("ticket_states").count)


def ticket_type(now: int, number: int) -> Body:
    """A ticket type with its attributes, as tickets embed it."""
    row: Body = msgspec.json.decode(_ticket_type(now, number % template("ticket_types").count))
    return row


@functools.lru_cache(maxsize=64)
def _ticket_type(now: int, number: int) -> bytes:
    """A ticket type as JSON, kept because every ticket has one."""
    row = _row("ticket_types", number, now - DAY * 50)
    attributes = [
        template("ticket_type_attributes").row(
            number * ATTRIBUTES_PER_TICKET_TYPE + order, now - DAY * 50, record=order
        )
        | {"ticket_type_id": int(row["id"])}
        for order in range(template("ticket_type_attributes").count)
    ]
    return msgspec.json.encode(
        row | {"ticket_type_attributes": {"type": "list", "data": attributes}}
    )


def _row(name: str, number: int, updated_at: int | None = None) -> Body:
    return template(name).row(number, updated_at)


def _rows(name: str, updated_at: int | None = None) -> list[Body]:
    """One row for each of a list's records."""
    return [_row(name, number, updated_at) for number in range(template(name).count)]


def _custom_attributes(now: int) -> list[Body]:
    rows = [
        _row("custom_attributes", number, now - DAY * number)
        for number in range(template("custom_attributes").count)
    ]
    return [
        row | {"full_name": f"custom_attributes.{row['name']}", "label": row["name"]}
        for row in rows
    ]


def _ticket_types(now: int) -> list[Body]:
    """The ticket types, with attributes and states."""
    states = {"type": "list", "data": _rows("ticket_states")}
    count = template("ticket_types").count
    return [ticket_type(now, number) | {"ticket_states": states} for number in range(count)]


def _ticket_states(now: int) -> list[Body]:
    """The ticket states, each with the ticket types that use it."""
    types = [{key: row[key] for key in SHORT_TICKET_TYPE} for row in _rows("ticket_types", now)]
    return [
        row | {"archived": False, "ticket_types": {"type": "list", "data": types[: 4 - number % 2]}}
        for number, row in enumerate(_rows("ticket_states"))
    ]
