"""Custom objects: a stream for each type that the setting names."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tap_intercom.tap import TapIntercom
from tests.command_line import json_file, run_command
from tests.expected_rows import timestamp
from tests.sandbox.options import SandboxOptions
from tests.test_settings import config_errors

if TYPE_CHECKING:
    from pathlib import Path

    from tests.sandbox.server import Sandbox
    from tests.singer import TapRunner

TYPES = ["order", "subscription"]
LINKS = {"contact_id", "conversation_id"}
TIMESTAMPS = {"created_at", "updated_at", "external_created_at", "external_updated_at"}


@pytest.fixture
def options() -> SandboxOptions:
    return SandboxOptions(contacts=60, companies=20, conversations=20, tickets=10)


def instances(sandbox: Sandbox, type_identifier: str) -> dict[str, dict[str, Any]]:
    """Return the instances of a type as rows, by id."""
    return {
        instance["id"]: {
            name: timestamp(value) if name in TIMESTAMPS and value else value
            for name, value in instance.items()
            if name not in LINKS
        }
        for instance in sandbox.control.records(f"custom_object_{type_identifier}")
    }


def stream_names(config: dict[str, Any]) -> set[str]:
    tap = TapIntercom(config=config, validate_config=False)  # without a token nothing is asked
    return {name for name in tap.streams if name.startswith("custom_object_")}


@pytest.mark.parametrize("type_identifier", TYPES)
def test_stream_holds_all_instances(sandbox: Sandbox, tap: TapRunner, type_identifier: str) -> None:
    output = tap.run(select=[f"custom_object_{type_identifier}"], custom_objects=TYPES)

    rows = output.records(f"custom_object_{type_identifier}")
    assert {row["id"]: row for row in rows} == instances(sandbox, type_identifier)
    assert len(rows) == len(instances(sandbox, type_identifier)) > 0


def test_instances_come_in_large_pages(sandbox: Sandbox, tap: TapRunner) -> None:
    tap.run(select=["custom_object_order"], custom_objects=["order"])

    requests = [one for one in sandbox.control.requests() if "custom_object" in one.path]
    assert {request.query["per_page"] for request in requests} == {"150"}


def test_types_are_selected_by_default(tap: TapRunner) -> None:
    output = tap.run(custom_objects=TYPES)

    assert output.streams() >= {f"custom_object_{name}" for name in TYPES}


def test_type_can_be_selected_alone(tap: TapRunner, caplog: pytest.LogCaptureFixture) -> None:
    output = tap.run(select=["custom_object_order"], custom_objects=TYPES)

    assert output.streams() == {"custom_object_order"}
    assert [record for record in caplog.records if record.levelname == "WARNING"] == []


def test_stream_names_are_safe() -> None:
    names = stream_names({"custom_objects": ["Order", "Äpfel & Birnen", "a/b"]})

    assert names == {"custom_object_order", "custom_object__pfel___birnen", "custom_object_a_b"}


@pytest.mark.parametrize("config", [{}, {"custom_objects": []}, {"custom_objects": None}])
def test_without_setting_there_is_no_stream(config: dict[str, Any]) -> None:
    assert stream_names(config) == set()


@pytest.mark.parametrize(
    ("settings", "fragment"),
    [
        (
            {"custom_objects": ["Order", "order"]},
            "'Order' and 'order' would both be the stream custom_object_order",
        ),
        ({"custom_objects": ["order", "order"]}, "would both be the stream custom_object_order"),
        ({"custom_objects": ["  "]}, "custom_objects contains an empty text"),
        ({"custom_objects": [7]}, "custom_objects.0: has to be of type string"),
        (
            {"custom_objects": ["order"], "api_version": "2.15"},
            "custom_objects needs api_version 2.16 or later",
        ),
    ],
)
def test_wrong_setting_is_refused(settings: dict[str, Any], fragment: str) -> None:
    (error,) = config_errors(**settings)

    assert fragment in error


@pytest.mark.parametrize("wrong", [["Order", "order"], "order", [7], {"order": 1}])
def test_wrong_setting_defines_no_stream(wrong: Any) -> None:
    assert stream_names({"custom_objects": wrong}) == set()


def test_setting_may_come_from_environment() -> None:
    result = run_command(
        *("--config=ENV", "--discover"),
        TAP_INTERCOM_API_URL="http://127.0.0.1:1",
        TAP_INTERCOM_CUSTOM_OBJECTS='["order"]',
    )

    entries = json.loads(result.stdout)["streams"]
    assert "custom_object_order" in {entry["tap_stream_id"] for entry in entries}


def test_unknown_type_fails_alone(sandbox: Sandbox, tap: TapRunner) -> None:
    output = tap.run(
        select=["custom_object_invoice", "custom_object_order"], custom_objects=["invoice", "order"]
    )

    assert tap.failed_streams == ["custom_object_invoice"]
    assert len(output.records("custom_object_order")) == len(instances(sandbox, "order"))


def test_unknown_type_is_named(config: dict[str, Any], tmp_path: Path) -> None:
    settings = json_file(tmp_path, "config", {**config, "custom_objects": ["invoice"]})

    result = run_command("--config", settings)

    (error,) = result.errors
    assert result.exit_code == 1
    assert error.startswith("custom_object_invoice: ")
    assert "check 'invoice' in the setting custom_objects" in error
