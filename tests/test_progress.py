"""What a run logs about itself, for people and for structured logs."""

from __future__ import annotations

import json
import logging
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from singer_sdk.logging import StructuredFormatter

from tap_intercom.sync.progress import Progress, Summary, log_total

if TYPE_CHECKING:
    from tests.sandbox import Sandbox
    from tests.singer import TapRunner

LOGGER = logging.getLogger("test")


@pytest.fixture
def client() -> Any:
    return SimpleNamespace(requests=100, retries=0, rate_limit_use=0.25)


@pytest.fixture(autouse=True)
def _log_everything(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)


def sync_for_a_minute(client: Any, expected: int = 120) -> None:
    """Count a record a second, with three requests each."""
    now = [0.0]
    progress = Progress("contacts", LOGGER, client, lambda: now[0])
    for _ in range(60):
        now[0] += 1
        client.requests += 3
        progress.count_record(expected)


def fields_of(record: logging.LogRecord) -> dict[str, Any]:
    fields: dict[str, Any] = json.loads(StructuredFormatter().format(record))["extra"]
    return fields


def test_progress_is_logged_every_ten_seconds(
    client: Any, caplog: pytest.LogCaptureFixture
) -> None:
    sync_for_a_minute(client)

    assert len(caplog.messages) == 6
    assert caplog.messages[2] == (
        "contacts: 30 records, 3.0 requests/s, 25 % of the rate limit, 25 % of 120, about 90 s left"
    )


def test_unknown_total_gives_no_estimate(client: Any, caplog: pytest.LogCaptureFixture) -> None:
    sync_for_a_minute(client, expected=0)

    record = caplog.records[2]
    assert record.getMessage() == "contacts: 30 records, 3.0 requests/s, 25 % of the rate limit"
    assert not fields_of(record).keys() & {"expected_records", "percent", "seconds_left"}


def test_structured_progress_has_the_values(client: Any, caplog: pytest.LogCaptureFixture) -> None:
    sync_for_a_minute(client)

    expected = {
        "stream": "contacts",
        "records": 60,
        "expected_records": 120,
        "percent": 50,
        "requests_per_second": 3.0,
        "rate_limit_percent": 25,
        "seconds_left": 60,
    }
    assert expected.items() <= fields_of(caplog.records[-1]).items()


def test_each_stream_has_a_summary(
    sandbox: Sandbox, tap: TapRunner, caplog: pytest.LogCaptureFixture
) -> None:
    conversations = len(sandbox.control.records("conversations"))

    output = tap.run(select=["admins", "conversations", "conversation_parts", "tags"])

    summaries: dict[str, Any] = {
        record.stream: record  # type: ignore[attr-defined]
        for record in caplog.records
        if hasattr(record, "group_retries")
    }
    assert summaries.keys() == {"admins", "conversations", "conversation_parts", "tags"}
    assert summaries["conversations"].records == conversations
    parts = summaries["conversation_parts"]
    assert parts.records == len(output.records("conversation_parts"))
    assert parts.group_requests >= conversations
    assert (parts.group_retries, parts.skipped) == (0, 0)
    assert summaries["tags"].group_requests == 1


def test_summary_of_one_is_singular(caplog: pytest.LogCaptureFixture) -> None:
    Summary("tags", records=1, warnings=1).log(LOGGER)

    assert caplog.messages == ["tags: 1 record in 0.0 s, 0 skipped, 1 warning"]


def test_total_counts_each_request_once(client: Any, caplog: pytest.LogCaptureFixture) -> None:
    summaries = [Summary("teams", records=3, requests=1), Summary("team_admins", requests=1)]
    client.requests, client.retries = 1, 1

    log_total(LOGGER, summaries, client, 0.5)

    (line,) = caplog.records
    assert line.getMessage() == "Run: 2 streams, 3 records in 0.5 s, 1 request, 1 retry, 0 skipped"
    expected = {"streams": 2, "records": 3, "requests": 1, "retries": 1, "seconds": 0.5}
    assert expected.items() <= fields_of(line).items()
