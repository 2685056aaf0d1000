"""What the version before loaded goes on: its state, its catalog and its tables."""

from __future__ import annotations

import gzip
import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import dev
from demo.postgres import Postgres, running_postgres
from tests.expected_rows import Rows, expected_rows
from tests.migration import CATALOG, HOUR, MESSAGES, STREAMS, WORKSPACE, change_between_runs
from tests.singer import Output
from tests.tables import rows_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.guarantees.harness import SyncHarness, SyncResult
    from tests.sandbox.control import Control
    from tests.sandbox.options import SandboxOptions

pytestmark = pytest.mark.end_to_end

TIMEOUT_SECONDS = 120
CHANGELOG = Path(dev.ROOT, "CHANGELOG.md")
BEFORE = Output.parse(gzip.decompress(MESSAGES.read_bytes()).decode())
ATTACHMENTS = (
    "conversation_attachments",
    "conversation_part_attachments",
    "ticket_part_attachments",
)


@dataclass(frozen=True)
class Warehouse:
    """A Postgres, and the target that loads it."""

    postgres: Postgres
    directory: Path

    def load(self, output: Output) -> None:
        """Load the messages of a run."""
        config = {"sqlalchemy_url": self.postgres.sqlalchemy_url, "default_target_schema": "public"}
        (self.directory / "target.json").write_text(json.dumps(config))
        subprocess.run(
            [dev.target_postgres(), "--config", "target.json"],
            input="".join(f"{json.dumps(message)}\n" for message in output.messages),
            cwd=self.directory,
            stdout=subprocess.DEVNULL,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=True,
        )

    def tables(self) -> dict[str, Rows]:
        """Return the rows of all tables."""
        return {table: rows_of(self.postgres, table) for table in STREAMS}

    def execute(self, statements: str) -> None:
        """Execute SQL statements."""
        with self.postgres.connect() as connection:
            connection.execute(statements.encode())


@pytest.fixture
def options() -> SandboxOptions:
    return WORKSPACE


@pytest.fixture
def warehouse(harness: SyncHarness, tmp_path: Path) -> Iterator[Warehouse]:
    """Load what the version before wrote, of the workspace as the harness has it now."""
    change_between_runs(harness.sandbox)
    with running_postgres() as postgres:
        loaded = Warehouse(postgres, tmp_path)
        loaded.load(BEFORE)
        yield loaded


def old_catalog() -> dict[str, Any]:
    catalog: dict[str, Any] = json.loads(gzip.decompress(CATALOG.read_bytes()))
    return catalog


def change_records(sandbox: Control) -> None:
    """Change records of each kind, hours after the version before ran last."""
    sandbox.clock.advance(3 * HOUR)
    for kind in ("contacts", "companies"):
        for record in sandbox.records(kind)[:2]:
            sandbox.change(kind, record["id"], {"name": "Grace Hopper"})
    sandbox.tag("contacts", sandbox.records("contacts")[0]["id"], sandbox.records("tags")[0]["id"])
    ids = [conversation["id"] for conversation in sandbox.records("conversations")]
    sandbox.touch("conversations", ids[::3])
    sandbox.add_parts(ids[0], 3)
    sandbox.delete("conversations", ids[1])
    sandbox.touch("tickets", [ticket["id"] for ticket in sandbox.records("tickets")[:2]])


def sync_again(harness: SyncHarness, catalog: dict[str, Any] | None) -> SyncResult:
    """Sync with the present version, from the state of the version before."""
    result = harness.try_sync_catalog(harness.config, catalog, BEFORE.state)
    assert result.error is None
    return result


def expected(sandbox: Control) -> dict[str, Rows]:
    return {stream: expected_rows(sandbox, stream) for stream in STREAMS}


def not_in(rows: Rows, others: Rows) -> Rows:
    """Return the rows that others lack, or have with other values."""
    return {
        key: row
        for key, row in rows.items()
        if key not in others or not row.items() <= others[key].items()
    }


@pytest.mark.parametrize("catalog", [old_catalog(), None], ids=["its catalog", "no catalog"])
def test_tables_of_version_before_go_on(
    harness: SyncHarness, warehouse: Warehouse, catalog: dict[str, Any] | None
) -> None:
    loaded, expected_before = warehouse.tables(), expected(harness.sandbox)
    change_records(harness.sandbox)

    warehouse.load(sync_again(harness, catalog))

    rows, expected_now = warehouse.tables(), expected(harness.sandbox)
    for table in STREAMS:
        changed = not_in(expected_now[table], expected_before[table])
        assert loaded[table].keys() <= rows[table].keys()
        assert not_in(changed, rows[table]) == {}


def test_changelog_renames_keys_of_attachments(harness: SyncHarness, warehouse: Warehouse) -> None:
    change_records(harness.sandbox)
    warehouse.load(sync_again(harness, old_catalog()))
    loaded = warehouse.tables()
    files = {
        table: {(parent, url.partition("?")[0]) for parent, url in loaded.pop(table)}
        for table in ATTACHMENTS
    }

    warehouse.execute("".join(re.findall(r"```sql\n(.*?)```", CHANGELOG.read_text(), re.DOTALL)))

    rows = warehouse.tables()
    attachments = {table: rows.pop(table) for table in ATTACHMENTS}
    assert {table: found.keys() for table, found in attachments.items()} == files
    for found in attachments.values():
        assert all(row["signed_url"].startswith(f"{row['url']}?") for row in found.values())
    assert rows == loaded
