"""How many records, rounds and windows each figure takes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Sizes:
    """The sizes of all figures; each one is an option of the command line.

    Attributes:
        detail_conversations: Conversations whose details are fetched at the limit.
        one_by_one_conversations: Conversations for the programs that fetch one at a time.
        backfill_records: Records of a backfill by search, for each stream.
        long_backfill_contacts: Contacts of a long backfill.
        cpu_contacts: Contacts for records per CPU-second.
        cpu_companies: Companies for the same.
        cpu_conversations: Conversations for the same; beyond 980 the peer sleeps (1,000 a minute).
        cpu_rounds: Rounds of which the median counts.
        memory_few: Contacts of the small run.
        memory_many: Contacts of the large run.
        shared_windows: Whole windows of ten seconds that a run under a shared limit takes about.
        start_rounds: Rounds of which the median counts.
        workspace_few: Conversations of the small workspace, in which a few changed.
        workspace_many: Conversations of the large one.
        changed: How many changed in either.
        updated_contacts: Contacts that changed earlier on the same day.
        companies: Companies of a workspace, in which a few changed.
        changed_companies: How many changed within an hour.
        webhook_seconds: Seconds for which notifications are sent.
        pipeline_contacts: Contacts of a workspace with twelve times as many rows.
        changes: Changes of which each is waited for.
    """

    detail_conversations: int = 3_000
    one_by_one_conversations: int = 300
    backfill_records: int = 30_000
    long_backfill_contacts: int = 500_000
    cpu_contacts: int = 20_000
    cpu_companies: int = 20_000
    cpu_conversations: int = 900
    cpu_rounds: int = 5
    memory_few: int = 5_000
    memory_many: int = 500_000
    shared_windows: int = 4
    start_rounds: int = 7
    workspace_few: int = 1_000
    workspace_many: int = 100_000
    changed: int = 100
    updated_contacts: int = 50_000
    companies: int = 100_000
    changed_companies: int = 50
    webhook_seconds: int = 20
    pipeline_contacts: int = 13_700
    changes: int = 20


QUICK = Sizes(
    detail_conversations=1_600,
    one_by_one_conversations=60,
    backfill_records=6_000,
    long_backfill_contacts=30_000,
    cpu_contacts=3_000,
    cpu_companies=3_000,
    cpu_conversations=300,
    cpu_rounds=1,
    memory_few=1_000,
    memory_many=20_000,
    shared_windows=2,
    start_rounds=3,
    workspace_few=500,
    workspace_many=5_000,
    updated_contacts=5_000,
    companies=5_000,
    webhook_seconds=3,
    pipeline_contacts=500,
    changes=3,
)
"""Enough to see that everything works, too little to publish."""
