"""The topics of Intercom's notifications, and where each has the ids of what it is about.

Sources: Intercom's pages Webhook models (2.16, 2.17 and Preview), and the captured notifications of
2023 to 2026 that Zulip and WebhookDB publish as fixtures, which differ from those pages in places.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    Path = tuple[str, ...]

TOPICS_BY_RESOURCE = {
    "admin": """
        activity_log_event.created added_to_workspace away_mode_updated logged_in logged_out
        removed_from_workspace
    """,
    "api": "request.completed",
    "article": "created deleted published unpublished updated",
    "audience": "created deleted member_added member_removed updated",
    "call": "ended recording_available started transcription_available",
    "company": "contact.attached contact.detached created deleted updated",
    "contact": """
        archived deleted email.updated lead.added_email lead.created lead.signed_up
        lead.tag.created lead.tag.deleted lead.updated merged subscribed unarchive unarchived
        unsubscribed unsubscribed_from_sms user.created user.tag.created user.tag.deleted
        user.updated
    """,
    "content_import_source": "created deleted updated",
    "content_snippet": "created deleted updated",
    "content_stat": """
        banner carousel chat checklist custom_bot email news_item post push series series.webhook
        sms survey tooltip_group tour
    """,
    "conversation": """
        admin.assigned admin.closed admin.noted admin.open.assigned admin.opened admin.replied
        admin.replied.translated admin.single.created admin.snoozed admin.unsnoozed
        company.updated contact.attached contact.detached deleted operator.replied
        priority.updated rating.added read user.created user.replied
    """,
    "conversation_part": "redacted tag.created",
    "data_connector": "execution.completed",
    "event": "created",
    "granular": "subscribe unsubscribe",
    "job": "completed",
    "messenger": "deployment_completed.event.created",
    "procedure": "hitl_notification.created",
    "ticket": """
        admin.assigned admin.replied admin.replied.translated attribute.updated closed
        contact.attached contact.detached contact.replied created note.created rating.provided
        resolved state.updated team.assigned
    """,
    "visitor": "signed_up",
}

TOPICS = frozenset(
    f"{resource}.{event}"
    for resource, events in TOPICS_BY_RESOURCE.items()
    for event in events.split()
) | {"ping"}
"""All topics that Intercom names or was seen to send."""

CHANGED_RECORDS: Mapping[str, Mapping[str, tuple[Path, ...]]] = {
    "call": {"conversation": (("conversation_id",),)},
    "company": {"company": (("company", "id"), ("id",)), "contact": (("contact", "id"),)},
    "contact": {"contact": (("contact", "id"), ("id",))},
    "conversation": {
        "conversation": (
            ("conversation", "model", "id"),
            ("conversation", "id"),
            ("conversation_id",),
            ("id",),
        ),
        "contact": (("contact", "id"),),
    },
    "conversation_part": {"conversation": (("conversation_id",), ("id",))},
    "event": {"contact": (("intercom_user_id",),)},
    "granular": {"contact": (("contact", "id"), ("id",))},
    "procedure": {"conversation": (("conversation_id",),)},
    "ticket": {"ticket": (("ticket", "id"), ("id",)), "contact": (("contact", "id"),)},
    "visitor": {"contact": (("id",),)},
}
"""The records that a topic's item names, by the topic's first word.

Each is read from the first path that holds an id. An `event` adds a row to its contact's events.
Topics that are left out change no contact, company, conversation or ticket: a `content_stat` comes
for every message that is sent or opened.
"""

DELETED_RECORDS: Mapping[str, tuple[str, tuple[Path, ...]]] = {
    "article.deleted": ("article", (("id",),)),
    "audience.deleted": ("audience", (("id",),)),
    "company.deleted": ("company", (("id",),)),
    "contact.archived": ("contact", (("id",),)),
    "contact.deleted": ("contact", (("id",),)),
    "contact.merged": ("contact", (("merged_from", "id"),)),
    "content_import_source.deleted": ("content_import_source", (("id",),)),
    "content_snippet.deleted": ("content_snippet", (("id",),)),
    "conversation.deleted": ("conversation", (("conversation_id",), ("id",))),
}
"""What is gone after a topic: the type of the record, and where the item has its id.

`merged_from` is documented, but missing from a notification that was captured in January 2026.
"""
