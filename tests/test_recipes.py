"""What docs/recipes.md says to copy works: schedules, views, exports and reports."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
import yaml
from psycopg.rows import dict_row

import dev
from demo.meltano import target_config
from demo.postgres import PROGRAMS, SITE_PACKAGES, Postgres, running_postgres
from demo.processes import HOST
from tests.command_line import TAP
from tests.sandbox.faults import Fault
from tests.sandbox.server import Sandbox
from tests.singer import TapRunner
from tests.test_docs import PAGES, TARGET, TINY, blocks
from tests.test_load_into_postgres import Pipeline

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.end_to_end

TIMEOUT_SECONDS = 120
STREAMS = (
    *("admins", "conversation_transcripts", "conversations", "deleted_conversations"),
    *("sync_audit", "tags", "teams"),
)
NO_TAGS = Fault(kind="status", path="/tags", status=403, code="api_plan_restricted", times=None)
WITH_VIEWS = ("Monitoring", "Search in transcripts", "Text for language models", "Power BI")
"""The sections that begin with a view."""

LOCAL_PROGRAMS = Path("/usr/local/bin")
TARGET_JSONL = """\
#!/usr/bin/env python3
import json, pathlib, sys, time
folder = pathlib.Path("output")
folder.mkdir(exist_ok=True)
run = time.time_ns()
for line in sys.stdin:
    message = json.loads(line)
    if message["type"] == "RECORD":
        with open(folder / f"{message['stream']}-{run}.jsonl", "a") as file:
            print(json.dumps(message["record"]), file=file)
    elif message["type"] == "STATE":
        print(json.dumps(message["value"]))
"""
"""Writes the files of target-jsonl, whose requirements contradict those of the SDK."""

DUCKDB = """\
import json, pathlib, shutil, sys, duckdb, duckdb_extension_postgres_scanner as extension
connection = duckdb.connect("intercom.duckdb", config={"extension_directory": "extensions"})
(platform,) = connection.sql("PRAGMA platform").fetchone()
folder = pathlib.Path("extensions", f"v{duckdb.__version__}", platform)
folder.mkdir(parents=True)
for file in pathlib.Path(extension.__file__).parent.glob("extensions/*/*"):
    shutil.copy(file, folder)
connection.execute(sys.argv[1])
print(json.dumps(connection.sql(sys.argv[2]).fetchall()))
"""
"""Executes statements where the extension is that of a wheel; prints the result of a query."""


def section(title: str) -> str:
    """Return what the page has under a heading."""
    return PAGES["docs/recipes.md"].split(f"\n## {title}\n")[1].split("\n## ")[0]


@dataclass
class Warehouse:
    """A workspace, and the tables into which its streams were loaded."""

    sandbox: Sandbox
    pipeline: Pipeline

    @property
    def postgres(self) -> Postgres:
        return self.pipeline.postgres

    def execute(self, statements: str) -> None:
        """Execute statements of the page."""
        with self.postgres.connect() as connection:
            connection.execute(statements.encode())

    def rows(self, query: str) -> list[dict[str, Any]]:
        """Return what a query finds."""
        with self.postgres.connect() as connection:
            return connection.cursor(row_factory=dict_row).execute(query.encode()).fetchall()


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """Load a workspace, add the views of the page, and load again all but tags."""
    directory = tmp_path_factory.mktemp("recipes")
    with Sandbox(TINY) as sandbox, running_postgres() as postgres:
        (directory / "target.json").write_text(json.dumps(target_config(postgres, "tap_intercom")))
        source = {"access_token": sandbox.options.token, "api_url": sandbox.url}
        pipeline = Pipeline(directory, postgres, dev.target_postgres(), source, streams=STREAMS)
        pipeline.run()
        loaded = Warehouse(sandbox, pipeline)
        for title in WITH_VIEWS:
            loaded.execute(blocks(section(title), "sql")[0])
        first, second, *_ = sandbox.control.records("conversations")
        sandbox.control.add_parts(first["id"], 100)
        sandbox.control.delete("conversations", second["id"])
        sandbox.control.faults.add(NO_TAGS)
        pipeline.run(exit_code=1)
        sandbox.control.faults.clear()
        yield loaded


def run_entry(crontab: str, directory: Path) -> str:
    """Run the entry of a crontab as cron does, in hardly any environment; return its output."""
    *variables, entry = crontab.splitlines()
    *_schedule, command = entry.split(maxsplit=5)
    environment = dict(line.split("=", 1) for line in variables)
    return subprocess.run(
        ["/bin/sh", "-c", command],
        cwd="/",
        env={"HOME": str(directory), **environment},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=TIMEOUT_SECONDS,
    ).stdout


needs_flock = pytest.mark.skipif(
    shutil.which("flock", path="/usr/bin:/bin") is None, reason="flock is a program of Linux"
)


@needs_flock
def test_schedule_runs_the_pipeline(warehouse: Warehouse, tmp_path: Path) -> None:
    """The plugins are those of this project, and already installed."""
    (crontab,) = blocks(section("Schedule with Meltano"), "crontab")
    (schedule,) = blocks(section("Schedule with Meltano"), "yaml")
    project = yaml.safe_load((dev.ROOT / "meltano.yml").read_text())
    programs = {"tap-intercom": TAP, "target-postgres": dev.target_postgres()}
    for plugin in [*project["plugins"]["extractors"], *project["plugins"]["loaders"]]:
        if plugin["name"] in programs:
            plugin["executable"] = str(programs[plugin["name"]])
            del plugin["pip_url"]
    (tmp_path / "meltano.yml").write_text(yaml.safe_dump(project | yaml.safe_load(schedule)))
    settings = {
        "MELTANO_CLI_DISABLE_VERSION_CHECK": "true",
        "TAP_INTERCOM_ACCESS_TOKEN": warehouse.sandbox.options.token,
        "TAP_INTERCOM_API_URL": warehouse.sandbox.url,
        "TAP_INTERCOM__SELECT": '["tags.*"]',
        "TARGET_POSTGRES_SQLALCHEMY_URL": warehouse.postgres.sqlalchemy_url,
    }
    lines = [f"{name}={value}\n" for name, value in settings.items()]
    (tmp_path / ".env").write_text("".join(lines))
    crontab = crontab.replace(str(LOCAL_PROGRAMS), str(dev.meltano().parent))

    mail = run_entry(crontab.replace("/srv/my-project", str(tmp_path)), tmp_path)

    assert mail == "", (tmp_path / "cron.log").read_text()
    loaded = warehouse.rows("SELECT id FROM tap_intercom.tags")
    assert len(loaded) == len(warehouse.sandbox.control.records("tags"))


@pytest.fixture
def cron_job(warehouse: Warehouse, tmp_path: Path) -> Path:
    """Set up the files of the script that cron runs without Meltano; the target loads nothing."""
    (script,) = blocks(section("Schedule with cron alone"), "bash")
    (tmp_path / "sync.sh").write_text(script)
    (tmp_path / "sync.sh").chmod(0o755)
    source = {**warehouse.pipeline.source, "max_retry_seconds": 1}
    (tmp_path / "config.json").write_text(json.dumps(source))
    programs = tmp_path / ".venv" / "bin"
    programs.mkdir(parents=True)
    (programs / "tap-intercom").symlink_to(TAP)
    (programs / "target-postgres").write_text(TARGET)
    (programs / "target-postgres").chmod(0o755)
    return tmp_path


def run_cron_job(directory: Path) -> str:
    """Run the crontab's entry; return what cron would send by mail."""
    (crontab,) = blocks(section("Schedule with cron alone"), "crontab")
    return run_entry(crontab.replace("/srv/intercom", str(directory)), directory)


@needs_flock
def test_cron_job_continues_from_failed_run(warehouse: Warehouse, cron_job: Path) -> None:
    control = warehouse.sandbox.control
    control.faults.add(Fault(kind="status", path="/tags", times=None))
    mail_of_failed_run = run_cron_job(cron_job)
    state = json.loads((cron_job / "state.json").read_text())
    control.faults.clear()
    control.clear_requests()

    mail = run_cron_job(cron_job)

    assert mail_of_failed_run == "Intercom: see cron.log\n"
    assert "conversations" in state["bookmarks"]
    assert mail == "", (cron_job / "cron.log").read_text()
    details = [one for one in control.requests() if one.path.startswith("/conversations/")]
    assert len(details) < len(control.records("conversations")) / 2


@needs_flock
def test_cron_job_leaves_running_job_alone(cron_job: Path) -> None:
    with (cron_job / "cron.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)

        mail = run_cron_job(cron_job)

    assert mail == ""
    assert (cron_job / "cron.log").read_text() == ""
    assert not (cron_job / "state.json").exists()


def shell(page: str, directory: Path, postgres: Postgres) -> str:
    """Run the commands of a section with Postgres' programs; return what they print."""
    (script,) = blocks(page, "sh")
    environment = {
        "DATABASE_URL": f"postgresql://{postgres.url}",
        "PATH": os.pathsep.join([str(SITE_PACKAGES / PROGRAMS), os.defpath]),
    }
    return subprocess.check_output(
        ["bash", "-euc", script],
        cwd=directory,
        env=environment,
        text=True,
        timeout=TIMEOUT_SECONDS,
    )


def test_alerts_name_what_is_not_complete(warehouse: Warehouse, tmp_path: Path) -> None:
    page = section("Monitoring")
    later = (
        "UPDATE tap_intercom.sync_audit SET run_started_at = run_started_at - interval '3 hours'"
    )

    alert = shell(page, tmp_path, warehouse.postgres)
    warehouse.execute("UPDATE tap_intercom.sync_audit SET status = 'complete'")
    alert_of_complete_run = shell(page, tmp_path, warehouse.postgres)
    warehouse.execute(later)
    alert_three_hours_later = shell(page, tmp_path, warehouse.postgres)

    assert re.fullmatch(r"tags\|.+\|denied api_plan_restricted\n", alert)
    assert alert_of_complete_run == ""
    assert re.fullmatch(r"sync_audit\|.+\|no run .+\n", alert_three_hours_later)


def test_search_finds_messages_of_current_conversations(warehouse: Warehouse) -> None:
    _, query = blocks(section("Search in transcripts"), "sql")
    texts = {
        row["conversation_id"]: row["text"].lower()
        for row in warehouse.rows("SELECT * FROM reporting.transcripts")
    }

    found = warehouse.rows(query)

    current = {one["id"] for one in warehouse.sandbox.control.records("conversations")}
    assert texts.keys() == current
    assert {row["conversation_id"] for row in found} == {
        key for key, text in texts.items() if "label" in text and "refund" not in text
    }
    assert "<b>label</b>" in found[0]["excerpt"]


def test_search_uses_its_index(warehouse: Warehouse) -> None:
    _, query = blocks(section("Search in transcripts"), "sql")

    with warehouse.postgres.connect() as connection:
        connection.execute("SET enable_seqscan = off")  # there are few rows
        plan = connection.execute(f"EXPLAIN {query}".encode()).fetchall()

    assert "conversation_transcripts_search" in str(plan)


def test_search_takes_any_transcript(warehouse: Warehouse) -> None:
    word = "\U00020000" * 400
    longest = " ".join(f"{word}{number}-{word}" for number in range(1000))

    warehouse.execute(f"""
        BEGIN;
        INSERT INTO tap_intercom.conversation_transcripts (conversation_id, text)
        VALUES ('longest', '{longest}');
        ROLLBACK
    """)

    with pytest.raises(psycopg.errors.ProgramLimitExceeded):
        warehouse.execute(f"SELECT to_tsvector('english', '{longest}')")


def test_chunks_make_up_the_transcript(warehouse: Warehouse) -> None:
    (longest,) = warehouse.rows("""
        SELECT conversation_id, text FROM reporting.transcripts ORDER BY length(text) DESC LIMIT 1
    """)

    chunks = warehouse.rows(f"""
        SELECT text FROM reporting.transcript_chunks
        WHERE conversation_id = '{longest["conversation_id"]}' ORDER BY chunk
    """)

    assert "\n".join(chunk["text"] for chunk in chunks) == longest["text"]
    assert len(chunks) > 1


def test_exported_lines_are_transcripts(warehouse: Warehouse, tmp_path: Path) -> None:
    shell(section("Text for language models"), tmp_path, warehouse.postgres)

    lines = map(json.loads, (tmp_path / "chunks.jsonl").read_text(encoding="utf-8").splitlines())
    exported = {
        key: "\n".join(line["text"] for line in chunks)
        for key, chunks in groupby(lines, key=lambda line: line["id"])
    }
    expected = warehouse.rows("SELECT conversation_id, text FROM reporting.transcripts")
    assert exported == {row["conversation_id"]: row["text"] for row in expected}


def test_power_bi_reads_nothing_but_its_view(warehouse: Warehouse) -> None:
    (statements,) = blocks(section("Power BI"), "sql")
    (query,) = blocks(section("Power BI"), "powerquery")
    (user, password) = re.findall(r"CREATE ROLE (\w+) LOGIN PASSWORD '(.+)'", statements)[0]
    schema, view = re.findall(r'Schema = "(\w+)", Item = "(\w+)"', query)[0]
    columns = {*re.findall(r"(?:each|and) \[(\w+)\]", query)}

    login = {"host": HOST, "port": warehouse.postgres.port, "dbname": "postgres"}
    with psycopg.connect(**login, user=user, password=password, autocommit=True) as connection:
        cursor = connection.cursor(row_factory=dict_row)
        rows = cursor.execute(f"SELECT * FROM {schema}.{view}").fetchall()
        for forbidden in (f"CREATE TABLE {schema}.mine ()", "TABLE tap_intercom.conversations"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                cursor.execute(forbidden)
    assert columns <= rows[0].keys()
    current = {record["id"] for record in warehouse.sandbox.control.records("conversations")}
    assert {row["id"] for row in rows} == current


def duckdb(directory: Path, statements: str) -> set[tuple[Any, ...]]:
    """Execute statements of the page in DuckDB; return what they wrote into the Parquet file."""
    query = "SELECT id, title, epoch(updated_at)::bigint FROM 'conversations.parquet'"
    printed = subprocess.check_output(
        [dev.duckdb(), "-c", DUCKDB, statements, query], cwd=directory, timeout=TIMEOUT_SECONDS
    )
    return {tuple(row) for row in json.loads(printed)}


def test_duckdb_copies_postgres_into_parquet(warehouse: Warehouse, tmp_path: Path) -> None:
    statements, _ = blocks(section("DuckDB and Parquet"), "sql")
    address = f"'postgresql://{warehouse.postgres.url}'"

    copied = duckdb(tmp_path, re.sub("'host=.+?'", address, statements))

    loaded = warehouse.rows("""
        SELECT id, title, extract(epoch FROM updated_at)::bigint FROM tap_intercom.conversations
    """)
    assert copied == {tuple(row.values()) for row in loaded}


def test_duckdb_takes_latest_rows_of_files(warehouse: Warehouse, tmp_path: Path) -> None:
    _, statements = blocks(section("DuckDB and Parquet"), "sql")
    control = warehouse.sandbox.control
    target = tmp_path / "target-jsonl"
    target.write_text(TARGET_JSONL)
    target.chmod(0o755)
    pipeline = replace(
        warehouse.pipeline, directory=tmp_path, target=target, streams=("conversations",)
    )
    pipeline.state = "{}"
    pipeline.run()
    control.change("conversations", control.records("conversations")[0]["id"], {"title": "New"})
    pipeline.run()

    loaded = duckdb(tmp_path, statements)

    records = control.records("conversations")
    assert loaded == {(one["id"], one["title"], one["updated_at"]) for one in records}
    assert len([*(tmp_path / "output").iterdir()]) == 2


def test_stream_map_leaves_no_key_empty(warehouse: Warehouse) -> None:
    (definition,) = blocks(section("DuckDB and Parquet"), "yaml")
    (plugin,) = yaml.safe_load(definition)["plugins"]["extractors"]
    tap = TapRunner(warehouse.pipeline.source)
    stream = "contact_social_profiles"

    unmapped = tap.run(select=[stream]).values(stream, "url")
    mapped = tap.run(select=[stream], **plugin["config"]).values(stream, "url")

    assert "" in unmapped
    assert mapped == [url or "-" for url in unmapped]
