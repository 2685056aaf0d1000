"""Figure 10: the time from a change in Intercom to the row, with webhooks and without."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.programs import ENVIRONMENT
from benchmarks.report import Row
from benchmarks.sandbox import run_sandbox
from benchmarks.sync_script import run_script, sync_script
from demo.meltano import target_config
from demo.postgres import running_postgres
from demo.webhooks import (
    CLIENT_SECRET,
    database_url,
    running_receiver,
    running_watch,
    seconds_until_row,
)
from tests.sandbox.webhooks import Webhooks

if TYPE_CHECKING:
    from benchmarks.sizes import Sizes

MAX_SECONDS = 15
DEBOUNCE = "5s"
"""The default of `watch`."""

LATENCY = 0.2
WORKSPACE = {"contacts": 3_000, "companies": 400, "conversations": 1_200, "tickets": 300}
SCHEMA = "changes"
ROW = "SELECT 1 FROM changes.contacts WHERE name = '{}'"


def measure(sizes: Sizes) -> list[Row]:
    """Change contacts one after the other, and wait for each row."""
    with (
        tempfile.TemporaryDirectory() as name,
        run_sandbox(**WORKSPACE, latency=LATENCY) as workspace,
        running_postgres() as postgres,
        postgres.connect() as connection,
    ):
        directory = Path(name)
        database = database_url(directory)
        target = target_config(postgres, SCHEMA)
        everything = sync_script(directory / "everything", workspace.url, target)
        notified = sync_script(
            directory / "notified",
            workspace.url,
            target,
            webhooks_database=database,
            webhooks_only=True,
        )
        contact = workspace.control.records("contacts")[0]["id"]
        run_script(everything)
        with (
            running_receiver(directory) as url,
            running_watch(directory, [notified], ENVIRONMENT, DEBOUNCE) as log,
        ):
            webhooks = Webhooks(workspace.control, url, CLIENT_SECRET)
            seconds = []
            for number in range(sizes.changes):
                start = time.monotonic()
                webhooks.change("contacts", contact, {"name": f"Contact {number}"})
                seconds_until_row(connection, ROW.format(f"Contact {number}"), log)
                seconds.append(time.monotonic() - start)
        runs = []
        for _ in range(sizes.changes):
            workspace.control.change("contacts", contact, {"name": "Ada Lovelace"})
            runs.append(run_script(everything))
    return [
        Row(
            f"from a change to its row, with webhooks, median of {sizes.changes}",
            f"below {MAX_SECONDS} s",
            f"{median(seconds):.1f} s ({min(seconds):.1f} to {max(seconds):.1f} s; "
            f"{DEBOUNCE} of them `--debounce`)",
            median(seconds) < MAX_SECONDS,
        ),
        Row(
            "from a change to its row, without webhooks",
            "",
            f"until the next run, and {median(runs):.1f} s for the run",
        ),
    ]
