"""The tables that target-postgres fills."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from psycopg import sql
from psycopg.rows import dict_row

from tests.expected_rows import KEYS

if TYPE_CHECKING:
    from demo.postgres import Postgres
    from tests.expected_rows import Rows


def rows_of(postgres: Postgres, table: str) -> Rows:
    """Return the rows of a table by their key, with timestamps in the tap's notation."""
    query = sql.SQL("SELECT * FROM {}").format(sql.Identifier(table))
    with postgres.connect() as connection:
        rows = connection.cursor(row_factory=dict_row).execute(query).fetchall()
    values = [{name: _as_written(value) for name, value in row.items()} for row in rows]
    return {tuple(row[key] for key in KEYS[table]): row for row in values}


def _as_written(value: Any) -> Any:
    """Return a timestamp in the tap's notation; target-postgres stores UTC without the zone."""
    return value.replace(tzinfo=UTC).isoformat() if isinstance(value, datetime) else value
