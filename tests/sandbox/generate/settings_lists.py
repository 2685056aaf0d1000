"""The small lists of a workspace: admins, teams, tags, segments, attributes, ticket types ..."""

from __future__ import annotations

import itertools
from typing import Any, Final

from tests.sandbox.generate.blueprint import (
    ADMINS,
    APP_ID,
    FIRST_ADMIN,
    FIRST_SUBSCRIPTION_TYPE,
    FIRST_TEAM,
    SEGMENTS,
    SUBSCRIPTION_TYPES,
    TAGS,
    TEAMS,
    Blueprint,
    admin_author,
    object_id,
    tag,
)

Body = dict[str, Any]

DATE_ATTRIBUTE: Final = "renewal_date"
CONTACT_ATTRIBUTES: Final = (
    ("plan_name", "string", ["free", "pro", "enterprise"]),
    ("seats", "integer", None),
    ("score", "float", None),
    ("paid_subscriber", "boolean", None),
    (DATE_ATTRIBUTE, "date", None),
    ("Job Title", "string", None),
    ("job_title", "string", None),
)
COMPANY_ATTRIBUTES: Final = (
    ("paid_subscriber", "boolean", None),
    ("monthly_spend", "float", None),
    ("team_mates", "integer", None),
    ("The One Ring", "string", None),
)
LATER_ATTRIBUTES: Final = (
    ("contact", "logins", "integer"),
    ("contact", "discount", "float"),
    ("contact", "beta tester", "boolean"),
    ("contact", "trial_end", "date"),
    ("company", "contract_end", "date"),
    ("company", "employees", "integer"),
    ("company", "Héadquarters", "string"),
)
STANDARD_CONTACT_ATTRIBUTES: Final = (
    ("name", "string"), ("email", "string"), ("phone", "string"), ("role", "string"),
    ("external_id", "string"), ("created_at", "date"), ("updated_at", "date"),
    ("signed_up_at", "date"), ("last_seen_at", "date"), ("location.country", "string"),
    ("location.city", "string"), ("owner_id", "integer"), ("unsubscribed_from_emails", "boolean"),
)  # fmt: skip
STANDARD_COMPANY_ATTRIBUTES: Final = (
    ("name", "string"), ("company_id", "string"), ("last_request_at", "date"),
    ("remote_created_at", "date"), ("user_count", "integer"), ("session_count", "integer"),
    ("plan.name", "string"), ("monthly_spend", "float"), ("size", "integer"),
    ("industry", "string"), ("website", "string"), ("id", "string"), ("created_at", "date"),
    ("updated_at", "date"), ("plan.id", "string"), ("app_id", "string"),
)  # fmt: skip
TICKET_STATES: Final = (
    ("submitted", "Submitted", "Submitted"),
    ("in_progress", "In progress", "In progress"),
    ("waiting_on_customer", "Waiting on customer", "Waiting on you"),
    ("resolved", "Resolved", "Resolved"),
    ("in_progress", "With the developers", "In progress"),
)
TICKET_TYPES: Final = (
    ("Bug Report", "Customer", "🐞"),
    ("Refund", "Customer", "💶"),
    ("Investigation", "Back-office", "🔎"),
    ("Outage", "Tracker", "🦁"),
)
FIRST_TICKET_STATE: Final = 8269
FIRST_TICKET_TYPE: Final = 55
FIRST_TICKET_ATTRIBUTE: Final = 165
SUBSCRIPTIONS_OPT_IN: Final = (1, 3)


def admins() -> list[Body]:
    """The teammates; whether the avatar is shown is the caller's choice."""
    return [
        {
            **admin_author(FIRST_ADMIN + number),
            "job_title": "Associate",
            "away_mode_enabled": number == 1,
            "away_mode_reassign": False,
            "away_status_reason_id": None,
            "has_inbox_seat": number != ADMINS - 1,
            "team_ids": [FIRST_TEAM + number % TEAMS],
            "team_priority_level": {
                "primary_team_ids": [FIRST_TEAM + number % TEAMS],
                "secondary_team_ids": [],
            },
            "avatar": f"https://static.example.com/avatars/{number}.png",
        }
        for number in range(ADMINS)
    ]


def teams() -> list[Body]:
    """The teams, with integer ids of their admins."""
    rows = []
    for number in range(TEAMS):
        members = [FIRST_ADMIN + admin for admin in range(ADMINS) if admin % TEAMS == number]
        rows.append(
            {
                "type": "team",
                "id": str(FIRST_TEAM + number),
                "name": ("Support", "Sales", "Équipe 日本")[number % 3],
                "admin_ids": members,
                "admin_priority_level": {
                    "primary_admin_ids": members[:1],
                    "secondary_admin_ids": members[1:],
                },
                "assignment_limit": None,
                "distribution_method": "round_robin",
            },
        )
    return rows


def tags() -> list[Body]:
    """The tags."""
    return [tag(number) for number in range(TAGS)]


def segment_id(number: int) -> str:
    """The id of a segment."""
    return object_id(1_394_621_988, 3, number)


def segments(blueprint: Blueprint) -> list[Body]:
    """The segments of contacts, users and companies, a third each."""
    return [
        {
            "type": "segment",
            "id": segment_id(number),
            "name": f"Segment {number}",
            "created_at": 1_394_621_988 + number,
            "updated_at": blueprint.now - 86_400 * number,
            "person_type": ("contact", "user", "company")[number % 3],
            "count": 17 * number,
        }
        for number in range(SEGMENTS)
    ]


def subscription_types() -> list[Body]:
    """The kinds of messages that a contact can opt in to or out of."""
    rows = []
    for number in range(SUBSCRIPTION_TYPES):
        translation = {
            "name": f"Newsletter {number}",
            "description": "Lorem ipsum dolor sit amet",
            "locale": "en",
        }
        rows.append(
            {
                "type": "subscription",
                "id": str(FIRST_SUBSCRIPTION_TYPE + number),
                "state": "archived" if number == SUBSCRIPTION_TYPES - 1 else "live",
                "consent_type": "opt_in" if number in SUBSCRIPTIONS_OPT_IN else "opt_out",
                "default_translation": translation,
                "translations": [translation],
                "content_types": ["email"] if number else ["email", "sms_message"],
            },
        )
    return rows


def data_attributes(blueprint: Blueprint) -> list[Body]:
    """The attributes of contacts, companies and conversations; standard ones have no id."""
    ids = itertools.count(34)
    rows = [
        _attribute(model, name, data_type)
        for model, standard in (
            ("contact", STANDARD_CONTACT_ATTRIBUTES),
            ("company", STANDARD_COMPANY_ATTRIBUTES),
        )
        for name, data_type in standard
    ]
    for model, custom in (("contact", CONTACT_ATTRIBUTES), ("company", COMPANY_ATTRIBUTES)):
        for name, data_type, options in custom:
            row = _custom_attribute(blueprint, model, name, data_type, next(ids))
            rows.append(row | ({"options": options} if options else {}))
    archived = _custom_attribute(blueprint, "contact", "retired", "string", next(ids))
    rows.append(archived | {"archived": True})
    rows.append(_custom_attribute(blueprint, "conversation", "issue", "string", next(ids)))
    rows += [
        _custom_attribute(blueprint, model, name, data_type, next(ids))
        for model, name, data_type in LATER_ATTRIBUTES
    ]
    return rows


def _attribute(model: str, full_name: str, data_type: str) -> Body:
    name = full_name.rpartition(".")[2]
    return {
        "type": "data_attribute",
        "name": name,
        "full_name": full_name,
        "label": full_name.replace("_", " ").replace(".", " ").capitalize(),
        "description": f"The {name} of a {model}",
        "data_type": data_type,
        "api_writable": True,
        "ui_writable": False,
        "messenger_writable": True,
        "custom": False,
        "archived": False,
        "model": model,
    }


def _custom_attribute(
    blueprint: Blueprint,
    model: str,
    name: str,
    data_type: str,
    identifier: int,
) -> Body:
    return _attribute(model, f"custom_attributes.{name}", data_type) | {
        "id": identifier,
        "name": name,
        "label": name,
        "ui_writable": True,
        "custom": True,
        "created_at": blueprint.now - 86_400 * 400,
        "updated_at": blueprint.now - 86_400 * identifier,
        "admin_id": str(FIRST_ADMIN),
    }


def conversation_attributes(blueprint: Blueprint) -> list[Body]:
    """The attributes of conversations (OpenAPI 2.16, /conversations/attributes)."""
    shared = {
        "type": "conversation_attribute",
        "description": "",
        "required": False,
        "visible_to_team_ids": [],
        "archived": False,
        "created_at": blueprint.now - 86_400 * 90,
        "updated_at": blueprint.now - 86_400 * 30,
        "admin_id": str(FIRST_ADMIN),
    }
    options = [
        {"id": f"a1b2c3d4-e5f6-7890-abcd-ef123456789{number}", "label": label, "archived": False}
        for number, label in enumerate(("Billing", "Bug", "Other"))
    ]
    reference = {"type": "many", "object_type_id": "Order"}
    return [
        shared | {"id": 2, "name": "Issue", "data_type": "list", "options": options},
        shared | {"id": 3, "name": "Remark", "data_type": "string", "multiline": False},
        shared | {"id": 6, "name": "Orders", "data_type": "relationship", "reference": reference},
        shared
        | {"id": 7, "name": "Old", "data_type": "string", "multiline": True, "archived": True},
        shared | {"id": 8, "name": "Items", "data_type": "integer"},
        shared | {"id": 9, "name": "Amount", "data_type": "decimal"},
        shared | {"id": 10, "name": "Escalated", "data_type": "boolean"},
        shared | {"id": 11, "name": "Promised by", "data_type": "datetime"},
        shared | {"id": 12, "name": "Papers", "data_type": "files"},
    ]


def ticket_state(number: int) -> Body:
    """A ticket state as tickets and ticket types embed it."""
    category, internal, external = TICKET_STATES[number % len(TICKET_STATES)]
    return {
        "type": "ticket_state",
        "id": str(FIRST_TICKET_STATE + number % len(TICKET_STATES)),
        "category": category,
        "internal_label": internal,
        "external_label": external,
    }


def ticket_states(blueprint: Blueprint) -> list[Body]:
    """The ticket states, each with the ticket types that use it."""
    types = [
        {key: value for key, value in row.items() if key in _SHORT_TICKET_TYPE}
        for row in ticket_types(blueprint)
    ]
    return [
        ticket_state(number)
        | {"archived": False, "ticket_types": {"type": "list", "data": types[: 4 - number % 2]}}
        for number in range(len(TICKET_STATES))
    ]


_SHORT_TICKET_TYPE: Final = frozenset(
    ("type", "id", "name", "description", "icon", "archived", "is_internal", "category"),
)


def ticket_type(blueprint: Blueprint, number: int) -> Body:
    """A ticket type with its attributes, as tickets embed it."""
    name, category, icon = TICKET_TYPES[number % len(TICKET_TYPES)]
    identifier = FIRST_TICKET_TYPE + number % len(TICKET_TYPES)
    times = {"created_at": blueprint.now - 86_400 * 500, "updated_at": blueprint.now - 86_400 * 50}
    attributes = [
        {
            "type": "ticket_type_attribute",
            "id": str(FIRST_TICKET_ATTRIBUTE + number % len(TICKET_TYPES) * 10 + order),
            "workspace_id": APP_ID,
            "name": attribute,
            "description": "",
            "data_type": data_type,
            "input_options": input_options,
            "order": order,
            "required_to_create": False,
            "required_to_create_for_contacts": False,
            "visible_on_create": True,
            "visible_to_contacts": True,
            "default": attribute.startswith("_default_"),
            "ticket_type_id": identifier,
            "archived": False,
            **times,
        }
        for order, (attribute, data_type, input_options) in enumerate(_TICKET_ATTRIBUTES)
    ]
    return {
        "type": "ticket_type",
        "id": str(identifier),
        "name": name,
        "description": f"{name} template",
        "icon": icon,
        "workspace_id": APP_ID,
        "archived": False,
        **times,
        "is_internal": category != "Customer",
        "ticket_type_attributes": {"type": "list", "data": attributes},
        "category": category,
    }


_TICKET_ATTRIBUTES: Final[tuple[tuple[str, str, Body | None], ...]] = (
    ("_default_title_", "string", {"multiline": False}),
    ("_default_description_", "string", {"multiline": True}),
    ("Severity", "integer", None),
    ("Due", "datetime", None),
    ("Component", "list", {"list_options": ["Messenger", "Inbox", "Billing"]}),
    ("Cost", "decimal", None),
    ("Reproducible", "boolean", None),
    ("Log files", "files", None),
)


def ticket_types(blueprint: Blueprint) -> list[Body]:
    """The ticket types, with attributes and states."""
    states = [ticket_state(number) for number in range(len(TICKET_STATES))]
    return [
        ticket_type(blueprint, number) | {"ticket_states": {"type": "list", "data": states}}
        for number in range(len(TICKET_TYPES))
    ]
