"""What the settings protect is nowhere: not in rows, not in the log, not in temporary files."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import tempfile
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from tap_intercom.sync import run
from tap_intercom.sync.stream import SCHEMAS
from tap_intercom.tap import TapIntercom
from tap_intercom.webhooks.notifications import parse_notification
from tap_intercom.webhooks.store import NotificationStore
from tests.sandbox.options import SandboxOptions
from tests.singer import select_streams

if TYPE_CHECKING:
    from pathlib import Path

    from tap_intercom.api.request import Request
    from tests.guarantees.harness import SyncHarness, SyncResult

SECRET = "Zaphod"
"""A text that no record has by itself."""

KEY = "a key of more than sixteen bytes"

HASH = {"personal_data": "hash", "personal_data_key": KEY}
DROP = {"personal_data": "drop"}
NO_CONTENT = {"message_content": "drop"}

IDENTIFIERS = {
    *("email", "phone", "formatted_phone", "external_id", "avatar", "image_url", "city", "region"),
    *("country", "referrer", "ip", "email_address", "website", "activity_description"),
}
ATTRIBUTES = {"custom_attributes", "ticket_attributes"}
OBJECTS = ATTRIBUTES | {"collected_data"}
"""Objects that are filled at every depth; of other names, only texts are."""

CONTENT = {
    *("body", "subject", "remark", "transcript", "explanation", "reasoning", "signed_url"),
    *("customer_question", "draft", "sent_text", "recording_url"),
    *("error_message", "request_body", "response_body", "raw_response_body"),
    *("activity_description", "before", "after", "collected_data"),
}
SPOOLED = {"companies", "deleted_conversations", "message_engagement"}
"""Streams that are kept in a file before they are written."""

PUBLISHED = (
    "/(articles|internal_articles|news|macros|content_snippets|dynamic_content|ai|data_attributes"
    "|conversations/attributes|ticket_types|ticket_states|export|me$)"
)
"""Paths of what the workspace publishes or defines."""

CONFIG: dict[str, Any] = {
    "custom_objects": ["order"],
    "reporting_datasets": ["conversation"],
    "custom_streams": [
        {"name": "people", "path": "/admins", "primary_keys": ["id"]},
        {
            "name": "addresses",
            "path": "/contacts/{id}",
            "parent": "contacts",
            "records_path": ".",
            "primary_keys": ["id"],
            "columns": {"email": "string", "location": "object", "created_at": "date-time"},
        },
    ],
}


@pytest.fixture
def options() -> SandboxOptions:
    return SandboxOptions(contacts=24, companies=12, conversations=30, tickets=12)


def digest(text: str) -> str:
    return hmac.new(KEY.encode(), text.encode(), hashlib.sha256).hexdigest()


def fill(names: set[str], content: Any) -> Any:
    """Put the secret into the fields with some names, attributes and fields that nobody knows."""
    if isinstance(content, list):
        return [fill(names, item) for item in content]
    if not isinstance(content, dict):
        return content
    is_person = content.keys() & {"email", "phone", "job_title"} and "email" in names
    filled = {
        name: _secret(item)
        if (name in names and (name in OBJECTS or isinstance(item, str)))
        or (name == "name" and is_person)
        else fill(names, item)
        for name, item in content.items()
        if name != "ticket_type"
    }
    return {**filled, "since_tomorrow": {"deep": [SECRET]}} if "email" in names else filled


def _secret(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _secret(item) for name, item in value.items()} | {"more": SECRET}
    return f"{SECRET} {value}" if isinstance(value, str | int | float) else value


def fill_workspace(harness: SyncHarness, names: set[str]) -> None:
    def change(request: Request, content: dict[str, Any]) -> None:
        if not re.match(PUBLISHED, request.path):
            filled = {name: fill(names, item) for name, item in content.items() if name != "pages"}
            content |= filled

    harness.change_responses(change)


def sync_all(harness: SyncHarness, *streams: str, **settings: Any) -> SyncResult:
    """Sync some streams, or all."""
    config = {**harness.config, **settings}
    catalog = TapIntercom(config=config).catalog_dict
    names = streams or [entry["tap_stream_id"] for entry in catalog["streams"]]
    result = harness.try_sync_catalog(config, select_streams(catalog, names))
    assert result.error is None
    return result


def found_at(value: Any, secrets: set[str], path: str = "") -> set[str]:
    """Return where in a message one of some texts is."""
    if isinstance(value, dict):
        return {at for k, v in value.items() for at in found_at(v, secrets, f"{path}.{k}")}
    if isinstance(value, list):
        return {at for item in value for at in found_at(item, secrets, f"{path}[]")}
    return {path} if isinstance(value, str) and any(one in value for one in secrets) else set()


def leaks(result: SyncResult, *secrets: str) -> set[str]:
    """Return the columns, and the log, in which one of some texts is."""
    found = {
        f"{message.get('stream', message['type'])}{at}"
        for message in result.messages
        for at in found_at(message, set(secrets))
    }
    lines = [record.getMessage() for record in result.log]
    return found | {line for line in lines if any(one in line for one in secrets)}


@pytest.fixture
def webhooks(tmp_path: Path) -> str:
    """Store a notification about a person, and return the URL of the database."""
    url = f"sqlite:///{tmp_path}/notifications.db"
    store = NotificationStore(url)
    store.open()
    item = {"type": "contact", "id": "7", "external_id": SECRET, "email": f"{SECRET}@example.com"}
    body = {"id": "notif_1", "topic": "contact.deleted", "data": {"item": item}}
    store.append([parse_notification(json.dumps(body).encode())])
    store.close()
    return url


@pytest.mark.parametrize("mode", [HASH | NO_CONTENT, DROP | NO_CONTENT], ids=["hash", "drop"])
def test_protected_values_are_nowhere(
    harness: SyncHarness, webhooks: str, mode: dict[str, str]
) -> None:
    people = harness.sandbox.records("contacts")
    own = {one[name] for one in people for name in ("email", "external_id") if one[name]}
    fill_workspace(harness, IDENTIFIERS | CONTENT | ATTRIBUTES)

    result = sync_all(harness, **CONFIG, **mode, webhooks_database=webhooks)

    assert leaks(result, SECRET, *own) == set()
    assert {"message_engagement", "addresses", "people", "webhook_deletions"} <= result.streams()


def test_no_level_logs_values(
    harness: SyncHarness, webhooks: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Not even where nothing is protected."""
    caplog.set_level("DEBUG")
    fill_workspace(harness, IDENTIFIERS | CONTENT | ATTRIBUTES)

    result = sync_all(harness, **CONFIG, webhooks_database=webhooks)

    assert "DEBUG" in caplog.text
    assert SECRET not in caplog.text
    assert "contacts.record.email" in leaks(result, SECRET)


@pytest.mark.parametrize("mode", [HASH, DROP, NO_CONTENT], ids=["hash", "drop", "content"])
def test_new_value_of_a_ticket_attribute_is_protected(
    harness: SyncHarness, mode: dict[str, str]
) -> None:
    """It may be any attribute's, the title's among them; text is in `id` as well (OpenAPI 2.16)."""

    def change(_: Request, content: dict[str, Any]) -> None:
        for ticket in content.get("tickets") or [content]:
            for part in ticket.get("ticket_parts", {}).get("ticket_parts", []):
                value = {"type": "value", "id": SECRET, "label": SECRET}
                part["updated_attribute_data"] = {"attribute": {"id": "7"}, "value": value}

    harness.change_responses(change)

    result = sync_all(harness, "ticket_parts", **mode)

    assert result.records("ticket_parts")
    assert leaks(result, SECRET) == set()


@pytest.fixture
def no_folder_for_files(harness: SyncHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every temporary file fail, in a workspace whose streams want one."""
    harness.sandbox.delete("conversations", harness.sandbox.records("conversations")[0]["id"])
    monkeypatch.setattr(run, "MEMORY_BYTES", 1)
    monkeypatch.setattr(tempfile, "tempdir", "/there/is/no/such/folder")


@pytest.mark.usefixtures("no_folder_for_files")
@pytest.mark.parametrize("mode", [HASH, DROP, NO_CONTENT], ids=["hash", "drop", "content"])
def test_protected_values_are_in_no_file(harness: SyncHarness, mode: dict[str, str]) -> None:
    assert sync_all(harness, *SPOOLED, **mode).streams() == SPOOLED


@pytest.mark.usefixtures("no_folder_for_files")
def test_other_values_may_be_in_a_file(harness: SyncHarness) -> None:
    with pytest.raises(FileNotFoundError):
        sync_all(harness, "companies")


def test_content_alone_can_be_dropped(harness: SyncHarness, webhooks: str) -> None:
    fill_workspace(harness, CONTENT)

    result = sync_all(harness, **NO_CONTENT, webhooks_database=webhooks)

    assert leaks(result, SECRET) == {"webhook_deletions.record.external_id"}
    assert set(result.values("conversation_parts", "body")) == {None}


def test_identifiers_alone_can_be_hashed(harness: SyncHarness) -> None:
    result = sync_all(harness, "contacts", "conversation_parts", **HASH)

    sent = {one["id"]: one for one in harness.sandbox.records("contacts")}
    for row in result.records("contacts"):
        assert row["email"] == (sent[row["id"]]["email"] and digest(sent[row["id"]]["email"]))
    assert any(
        body.startswith("<p>") for body in result.values("conversation_parts", "body") if body
    )


def test_equal_values_have_equal_hashes(harness: SyncHarness) -> None:
    streams = ("contacts", "conversation_contacts", "ticket_contacts", "contact_events")

    result = sync_all(harness, *streams, **HASH)

    by_id = {row["id"]: row["external_id"] for row in result.records("contacts")}
    for stream in ("conversation_contacts", "ticket_contacts"):
        rows = [row for row in result.records(stream) if row["contact_id"] in by_id]
        assert rows
        assert all(row["external_id"] == by_id[row["contact_id"]] for row in rows)


def test_keys_stay(harness: SyncHarness) -> None:
    kept, hidden = sync_all(harness), sync_all(harness, **HASH | NO_CONTENT)

    for schema in kept.schemas:
        name, keys = schema["stream"], schema["key_properties"]
        keys = [key for key in keys if key != "run_started_at"]  # the runs differ in it
        marked = {key for key in keys if "x-personal" in _column(name, key)}
        for key in set(keys) - marked:
            if not marked:  # or the row is left out
                assert hidden.values(name, key) == kept.values(name, key)


def _column(stream: str, column: str) -> dict[str, Any]:
    found: dict[str, Any] = SCHEMAS.get_schema(stream)["properties"].get(column, {})
    return found


def test_allowed_attributes_are_kept(harness: SyncHarness) -> None:
    sent = {one["id"]: one["custom_attributes"] for one in harness.sandbox.records("contacts")}
    names = {name for attributes in sent.values() for name in attributes}
    allowed = min(names)

    result = sync_all(harness, "contacts", **HASH, personal_data_allowed_attributes=[allowed])

    for row in result.records("contacts"):
        for name, value in row["custom_attributes"].items():
            if name == allowed:
                assert value == sent[row["id"]][name]
            else:
                assert value in (None, "", digest(str(sent[row["id"]][name])))
    assert result.warnings("personal_data_allowed_attributes") == []


def test_misspelt_attribute_is_warned_of(harness: SyncHarness) -> None:
    allowed = ["plam"]

    result = sync_all(harness, "tags", **HASH, personal_data_allowed_attributes=allowed)

    assert result.warnings("personal_data_allowed_attributes", "plam")


def test_unfit_values_are_protected(harness: SyncHarness) -> None:
    contact = harness.sandbox.records("contacts")[0]["id"]
    harness.sandbox.change(
        "contacts", contact, {"last_seen_at": f"{SECRET} was", "location": SECRET, "name": [SECRET]}
    )

    result = sync_all(harness, "contacts", **HASH)

    (row,) = (one for one in result.records("contacts") if one["id"] == contact)
    assert leaks(result, SECRET) == set()
    assert json.loads(row["unfit_values"])["last_seen_at"] == digest(f"{SECRET} was")


def test_nothing_changes_by_default(harness: SyncHarness) -> None:
    kept = sync_all(harness, "contacts", "admins")
    hidden = sync_all(harness, "contacts", "admins", personal_data="keep", message_content="keep")

    assert [kept.records(name) for name in ("contacts", "admins")] == [
        hidden.records(name) for name in ("contacts", "admins")
    ]


def test_marks_reach_no_target(harness: SyncHarness) -> None:
    result = sync_all(harness, **CONFIG)

    assert b"x-personal" not in msgspec.json.encode(result.schemas)
