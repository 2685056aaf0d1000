"""The README's stream maps do what it says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from tests.sandbox.server import Sandbox
    from tests.singer import TapRunner

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")


def test_contacts_can_be_split_into_users_and_leads(sandbox: Sandbox, tap: TapRunner) -> None:
    (example,) = re.findall(r"```yaml\n(stream_maps:\n.*?)```", README, re.DOTALL)
    output = tap.run(**yaml.safe_load(example))
    contacts = sandbox.control.records("contacts")
    for stream, role in (("users", "user"), ("leads", "lead")):
        assert {row["id"] for row in output.records(stream)} == {
            contact["id"] for contact in contacts if contact["role"] == role
        }
        assert all(row["role"] == role for row in output.records(stream))
    assert output.records("users") != []
    assert output.records("leads") != []
    assert "contacts" not in output.streams()
    assert output.records("contact_tags") != []
