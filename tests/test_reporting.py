"""Streams of reporting datasets: their columns come from Intercom, their rows from export jobs."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest
from singer_sdk.exceptions import ConfigValidationError

from tap_intercom.errors import ExportFailedError, PermissionDeniedError
from tap_intercom.tap import TapIntercom
from tests.expected_rows import timestamp
from tests.exports import (
    DATASETS,
    REPORTING_FILE,
    REPORTING_JOBS,
    SMALL,
    enqueued_jobs,
    respond,
    respond_json,
    sync_reports,
)
from tests.singer import select_streams

if TYPE_CHECKING:
    from tap_intercom.custom.reporting import Reporting
    from tests.guarantees.harness import SyncHarness, SyncResult
    from tests.sandbox.options import SandboxOptions
    from tests.singer import Output

CALL_DATASET = {
    "id": "call",
    "default_time_attribute_id": "started_at",
    "attributes": [
        {"id": "call_id", "qualified_id": "call.call_id", "name": "Call ID"},
        {"id": "brand", "qualified_id": "call.brand", "name": "Brand"},
        {"id": "brand", "qualified_id": "people.brand", "name": "Brand"},
        {"id": "started_at", "qualified_id": "timestamp.started_at", "name": "Started at"},
    ],
}

DATASET_WITHOUT_KEY = {
    "id": "ticket",
    "default_time_attribute_id": "ticket_created_at",
    "attributes": [
        {"id": "ticket_created_at", "qualified_id": "ticket.ticket_created_at"},
        {"id": "Severity", "qualified_id": "ticket.Severity"},
    ],
}


@pytest.fixture
def options() -> SandboxOptions:
    return SMALL


def configured(harness: SyncHarness, *datasets: str, **settings: Any) -> TapIntercom:
    config = {**harness.config, "reporting_datasets": list(datasets), **settings}
    return TapIntercom(config=config)


def ticket_stream(harness: SyncHarness) -> Reporting:
    stream: Any = configured(harness, "ticket").streams["reporting_ticket"]
    return stream  # type: ignore[no-any-return]


def ticket_entry(tap: TapIntercom) -> dict[str, Any]:
    """Return the catalog's entry of the dataset ticket."""
    entries: list[dict[str, Any]] = tap.catalog_dict["streams"]
    return next(entry for entry in entries if entry["stream"] == "reporting_ticket")


def key_properties(output: Output, stream: str) -> list[str]:
    (schema,) = (message for message in output.schemas if message["stream"] == stream)
    keys: list[str] = schema["key_properties"]
    return keys


def run_call_dataset(harness: SyncHarness) -> SyncResult:
    """Sync a dataset whose file has plain ids, titles, and times of the workspace's zone."""
    respond_json(harness, DATASETS, {"data": [CALL_DATASET]})
    respond_json(harness, REPORTING_JOBS, {"job_identifier": "j", "status": "pending"})
    respond_json(harness, "/export/reporting_data/j", {"job_identifier": "j", "status": "complete"})
    rows = b"1,a,b,2025-06-01 10:00:00\n2,,,1748800000\n"
    respond(harness, REPORTING_FILE, b"call_id,brand,brand,Started at\n" + rows)
    return sync_reports(harness, "call", start_date="2025-06-01")


@pytest.mark.parametrize("dataset", ["conversation", "ticket"])
def test_rows_are_those_of_dataset(harness: SyncHarness, dataset: str) -> None:
    run = sync_reports(harness, dataset)

    stream = f"reporting_{dataset}"
    key, time = f"{dataset}.{dataset}_id", run.state["bookmarks"][stream]["replication_key"]
    expected = {}
    for row in harness.sandbox.records(stream):
        texts = {name: None if value is None else str(value) for name, value in row.items()}
        expected[row[key]] = {**texts, time: timestamp(row[time])}
    assert {row[key]: row for row in run.records(stream)} == expected
    assert len(run.records(stream)) == len(expected) > 0


@pytest.mark.parametrize("dataset", ["conversation", "ticket"])
def test_dataset_has_id_as_key(harness: SyncHarness, dataset: str) -> None:
    run = sync_reports(harness, dataset)

    assert key_properties(run, f"reporting_{dataset}") == [f"{dataset}.{dataset}_id"]


def test_rows_come_oldest_first(harness: SyncHarness) -> None:
    run = sync_reports(harness, "ticket")

    timestamps = [row["ticket.ticket_created_at"] for row in run.records("reporting_ticket")]
    assert timestamps == sorted(timestamps)


def test_later_run_loads_new_rows(harness: SyncHarness) -> None:
    first = sync_reports(harness, "conversation")
    harness.sandbox.clear_requests()
    harness.sandbox.clock.advance(7200)
    harness.sandbox.touch_oldest("conversations", 3)
    harness.sandbox.create("conversations")

    later = sync_reports(harness, "conversation", state=first.state)

    key = "conversation.conversation_id"
    loaded = {row[key] for row in (first + later).records("reporting_conversation")}
    assert loaded == {row[key] for row in harness.sandbox.records("reporting_conversation")}
    assert len(enqueued_jobs(harness, REPORTING_JOBS)) == 1
    assert len(later.records("reporting_conversation")) < len(loaded)


def test_timestamp_without_zone_is_local(harness: SyncHarness) -> None:
    row = {"ticket.ticket_created_at": "2025-06-15T08:00:00"}

    found = ticket_stream(harness).timestamp(row, 0)

    local = datetime(2025, 6, 15, 8, tzinfo=ZoneInfo(harness.options.timezone))
    assert local.utcoffset()
    assert found == local.timestamp()


def test_unknown_time_zone_fails_stream(
    harness: SyncHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = ticket_stream(harness)
    monkeypatch.setattr("tap_intercom.custom.reporting.ZoneInfo", _unknown_zone)

    with pytest.raises(ExportFailedError, match="tzdata"):
        stream.timestamp({"ticket.ticket_created_at": "2025-06-15T08:00:00"}, 0)


def _unknown_zone(*_: Any) -> None:
    raise ZoneInfoNotFoundError


def test_dataset_is_not_selected_by_default(harness: SyncHarness) -> None:
    entry = ticket_entry(configured(harness, "ticket"))

    (root,) = (item for item in entry["metadata"] if not item["breadcrumb"])
    assert root["metadata"]["selected-by-default"] is False


def test_columns_are_text_but_time(harness: SyncHarness) -> None:
    columns = ticket_entry(configured(harness, "ticket"))["schema"]["properties"]

    assert columns["ticket.ticket_created_at"]["format"] == "date-time"
    assert columns["ticket.ticket_id"]["type"] == "string"
    assert columns["ticket.Severity"]["type"] == ["string", "null"]


def test_dataset_may_be_named_twice(harness: SyncHarness) -> None:
    tap = configured(harness, "ticket", "ticket")

    assert [name for name in tap.streams if name.startswith("reporting_")] == ["reporting_ticket"]


def test_only_selected_attributes_are_requested(harness: SyncHarness) -> None:
    config = {**harness.config, "reporting_datasets": ["ticket"]}
    catalog = select_streams(TapIntercom(config=config).catalog_dict, ["reporting_ticket"])
    (entry,) = (one for one in catalog["streams"] if one["stream"] == "reporting_ticket")
    for item in entry["metadata"]:
        if item["breadcrumb"]:
            item["metadata"]["selected"] = item["breadcrumb"][-1] == "ticket.ticket_state"

    run = harness.try_sync_catalog(config, catalog)

    needed = {"ticket.ticket_id", "ticket.ticket_created_at", "ticket.ticket_state"}
    assert set(enqueued_jobs(harness, REPORTING_JOBS)[0].body["attribute_ids"]) == needed
    assert run.records("reporting_ticket") != []
    assert all(row.keys() == needed for row in run.records("reporting_ticket"))


@pytest.mark.parametrize("version", ["2.14", "2.15"])
def test_older_version_has_plain_ids(harness: SyncHarness, version: str) -> None:
    run = sync_reports(harness, "ticket", api_version=version)

    expected = harness.sandbox.records("reporting_ticket")
    assert run.error is None
    assert {row["ticket_id"] for row in run.records("reporting_ticket")} == {
        row["ticket.ticket_id"] for row in expected
    }


def test_version_without_datasets_is_refused(harness: SyncHarness) -> None:
    with pytest.raises(ConfigValidationError) as refusal:
        configured(harness, "ticket", api_version="2.13")

    assert refusal.value.errors == [
        "reporting_datasets needs api_version 2.14 or later: 2.13 has none"
    ]
    assert harness.requests(DATASETS) == []


def test_columns_are_found_by_id_or_title(harness: SyncHarness) -> None:
    run = run_call_dataset(harness)

    assert run.records("reporting_call") == [
        {
            "call.call_id": "1",
            "call.brand": "a",
            "people.brand": "b",
            "timestamp.started_at": "2025-06-01T17:00:00+00:00",
        },
        {
            "call.call_id": "2",
            "call.brand": None,
            "people.brand": None,
            "timestamp.started_at": "2025-06-01T17:46:40+00:00",
        },
    ]


def test_download_names_workspace_and_job(harness: SyncHarness) -> None:
    run_call_dataset(harness)

    (download,) = harness.requests("/download/reporting_data/j.*")
    workspace = TapIntercom(config=harness.config).run.client.workspace["id_code"]
    assert download.query == {"app_id": workspace, "job_identifier": "j"}


def test_dataset_without_key_is_appended_once(harness: SyncHarness) -> None:
    respond_json(harness, DATASETS, {"data": [DATASET_WITHOUT_KEY]})
    output: Output = sync_reports(harness, "ticket")

    for _ in range(2):
        harness.sandbox.clock.advance(7200)
        harness.sandbox.create("tickets")
        output += sync_reports(harness, "ticket", state=output.state)

    rows = [row["ticket.ticket_created_at"] for row in output.records("reporting_ticket")]
    expected = [
        timestamp(row["ticket.ticket_created_at"])
        for row in harness.sandbox.records("reporting_ticket")
    ]
    stable_before = timestamp(int(harness.sandbox.clock.now()) - 7200)
    assert len(rows) <= len(expected)
    assert {one for one in expected if one < stable_before} <= set(rows)


def test_dataset_without_key_has_no_key(harness: SyncHarness) -> None:
    respond_json(harness, DATASETS, {"data": [DATASET_WITHOUT_KEY]})

    run = sync_reports(harness, "ticket")

    assert key_properties(run, "reporting_ticket") == []


def test_dataset_without_key_gets_workspace_column(harness: SyncHarness) -> None:
    """But no key: with the workspace alone as key, a target would keep one row of it."""
    respond_json(harness, DATASETS, {"data": [DATASET_WITHOUT_KEY]})

    run = sync_reports(harness, "ticket", workspace_column=True)

    workspaces = run.values("reporting_ticket", "_workspace_id")
    assert key_properties(run, "reporting_ticket") == []
    assert len(workspaces) > 1
    assert set(workspaces) == {harness.options.workspace_id}


def test_denied_dataset_gets_workspace_in_key(harness: SyncHarness) -> None:
    config = {**harness.config, "reporting_datasets": ["ticket"]}
    catalog = select_streams(TapIntercom(config=config).catalog_dict, ["reporting_ticket"])
    harness.sandbox.set_options(refused={"/export/reporting_data": "forbidden"})

    run = harness.try_sync_catalog({**config, "workspace_column": True}, catalog)

    (schema,) = run.schemas
    assert schema["key_properties"][0] == "_workspace_id"
    assert "_workspace_id" in schema["schema"]["properties"]


@pytest.mark.parametrize("code", ["forbidden", "token_unauthorized"])
def test_discovery_continues_without_datasets(
    harness: SyncHarness, caplog: pytest.LogCaptureFixture, code: str
) -> None:
    harness.sandbox.set_options(refused={"/export/reporting_data": code})

    tap = configured(harness, "ticket")

    assert ticket_entry(tap)["schema"]["properties"].keys() == {"unfit_values"}
    assert any("datasets" in r.message for r in caplog.records if r.levelname == "WARNING")


@pytest.mark.parametrize("code", ["forbidden", "token_unauthorized"])
def test_denied_dataset_fails_alone(harness: SyncHarness, code: str) -> None:
    config = {**harness.config, "reporting_datasets": ["ticket"]}
    catalog = select_streams(TapIntercom(config=config).catalog_dict, ["reporting_ticket", "tags"])
    harness.sandbox.set_options(refused={"/export/reporting_data": code})

    run = harness.try_sync_catalog(config, catalog)

    assert run.failures.keys() == {"reporting_ticket"}
    assert isinstance(run.failures["reporting_ticket"], PermissionDeniedError)
    assert len(run.records("tags")) > 0


def test_unknown_dataset_fails_alone(harness: SyncHarness) -> None:
    run = sync_reports(harness, "tickets")

    assert run.failures.keys() == {"reporting_tickets"}
    assert len(run.records("tags")) > 0


def test_unknown_dataset_is_named(harness: SyncHarness, caplog: pytest.LogCaptureFixture) -> None:
    configured(harness, "tickets")

    (warning,) = (record.message for record in caplog.records if record.levelname == "WARNING")
    assert "tickets (did you mean ticket?) does not exist" in warning
    assert "conversation, ticket" in warning


@pytest.mark.parametrize("outcome", ["failed", "canceled"])
def test_failed_job_fails_stream_alone(harness: SyncHarness, outcome: str) -> None:
    harness.sandbox.set_options(export_outcome=outcome)

    run = sync_reports(harness, "ticket")

    assert run.failures.keys() == {"reporting_ticket"}
    assert isinstance(run.error, ExportFailedError)
    assert len(run.records("tags")) > 0


def test_missing_column_fails_stream(harness: SyncHarness) -> None:
    content = b"ticket.ticket_id,ticket.ticket_created_at\n1,1749999000\n"
    respond(harness, REPORTING_FILE, content)

    run = sync_reports(harness, "ticket")

    assert isinstance(run.failures["reporting_ticket"], ExportFailedError)
    assert "ticket.ticket_type" in str(run.error)
    assert run.records("reporting_ticket") == []
