"""Whatever Intercom sends for a value, a strict target takes the row; no value just vanishes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from tap_intercom.tap import TapIntercom
from tests.guarantees.harness import NOW, SyncHarness, page_of
from tests.guarantees.log_lines import warning_lines
from tests.sandbox.faults import Fault
from tests.sandbox.options import SandboxOptions

if TYPE_CHECKING:
    from tests.guarantees.harness import SyncResult

SMALL: Final = SandboxOptions(contacts=12, companies=12, conversations=12, tickets=12)
ABSENT: Final = object()


@pytest.fixture
def options() -> SandboxOptions:
    return SMALL


def answer(harness: SyncHarness, contacts: list[dict[str, Any]] | bytes) -> SyncResult:
    """Sync contacts that are exactly these."""
    if isinstance(contacts, list):
        rows = [{"id": str(n), "updated_at": NOW - 9, **row} for n, row in enumerate(contacts)]
        contacts = json.dumps(rows).encode()
    count = len(json.loads(contacts))
    body = b'{"type":"list","data":%s,"total_count":%d,"pages":{"type":"pages"}}'
    fault = Fault(
        kind="raw_body", path="/contacts/search", body=body % (contacts, count), times=None
    )
    harness.sandbox.faults.add(fault)
    return harness.sync(select=["contacts", "contact_tags", "contact_companies"])


def assert_strict(run: SyncResult) -> None:
    """Check each row as a strict target does."""
    checker = Draft202012Validator.FORMAT_CHECKER
    for message in run.schemas:
        validator = Draft202012Validator(message["schema"], format_checker=checker)
        for row in run.records(message["stream"]):
            error = next(validator.iter_errors(row), None)
            assert error is None, (message["stream"], error)
            json.dumps(row).encode()


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        (1_700_000_000, "2023-11-14T22:13:20+00:00"),
        (1_700_000_000_000, "2023-11-14T22:13:20+00:00"),
        (1_700_000_000.25, "2023-11-14T22:13:20+00:00"),
        ("1700000000", "2023-11-14T22:13:20+00:00"),
        ("1700000000000", "2023-11-14T22:13:20+00:00"),
        ("2023-11-14T22:13:20Z", "2023-11-14T22:13:20+00:00"),
        ("2023-11-14T23:13:20+01:00", "2023-11-14T22:13:20+00:00"),
        ("2023-11-14", "2023-11-14T00:00:00+00:00"),
        (0, "1970-01-01T00:00:00+00:00"),
        (-1, "1969-12-31T23:59:59+00:00"),
        (-62_135_596_800, "0001-01-01T00:00:00+00:00"),
        (None, None),
        ("", None),
    ],
    ids=repr,
)
def test_a_moment_in_any_notation_becomes_rfc_3339(
    harness: SyncHarness, caplog: pytest.LogCaptureFixture, sent: Any, stored: str | None
) -> None:
    run = answer(harness, [{"last_seen_at": sent, "created_at": sent}])
    (row,) = run.records("contacts")
    assert (row["last_seen_at"], row["created_at"]) == (stored, stored)
    assert warning_lines(caplog) == []
    assert_strict(run)


@pytest.mark.parametrize(
    "sent", [10**18, -(10**18), 10**30, "yesterday", True, {"a": 1}, [1], 1e300], ids=str
)
def test_an_absurd_moment_becomes_null_with_a_warning(
    harness: SyncHarness, caplog: pytest.LogCaptureFixture, sent: Any
) -> None:
    run = answer(harness, [{"last_seen_at": sent}])
    (row,) = run.records("contacts")
    assert row["last_seen_at"] is None
    assert any("last_seen_at" in line and "1 values" in line for line in warning_lines(caplog))
    assert_strict(run)


@pytest.mark.parametrize(
    "sent", [None, "", "soon", 10**18, -5, {"a": 1}, ABSENT], ids=lambda sent: str(sent)[:20]
)
def test_a_record_whose_own_moment_is_absurd_arrives_and_does_not_move_the_bookmark_away(
    harness: SyncHarness, sent: Any
) -> None:
    strange = {"id": "strange"} if sent is ABSENT else {"id": "strange", "updated_at": sent}
    rows = [{"id": "0", "updated_at": NOW - 9}, strange, {"id": "2", "updated_at": NOW - 5}]
    run = answer(harness, json.dumps(rows).encode())
    assert {row["id"] for row in run.records("contacts")} == {"0", "strange", "2"}
    bookmark = run.state["bookmarks"]["contacts"]["replication_key_value"]
    assert "2025-06-15T15:06:31" <= bookmark <= "2025-06-15T15:06:40+00:00"
    assert_strict(run)


@pytest.mark.parametrize("sent", [7, 7.5, True, {"a": [1]}, ["x"], "ü", 10**30], ids=repr)
def test_text_holds_any_value(harness: SyncHarness, sent: Any) -> None:
    run = answer(harness, [{"name": sent, "phone": sent}])
    (row,) = run.records("contacts")
    kept = row["name"] if isinstance(sent, str) else json.loads(row["name"])
    assert kept == sent
    assert_strict(run)


def test_ids_become_text_everywhere(harness: SyncHarness) -> None:
    tags = {"type": "list", "data": [{"type": "tag", "id": 31}], "has_more": False}
    run = answer(harness, [{"id": 12, "owner_id": 7, "tags": tags, "companies": None}])
    (row,) = run.records("contacts")
    assert (row["id"], row["owner_id"]) == ("12", "7")
    (link,) = run.records("contact_tags")
    assert (link["contact_id"], link["tag_id"]) == ("12", "31")
    assert_strict(run)


def test_null_text_or_a_number_where_an_object_or_a_list_is_documented_does_no_harm(
    harness: SyncHarness, caplog: pytest.LogCaptureFixture
) -> None:
    strange = [None, "text", 5, [], {}, [None], {"data": None}, {"data": [None]}, {"data": "x"}]
    strange += [{"type": "list", "data": [], "has_more": None}, {"data": [{"id": None}]}]
    fields = ("tags", "companies", "location", "social_profiles", "avatar", "custom_attributes")
    run = answer(harness, [dict.fromkeys(fields, value) for value in strange])
    assert len(run.records("contacts")) == len(strange)
    assert any("location" in line for line in warning_lines(caplog))
    assert_strict(run)


@pytest.mark.parametrize("kind", ["contacts", "companies", "conversations", "tickets"])
@pytest.mark.parametrize("value", [None, "text", 5, [], {}, [None]], ids=str)
def test_no_stream_stumbles_over_a_null_or_a_wrong_type_anywhere(
    harness: SyncHarness, kind: str, value: Any
) -> None:
    """Every field but the keys of one record is null, or of a wrong type."""
    record = harness.sandbox.records(kind)[0]
    kept = ("id", "created_at", "updated_at", "type")
    sandbox_needs = ("notes", "company_ids", "segment_ids", "tags", "conversation_parts")
    sandbox_needs += ("opted_in_subscription_ids", "opted_out_subscription_ids", "ticket_parts")
    sandbox_needs += ("admin_assignee_id", "team_assignee_id", "priority", "owner_id", "source")
    fields = {name: value for name in record if name not in kept and name not in sandbox_needs}
    harness.sandbox.change_quietly(kind, record["id"], fields)
    run = harness.sync()
    assert record["id"] in {row["id"] for row in run.records(kind)}
    assert_strict(run)


def test_custom_attributes_of_any_type_and_with_colliding_names_stay_as_they_are(
    harness: SyncHarness,
) -> None:
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
    for kind in ("contacts", "companies", "conversations"):
        record = harness.sandbox.records(kind)[0]
        harness.sandbox.change(kind, record["id"], {"custom_attributes": attributes})
        run = harness.sync(select=[kind])
        (row,) = (row for row in run.records(kind) if row["id"] == record["id"])
        assert row["custom_attributes"] == attributes, kind
        assert_strict(run)


def test_lone_surrogates_and_nul_arrive_replaced_and_with_a_warning(
    harness: SyncHarness, caplog: pytest.LogCaptureFixture
) -> None:
    body = (
        rb'[{"id":"1","updated_at":1749999990,"name":"half \ud83d pair","email":"nul \u0000"},'
        rb'{"id":"2","updated_at":1749999990,"name":"whole \ud83d\ude00","email":"back\\u0000"}]'
    )
    run = answer(harness, body)
    names = {row["id"]: (row["name"], row["email"]) for row in run.records("contacts")}
    assert names["1"] == ("half \N{REPLACEMENT CHARACTER} pair", "nul \N{REPLACEMENT CHARACTER}")
    assert names["2"] == ("whole \N{GRINNING FACE}", "back\\u0000")
    assert any("U+FFFD" in line for line in warning_lines(caplog))
    assert_strict(run)


@pytest.mark.parametrize("number", [b"1" + b"0" * 30, b"-1" + b"0" * 30, b"1e400", b"NaN"])
def test_a_number_beyond_all_bounds_does_not_vanish_in_silence(
    harness: SyncHarness, caplog: pytest.LogCaptureFixture, number: bytes
) -> None:
    body = b'[{"id":"1","updated_at":1749999990,"custom_attributes":{"n":%s}}]' % number
    run = answer(harness, body)
    (row,) = run.records("contacts")
    assert row["custom_attributes"]["n"] is not None or warning_lines(caplog)
    assert_strict(run)


def test_unknown_fields_and_enum_values_are_kept_and_the_fields_told_once(
    harness: SyncHarness, caplog: pytest.LogCaptureFixture
) -> None:
    rows = [{"role": "robot", "brand_new": {"a": [n]}, "name": f"{n}"} for n in range(5)]
    run = answer(harness, rows)
    assert [row["brand_new"] for row in run.records("contacts")] == [{"a": [n]} for n in range(5)]
    assert {row["role"] for row in run.records("contacts")} == {"robot"}
    assert len([line for line in warning_lines(caplog) if "brand_new" in line]) == 1
    assert_strict(run)


def test_rows_without_a_key_are_left_out_with_a_warning(
    harness: SyncHarness, caplog: pytest.LogCaptureFixture
) -> None:
    run = answer(harness, [{"id": None}, {"id": "1"}, {"id": None}])
    assert [row["id"] for row in run.records("contacts")] == ["1"]
    assert any(line.startswith("2 ") and "key" in line for line in warning_lines(caplog))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
FIELDS: Final = (
    "name",
    "created_at",
    "last_seen_at",
    "has_hard_bounced",
    "location",
    "tags",
    "companies",
    "social_profiles",
    "custom_attributes",
    "owner_id",
    "avatar",
    "never heard of",
)


@given(records=st.lists(st.dictionaries(st.sampled_from(FIELDS), JSON), min_size=1, max_size=8))
def test_any_json_makes_rows_that_a_strict_target_takes(records: list[dict[str, Any]]) -> None:
    with SyncHarness(SMALL) as harness:
        run = answer(harness, records)
        assert len(run.records("contacts")) == len(records)
        assert_strict(run)


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("2024-02-31T00:00:00+00:00", None),
        ("9999-99-99T99:99:99+00:00", None),
        ("2018-06-01T00:00:00+00:00 ", "2018-06-01T00:00:00+00:00"),
        ("2018-06-01 00:00:00 UTC", "2018-06-01T00:00:00+00:00"),
        (" 1700000000 ", "2023-11-14T22:13:20+00:00"),
    ],
)
def test_text_that_only_looks_like_a_moment_reaches_no_row(
    harness: SyncHarness, caplog: pytest.LogCaptureFixture, sent: str, stored: str | None
) -> None:
    run = answer(harness, [{"last_seen_at": sent}])
    (row,) = run.records("contacts")
    assert row["last_seen_at"] == stored
    assert stored or any("last_seen_at" in line for line in warning_lines(caplog))
    assert_strict(run)


@pytest.mark.parametrize(
    ("path", "body", "select"),
    [
        ("/contacts/search", {"data": [{"updated_at": NOW - 9}]}, "contact_tags"),
        ("/conversations/search", {"data": [{"updated_at": NOW - 9}]}, "conversation_parts"),
        ("/teams", {"teams": [{"name": "nobody's", "admin_ids": [1]}]}, "team_admins"),
    ],
)
def test_a_record_without_an_id_is_left_out_of_the_streams_that_belong_to_it(
    harness: SyncHarness,
    caplog: pytest.LogCaptureFixture,
    path: str,
    body: dict[str, Any],
    select: str,
) -> None:
    encoded = json.dumps({**body, "total_count": 1}).encode()
    harness.sandbox.faults.add(Fault(kind="raw_body", path=path, body=encoded))
    run = harness.sync(select=[select])
    assert run.records(select) == []
    assert any("1 records came without an id" in line for line in warning_lines(caplog))


@pytest.mark.parametrize(
    "team",
    [
        {"admin_ids": 5},
        {"admin_ids": [1], "admin_priority_level": "x"},
        {"admin_ids": [1], "admin_priority_level": {"primary_admin_ids": 7}},
    ],
    ids=str,
)
def test_a_team_with_members_of_a_wrong_type_does_no_harm(
    harness: SyncHarness, team: dict[str, Any]
) -> None:
    body = json.dumps({"teams": [{"id": "1", **team}]}).encode()
    harness.sandbox.faults.add(Fault(kind="raw_body", path="/teams", body=body))
    run = harness.sync(select=["teams", "team_admins"])
    assert [row["id"] for row in run.records("teams")] == ["1"]
    assert_strict(run)


def test_a_workspace_that_is_a_list_is_asked_for_again(harness: SyncHarness) -> None:
    harness.sandbox.faults.add(Fault(kind="raw_body", path="/me", body=b'{"app":[1]}', times=None))
    run = harness.try_sync(select=["workspace", "tags"])
    assert run.failures.keys() == {"workspace"}
    assert harness.missing_rows(run, ["tags"]) == {}


def test_list_items_that_are_no_objects_are_left_out_with_their_number(
    harness: SyncHarness, caplog: pytest.LogCaptureFixture
) -> None:
    body = b'{"type":"list","data":["x",null,5,{"id":"1","name":"a"}]}'
    harness.sandbox.faults.add(Fault(kind="raw_body", path="/tags", body=body))
    run = harness.sync(select=["tags"])
    assert [row["id"] for row in run.records("tags")] == ["1"]
    assert any("3 records that are no objects" in line for line in warning_lines(caplog))
    caplog.clear()
    run = answer(harness, [{"tags": {"type": "list", "data": [{"id": "1"}, "x", None]}}])
    assert [row["tag_id"] for row in run.records("contact_tags")] == ["1"]
    assert any("2 values are no objects" in line for line in warning_lines(caplog))


def test_control_characters_and_wrong_utf_8_make_no_answer_unreadable(
    harness: SyncHarness, caplog: pytest.LogCaptureFixture
) -> None:
    body = (
        b'{"data":[{"id":"1","name":"a\tb"},{"id":"2","name":"a\x00b"},{"id":"3","name":"\xff"}]}'
    )
    harness.sandbox.faults.add(Fault(kind="raw_body", path="/tags", body=body, times=None))
    run = harness.sync(select=["tags"])
    names = [row["name"] for row in run.records("tags")]
    assert names == ["a\tb", "a\N{REPLACEMENT CHARACTER}b", "\N{REPLACEMENT CHARACTER}"]
    assert any("U+FFFD" in line for line in warning_lines(caplog))


def test_a_tab_alone_replaces_nothing(
    harness: SyncHarness, caplog: pytest.LogCaptureFixture
) -> None:
    body = b'{"data":[{"id":"1","name":"a\tb"}]}'
    harness.sandbox.faults.add(Fault(kind="raw_body", path="/tags", body=body))
    assert [row["name"] for row in harness.sync(select=["tags"]).records("tags")] == ["a\tb"]
    assert warning_lines(caplog) == []


def test_a_number_that_is_none_stays_as_text(
    harness: SyncHarness, caplog: pytest.LogCaptureFixture
) -> None:
    body = b'{"data":[{"id":"1","n":1e400,"m":-Infinity,"l":1.5}]}'
    harness.sandbox.faults.add(Fault(kind="raw_body", path="/tags", body=body))
    (row,) = harness.sync(select=["tags"]).records("tags")
    assert (row["n"], row["m"], row["l"]) == ("1e400", "-Infinity", 1.5)
    assert any("2 numbers that are none" in line for line in warning_lines(caplog))


def test_an_escaped_backslash_before_u0000_is_no_nul(
    harness: SyncHarness, caplog: pytest.LogCaptureFixture
) -> None:
    body = rb'{"data":[{"id":"1","name":"back\\u0000"}]}'
    harness.sandbox.faults.add(Fault(kind="raw_body", path="/tags", body=body))
    (row,) = harness.sync(select=["tags"]).records("tags")
    assert row["name"] == r"back\u0000"
    assert warning_lines(caplog) == []


@pytest.mark.parametrize("theirs", ["missing", None, "", "the contact's", "external", "user"])
def test_an_event_without_an_id_of_its_own_gets_one(
    harness: SyncHarness, theirs: str | None
) -> None:
    """Intercom documents the id of an event as that of its contact."""
    stream = TapIntercom(config=harness.config, setup_mapper=False).streams["contact_events"]
    contact = {"id": "the contact's", "external_id": "external"}
    event = {"event_name": "bought", "created_at": 1_750_000_000, "user_id": "user"}
    info_lines = event if theirs == "missing" else {**event, "id": theirs}
    page = page_of(stream.list_request, {"events": [info_lines, info_lines]})
    ids = [row["id"] for row in stream.items(contact, [page])]
    assert ids == [f"the contact's:1750000000:bought:{number}" for number in (1, 2)]
    own = page_of(stream.list_request, {"events": [{**event, "id": "its own"}]})
    assert [row["id"] for row in stream.items(contact, [own])] == ["its own"]
