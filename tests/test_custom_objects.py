"""Custom objects: a stream for each type that the setting names."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

import pytest

from tap_intercom.tap import TapIntercom
from tests.expected_rows import timestamp
from tests.test_cli import info_lines, run, written
from tests.test_settings import refused

if TYPE_CHECKING:
    from pathlib import Path

    from tests.sandbox.server import Sandbox
    from tests.singer import TapRunner

TYPES = ["order", "subscription"]
LINKS = {"contact_id", "conversation_id"}
MOMENTS = ("created_at", "updated_at", "external_created_at", "external_updated_at")


def expected_rows(sandbox: Sandbox, kind: str) -> dict[str, dict[str, Any]]:
    """Return the instances of a type as rows, by id."""
    return {
        instance["id"]: {
            name: timestamp(value) if name in MOMENTS and value else value
            for name, value in instance.items()
            if name not in LINKS
        }
        for instance in sandbox.control.records(f"custom_object_{kind}")
    }


def names(**settings: Any) -> set[str]:
    tap = TapIntercom(config={"access_token": "none", **settings}, setup_mapper=False)
    return {name for name in tap.streams if name.startswith("custom_object_")}


def test_each_type_is_a_stream_that_holds_all_of_its_instances(
    sandbox: Sandbox, tap: TapRunner
) -> None:
    output = tap.run(custom_objects=TYPES)
    for kind in TYPES:
        rows = output.records(f"custom_object_{kind}")
        assert {row["id"]: row for row in rows} == expected_rows(sandbox, kind)
        assert len(rows) == len(expected_rows(sandbox, kind)) > 0
    requests = [r for r in sandbox.control.requests() if "custom_object" in r.path]
    assert {request.query["per_page"] for request in requests} == {"150"}


def test_a_type_can_be_selected_by_itself(tap: TapRunner, caplog: pytest.LogCaptureFixture) -> None:
    output = tap.run(select=["custom_object_order"], custom_objects=TYPES)
    assert output.streams() == {"custom_object_order"}
    assert [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING] == []


def test_names_of_streams_are_safe() -> None:
    assert names(custom_objects=["Order", "Äpfel & Birnen", "a/b"]) == {
        "custom_object_order",
        "custom_object__pfel___birnen",
        "custom_object_a_b",
    }
    assert names() == names(custom_objects=[]) == names(custom_objects=None) == set()


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (
            {"custom_objects": ["Order", "order"]},
            "custom_objects: 'Order' and 'order' would both be the stream custom_object_order",
        ),
        ({"custom_objects": ["order", "order"]}, "would both be the stream custom_object_order"),
        ({"custom_objects": ["  "]}, "custom_objects holds an empty text"),
        ({"custom_objects": [7]}, "7 is not of type 'string'"),
        (
            {"custom_objects": ["order"], "api_version": "2.15"},
            "custom_objects needs api_version 2.16 or later: 2.15 can't list",
        ),
    ],
)
def test_a_wrong_setting_is_refused(settings: dict[str, Any], sentence: str) -> None:
    assert sentence in refused(**settings)


@pytest.mark.parametrize("wrong", [["Order", "order"], "order", [7], {"order": 1}])
def test_discovery_goes_on_without_them_if_the_setting_is_wrong(wrong: Any) -> None:
    tap = TapIntercom(
        config={"access_token": "none", "custom_objects": wrong}, validate_config=False
    )
    assert "contacts" in tap.streams
    assert len([name for name in tap.streams if name.startswith("custom_object_")]) == 0


def test_the_setting_can_come_from_the_environment(sandbox: Sandbox) -> None:
    done = run(
        *("--config=ENV", "--discover"),
        TAP_INTERCOM_ACCESS_TOKEN="none",
        TAP_INTERCOM_CUSTOM_OBJECTS='["order"]',
        TAP_INTERCOM_API_URL=sandbox.url,
    )
    assert '"custom_object_order"' in done.stdout


def test_an_unknown_type_fails_alone_and_is_named(
    config: dict[str, Any], sandbox: Sandbox, tmp_path: Path
) -> None:
    settings = {**config, "custom_objects": ["invoice", "order"]}
    done = run("--config", written(tmp_path, "config.json", json.dumps(settings)))
    assert done.returncode == 1
    (error,) = info_lines(done, "ERROR")
    assert error.startswith("Stream custom_object_invoice was not loaded")
    assert "type `invoice` not found" in error
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    orders = [row for row in rows if row.get("stream") == "custom_object_order"]
    assert len([row for row in orders if row["type"] == "RECORD"]) == len(
        expected_rows(sandbox, "order")
    )
