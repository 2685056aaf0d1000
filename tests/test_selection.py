"""What a catalog leaves of a stream: whether it is read, and the columns of its schema."""

from __future__ import annotations

from typing import Any

import pytest

from tap_intercom.schema.selection import selected_schema
from tap_intercom.tap import TapIntercom

TEXT = {"type": ["string", "null"]}
SOURCE = {"type": ["object", "null"], "properties": {"body": TEXT, "subject": TEXT}}
SCHEMA = {"type": "object", "properties": {"id": TEXT, "source": SOURCE, "state": TEXT}}

CONFIG = {"access_token": "made-up"}


def test_schema_lacks_deselected_column() -> None:
    schema = selected_schema(SCHEMA, {"state": {}})

    assert schema == {"type": "object", "properties": {"id": TEXT, "source": SOURCE}}


def test_schema_lacks_column_deselected_in_an_object() -> None:
    schema = selected_schema(SCHEMA, {"source": {"subject": {}}})

    assert schema["properties"]["source"] == SOURCE | {"properties": {"body": TEXT}}
    assert list(SOURCE["properties"]) == ["body", "subject"]


def test_deselected_column_is_not_required() -> None:
    schema = selected_schema(SCHEMA | {"required": ["id", "state"]}, {"state": {}})

    assert schema["required"] == ["id"]


def test_nothing_is_required_without_columns() -> None:
    schema = selected_schema(SCHEMA | {"required": ["state"]}, {"state": {}})

    assert schema["required"] == []


DESELECTED = {"breadcrumb": [], "metadata": {"selected": False}}
ENTRY = {"tap_stream_id": "brands", "schema": SCHEMA, "metadata": [DESELECTED]}


def test_stream_that_catalog_leaves_out_is_not_selected() -> None:
    catalog: dict[str, Any] = {"streams": []}

    tags = TapIntercom(config=CONFIG, catalog=catalog, setup_mapper=False).streams["tags"]

    assert tags.selected_by_default
    assert not tags.selected


@pytest.mark.parametrize(
    "catalog",
    [None, {"streams": []}, {"streams": [ENTRY]}],
    ids=["no catalog", "not in the catalog", "deselected"],
)
def test_deselected_stream_can_be_selected(catalog: dict[str, Any] | None) -> None:
    brands = TapIntercom(config=CONFIG, catalog=catalog, setup_mapper=False).streams["brands"]
    assert not brands.selected

    brands.selected = True

    assert brands.selected
