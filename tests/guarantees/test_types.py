"""Whatever Intercom sends, a strict target accepts the rows, and no value is lost silently."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from tap_intercom.tap import TapIntercom
from tests.guarantees.harness import NOW, SyncHarness, page_of
from tests.sandbox.faults import Fault
from tests.sandbox.options import SandboxOptions

if TYPE_CHECKING:
    from tap_intercom.api.request import Request
    from tests.guarantees.harness import SyncResult
    from tests.singer import Record

SMALL: Final = SandboxOptions(contacts=12, companies=12, conversations=12, tickets=12)
ABSENT: Final = object()
WRONG_TYPES: Final = (None, "text", 5, [], {}, [None])


@pytest.fixture
def options() -> SandboxOptions:
    return SMALL


def respond(harness: SyncHarness, path: str, body: bytes) -> None:
    """Let each response to a path have this body."""
    harness.sandbox.faults.add(Fault(kind="raw_body", path=path, body=body, times=None))


def sync_contacts(harness: SyncHarness, contacts: list[dict[str, Any]] | bytes) -> SyncResult:
    """Sync with a workspace whose contacts are exactly these; ids and times are filled in."""
    if isinstance(contacts, list):
        rows = [{"id": str(n), "updated_at": NOW - 9, **row} for n, row in enumerate(contacts)]
        contacts = json.dumps(rows).encode()
    count = len(json.loads(contacts))
    body = b'{"type":"list","data":%s,"total_count":%d,"pages":{"type":"pages"}}'
    respond(harness, "/contacts/search", body % (contacts, count))
    return harness.sync(select=["contacts", "contact_tags", "contact_companies"])


def sync_contact(harness: SyncHarness, contact: dict[str, Any]) -> tuple[SyncResult, Record]:
    """Sync with a workspace of one contact, and return the result and its row."""
    result = sync_contacts(harness, [contact])
    (row,) = result.records("contacts")
    return result, row


def sync_tags(harness: SyncHarness, items: bytes) -> SyncResult:
    """Sync with a workspace whose tags are exactly these."""
    respond(harness, "/tags", b'{"type":"list","data":[%s]}' % items)
    return harness.sync(select=["tags"])


def assert_valid(result: SyncResult) -> None:
    """Check each row against its schema, as a strict target does."""
    checker = Draft202012Validator.FORMAT_CHECKER
    for message in result.schemas:
        validator = Draft202012Validator(message["schema"], format_checker=checker)
        for row in result.records(message["stream"]):
            error = next(validator.iter_errors(row), None)
            assert error is None, (message["stream"], error)
            json.dumps(row).encode()


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (1_700_000_000, "2023-11-14T22:13:20+00:00"),
        (1_700_000_000_000, "2023-11-14T22:13:20+00:00"),
        (1_700_000_000.25, "2023-11-14T22:13:20+00:00"),
        ("1700000000", "2023-11-14T22:13:20+00:00"),
        ("1700000000000", "2023-11-14T22:13:20+00:00"),
        (" 1700000000 ", "2023-11-14T22:13:20+00:00"),
        ("2023-11-14T22:13:20Z", "2023-11-14T22:13:20+00:00"),
        ("2023-11-14T23:13:20+01:00", "2023-11-14T22:13:20+00:00"),
        ("2018-06-01T00:00:00+00:00 ", "2018-06-01T00:00:00+00:00"),
        ("2018-06-01 00:00:00 UTC", "2018-06-01T00:00:00+00:00"),
        ("2023-11-14", "2023-11-14T00:00:00+00:00"),
        (0, "1970-01-01T00:00:00+00:00"),
        (-1, "1969-12-31T23:59:59+00:00"),
        (-62_135_596_800, "0001-01-01T00:00:00+00:00"),
        (None, None),
        ("", None),
    ],
    ids=repr,
)
def test_timestamps_become_rfc_3339(harness: SyncHarness, sent: Any, expected: str | None) -> None:
    result, row = sync_contact(harness, {"last_seen_at": sent, "created_at": sent})

    assert (row["last_seen_at"], row["created_at"]) == (expected, expected)
    assert result.summary("contacts")["warnings"] == 0
    assert_valid(result)


@pytest.mark.parametrize(
    "sent",
    [
        *(10**18, -(10**18), 10**30, 1e300, "yesterday", True, {"a": 1}, [1]),
        *("2024-02-31T00:00:00+00:00", "9999-99-99T99:99:99+00:00"),
    ],
    ids=str,
)
def test_invalid_timestamp_becomes_null(harness: SyncHarness, sent: Any) -> None:
    result, row = sync_contact(harness, {"last_seen_at": sent})

    assert row["last_seen_at"] is None
    assert len(result.warnings("last_seen_at", 1)) == 1
    assert_valid(result)


@pytest.mark.parametrize(
    "sent", [None, "", "soon", 10**18, -5, {"a": 1}, ABSENT], ids=lambda sent: str(sent)[:20]
)
def test_invalid_replication_key_moves_no_bookmark(harness: SyncHarness, sent: Any) -> None:
    odd = {"id": "odd"} if sent is ABSENT else {"id": "odd", "updated_at": sent}
    rows = [{"id": "0", "updated_at": NOW - 9}, odd, {"id": "2", "updated_at": NOW - 5}]

    result = sync_contacts(harness, json.dumps(rows).encode())

    bookmark = result.bookmark("contacts")
    assert bookmark is not None
    assert "2025-06-15T15:06:31" <= bookmark <= "2025-06-15T15:06:40+00:00"
    assert set(result.values("contacts", "id")) == {"0", "odd", "2"}
    assert_valid(result)


@pytest.mark.parametrize("kind", ["contacts", "conversations", "tickets"])
@pytest.mark.parametrize("count", [1, 3])
def test_changes_without_timestamp_are_loaded(harness: SyncHarness, kind: str, count: int) -> None:
    """Of three changed records one or all, and so a whole page, have no readable `updated_at`."""
    first = harness.sync(select=[kind])
    harness.sandbox.clock.advance(7200)
    changed = harness.sandbox.touch_oldest(kind, 3)

    def remove_timestamps(_: Request, page: dict[str, Any]) -> None:
        for record in page.get(kind) or page.get("data") or ():
            if record["id"] in changed[:count]:
                record["updated_at"] = "soon"

    harness.change_responses(remove_timestamps)

    later = harness.sync(first.state, select=[kind])

    assert set(changed) <= set(later.values(kind, "id"))


@pytest.mark.parametrize("sent", [7, 7.5, True, {"a": [1]}, ["x"], "ü", 10**30], ids=repr)
def test_text_holds_any_value(harness: SyncHarness, sent: Any) -> None:
    result, row = sync_contact(harness, {"name": sent, "phone": sent})

    kept = row["name"] if isinstance(sent, str) else json.loads(row["name"])
    assert kept == sent
    assert_valid(result)


def test_ids_become_text(harness: SyncHarness) -> None:
    tags = {"type": "list", "data": [{"type": "tag", "id": 31}], "has_more": False}

    result, row = sync_contact(harness, {"id": 12, "owner_id": 7, "tags": tags, "companies": None})

    (link,) = result.records("contact_tags")
    assert (row["id"], row["owner_id"]) == ("12", "7")
    assert (link["contact_id"], link["tag_id"]) == ("12", "31")
    assert_valid(result)


def test_wrong_containers_keep_the_row(harness: SyncHarness) -> None:
    """Null, text or a number instead of an object or a list."""
    values = [None, "text", 5, [], {}, [None], {"data": None}, {"data": [None]}, {"data": "x"}]
    values += [{"type": "list", "data": [], "has_more": None}, {"data": [{"id": None}]}]
    fields = ("tags", "companies", "location", "social_profiles", "avatar", "custom_attributes")

    result = sync_contacts(harness, [dict.fromkeys(fields, value) for value in values])

    assert len(result.records("contacts")) == len(values)
    assert result.warnings("location") != []
    assert_valid(result)


@pytest.mark.parametrize("kind", ["contacts", "companies", "conversations", "tickets"])
@pytest.mark.parametrize("value", WRONG_TYPES, ids=str)
def test_wrong_types_keep_the_row(harness: SyncHarness, kind: str, value: Any) -> None:
    """Every field of one record but its keys is null, or has a wrong type."""
    record = harness.sandbox.records(kind)[0]
    kept = {"id", "created_at", "updated_at", "type"}
    # the sandbox can't respond without these
    kept |= {"notes", "company_ids", "segment_ids", "tags", "conversation_parts", "ticket_parts"}
    kept |= {"opted_in_subscription_ids", "opted_out_subscription_ids", "source"}
    kept |= {"admin_assignee_id", "team_assignee_id", "priority", "owner_id"}
    fields = {name: value for name in record if name not in kept}
    harness.sandbox.change_quietly(kind, record["id"], fields)

    result = harness.sync()

    assert record["id"] in result.values(kind, "id")
    assert_valid(result)


@pytest.mark.parametrize("kind", ["contacts", "companies", "conversations"])
def test_custom_attributes_stay_unchanged(harness: SyncHarness, kind: str) -> None:
    attributes = {
        "Foo Bar": 1,
        "foo_bar": "1",
        "FOO_BAR": None,
        "foo.bar": 1.5,
        "": True,
        "ünïcode 🙂": [1, "a", None],
        "object": {"id": 5, "updated_at": "never"},
        "number or text": "12",
        "big": 2**62,
        "created_at": 1_700_000_000,
    }
    record = harness.sandbox.records(kind)[0]
    harness.sandbox.change(kind, record["id"], {"custom_attributes": attributes})

    result = harness.sync(select=[kind])

    (row,) = (row for row in result.records(kind) if row["id"] == record["id"])
    assert row["custom_attributes"] == attributes
    assert_valid(result)


def test_invalid_unicode_is_replaced(harness: SyncHarness) -> None:
    """Half of a surrogate pair, and NUL, which databases refuse."""
    body = (
        rb'[{"id":"1","updated_at":1749999990,"name":"half \ud83d pair","email":"nul \u0000"},'
        rb'{"id":"2","updated_at":1749999990,"name":"whole \ud83d\ude00","email":"back\\u0000"}]'
    )

    result = sync_contacts(harness, body)

    values = {row["id"]: (row["name"], row["email"]) for row in result.records("contacts")}
    assert values == {
        "1": ("half \N{REPLACEMENT CHARACTER} pair", "nul \N{REPLACEMENT CHARACTER}"),
        "2": ("whole \N{GRINNING FACE}", "back\\u0000"),
    }
    assert result.warnings("U+FFFD") != []
    assert_valid(result)


def test_invalid_bytes_are_replaced(harness: SyncHarness) -> None:
    """Raw control characters, and what is no UTF-8."""
    items = b'{"id":"1","name":"a\tb"},{"id":"2","name":"a\x00b"},{"id":"3","name":"\xff"}'

    result = sync_tags(harness, items)

    replaced = "\N{REPLACEMENT CHARACTER}"
    assert result.values("tags", "name") == ["a\tb", f"a{replaced}b", replaced]
    assert result.warnings("U+FFFD") != []


@pytest.mark.parametrize(
    ("sent", "expected"), [(b"a\tb", "a\tb"), (rb"back\\u0000", r"back\u0000")], ids=repr
)
def test_valid_text_is_not_replaced(harness: SyncHarness, sent: bytes, expected: str) -> None:
    """A raw tab, and an escaped backslash before u0000."""
    result = sync_tags(harness, b'{"id":"1","name":"%s"}' % sent)

    assert result.values("tags", "name") == [expected]
    assert result.warnings() == []


@pytest.mark.parametrize("number", [b"1" + b"0" * 30, b"-1" + b"0" * 30, b"1e400", b"NaN"])
def test_huge_number_is_never_lost_silently(harness: SyncHarness, number: bytes) -> None:
    body = b'[{"id":"1","updated_at":1749999990,"custom_attributes":{"n":%s}}]' % number

    result = sync_contacts(harness, body)

    (row,) = result.records("contacts")
    assert row["custom_attributes"]["n"] is not None or result.warnings()
    assert_valid(result)


def test_infinite_numbers_become_text(harness: SyncHarness) -> None:
    result = sync_tags(harness, b'{"id":"1","n":1e400,"m":-Infinity,"l":1.5}')

    (row,) = result.records("tags")
    assert (row["n"], row["m"], row["l"]) == ("1e400", "-Infinity", 1.5)
    assert len(result.warnings("tags", 2)) == 1


def test_unknown_fields_are_kept(harness: SyncHarness) -> None:
    result = sync_contacts(harness, [{"brand_new": {"a": [number]}} for number in range(5)])

    assert result.values("contacts", "brand_new") == [{"a": [number]} for number in range(5)]
    assert_valid(result)


def test_unknown_fields_are_reported_once(harness: SyncHarness) -> None:
    result = sync_contacts(harness, [{"brand_new": {"a": [number]}} for number in range(5)])

    assert len(result.warnings("brand_new")) == 1
    assert result.summary("contacts")["warnings"] == 1


def test_undeclared_attributes_need_no_warning(harness: SyncHarness) -> None:
    """Such as archived ones: they are in the column of all attributes."""
    result = harness.sync()

    assert result.warnings("Intercom sent fields") == []
    (line,) = result.lines(logging.INFO, "custom_attributes.imported_id")
    assert "custom_attributes.legacy plan" in line


def test_unknown_enum_value_is_kept(harness: SyncHarness) -> None:
    result, row = sync_contact(harness, {"role": "robot"})

    assert row["role"] == "robot"
    assert_valid(result)


def test_record_without_key_is_left_out(harness: SyncHarness) -> None:
    result = sync_contacts(harness, [{"id": None}, {"id": "1"}, {"id": None}])

    assert set(result.values("contacts", "id")) == {"1"}
    assert len(result.warnings("contacts", "without a key")) == 1


@pytest.mark.parametrize(
    ("path", "content", "stream"),
    [
        ("/contacts/search", {"data": [{"updated_at": NOW - 9}]}, "contact_tags"),
        ("/conversations/search", {"data": [{"updated_at": NOW - 9}]}, "conversation_parts"),
        ("/teams", {"teams": [{"name": "nobody's", "admin_ids": [1]}]}, "team_admins"),
    ],
)
def test_parent_without_id_has_no_children(
    harness: SyncHarness, path: str, content: dict[str, Any], stream: str
) -> None:
    respond(harness, path, json.dumps({**content, "total_count": 1}).encode())

    result = harness.sync(select=[stream])

    assert result.records(stream) == []
    assert len(result.warnings(stream, 1)) == 1
    assert result.summary(stream)["warnings"] == 1


@pytest.mark.parametrize(
    "team",
    [
        {"admin_ids": 5},
        {"admin_ids": [1], "admin_priority_level": "x"},
        {"admin_ids": [1], "admin_priority_level": {"primary_admin_ids": 7}},
    ],
    ids=str,
)
def test_team_with_wrong_members_stays(harness: SyncHarness, team: dict[str, Any]) -> None:
    respond(harness, "/teams", json.dumps({"teams": [{"id": "1", **team}]}).encode())

    result = harness.sync(select=["teams", "team_admins"])

    assert result.values("teams", "id") == ["1"]
    assert_valid(result)


def test_wrong_workspace_fails_alone(harness: SyncHarness) -> None:
    respond(harness, "/me", b'{"app":[1]}')

    result = harness.try_sync(select=["workspace", "tags"])

    assert result.failures.keys() == {"workspace"}
    assert harness.missing_rows(result, ["tags"]) == {}


def test_records_that_are_no_objects(harness: SyncHarness) -> None:
    """They are left out, and their number is reported."""
    result = sync_tags(harness, b'"x",null,5,{"id":"1","name":"a"}')

    assert result.values("tags", "id") == ["1"]
    assert len(result.warnings("tags", 3)) == 1


def test_nested_items_that_are_no_objects(harness: SyncHarness) -> None:
    """They are left out, and their number is reported."""
    tags = {"type": "list", "data": [{"id": "1"}, "x", None]}

    result, _ = sync_contact(harness, {"tags": tags})

    assert result.values("contact_tags", "tag_id") == ["1"]
    assert len(result.warnings("contact_tags", 2)) == 1


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
FIELDS: Final = (
    *("name", "created_at", "last_seen_at", "has_hard_bounced", "location", "tags", "companies"),
    *("social_profiles", "custom_attributes", "owner_id", "avatar", "never heard of"),
)


@given(records=st.lists(st.dictionaries(st.sampled_from(FIELDS), JSON), min_size=1, max_size=8))
def test_any_json_makes_valid_rows(records: list[dict[str, Any]]) -> None:
    with SyncHarness(SMALL) as harness:
        result = sync_contacts(harness, records)

        assert len(result.records("contacts")) == len(records)
        assert_valid(result)


@pytest.mark.parametrize("sent", ["missing", None, "", "the contact's", "external", "user"])
def test_event_without_own_id_gets_one(harness: SyncHarness, sent: str | None) -> None:
    """Intercom documents the id of an event as that of its contact."""
    stream = TapIntercom(config=harness.config, setup_mapper=False).streams["contact_events"]
    contact = {"id": "the contact's", "external_id": "external"}
    event = {"event_name": "bought", "created_at": 1_750_000_000, "user_id": "user"}
    sent_event = event if sent == "missing" else {**event, "id": sent}
    page = page_of(stream.list_request, {"events": [sent_event, sent_event]})

    ids = [row["id"] for row in stream.items(contact, [page])]

    assert ids == [f"the contact's:1750000000:bought:{number}" for number in (1, 2)]


def test_event_keeps_its_own_id(harness: SyncHarness) -> None:
    stream = TapIntercom(config=harness.config, setup_mapper=False).streams["contact_events"]
    event = {"event_name": "bought", "created_at": 1_750_000_000, "id": "its own"}
    page = page_of(stream.list_request, {"events": [event]})

    ids = [row["id"] for row in stream.items({"id": "the contact's"}, [page])]

    assert ids == ["its own"]
