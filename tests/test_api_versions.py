"""Older and newer API versions work as far as Intercom has the endpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tap_intercom.api_version import ApiVersion
from tap_intercom.tap import TapIntercom
from tests.expected_rows import ROWS, missing_rows
from tests.sandbox.options import SandboxOptions

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from tests.sandbox.server import Sandbox
    from tests.singer import TapRunner

ADDED = {
    "2.7": set(),
    "2.8": set(),
    "2.9": {"ticket_types", "ticket_type_attributes"},
    "2.10": {
        *("tickets", "ticket_parts", "ticket_contacts", "ticket_links", "ticket_part_attachments")
    },
    "2.11": set(),
    "2.12": {"ticket_states", "external_pages", "content_import_sources"},
    "2.13": {"internal_articles"},
    "2.14": {"calls", "call_transcripts", "away_status_reasons"},
    "2.15": {"brands", "email_settings", "company_notes", "conversation_handling_events"},
    "2.16": {
        *("deleted_conversations", "conversation_attributes", "side_conversations"),
        *("macros", "data_connectors", "audiences", "content_snippets", "office_hours_schedules"),
        *("article_versions", "help_center_redirects", "office_hours_exceptions", "ip_allowlist"),
        *("conversation_monitor_evaluations", "conversation_scorecards"),
        "data_connector_executions",
    },
    "2.17": {"deleted_contacts", "folders", "dynamic_contents"},
    "2.18": {"roles"},
    "Preview": set(),
}
"""The streams that came with a version."""


@pytest.fixture
def options() -> SandboxOptions:
    return SandboxOptions(contacts=60, companies=20, conversations=20, tickets=10, export_polls=0)


def streams_of(tap: TapRunner, version: str) -> AbstractSet[str]:
    return TapIntercom(config={**tap.config, "api_version": version}).streams.keys()


@pytest.mark.parametrize("version", ADDED)
def test_version_offers_its_streams(tap: TapRunner, version: str) -> None:
    offered = streams_of(tap, version)

    later = [ADDED[other] for other in ADDED if ApiVersion.parse(other) > ApiVersion.parse(version)]
    assert ROWS.keys() - offered == set().union(*later)


@pytest.mark.parametrize("version", ADDED)
def test_version_loads_every_stream(sandbox: Sandbox, tap: TapRunner, version: str) -> None:
    offered = ROWS.keys() & streams_of(tap, version)

    output = tap.run(select=offered, api_version=version)

    missing = {stream: missing_rows(output, sandbox.control, stream) for stream in offered}
    assert {stream: rows for stream, rows in missing.items() if rows} == {}


@pytest.mark.parametrize("version", ADDED)
def test_version_is_sent_what_it_has(sandbox: Sandbox, tap: TapRunner, version: str) -> None:
    tap.run(api_version=version, plaintext_bodies=True)
    tap.run(select=["conversations"], api_version=version)

    requests = sandbox.control.requests()
    assert {request.api_version for request in requests} == {version}
    assert {request.status for request in requests} == {200}
