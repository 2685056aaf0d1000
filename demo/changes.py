"""An hour's work in the demo's workspace, between its two runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.sandbox import Control

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
"""Nothing is linked to her, so that the second run brings what is said and nothing else."""


def change_workspace(intercom: Control) -> list[str]:
    """Change a few records, as a support team would.

    Returns:
        What was done, a sentence each.
    """
    contact, other, *_ = intercom.records("contacts")
    company = intercom.records("companies")[0]
    answered, closed, *_ = intercom.records("conversations")
    tag = intercom.records("tags")[0]
    intercom.change("contacts", contact["id"], {"name": "Ada Lovelace"})
    intercom.create("contacts", NEW_CONTACT)
    intercom.tag("contacts", other["id"], tag["id"])
    intercom.change("companies", company["id"], {"monthly_spend": 4200})
    intercom.add_parts(answered["id"], 3)
    intercom.delete("conversations", closed["id"])
    return [
        f"renamed contact {contact['id']} to Ada Lovelace",
        "created the contact Grace Hopper",
        f"put the tag {tag['name']!r} on contact {other['id']}",
        f"set the monthly spend of company {company['id']} to 4200",
        f"answered conversation {answered['id']} three times",
        f"deleted conversation {closed['id']}",
    ]
