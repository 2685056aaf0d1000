"""The changes in the demo's workspace between its two runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.sandbox import Control
    from tests.sandbox.webhooks import Webhooks

NEW_CONTACT = {
    "name": "Grace Hopper",
    "email": "grace@example.com",
    "company_ids": [],
    "notes": [],
    "opted_in_subscription_ids": [],
    "opted_out_subscription_ids": [],
    "segment_ids": [],
    "social_profiles": {"type": "list", "data": []},
    "tags": [],
}
"""She has no tags, companies or notes, so that the second run loads the named rows only."""


def change_workspace(sandbox: Control) -> list[str]:
    """Change a few records as a support team would.

    Returns:
        A sentence about each change.
    """
    contact, other, *_ = sandbox.records("contacts")
    company = sandbox.records("companies")[0]
    answered, closed, *_ = sandbox.records("conversations")
    tag = sandbox.records("tags")[0]
    sandbox.change("contacts", contact["id"], {"name": "Ada Lovelace"})
    sandbox.create("contacts", NEW_CONTACT)
    sandbox.tag("contacts", other["id"], tag["id"])
    sandbox.change("companies", company["id"], {"monthly_spend": 4200})
    sandbox.add_parts(answered["id"], 3)
    sandbox.delete("conversations", closed["id"])
    return [
        f"renamed contact {contact['id']} to Ada Lovelace",
        "created the contact Grace Hopper",
        f"put the tag {tag['name']!r} on contact {other['id']}",
        f"set the monthly spend of company {company['id']} to 4200",
        f"answered conversation {answered['id']} three times",
        f"deleted conversation {closed['id']}",
    ]


def change_with_webhooks(webhooks: Webhooks) -> list[str]:
    """Change and delete a few records of which Intercom notifies the receiver.

    Returns:
        A sentence about each change.
    """
    contact = webhooks.records("contacts")[2]["id"]
    company = webhooks.records("companies")[1]["id"]
    answered, closed, *_ = (record["id"] for record in webhooks.records("conversations")[2:])
    webhooks.add_parts(answered, 1)
    webhooks.delete("conversations", closed)
    webhooks.delete("companies", company)
    webhooks.change("contacts", contact, {"name": "Katherine Johnson"})
    return [
        f"answered conversation {answered}",
        f"deleted conversation {closed} and company {company}",
        f"renamed contact {contact} to Katherine Johnson",
    ]
