"""Compares the tables of a Postgres schema before and after a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from psycopg import sql

if TYPE_CHECKING:
    import psycopg

TABLES = """
    SELECT table_name FROM information_schema.tables WHERE table_schema = %s ORDER BY table_name
"""
COLUMNS = """
    SELECT column_name FROM information_schema.columns WHERE table_schema = %s AND table_name = %s
"""
KEY_COLUMNS = """
    SELECT column_name FROM information_schema.key_column_usage
    WHERE table_schema = %s AND table_name = %s ORDER BY ordinal_position
"""
ROWS = """
    SELECT jsonb_build_array({keys})::text, md5(jsonb_build_array({values})::text), _sdc_sequence
    FROM {table}
"""
TARGET_COLUMN_PREFIX = "_sdc_"


class Row(NamedTuple):
    """The digest of a row's values, and the number of the load that wrote it last."""

    digest: str
    load: int


Snapshot = dict[str, dict[str, Row]]
"""Table -> primary key as JSON -> row."""


@dataclass(frozen=True)
class Difference:
    """The rows of a table that differ between two snapshots."""

    table: str
    rows: int
    received: int
    new: int
    changed: int


def snapshot(connection: psycopg.Connection[tuple[Any, ...]], schema: str) -> Snapshot:
    """Return every row of every table of a schema, by table and primary key."""
    tables = [name for (name,) in connection.execute(TABLES, [schema])]
    return {table: _rows(connection, schema, table) for table in tables}


def differences(before: Snapshot, after: Snapshot) -> list[Difference]:
    """Compare two snapshots, table by table."""
    return [_difference(table, before.get(table, {}), rows) for table, rows in after.items()]


def _difference(table: str, before: dict[str, Row], after: dict[str, Row]) -> Difference:
    kept = before.keys() & after.keys()
    new = len(after) - len(kept)
    return Difference(
        table=table,
        rows=len(after),
        received=new + sum(before[key].load != after[key].load for key in kept),
        new=new,
        changed=sum(before[key].digest != after[key].digest for key in kept),
    )


def _rows(
    connection: psycopg.Connection[tuple[Any, ...]],
    schema: str,
    table: str,
) -> dict[str, Row]:
    columns = [name for (name,) in connection.execute(COLUMNS, [schema, table])]
    keys = [name for (name,) in connection.execute(KEY_COLUMNS, [schema, table])]
    values = [name for name in columns if not name.startswith(TARGET_COLUMN_PREFIX)]
    query = sql.SQL(ROWS).format(
        keys=sql.SQL(", ").join(map(sql.Identifier, keys)),
        values=sql.SQL(", ").join(map(sql.Identifier, values)),
        table=sql.Identifier(schema, table),
    )
    return {key: Row(digest, load) for key, digest, load in connection.execute(query)}
