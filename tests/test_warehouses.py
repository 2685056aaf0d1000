"""What docs/warehouses.md says of Snowflake, BigQuery and Azure SQL, none of which runs here."""

from __future__ import annotations

import json
import re

import pytest
import sqlglot
from sqlalchemy.dialects.mssql.base import RESERVED_WORDS as SQL_SERVER_WORDS
from sqlglot import exp
from sqlglot.dialects.bigquery import BigQuery
from sqlglot.optimizer.qualify import qualify

import dev
from tests.test_docs import PAGES, blocks

PAGE = PAGES["docs/warehouses.md"]
SCHEMAS = {
    file.stem: json.loads(file.read_text())["properties"]
    for file in sorted((dev.ROOT / "schemas").glob("*.json"))
}
ADDED_COLUMNS = ("_workspace_id", "custom_attributes_raw", "unfit_values")
COLUMNS = {*ADDED_COLUMNS}.union(*SCHEMAS.values())

SNOWFLAKE_WORDS = """
    account all alter and any as between by case cast check column connect connection constraint
    create cross current current_date current_time current_timestamp current_user database delete
    distinct drop else exists false following for from full grant group gscluster having ilike in
    increment inner insert intersect into is issue join lateral left like localtime localtimestamp
    minus natural not null of on or order organization qualify regexp revoke right rlike row rows
    sample schema select set some start table tablesample then to trigger true try_cast union unique
    update using values view when whenever where with
"""
"""https://docs.snowflake.com/en/sql-reference/reserved-keywords"""

BIGQUERY_PREFIXES = (
    "_table_",
    "_file_",
    "_partition",
    "_row_timestamp",
    "__root__",
    "_colidentifier",
)
"""What names of columns must not begin with: https://docs.cloud.google.com/bigquery/docs/schemas"""

WORDS = {
    "Snowflake": {*SNOWFLAKE_WORDS.split()},
    "BigQuery": {word.lower() for word in BigQuery.Generator.RESERVED_KEYWORDS},
    "Azure SQL": SQL_SERVER_WORDS,
}
DIALECTS = {"Snowflake": "snowflake", "BigQuery": "bigquery", "Azure SQL": "tsql"}
VARIANT = "variant"
MAX_LENGTH = 32
MAX_COLUMNS = 1024
"""In SQL Server, which allows the fewest."""


def queries(warehouse: str) -> list[str]:
    """Return the statements of a warehouse's section."""
    return blocks(PAGE.split(f"\n## {warehouse}\n")[1].split("\n## ")[0], "sql")


def has_path(stream: str, path: str) -> bool:
    """Whether a stream's schema has a field, such as `source.type`."""
    fields = SCHEMAS[stream]
    *objects, field = path.split(".")
    for name in objects:
        fields = fields.get(name, {}).get("properties", {})
    return field in fields


@pytest.mark.parametrize("stream", SCHEMAS)
def test_no_warehouse_refuses_a_name(stream: str) -> None:
    columns = [*SCHEMAS[stream], *ADDED_COLUMNS]

    for name in (stream, *columns):
        assert re.fullmatch("[a-z_][a-z0-9_]*", name)
        assert len(name) <= MAX_LENGTH
        assert not name.startswith(BIGQUERY_PREFIXES)
    assert len(columns) <= MAX_COLUMNS


@pytest.mark.parametrize("warehouse", WORDS)
def test_page_names_the_reserved_words(warehouse: str) -> None:
    (listed,) = re.findall(rf"^\| {warehouse} \| (.+?) \|", PAGE, re.MULTILINE)

    assert listed.split(", ") == sorted(COLUMNS & WORDS[warehouse])
    assert SCHEMAS.keys() & WORDS[warehouse] == set()


@pytest.mark.parametrize("warehouse", DIALECTS)
def test_queries_are_of_the_dialect(warehouse: str) -> None:
    for query in queries(warehouse):
        statement = sqlglot.parse_one(query, read=DIALECTS[warehouse])

        assert isinstance(statement, exp.Create)


def test_snowflake_view_reads_columns_of_the_catalog() -> None:
    (query,) = queries("Snowflake")
    tables = {stream: dict.fromkeys(columns, VARIANT) for stream, columns in SCHEMAS.items()}
    view = sqlglot.parse_one(query, read="snowflake")

    qualify(view.expression, schema={"intercom": tables}, dialect="snowflake")

    paths = re.findall(r"(\w+):(\w+)::", query)
    assert len(paths) == 3
    assert [path for path in paths if not has_path("conversations", ".".join(path))] == []


@pytest.mark.parametrize("warehouse", ["BigQuery", "Azure SQL"])
def test_views_read_fields_of_the_catalog(warehouse: str) -> None:
    paths = re.findall(r"'\$\.([\w.]+)'", queries(warehouse)[-1])

    assert len(paths) == 7
    assert [path for path in paths if not has_path("conversations", path)] == []
