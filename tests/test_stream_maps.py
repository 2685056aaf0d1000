"""The documented stream maps do what docs/custom-streams.md says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

from tests.test_docs import PAGES, blocks

if TYPE_CHECKING:
    from tests.sandbox.server import Sandbox
    from tests.singer import TapRunner


def test_contacts_can_be_split_into_users_and_leads(sandbox: Sandbox, tap: TapRunner) -> None:
    (example,) = blocks(PAGES["docs/custom-streams.md"], "yaml")
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
