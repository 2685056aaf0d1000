"""Run the demo: `python3 dev.py demo`."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import dev
from demo.changes import change_with_webhooks, change_workspace
from demo.console import Console
from demo.meltano import Meltano, MeltanoError
from demo.postgres import Postgres, PostgresError, running_postgres
from demo.processes import end_cleanly_on_signals
from demo.tables import Snapshot, differences, snapshot
from demo.webhooks import (
    CLIENT_SECRET,
    WebhooksError,
    database_url,
    running_receiver,
    running_watch,
    seconds_until_row,
)
from tests.sandbox import Sandbox, SandboxOptions
from tests.sandbox.webhooks import Webhooks

SCHEMA = "tap_intercom"
WORKSPACE = SandboxOptions(latency=0.05, export_polls=0)
INTRODUCTION = """\
tap-intercom's demo: Intercom -> Meltano -> Postgres, all on this machine.
A sandbox stands in for Intercom; no request leaves this machine.
"""
NEXT = """
All processes of the demo have ended. To load your own workspace with the same project, meltano.yml:

    {token}
    {meltano} run tap-intercom target-jsonl        # into ./output

or, into a Postgres of yours:

    export TARGET_POSTGRES_SQLALCHEMY_URL=postgresql+psycopg://user:password@host:5432/database
    {meltano} run tap-intercom target-postgres
"""
LATEST = f"""\
SELECT name, updated_at::text FROM {SCHEMA}.contacts ORDER BY updated_at DESC LIMIT 3"""  # noqa: S608
CHANGED_ROWS = f"""\
SELECT 1 FROM {SCHEMA}.contacts, {SCHEMA}.webhook_deletions
WHERE contacts.name = 'Katherine Johnson' AND webhook_deletions.type = 'company'"""  # noqa: S608
DELETED_ROWS = f"SELECT type, id FROM {SCHEMA}.webhook_deletions ORDER BY sequence"  # noqa: S608
DEBOUNCE = "1s"
READ_AGAIN = """\
         The other {others} tables received {rows:,} rows that they had already: each run reads
         small lists completely, and starts an hour before its bookmarks, because Intercom's
         search index lags by minutes. The target upserts these rows by their keys."""
TO_EXPORT = "export TAP_INTERCOM_ACCESS_TOKEN=...    # where to find it: docs/settings.md"
EXPORTED = "# TAP_INTERCOM_ACCESS_TOKEN is set in your shell; the demo did not use it"


def main() -> None:
    """Run the demo and leave nothing behind but the installed programs."""
    end_cleanly_on_signals()
    console = Console()
    console.say(INTRODUCTION)
    try:
        with tempfile.TemporaryDirectory(prefix="tap-intercom-demo-") as directory:
            console.step("Starting the sandbox and Postgres")
            with Sandbox(WORKSPACE) as sandbox, running_postgres() as postgres:
                settings = _settings(sandbox, postgres, Path(directory))
                meltano = Meltano(Path(directory), settings)
                _install(console, meltano)
                loaded = _first_run(console, meltano, postgres)
                _second_run(console, meltano, postgres, sandbox, loaded)
                _webhooks(console, meltano, postgres, sandbox, Path(directory))
    except (MeltanoError, PostgresError, WebhooksError) as error:
        sys.exit(f"\nThe demo failed:\n{error}")
    token = EXPORTED if "TAP_INTERCOM_ACCESS_TOKEN" in os.environ else TO_EXPORT
    console.say(NEXT.format(meltano=dev.meltano().relative_to(dev.ROOT), token=token))


def _settings(sandbox: Sandbox, postgres: Postgres, directory: Path) -> dict[str, str]:
    """Return the environment variables that set up tap and target."""
    return {
        "TAP_INTERCOM_ACCESS_TOKEN": sandbox.options.token,
        "TAP_INTERCOM_API_URL": sandbox.url,
        "TAP_INTERCOM_WEBHOOKS_DATABASE": database_url(directory),
        "TARGET_POSTGRES_SQLALCHEMY_URL": postgres.sqlalchemy_url,
    }


def _install(console: Console, meltano: Meltano) -> None:
    console.step("Meltano installs the tap of this clone and target-postgres")
    meltano.install()


def _first_run(console: Console, meltano: Meltano, postgres: Postgres) -> Snapshot:
    """Load everything, and show how many rows each table has."""
    console.step("First run, which loads everything: meltano run tap-intercom target-postgres")
    meltano.run()
    with postgres.connect() as connection:
        loaded = snapshot(connection, SCHEMA)
    rows = sum(map(len, loaded.values()))
    console.step(f"Postgres now has {rows:,} rows in {len(loaded)} tables:")
    console.table(["table", "rows"], [(table, len(rows)) for table, rows in loaded.items()])
    return loaded


def _second_run(
    console: Console,
    meltano: Meltano,
    postgres: Postgres,
    sandbox: Sandbox,
    loaded: Snapshot,
) -> None:
    """Change the workspace, run again, and show what changed in the tables."""
    console.step("Meanwhile in Intercom, somebody")
    for sentence in change_workspace(sandbox.control):
        console.say(f"         - {sentence}")
    console.step("Second run, which loads what changed: meltano run tap-intercom target-postgres")
    meltano.run()
    with postgres.connect() as connection:
        found = differences(loaded, snapshot(connection, SCHEMA))
        latest = connection.execute(LATEST).fetchall()
    touched = [one for one in found if one.new or one.changed]
    console.step("The second run loaded:")
    console.table(
        ["table", "rows", "received", "new", "changed"],
        [(one.table, one.rows, one.received, one.new, one.changed) for one in touched],
    )
    again = sum(one.received for one in found if one not in touched)
    console.say(READ_AGAIN.format(others=len(found) - len(touched), rows=again))
    console.step(f"{LATEST}:")
    console.table(["name", "updated_at"], latest)


def _webhooks(
    console: Console, meltano: Meltano, postgres: Postgres, sandbox: Sandbox, directory: Path
) -> None:
    """Start receiver and watch, change a few records, and show how soon the rows are there."""
    console.step("With webhooks: tap-intercom-webhooks receives notifications, and")
    console.say(
        "         tap-intercom-webhooks watch -- meltano run tap-intercom--changes target-postgres"
    )
    with (
        running_receiver(directory) as url,
        running_watch(directory, meltano.changes_command, meltano.environment, DEBOUNCE) as log,
        postgres.connect() as connection,
    ):
        console.step("Meanwhile in Intercom, somebody")
        for sentence in change_with_webhooks(Webhooks(sandbox.control, url, CLIENT_SECRET)):
            console.say(f"         - {sentence}")
        seconds = seconds_until_row(connection, CHANGED_ROWS, log)
        console.step(f"From the last change to the rows in Postgres: {seconds:.1f} s")
        console.table(["deleted", "id"], connection.execute(DELETED_ROWS).fetchall())


if __name__ == "__main__":
    main()
