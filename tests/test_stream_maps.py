"""The documented stream maps do what docs/custom-streams.md says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.test_docs import PAGES, blocks

if TYPE_CHECKING:
    from tests.sandbox.server import Sandbox
    from tests.singer import Output, TapRunner


@pytest.fixture
def output(tap: TapRunner) -> Output:
    """Run the tap with the documented example, which splits contacts by role."""
    (example,) = blocks(PAGES["docs/custom-streams.md"], "yaml")
    settings: dict[str, Any] = yaml.safe_load(example)
    return tap.run(**settings)


@pytest.mark.parametrize(("stream", "role"), [("users", "user"), ("leads", "lead")])
def test_contacts_are_split_by_role(
    sandbox: Sandbox, output: Output, stream: str, role: str
) -> None:
    contacts = sandbox.control.records("contacts")
    expected = {contact["id"] for contact in contacts if contact["role"] == role}

    rows = output.records(stream)

    assert {row["id"] for row in rows} == expected != set()
    assert {row["role"] for row in rows} == {role}


def test_contacts_themselves_are_removed(output: Output) -> None:
    assert "contacts" not in output.streams()


def test_child_streams_are_kept(output: Output) -> None:
    assert output.records("contact_tags") != []
