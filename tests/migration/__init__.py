"""What the version before wrote: its catalog, and the Singer messages of two runs.

`record.py` made the files.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tests.sandbox.options import SandboxOptions

if TYPE_CHECKING:
    from tests.sandbox.control import Control

CATALOG = Path(__file__).with_name("catalog.json.gz")
MESSAGES = Path(__file__).with_name("messages.jsonl.gz")
NOW = 1_750_000_000
HOUR = 3600
WORKSPACE = SandboxOptions(
    contacts=8, companies=4, conversations=20, tickets=6, clock_start=NOW, frozen=True
)
STREAMS = (
    *("contacts", "contact_tags", "contact_companies", "contact_social_profiles"),
    *("companies", "company_tags", "company_segments"),
    *("conversations", "conversation_parts", "conversation_contacts", "conversation_tags"),
    *("conversation_attachments", "conversation_part_attachments"),
    *("tickets", "ticket_parts", "ticket_contacts", "ticket_part_attachments"),
    *("tags", "deleted_conversations"),
)


def change_between_runs(sandbox: Control) -> None:
    """Let an hour pass in which half of the conversations and tickets change."""
    sandbox.clock.advance(HOUR)
    for kind in ("conversations", "tickets"):
        ids = [record["id"] for record in sandbox.records(kind)]
        sandbox.touch(kind, ids[::2])
