"""tap-intercom | target-postgres, as two programs, into a real Postgres."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from psycopg import sql

import dev
from demo.meltano import target_config
from demo.postgres import Postgres, running_postgres
from tests.expected_rows import KEYS, ROWS, Rows, expected_rows
from tests.guarantees.process import wait_until
from tests.sandbox.faults import Fault
from tests.sandbox.server import Sandbox
from tests.singer import discovered_catalog
from tests.tables import rows_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tests.sandbox import Control

pytestmark = pytest.mark.end_to_end

SCHEMAS = Path(dev.ROOT, "schemas")
TIMEOUT_SECONDS = 300
TIMESTAMP = "timestamp without time zone"


@dataclass
class Pipeline:
    """The two programs with their files, and the tables that they fill."""

    directory: Path
    postgres: Postgres
    target: Path
    source: dict[str, Any]
    state: str = "{}"
    streams: Iterable[str] = tuple(KEYS)
    full_table: Iterable[str] = ()

    def run(
        self,
        exit_code: int = 0,
        meanwhile: Callable[[subprocess.Popen[bytes]], None] = lambda _: None,
        **settings: Any,
    ) -> None:
        """Run all streams once, from the state in which the previous run ended.

        Args:
            exit_code: What the tap has to end with; the target has to end with 0.
            meanwhile: Called with the tap's process while both run.
            settings: Settings of the tap.
        """
        config = {"api_version": "2.18", **self.source, **settings}  # it has all streams
        catalog = discovered_catalog(config, set(self.streams))
        for entry in catalog["streams"]:
            if entry["tap_stream_id"] in self.full_table:
                entry["replication_method"] = "FULL_TABLE"
        for name, content in {"tap": config, "catalog": catalog}.items():
            (self.directory / f"{name}.json").write_text(json.dumps(content))
        (self.directory / "state.json").write_text(self.state)
        options = [("--config", "tap.json"), ("--catalog", "catalog.json")]
        command = [sys.executable, "-m", "tap_intercom", *chain(*options), "--state", "state.json"]
        target = [self.target, "--config", "target.json"]
        with (
            subprocess.Popen(command, stdout=subprocess.PIPE, cwd=self.directory) as tap,
            subprocess.Popen(
                target, stdin=tap.stdout, stdout=subprocess.PIPE, cwd=self.directory, text=True
            ) as sink,
        ):
            meanwhile(tap)
            states, _ = sink.communicate(timeout=TIMEOUT_SECONDS)
        assert (tap.returncode, sink.returncode) == (exit_code, 0)
        self.state = [self.state, *states.splitlines()][-1]

    def rows(self, table: str) -> Rows:
        """Return the rows of a table by their key, with timestamps in the tap's notation."""
        return rows_of(self.postgres, table)

    def rows_by_workspace(self, table: str) -> dict[str, int]:
        """Return how many rows of a table each workspace has."""
        query = sql.SQL("SELECT _workspace_id, count(*) FROM {} GROUP BY 1")
        with self.postgres.connect() as connection:
            return dict(connection.execute(query.format(sql.Identifier(table))).fetchall())

    def column_types(self, table: str) -> dict[str, str]:
        """Return the types of a table's columns."""
        query = (
            "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = %s"
        )
        with self.postgres.connect() as connection:
            return dict(connection.execute(query, [table]).fetchall())

    def wrong_keys(self, control: Control) -> dict[str, set[tuple[str, ...]]]:
        """Return, by table, the keys that are missing or should not be there."""
        keys = {table: self.rows(table).keys() ^ expected_rows(control, table) for table in ROWS}
        return {table: wrong for table, wrong in keys.items() if wrong}

    def wrong_rows(self, control: Control) -> dict[str, Rows]:
        """Return, by table, the expected rows that it lacks, or holds with other values."""
        rows = {table: self._wrong_rows(table, control) for table in ROWS}
        return {table: wrong for table, wrong in rows.items() if wrong}

    def _wrong_rows(self, table: str, control: Control) -> Rows:
        rows = self.rows(table)
        return {
            key: expected
            for key, expected in expected_rows(control, table).items()
            if key not in rows or not expected.items() <= rows[key].items()
        }


@pytest.fixture
def pipeline(sandbox: Sandbox, tmp_path: Path) -> Iterator[Pipeline]:
    """Connect the sandbox with an empty Postgres."""
    source = {"access_token": sandbox.options.token, "api_url": sandbox.url}
    with running_postgres() as postgres:
        (tmp_path / "target.json").write_text(json.dumps(target_config(postgres, "public")))
        yield Pipeline(tmp_path, postgres, dev.target_postgres(), source)


def test_first_and_second_run_fill_tables(pipeline: Pipeline, sandbox: Sandbox) -> None:
    control = sandbox.control
    contact = control.records("contacts")[0]
    conversation = control.records("conversations")[0]
    ticket = control.records("tickets")[0]

    pipeline.run()

    before = pipeline.rows("contacts")
    assert_typed(pipeline)
    assert pipeline.wrong_keys(control) == {}
    assert pipeline.wrong_rows(control) == {}

    created = control.create("contacts", {"name": "Grace Hopper"})
    control.change("contacts", contact["id"], {"name": "Ada Lovelace"})
    control.tag("contacts", contact["id"], control.records("tags")[0]["id"])
    control.add_parts(conversation["id"], 3)
    control.change("tickets", ticket["id"], {"ticket_attributes": {"_default_title_": "Solved"}})
    pipeline.run()

    after = pipeline.rows("contacts")
    assert after[contact["id"],]["name"] == "Ada Lovelace"
    assert after[created["id"],]["name"] == "Grace Hopper"
    assert pipeline.wrong_keys(control) == {}
    assert pipeline.wrong_rows(control) == {}
    read_again = [key for key, row in before.items() if row != after[key]]
    assert len(read_again) < len(after) / 2


def assert_typed(pipeline: Pipeline) -> None:
    """Check that ids are text, and timestamps are timestamps."""
    for stream in KEYS:
        types = pipeline.column_types(stream)
        assert {types[name] for name in types if _is_id(name)} <= {"text"}, stream
        assert {types[name] for name in _timestamps(stream)} <= {TIMESTAMP}, stream


def test_flattening_makes_typed_columns(pipeline: Pipeline, sandbox: Sandbox) -> None:
    pipeline.run(flattening_enabled=True, flattening_max_depth=1)

    types = pipeline.column_types("contacts")
    assert types["custom_attributes__seats"] == "bigint"
    assert types["custom_attributes__renewal_date"] == TIMESTAMP
    assert types["location__city"] == "text"
    assert pipeline.wrong_keys(sandbox.control) == {}


GROUPS = ("contacts", "contact_tags", "companies", "company_tags", "tags", "articles")


def deleted(pipeline: Pipeline, table: str) -> set[tuple[str, ...]]:
    """Return the keys of the rows that are marked as deleted."""
    return {key for key, row in pipeline.rows(table).items() if row["_sdc_deleted_at"]}


def test_what_is_gone_is_marked_as_deleted(pipeline: Pipeline, sandbox: Sandbox) -> None:
    control = sandbox.control
    pipeline.streams = pipeline.full_table = GROUPS
    pipeline.run()  # as before the setting was made
    tag = str(control.records("tags")[0]["id"])
    company = control.records("companies")[0]["id"]
    contact = next(one for one in control.records("contacts") if len(one["tag_ids"]) > 1)
    control.delete("tags", tag)
    control.delete("companies", company)
    control.untag("contacts", contact["id"], contact["tag_ids"][0])

    pipeline.run(emit_activate_version_messages=True)

    assert deleted(pipeline, "tags") == {(tag,)}
    assert deleted(pipeline, "companies") == {(company,)}
    assert deleted(pipeline, "contact_tags") == {(contact["id"], contact["tag_ids"][0])}
    assert deleted(pipeline, "contacts") == set()


def test_broken_list_marks_nothing_as_deleted(pipeline: Pipeline, sandbox: Sandbox) -> None:
    control = sandbox.control
    pipeline.streams = ("articles", "tags")
    pipeline.run(emit_activate_version_messages=True)
    control.delete("articles", str(control.records("articles")[0]["id"]))
    control.faults.add(Fault(kind="status", path="/articles", after=1, times=None))

    pipeline.run(exit_code=1, emit_activate_version_messages=True, max_retry_seconds=1)

    assert deleted(pipeline, "articles") == set()


def test_row_that_returns_is_no_longer_deleted(pipeline: Pipeline, sandbox: Sandbox) -> None:
    control = sandbox.control
    pipeline.streams = ("tags",)
    tag = control.records("tags")[0]["id"]
    for tag_id in (tag, "999", tag):
        rows = control.records("tags")
        control.change("tags", str(rows[0]["id"]), {"id": tag_id})
        pipeline.run(emit_activate_version_messages=True)

    assert deleted(pipeline, "tags") == {("999",)}


def test_workspaces_share_tables(pipeline: Pipeline, sandbox: Sandbox) -> None:
    """Both have the same ids; children, exports and streams that users define are among them."""
    labels = {"name": "labels", "path": "/tags", "primary_keys": ["id"]}
    settings = {
        "api_version": "2.18",
        "workspace_column": True,
        "custom_objects": ["order"],
        "custom_streams": [labels],
        "reporting_datasets": ["ticket"],
    }
    defined = {"custom_object_order", "labels", "reporting_ticket"}
    pipeline.streams = {*KEYS, *defined}

    pipeline.run(**settings)
    pipeline.state = "{}"
    with Sandbox(replace(sandbox.options, workspace_id="other123")) as other:
        other.control.delete("conversations", other.control.records("conversations")[5]["id"])
        pipeline.run(**settings, api_url=other.url)

    for table in ROWS.keys() | defined | {"message_engagement"}:
        counts = pipeline.rows_by_workspace(table)
        assert counts.keys() == {sandbox.options.workspace_id, "other123"}, table
        assert len(set(counts.values())) == 1, table


def test_audits_stay_right_after_a_kill(pipeline: Pipeline, sandbox: Sandbox) -> None:
    """Each run that ends by itself has its rows, also if streams failed; a killed one has none."""
    control = sandbox.control
    pipeline.streams = ("contacts", "contact_tags", "tags", "teams", "sync_audit")
    pipeline.run()
    control.faults.add(Fault(kind="status", path="/teams", times=None))
    pipeline.run(exit_code=1, max_retry_seconds=1)
    control.faults.clear()
    before = pipeline.rows("sync_audit")
    control.clear_requests()
    control.faults.add(Fault(kind="hang", path="/tags", seconds=TIMEOUT_SECONDS))

    def kill(tap: subprocess.Popen[bytes]) -> None:
        wait_until(lambda: "/tags" in {request.path for request in control.requests()})
        tap.kill()

    pipeline.run(exit_code=-signal.SIGKILL, meanwhile=kill)

    statuses = [(stream, row["status"]) for (_, stream), row in sorted(before.items())]
    assert statuses == [
        *(("contact_tags", "complete"), ("contacts", "complete")),
        *(("tags", "complete"), ("teams", "complete")),
        *(("contact_tags", "complete"), ("contacts", "complete")),
        *(("tags", "complete"), ("teams", "failed")),
    ]
    assert pipeline.rows("sync_audit") == before
    control.faults.clear()
    pipeline.run()
    assert len(pipeline.rows("sync_audit")) == 12


def _is_id(column: str) -> bool:
    return column == "id" or column.endswith("_id")


def _timestamps(stream: str) -> list[str]:
    """Return the columns that are timestamps by the stream's schema."""
    properties = json.loads((SCHEMAS / f"{stream}.json").read_text())["properties"]
    return [name for name, schema in properties.items() if schema.get("format") == "date-time"]
