"""What a run says about itself, for people and for structured logs."""

from __future__ import annotations

import json
import logging
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from singer_sdk.logging import StructuredFormatter

from tap_intercom.sync.progress import Progress, Summary, log_total

if TYPE_CHECKING:
    import pytest

    from tests.sandbox import Sandbox
    from tests.singer import TapRunner


def walked(
    client: Any, caplog: pytest.LogCaptureFixture, expected: int = 120
) -> list[logging.LogRecord]:
    """Walk for a minute, a record a second, three requests each."""
    now = [0.0]
    progress = Progress("contacts", logging.getLogger("test"), client, lambda: now[0])
    with caplog.at_level(logging.INFO, "test"):
        for _ in range(60):
            now[0] += 1
            client.requests += 3
            progress.count_record(expected)
    return caplog.records


def test_long_work_reports_every_ten_seconds(caplog: pytest.LogCaptureFixture) -> None:
    client = SimpleNamespace(requests=100, retries=0, rate_limit_use=0.25)
    lines = [record.getMessage() for record in walked(client, caplog)]
    assert len(lines) == 6
    assert lines[2] == (
        "contacts: 30 records, 3.0 requests/s, 25 % of the rate limit, 25 % of 120, about 90 s left"
    )


def test_nobody_foretells_what_nobody_knows(caplog: pytest.LogCaptureFixture) -> None:
    client = SimpleNamespace(requests=100, retries=0, rate_limit_use=0.25)
    record = walked(client, caplog, expected=0)[2]
    assert record.getMessage() == "contacts: 30 records, 3.0 requests/s, 25 % of the rate limit"
    facts = json.loads(StructuredFormatter().format(record))["extra"]
    assert not facts.keys() & {"expected_records", "percent", "seconds_left"}


def test_structured_logs_carry_the_same_facts_as_fields(caplog: pytest.LogCaptureFixture) -> None:
    client = SimpleNamespace(requests=0, retries=0, rate_limit_use=0.25)
    record = walked(client, caplog)[-1]
    facts = {
        "stream": "contacts",
        "records": 60,
        "expected_records": 120,
        "percent": 50,
        "requests_per_second": 3.0,
        "rate_limit_percent": 25,
        "seconds_left": 60,
    }
    assert facts.items() <= json.loads(StructuredFormatter().format(record))["extra"].items()


def test_a_run_ends_with_a_summary_of_each_stream(
    sandbox: Sandbox, tap: TapRunner, caplog: pytest.LogCaptureFixture
) -> None:
    conversations = len(sandbox.control.records("conversations"))
    with caplog.at_level(logging.INFO):
        output = tap.run(select=["conversations", "conversation_parts", "tags"])
    summaries = {
        record.stream: record  # type: ignore[attr-defined]
        for record in caplog.records
        if hasattr(record, "group_retries")
    }
    assert summaries.keys() == {"conversations", "conversation_parts", "tags"}
    parts: Any = summaries["conversation_parts"]
    assert parts.records == len(output.records("conversation_parts"))
    assert parts.group_requests >= conversations
    assert (parts.group_retries, parts.skipped, parts.warnings) == (0, 0, 0)
    assert f"conversations: {conversations} records in" in caplog.text


def test_the_summary_of_one_is_told_in_the_singular(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "test"):
        Summary("tags", records=1, warnings=1).log(logging.getLogger("test"))
    assert caplog.messages == ["tags: 1 record in 0.0 s, 0 skipped, 1 warning"]


def test_the_total_counts_each_request_once(caplog: pytest.LogCaptureFixture) -> None:
    client: Any = SimpleNamespace(requests=1, retries=1)
    summaries = [Summary("teams", records=3, requests=1), Summary("team_admins", requests=1)]
    with caplog.at_level(logging.INFO, "test"):
        log_total(logging.getLogger("test"), summaries, client, 0.5)
    assert caplog.messages == [
        "The run: 2 streams, 3 records in 0.5 s, 1 request, 1 retry, 0 skipped"
    ]
    facts = {"streams": 2, "records": 3, "requests": 1, "retries": 1, "seconds": 0.5, "skipped": 0}
    line = StructuredFormatter().format(caplog.records[0])
    assert facts.items() <= json.loads(line)["extra"].items()
