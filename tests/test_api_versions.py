"""Older and newer API versions work as far as Intercom has the endpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tap_intercom.tap import TapIntercom
from tests.expected_rows import ROWS, missing_rows
from tests.sandbox.options import SandboxOptions

if TYPE_CHECKING:
    from tests.sandbox.server import Sandbox
    from tests.singer import TapRunner

LACKING = {
    "2.11": {"ticket_states", "external_pages", "content_import_sources"},
    "2.12": {"internal_articles"},
    "2.13": {"calls", "call_transcripts", "away_status_reasons"},
    "2.14": {"brands", "email_settings", "company_notes", "conversation_handling_events"},
    "2.15": {
        *("deleted_conversations", "conversation_attributes", "side_conversations"),
        *("macros", "data_connectors", "audiences", "content_snippets", "office_hours_schedules"),
    },
    "2.16": set[str](),
    "2.17": set[str](),
}
"""What each version lacks that the next one has."""


SMALL = SandboxOptions(contacts=60, companies=20, conversations=20, tickets=10, export_polls=0)


@pytest.mark.parametrize("options", [SMALL], indirect=True)
@pytest.mark.parametrize("version", LACKING)
def test_a_version_offers_what_it_has_and_all_of_that_is_loaded(
    sandbox: Sandbox, tap: TapRunner, version: str
) -> None:
    lacking = {name for known in LACKING if known >= version for name in LACKING[known]}
    offered = TapIntercom(config={**tap.config, "api_version": version}).streams.keys()
    assert {name for name in ROWS if name not in offered} == lacking
    output = tap.run(select=offered, api_version=version)
    for stream in ROWS.keys() & offered:
        assert missing_rows(output, sandbox.control, stream) == {}, stream
