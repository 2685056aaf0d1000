"""Figure 9: tap and target-postgres together, with the settings that `meltano.yml` has."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from psycopg import sql

from benchmarks.programs import tap
from benchmarks.report import Row
from benchmarks.sandbox import UNLIMITED, RunningSandbox, run_sandbox
from benchmarks.sync_script import run_script, sync_script
from demo.meltano import target_config
from demo.postgres import running_postgres
from demo.tables import COLUMNS, TABLES, TARGET_COLUMN_PREFIX

if TYPE_CHECKING:
    from collections.abc import Mapping

    import psycopg

    from benchmarks.sizes import Sizes

MAX_PERCENT = 40
CONNECTION = ("sqlalchemy_url", "default_target_schema")
"""Settings that target-postgres needs, whatever the others are."""

OTHER_ROWS = """
    SELECT count(*) FROM (
        (SELECT {columns} FROM {one} EXCEPT ALL SELECT {columns} FROM {two})
        UNION ALL
        (SELECT {columns} FROM {two} EXCEPT ALL SELECT {columns} FROM {one})
    ) AS other
"""


@dataclass(frozen=True)
class Load:
    """What was loaded into a schema.

    Attributes:
        schema: The schema.
        seconds: From the start of both programs to the end of both.
        rows: Rows by table.
    """

    schema: str
    seconds: float
    rows: dict[str, int]


def measure(sizes: Sizes) -> list[Row]:
    """Load a workspace with both settings, and run again with nothing new."""
    contacts = sizes.pipeline_contacts
    workspace = {
        "contacts": contacts,
        "companies": contacts * 2 // 15,
        "conversations": contacts // 2,
        "tickets": contacts // 10,
    }
    with (
        run_sandbox(**workspace, rate_limit=UNLIMITED) as running,
        running_postgres() as postgres,
        postgres.connect() as connection,
    ):
        running.control.clock.freeze()  # the signatures in URLs of files follow the clock
        ours = target_config(postgres, "ours")
        defaults = target_config(postgres, "defaults")
        slow = _load(running.url, {name: defaults[name] for name in CONNECTION}, connection)
        fast = _load(running.url, ours, connection)
        different = sum(_different(connection, table, slow, fast) for table in slow.rows)
        return [_speed_row(slow, fast, different), *_repeated_rows(running, fast)]


def _load(url: str, target: Mapping[str, Any], connection: psycopg.Connection[Any]) -> Load:
    with tempfile.TemporaryDirectory() as directory:
        seconds = run_script(sync_script(Path(directory, "sync"), url, target))
    schema = target["default_target_schema"]
    query = sql.SQL("SELECT count(*) FROM {}")
    rows = {}
    for (table,) in connection.execute(TABLES, [schema]).fetchall():
        ((rows[table],),) = connection.execute(query.format(sql.Identifier(schema, table)))
    return Load(schema, seconds, rows)


def _different(connection: psycopg.Connection[Any], table: str, one: Load, two: Load) -> int:
    """Return how many rows of a table are in one schema alone."""
    found = connection.execute(COLUMNS, [one.schema, table]).fetchall()
    names = [name for (name,) in found if not name.startswith(TARGET_COLUMN_PREFIX)]
    query = sql.SQL(OTHER_ROWS).format(
        columns=sql.SQL(", ").join(map(sql.Identifier, names)),
        one=sql.Identifier(one.schema, table),
        two=sql.Identifier(two.schema, table),
    )
    ((count,),) = connection.execute(query)
    return int(count)


def _speed_row(slow: Load, fast: Load, different: int) -> Row:
    rows = sum(fast.rows.values())
    percent = 100 * fast.seconds / slow.seconds
    return Row(
        f"{rows:,} rows into Postgres by tap and target-postgres, against the target's defaults",
        f"at most {MAX_PERCENT}% of the time, the same rows",
        f"{percent:.0f}% ({fast.seconds:.0f} s; {slow.seconds:.0f} s), {different} rows differ",
        percent <= MAX_PERCENT and not different,
    )


def _repeated_rows(running: RunningSandbox, loaded: Load) -> list[Row]:
    """Count what the tap writes twice in one run, and again in the next one."""
    first = tap().sync(running.url, loaded.rows)
    again = tap().sync(running.url, loaded.rows, first.state)
    rows = sum(loaded.rows.values())
    twice = first.records.total() - rows
    return [
        Row("the same: rows that the tap writes twice in one run", "none", f"{twice}", not twice),
        Row(
            "the same: rows that a run with nothing new writes again",
            "",
            f"{again.records.total():,} ({100 * again.records.total() / rows:.1f}%)",
        ),
    ]
