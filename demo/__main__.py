"""Run the demo: `python3 dev.py demo`."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import dev
from demo.changes import change_workspace
from demo.console import Console
from demo.meltano import Meltano, MeltanoError
from demo.postgres import Postgres, PostgresError, running_postgres
from demo.processes import end_cleanly_on_signals
from demo.tables import Snapshot, differences, snapshot
from tests.sandbox import Sandbox, SandboxOptions

SCHEMA = "tap_intercom"
WORKSPACE = SandboxOptions(latency=0.05, export_polls=0)
INTRODUCTION = """\
tap-intercom's demo: Intercom -> Meltano -> Postgres, twice, all on this machine.
A local stand-in plays Intercom; nothing is sent to the real one.
"""
NEXT = """
Nothing of this runs any more. To load your own workspace with the same project, meltano.yml:

    {token}
    {meltano} run tap-intercom target-jsonl        # into ./output

or, into a Postgres of yours:

    export TARGET_POSTGRES_SQLALCHEMY_URL=postgresql+psycopg://user:password@host:5432/database
    {meltano} run tap-intercom target-postgres
"""
LATEST = f"""\
SELECT name, updated_at::text FROM {SCHEMA}.contacts ORDER BY updated_at DESC LIMIT 3"""  # noqa: S608
READ_AGAIN = """\
         The other {others} tables received {rows:,} rows that they had already: small lists are
         read whole each time, and the last hour before a bookmark is read again, because
         Intercom's search index runs minutes late. Keys make that harmless."""
TO_EXPORT = "export TAP_INTERCOM_ACCESS_TOKEN=...    # docs/settings.md: where Intercom shows it"
EXPORTED = "# TAP_INTERCOM_ACCESS_TOKEN is set in your shell; the demo did not use it"


def main() -> None:
    """Run the demo and leave nothing behind but the installed programs."""
    end_cleanly_on_signals()
    console = Console()
    console.say(INTRODUCTION)
    try:
        with tempfile.TemporaryDirectory(prefix="tap-intercom-demo-") as directory:
            console.step("Starting the stand-in for Intercom, and Postgres")
            with Sandbox(WORKSPACE) as intercom, running_postgres() as postgres:
                meltano = Meltano(Path(directory), _settings(intercom, postgres))
                _install(console, meltano)
                loaded = _first_run(console, meltano, postgres)
                _second_run(console, meltano, postgres, intercom, loaded)
    except (MeltanoError, PostgresError) as error:
        sys.exit(f"\nThe demo failed:\n{error}")
    token = EXPORTED if "TAP_INTERCOM_ACCESS_TOKEN" in os.environ else TO_EXPORT
    console.say(NEXT.format(meltano=dev.meltano().relative_to(dev.ROOT), token=token))


def _settings(intercom: Sandbox, postgres: Postgres) -> dict[str, str]:
    """Return the settings of tap and target, as a user would put them into the environment."""
    return {
        "TAP_INTERCOM_ACCESS_TOKEN": intercom.options.token,
        "TAP_INTERCOM_API_URL": intercom.url,
        "TARGET_POSTGRES_SQLALCHEMY_URL": postgres.sqlalchemy_url,
    }


def _install(console: Console, meltano: Meltano) -> None:
    console.step("Meltano installs the tap of this clone and target-postgres")
    meltano.install()


def _first_run(console: Console, meltano: Meltano, postgres: Postgres) -> Snapshot:
    """Load everything and show how many rows came."""
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
    intercom: Sandbox,
    loaded: Snapshot,
) -> None:
    """Change the workspace, run again and show what that brought."""
    console.step("Meanwhile in Intercom, somebody")
    for sentence in change_workspace(intercom.control):
        console.say(f"         - {sentence}")
    console.step("Second run, which loads what changed: meltano run tap-intercom target-postgres")
    meltano.run()
    with postgres.connect() as connection:
        found = differences(loaded, snapshot(connection, SCHEMA))
        latest = connection.execute(LATEST).fetchall()
    touched = [one for one in found if one.new or one.changed]
    console.step("What that brought:")
    console.table(
        ["table", "rows", "received", "new", "changed"],
        [(one.table, one.rows, one.received, one.new, one.changed) for one in touched],
    )
    again = sum(one.received for one in found if one not in touched)
    console.say(READ_AGAIN.format(others=len(found) - len(touched), rows=again))
    console.step(f"{LATEST}:")
    console.table(["name", "updated_at"], latest)


if __name__ == "__main__":
    main()
