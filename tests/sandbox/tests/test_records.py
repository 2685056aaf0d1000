"""The sandbox serves every value in turn, and every column that the tap knows."""

from __future__ import annotations

import json
import re
from types import FunctionType
from typing import TYPE_CHECKING, Any, Final

import pytest

from scripts.compare_schemas import SCHEMAS, read_schemas
from tests.sandbox import Sandbox, SandboxOptions
from tests.sandbox.generate.rows import TIMESTAMPS, template
from tests.sandbox.generate.variations import ABSENT, KEEP, RECORDS, VARIATIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tests.sandbox.records import Body

    ReadRows = Callable[[str], list[Body]]

STREAMS: Final = read_schemas(SCHEMAS)
KINDS: Final = {"orders": "custom_object_order", "subscriptions": "custom_object_subscription"}
EMBEDDED: Final = {
    "conversation_parts": ("conversations", "conversation_parts"),
    "ticket_parts": ("tickets", "ticket_parts"),
    "ticket_type_attributes": ("ticket_types", "data"),
}
"""List -> kind of the records that embed it, and the name of its rows there."""
ELSEWHERE: Final = {
    "articles": {"content_id", "parent_id", "parent_type"},  # before 2.16
    "article_statistics": {*STREAMS["article_statistics"]["properties"]},  # flattened by the tap
    "call_transcripts": {"call_id", "call_updated_at"},
    "company_notes": {"company_updated_at", "contact"},
    "contact_notes": {"contact_updated_at", "company"},
    "companies": {"tag_ids"},
    # embedded by views, or of versions that are newer than the records
    "contacts": {"companies", "opted_in_subscription_types", "opted_out_subscription_types"}
    | {"merge_history", "sms_consent", "unsubscribed_from_sms"},
    # asked for by a parameter, or of other versions than the records
    "conversations": {"monitor_evaluations", "scorecards", "customers", "ai_topics", "topics"}
    | {"assignee"},
    # only if `include_bodies` asks for them
    "data_connector_executions": {"request_body", "response_body", "raw_response_body"},
    "conversation_parts": {"conversation_id", "conversation_updated_at"},
    "tags": {"applied_at", "applied_by"},  # where a tag is embedded
    "ticket_parts": {"ticket_id", "ticket_updated_at"},
    "tickets": {"ticket_state_internal_label", "ticket_state_external_label"},  # before 2.12
}
"""Columns that records do not hold, because a view or the tap adds them."""
LISTS: Final = sorted({path.stem for path in RECORDS.glob("*.json")} & STREAMS.keys())


@pytest.fixture(scope="module")
def rows_of() -> Iterator[ReadRows]:
    """Read what a sandbox holds, each list once."""
    options = SandboxOptions(
        contacts=850, companies=200, conversations=850, tickets=150, clock_start=1_780_000_000
    )
    with Sandbox(options) as sandbox:
        read: dict[str, list[Body]] = {}

        def rows(name: str) -> list[Body]:
            kind, key = EMBEDDED.get(name, (KINDS.get(name, name), ""))
            if kind not in read:
                read[kind] = sandbox.control.records(kind)
            return [row for each in read[kind] for row in each[name][key]] if key else read[kind]

        yield rows


def value_at(row: Body, path: str) -> Any:
    """The value of a field, `ABSENT` where the row does not have it."""
    value: Any = row
    for key in path.split("."):
        value = value.get(key, ABSENT) if isinstance(value, dict) else ABSENT
    return value


def shape(value: Any) -> str:
    """A value as JSON; text, lists and objects without their numbers, as each row has its own."""
    if value is ABSENT:
        return "absent"
    encoded = json.dumps(value, sort_keys=True)
    is_timestamp = isinstance(value, int) and value in TIMESTAMPS
    has_own_numbers = is_timestamp or isinstance(value, str | dict | list)
    return re.sub(r"\{n\}|\d+", "0", encoded) if has_own_numbers else encoded


def not_served(values: Iterable[Any], served: list[Any]) -> list[Any]:
    """The values in turn that none of the served ones looks like."""
    shapes = {shape(value) for value in served}
    types = {type(value) for value in served}
    missing = []
    for value in values:
        if isinstance(value, FunctionType):
            made = {type(value(each)) for each in served if each not in (None, ABSENT)}
            missing += [value] if made - types else []
        elif value is not KEEP and shape(value) not in shapes:
            missing.append(value)
    return missing


@pytest.mark.parametrize("name", VARIATIONS)
def test_each_value_in_turn_is_served(rows_of: ReadRows, name: str) -> None:
    rows = rows_of(name)

    missing = {
        path: not_served(values, [value_at(row, path) for row in rows])
        for path, values in VARIATIONS[name].items()
    }

    assert {path: values for path, values in missing.items() if values} == {}


@pytest.mark.parametrize("name", LISTS)
def test_each_column_is_served_with_a_value(rows_of: ReadRows, name: str) -> None:
    columns = STREAMS[name]["properties"].keys() - ELSEWHERE.get(name, set())

    served = {
        key for row in rows_of(name) for key, value in row.items() if value not in (None, [], {})
    }

    assert columns - served == set()


def test_timestamps_of_a_row_move_together() -> None:
    first, second = (template("calls").row(0, at) for at in (1_750_000_000, 1_750_000_500))

    moved = {name for name in first if first[name] != second[name]}

    assert moved == {"initiated_at", "answered_at", "ended_at", "created_at", "updated_at"}
    assert {second[name] - first[name] for name in moved} == {500}


def test_timestamp_near_the_creation_moves_with_it() -> None:
    row = template("conversations").row(1, 1_750_000_000, 1_700_000_000)

    assert row["created_at"] == 1_700_000_000
    assert row["statistics"]["first_contact_reply_at"] == 1_700_000_060
    assert row["statistics"]["last_admin_reply_at"] == 1_750_000_000


def test_text_timestamp_keeps_its_notation() -> None:
    row = template("macros").row(0, 1_750_000_000)

    assert row["updated_at"] == "2025-06-15T15:06:40.417Z"


def test_rows_do_not_share_their_values() -> None:
    first, second = (template("news_items").row(2) for _ in range(2))

    first["newsfeed_assignments"].clear()

    assert len(second["newsfeed_assignments"]) == 2
