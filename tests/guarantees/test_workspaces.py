"""Every row can say which workspace it is from, and a state belongs to one workspace."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tap_intercom.errors import AuthenticationError, OtherWorkspaceError, PermissionDeniedError
from tap_intercom.tap import TapIntercom
from tests.guarantees.harness import SyncHarness
from tests.sandbox.faults import Fault
from tests.sandbox.options import SandboxOptions
from tests.singer import select_streams

if TYPE_CHECKING:
    from pathlib import Path

    from tests.guarantees.harness import SyncResult

COLUMN = "_workspace_id"
WORKSPACE = "abc12345"
OTHER = "xyz98765"

DEFINED = {
    "custom_objects": ["order"],
    "reporting_datasets": ["conversation", "ticket"],
    "custom_streams": [
        {"name": "labels", "path": "/tags", "primary_keys": ["id"]},
        {
            "name": "seen",
            "path": "/contacts/{id}/tags",
            "parent": "contacts",
            "primary_keys": ["id"],
        },
    ],
}
"""Settings that define streams of each kind."""


@pytest.fixture
def options() -> SandboxOptions:
    return SandboxOptions(
        contacts=12, companies=12, conversations=30, tickets=12, workspace_id=WORKSPACE
    )


def catalog_of_all_streams(harness: SyncHarness, **settings: Any) -> dict[str, Any]:
    catalog = TapIntercom(config={**harness.config, **settings}).catalog_dict
    return select_streams(catalog, [entry["tap_stream_id"] for entry in catalog["streams"]])


def sync_with_column(harness: SyncHarness, catalog: dict[str, Any], **settings: Any) -> SyncResult:
    config = {**harness.config, **settings, "workspace_column": True}
    return harness.try_sync_catalog(config, catalog)


def assert_column_everywhere(result: SyncResult) -> None:
    rows = [message for message in result.messages if message["type"] == "RECORD"]
    keys = [schema["key_properties"] for schema in result.schemas]
    assert rows
    assert {row["record"][COLUMN] for row in rows} == {WORKSPACE}
    assert {key[0] for key in keys if key} == {COLUMN}
    assert all(COLUMN in schema["schema"]["properties"] for schema in result.schemas)


def test_every_row_names_its_workspace(harness: SyncHarness, tmp_path: Path) -> None:
    settings = {
        **DEFINED,
        "api_version": "Preview",
        "webhooks_database": f"sqlite:///{tmp_path}/n.db",
    }
    catalog = catalog_of_all_streams(harness, workspace_column=True, **settings)

    result = sync_with_column(harness, catalog, **settings)

    assert_column_everywhere(result)
    assert {"labels", "seen", "custom_object_order", "contact_tags"} <= result.streams()


def test_older_catalog_gets_workspace_column(harness: SyncHarness) -> None:
    catalog = catalog_of_all_streams(harness, **DEFINED)

    result = sync_with_column(harness, catalog, **DEFINED)

    assert_column_everywhere(result)
    assert result.warnings("catalog") == []


def test_workspace_column_can_not_be_deselected(harness: SyncHarness) -> None:
    catalog = catalog_of_all_streams(harness, workspace_column=True, **DEFINED)
    for entry in catalog["streams"]:
        for item in entry["metadata"]:
            if item["breadcrumb"] == ["properties", COLUMN]:
                item["metadata"] = {"selected": False}

    result = sync_with_column(harness, catalog, **DEFINED)

    assert_column_everywhere(result)


def test_no_row_comes_without_workspace(harness: SyncHarness) -> None:
    harness.sandbox.set_options(refused={"/me": "forbidden"})

    result = harness.try_sync(workspace_column=True)

    assert isinstance(result.error, PermissionDeniedError)
    assert result.streams() == set()


def test_unreadable_workspace_is_a_warning(harness: SyncHarness) -> None:
    harness.sandbox.set_options(refused={"/me": "forbidden"})

    result = harness.sync(select=["tags"], state={"bookmarks": {}, "workspace_id": OTHER})

    assert result.records("tags")
    assert result.state["workspace_id"] == OTHER
    assert len(result.warnings("workspace")) == 1


def test_refused_token_is_named_once(harness: SyncHarness) -> None:
    harness.sandbox.faults.add(Fault(kind="status", status=401, times=None))

    result = harness.try_sync(select=["tags"])

    assert isinstance(result.error, AuthenticationError)
    assert result.warnings("workspace") == []


@pytest.mark.parametrize("settings", [{}, {"workspace_column": True}])
def test_every_state_names_its_workspace(harness: SyncHarness, settings: dict[str, bool]) -> None:
    result = harness.sync(select=["contacts", "tags"], **settings)

    states = [message["value"] for message in result.messages if message["type"] == "STATE"]
    assert {state["workspace_id"] for state in states} == {WORKSPACE}


@pytest.mark.parametrize("settings", [{}, {"workspace_column": True}])
def test_state_of_other_workspace_is_refused(
    harness: SyncHarness, settings: dict[str, bool]
) -> None:
    state = harness.sync(select=["contacts"]).state

    result = harness.try_sync({**state, "workspace_id": OTHER}, **settings)

    assert isinstance(result.error, OtherWorkspaceError)
    assert {WORKSPACE, OTHER} <= set(str(result.error).replace(",", " ").split())
    assert result.messages == []


@pytest.mark.parametrize("workspace_id", [{}, {"workspace_id": None}])
def test_state_without_workspace_is_taken(
    harness: SyncHarness, workspace_id: dict[str, None]
) -> None:
    first = harness.sync(select=["contacts"])
    bookmarks = {"bookmarks": first.state["bookmarks"]}

    second = harness.sync({**bookmarks, **workspace_id}, select=["contacts"])

    assert len(second.records("contacts")) < len(first.records("contacts"))
    assert second.state["workspace_id"] == WORKSPACE


def test_state_without_bookmarks_is_taken(harness: SyncHarness) -> None:
    result = harness.sync({"workspace_id": WORKSPACE}, select=["tags"])

    assert result.records("tags")


def test_workspace_is_requested_once(harness: SyncHarness) -> None:
    harness.sync(select=["workspace", "contacts", "tags"], workspace_column=True)

    assert len(harness.requests("/me")) == 1


def test_equal_ids_keep_their_rows(options: SandboxOptions) -> None:
    outputs = []
    for workspace_id in (WORKSPACE, OTHER):
        with SyncHarness(replace(options, workspace_id=workspace_id)) as harness:
            outputs.append(harness.sync(workspace_column=True))

    both = outputs[0] + outputs[1]
    for schema in outputs[0].schemas:
        stream, keys = schema["stream"], schema["key_properties"]
        counts = [_count_rows(output, stream, keys) for output in (*outputs, both)]
        assert counts[2] == counts[0] + counts[1], stream


def _count_rows(output: Any, stream: str, keys: list[str]) -> int:
    return len({tuple(row[key] for key in keys) for row in output.records(stream)})
