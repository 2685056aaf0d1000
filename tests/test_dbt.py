"""The dbt package in `dbt/`, on tables that tap-intercom | target-postgres loaded.

Fivetran's package is not part of this project. The tests that need it are skipped, unless the
environment variable FIVETRAN_DBT_PACKAGES names a folder with `intercom`, `fivetran_utils` and
`dbt_utils`.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import time
from collections import Counter
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import sqlglot
import yaml
from psycopg.rows import dict_row

import dev
from demo.meltano import target_config
from demo.postgres import running_postgres
from tests.conftest import SMALL
from tests.dbt_figures import KEYS, final_rows, source_rows
from tests.expected_rows import KEYS as STREAM_KEYS
from tests.expected_rows import expected_rows
from tests.sandbox.server import Sandbox
from tests.test_docs import PAGES, blocks, commands
from tests.test_load_into_postgres import Pipeline

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from demo.postgres import Postgres
    from tests.dbt_figures import Record
    from tests.sandbox.control import Control

pytestmark = pytest.mark.end_to_end

PACKAGE = Path(dev.ROOT, "dbt")
MODELS = sorted(PACKAGE.glob("models/*/*.sql"))
CURRENT = [model.stem for model in MODELS if model.parent.name == "current"]
FIVETRAN = Path(
    os.environ.get("FIVETRAN_DBT_PACKAGES", dev.ROOT.parent / "shared" / "dbt_packages")
)
"""The folder that has Fivetran's package and those that it needs."""
FIVETRAN_PACKAGES = ("intercom", "fivetran_utils", "dbt_utils")
(SOURCE,) = yaml.safe_load(Path(PACKAGE, "models", "sources.yml").read_text())["sources"]
SOURCES = [table["name"] for table in SOURCE["tables"]]
FRESH = [table for table in SOURCE["tables"] if "config" not in table]
PASSED, WARNED = "source tap_intercom pass", "source tap_intercom warn"
ADAPTED = [
    {"name": "field", "arguments": "object, path"},
    {"name": "first_item", "arguments": "array"},
    {"name": "each_item", "arguments": "array"},
]
"""The macros that are written for each warehouse, with their arguments."""
MACRO = """
{{% macro postgres__{name}({arguments}) %}}
{{{{ return(tap_intercom.{dialect}__{name}({arguments})) }}}}
{{% endmacro %}}
"""
"""Stands in for the macro of Postgres, so that no other adapter has to be installed."""
FRESHNESS = ("source", "freshness", "--select", "source:tap_intercom")
TIMEOUT_SECONDS = 300
NOT_ONLINE = {"DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "DBT_VERSION_CHECK": "false"}


@dataclass
class Warehouse:
    """Loaded tables, and the dbt project of somebody who uses them.

    Attributes:
        directory: Of the dbt project.
        pipeline: What loads the tables.
        control: Of the workspace that they are compared with.
        workspace_id: Compare only the rows of that workspace.
    """

    directory: Path
    pipeline: Pipeline
    control: Control
    workspace_id: str | None = None

    def dbt(self, *arguments: str, **configuration: Any) -> Counter[str]:
        """Run dbt in the project; return how many models and tests ended how."""
        project = {"name": "warehouse", "profile": "warehouse", **configuration}
        (self.directory / "dbt_project.yml").write_text(yaml.safe_dump(project))
        done = subprocess.run(
            [dev.dbt(), "--quiet", *arguments],
            cwd=self.directory,
            env={**os.environ, **NOT_ONLINE},
            timeout=TIMEOUT_SECONDS,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        file = "sources.json" if "freshness" in arguments else "run_results.json"
        results = json.loads((self.directory / "target" / file).read_text())["results"]
        return Counter(
            " ".join([*one["unique_id"].split(".")[:2], one["status"]]) for one in results
        )

    def drop_models(self) -> None:
        """Leave nothing in the warehouse but the loaded tables."""
        with self.pipeline.postgres.connect() as connection:
            for suffix in ("", "_intercom", "_intercom_source", "_stg_intercom"):
                connection.execute(f"DROP SCHEMA IF EXISTS analytics{suffix} CASCADE")

    @contextlib.contextmanager
    def changed(self, change: str, undo: str) -> Iterator[None]:
        """Change the loaded tables for a while, by two commands of SQL."""
        with self.pipeline.postgres.connect() as connection:
            connection.execute(change.encode())
            yield
            connection.execute(undo.encode())

    def hidden(self, table: str) -> AbstractContextManager[None]:
        """Give a loaded table another name for a while."""
        return self.changed(
            f"ALTER TABLE tap_intercom.{table} RENAME TO hidden_{table}",
            f"ALTER TABLE tap_intercom.hidden_{table} RENAME TO {table}",
        )

    def aged(self, table: str) -> AbstractContextManager[None]:
        """Let the last rows of a table be a week older for a while."""
        column = f"UPDATE tap_intercom.{table} SET _sdc_batched_at = _sdc_batched_at"
        return self.changed(f"{column} - interval '7 days'", f"{column} + interval '7 days'")

    def rows(self, table: str, *key: str) -> dict[tuple[Any, ...], Record]:
        """Return the rows of a table by their key."""
        with self.pipeline.postgres.connect() as connection:
            rows = connection.cursor(row_factory=dict_row).execute(f"SELECT * FROM {table}")
            return {tuple(row[name] for name in key): row for row in rows if self._is_of(row)}

    def _is_of(self, row: Record) -> bool:
        workspace_id = row.get("_workspace_id", row.get("source_relation"))
        return self.workspace_id in (None, workspace_id)

    def use_fivetran(self) -> None:
        """Add Fivetran's package to the project."""
        for name in FIVETRAN_PACKAGES:
            link = self.directory / "dbt_packages" / name
            if not link.exists():
                link.symlink_to(FIVETRAN / name)

    def wrong_keys(self, view: str) -> set[tuple[str, ...]]:
        """Return the keys that a view of current rows lacks, or has although they are gone."""
        stream = view.removeprefix("intercom_current_")
        key = STREAM_KEYS[stream]
        return self.rows(f"analytics.{view}", *key).keys() ^ expected_rows(self.control, stream)

    def wrong_figures(self, table: str, expected: dict[tuple[Any, ...], Record]) -> list[Any]:
        """Return the figures, and the rows, that a table has otherwise than expected."""
        key = KEYS[table.partition(".")[2]]
        rows = self.rows(table, *key)
        figures = [
            (row_key, name, rows[row_key][name], value)
            for row_key, row in expected.items()
            if row_key in rows
            for name, value in row.items()
            if not _is_equal(rows[row_key][name], value)
        ]
        return [*figures, *(rows.keys() ^ expected.keys())]


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """Load a workspace, change it in every way that tables have to follow, and load again."""
    with Sandbox(SMALL) as sandbox, running_postgres() as postgres:
        enliven(sandbox.control)
        warehouse = project(tmp_path_factory.mktemp("warehouse"), postgres, sandbox)
        warehouse.pipeline.run()
        change(sandbox.control)
        delete_unreported(sandbox.control)
        warehouse.pipeline.full_table = ("companies",)
        warehouse.pipeline.run(emit_activate_version_messages=True)
        analyze(postgres)
        yield warehouse


@pytest.fixture(scope="module")
def workspaces(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Warehouse]]:
    """Load two workspaces into the same tables, of which the second changes.

    Their conversations have the same ids, but not the same times and contacts.
    """
    earlier = time.time() - 60
    with (
        Sandbox(SMALL) as sandbox,
        Sandbox(replace(SMALL, workspace_id="other123", clock_start=earlier)) as other,
        running_postgres() as postgres,
    ):
        for control in (sandbox.control, other.control):
            enliven(control)
        first = project(tmp_path_factory.mktemp("workspaces"), postgres, sandbox)
        first.workspace_id = sandbox.options.workspace_id
        first.pipeline.source["workspace_column"] = True
        first.pipeline.run()
        source = {**first.pipeline.source, "api_url": other.url}
        pipeline = replace(first.pipeline, source=source, state="{}")
        pipeline.run()
        change(other.control)
        pipeline.run()
        analyze(postgres)
        second = replace(first, pipeline=pipeline, control=other.control, workspace_id="other123")
        yield [first, second]


@pytest.fixture(scope="module")
def built(workspaces: list[Warehouse]) -> Counter[str]:
    """Build the views of both workspaces, and Fivetran's models if its package is at hand."""
    configuration = documented("Several workspaces")
    if not FIVETRAN.exists():
        return workspaces[0].dbt("build", "--select", "tap_intercom", **configuration)
    workspaces[0].use_fivetran()
    (command,) = commands(section_of("One command"))
    return workspaces[0].dbt(*command.split()[1:], **documented("One command") | configuration)


def analyze(postgres: Postgres) -> None:
    """Let Postgres count the rows of all tables now, as it does by itself within a minute."""
    with postgres.connect() as connection:
        connection.execute("ANALYZE")


def project(directory: Path, postgres: Postgres, sandbox: Sandbox) -> Warehouse:
    """Write the dbt project of somebody who loads a workspace into Postgres."""
    sink = target_config(postgres, "tap_intercom")
    (directory / "target.json").write_text(json.dumps(sink))
    output = {
        "type": "postgres",
        "host": "127.0.0.1",
        "port": postgres.port,
        "user": "postgres",
        "password": postgres.password,
        "dbname": "postgres",
        "schema": "analytics",
        "threads": 2,
    }
    profiles = {"warehouse": {"target": "dev", "outputs": {"dev": output}}}
    (directory / "profiles.yml").write_text(yaml.safe_dump(profiles))
    (directory / "dbt_packages").mkdir()
    (directory / "dbt_packages" / "tap_intercom").symlink_to(PACKAGE)
    source = {"access_token": sandbox.options.token, "api_url": sandbox.url}
    streams = (*SOURCES, "sync_audit")
    pipeline = Pipeline(directory, postgres, dev.target_postgres(), source, streams=streams)
    return Warehouse(directory, pipeline, sandbox.control)


def test_package_builds_on_loaded_tables(warehouse: Warehouse) -> None:
    results = warehouse.dbt("build", "--select", "tap_intercom")

    assert results.keys() == {"model tap_intercom success", "test tap_intercom pass"}
    assert results["model tap_intercom success"] == len(MODELS)
    for view in CURRENT:
        assert warehouse.wrong_keys(view) == set(), view
    for table, expected in source_rows(warehouse.control).items():
        assert warehouse.wrong_figures(f"analytics_intercom_source.{table}", expected) == [], table


def test_table_without_new_rows_is_stale(warehouse: Warehouse) -> None:
    with warehouse.aged("conversations"):
        results = warehouse.dbt(*FRESHNESS)

    assert results == {WARNED: 1, PASSED: len(FRESH) - 1}


def test_freshness_follows_the_audit(warehouse: Warehouse) -> None:
    """Of tables without new rows, those are stale whose stream failed."""
    status = "UPDATE tap_intercom.sync_audit SET status = '{}' WHERE stream = 'conversations'"
    failed = warehouse.changed(status.format("failed"), status.format("complete"))

    with warehouse.aged("conversations"), warehouse.aged("contact_tags"), failed:
        results = warehouse.dbt(*FRESHNESS, **documented("Freshness"))

    assert results == {WARNED: 1, PASSED: len(FRESH) - 1}


def test_views_do_without_optional_tables(warehouse: Warehouse) -> None:
    models = ["intercom_current_contacts", "intercom_source_article_history"]

    with warehouse.hidden("deleted_contacts"), warehouse.hidden("article_statistics"):
        results = warehouse.dbt("run", "--select", *(f"+{model}" for model in models))

    assert results.keys() == {"model tap_intercom success"}


@pytest.mark.parametrize(
    ("dialect", "rating"),
    [
        ("snowflake", "cast(conversation_rating:rating as varchar)"),
        ("bigquery", "json_value(conversation_rating, '$.rating')"),
    ],
)
def test_other_dialects_compile(warehouse: Warehouse, dialect: str, rating: str) -> None:
    macros = warehouse.directory / "macros" / "dialect.sql"
    macros.parent.mkdir(exist_ok=True)
    macros.write_text("\n".join(MACRO.format(dialect=dialect, **macro) for macro in ADAPTED))
    search = {"macro_namespace": "tap_intercom", "search_order": ["warehouse", "tap_intercom"]}

    warehouse.dbt("compile", "--select", "tap_intercom", dispatch=[search])

    macros.unlink()
    folder = warehouse.directory / "target" / "compiled" / "tap_intercom" / "models"
    models = [folder / path.relative_to(PACKAGE / "models") for path in MODELS]
    texts = [model.read_text() for model in models]
    assert [rating for text in texts if rating in text] == [rating]
    for text in texts:
        sqlglot.parse_one(text, read=dialect)


@pytest.mark.parametrize("way", ["Two commands", "One command"])
def test_fivetran_package_finds_the_figures(warehouse: Warehouse, way: str) -> None:
    skip_without_fivetran()
    warehouse.use_fivetran()
    warehouse.drop_models()

    results = Counter[str]()
    for command in commands(section_of(way)):
        results += warehouse.dbt(*command.split()[1:], **documented(way))

    check_fivetran(results, warehouse)


def test_workspace_that_is_not_loaded_is_stale(workspaces: list[Warehouse]) -> None:
    move = "UPDATE tap_intercom.sync_audit SET run_started_at = run_started_at {} interval '7 days'"
    other = f"{move} WHERE _workspace_id = 'other123'"
    variables = documented("Freshness")["vars"] | documented("Several workspaces")["vars"]

    with workspaces[0].changed(other.format("-"), other.format("+")):
        results = workspaces[0].dbt(*FRESHNESS, vars=variables)

    assert results == {WARNED: len(FRESH)}


def test_parent_in_other_workspace_is_none(workspaces: list[Warehouse]) -> None:
    configuration = documented("Several workspaces")
    rename = "UPDATE tap_intercom.contacts SET _workspace_id = '{}' WHERE _workspace_id = '{}'"
    selection = ("--select", "source:tap_intercom.contact_tags")
    configuration["data_tests"] = {"+severity": "warn"}

    with workspaces[1].changed(rename.format("x", "other123"), rename.format("other123", "x")):
        results = workspaces[1].dbt("test", *selection, **configuration)

    assert results["test tap_intercom warn"] == 1


def test_views_keep_workspaces_apart(workspaces: list[Warehouse], built: Counter[str]) -> None:
    ours = {result for result in built if " tap_intercom " in result}

    assert ours == {"model tap_intercom success", "test tap_intercom pass"}
    for workspace in workspaces:
        for view in CURRENT:
            assert workspace.wrong_keys(view) == set(), (workspace.workspace_id, view)


def test_fivetran_package_keeps_workspaces_apart(
    workspaces: list[Warehouse], built: Counter[str]
) -> None:
    skip_without_fivetran()

    for workspace in workspaces:
        check_fivetran(built, workspace)


def skip_without_fivetran() -> None:
    """Skip a test that needs Fivetran's package."""
    if not FIVETRAN.exists():
        pytest.skip("Fivetran's package is not here; FIVETRAN_DBT_PACKAGES names its folder")


def section_of(title: str) -> str:
    """Return the section of the documentation with this title."""
    return PAGES["docs/dbt.md"].partition(f"# {title}\n")[2].partition("\n#")[0]


def documented(title: str) -> dict[str, Any]:
    """Return the settings in `dbt_project.yml` that this section of the documentation names."""
    settings: dict[str, Any] = yaml.safe_load(blocks(section_of(title), "yml")[0])
    return settings


def check_fivetran(results: Counter[str], warehouse: Warehouse) -> None:
    """Check that all of Fivetran's models were built, tested, and have the right figures."""
    assert results["model intercom success"] == 42
    assert results["test intercom pass"] == 27
    assert {result for result in results if not result.endswith((" success", " pass"))} == set()
    for model, expected in final_rows(warehouse.control).items():
        assert warehouse.wrong_figures(f"analytics_intercom.{model}", expected) == [], model


def enliven(control: Control) -> None:
    """Let contacts write in conversations, and give them to teams, as no record is made up to."""
    team_ids = [team["id"] for team in control.records("teams")]
    for number, conversation in enumerate(control.records("conversations")):
        parts = conversation["conversation_parts"]
        contacts = conversation["contacts"]["contacts"]
        for index, part in enumerate(parts["conversation_parts"]):
            if contacts and index % 3 == number % 2:
                part["author"] = {"type": "user", "id": contacts[-1]["id"]}
            if index % 4 == 2:
                part["part_type"] = "open"
            if part["part_type"] == "assignment" and number % 3:
                team_id = team_ids[number % len(team_ids)]
                part["assigned_to"] = {"type": "team", "id": team_id}
        control.change("conversations", conversation["id"], {"conversation_parts": parts})


def change(control: Control) -> None:
    """Change what rows that are loaded already have to follow, whatever the settings."""
    tagged = [one for one in control.records("contacts") if one["tag_ids"]]
    control.untag("contacts", tagged[0]["id"], tagged[0]["tag_ids"][0])
    control.merge(tagged[1]["id"], tagged[2]["id"])
    control.delete("contacts", tagged[3]["id"])
    kept = {"company_ids": tagged[4]["company_ids"][1:]}
    control.change("contacts", tagged[4]["id"], kept)
    control.delete("conversations", control.records("conversations")[1]["id"])
    conversation = next(one for one in control.records("conversations") if one["tags"]["tags"])
    control.untag("conversations", conversation["id"], conversation["tags"]["tags"][0]["id"])


def delete_unreported(control: Control) -> None:
    """Delete what only ACTIVATE_VERSION messages report."""
    for kind in ("companies", "admins", "tags", "articles"):
        control.delete(kind, str(control.records(kind)[1]["id"]))
    team = next(one for one in control.records("teams") if one["admin_ids"])
    control.change("teams", str(team["id"]), {"admin_ids": team["admin_ids"][1:]})


def _is_equal(actual: Any, expected: Any) -> bool:
    if isinstance(expected, frozenset):
        return frozenset((actual or "").split(", ")) - {""} == expected
    if isinstance(expected, float | int) and isinstance(actual, Decimal | float):
        return abs(float(actual) - expected) < 0.006
    return bool(actual == expected)
