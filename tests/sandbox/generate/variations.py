"""What the rows of a list hold in turn, in place of what the list's record holds.

List -> path of a field -> values: row 0 has the first value, and behind the last one it starts
again. Later entries go over earlier ones, so an object's own entry comes after those of its fields.
The comment beside an entry is its source: "2.16" is Intercom's OpenAPI description of that version,
"recorded" an answer of the live API, "sandbox" what only the sandbox's own tests need.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

KEEP: Final = object()
"""The value that the record has."""
ABSENT: Final = object()
"""No such field."""


def at(count: int, values: Mapping[int, Any], others: Sequence[Any] = (KEEP,)) -> list[Any]:
    """Return `count` values in turn: those given by row number, and `others` in turn elsewhere."""
    return [values.get(number, others[number % len(others)]) for number in range(count)]


def every(count: int, value: Any, first: int | None = None) -> list[Any]:
    """Return values in turn of which one in `count`, by default the last, is the given one."""
    return at(count, {count - 1 if first is None else first: value})


def only(count: int, first: int = 0) -> list[Any]:
    """Return values in turn of which one in `count` is the record's and the others are null."""
    return at(count, {first: KEEP}, others=(None,))


def iso(timestamp: Any) -> Any:
    """Return epoch seconds as ISO text; text and null stay as they are."""
    if not isinstance(timestamp, int):
        return timestamp
    return f"{datetime.fromtimestamp(timestamp, UTC):%Y-%m-%dT%H:%M:%SZ}"


def integer(identifier: Any) -> int:
    """Return an id as a number."""
    return int(identifier)


RECORDS: Final = Path(__file__).parents[1] / "records"


def read(name: str) -> Any:
    """Return what `tests/sandbox/records/<name>.json` holds."""
    return json.loads((RECORDS / f"{name}.json").read_bytes())


VALUES: Final = read("values")

PART_EMAIL: Final = {
    name: value for name, value in VALUES["email_headers"].items() if name != "history"
}
"""The headers of an e-mail as a part has them: 2.16 documents its history for a source alone."""
FILES: Final = VALUES["files"]
PAPERS: Final = [file | {"url": file["url"].partition("?")[0]} for file in FILES]
"""Files as custom attributes hold them."""
PROFILES: Final = VALUES["social_profiles"]
TEXTS: Final = VALUES["texts"]
AUDIENCES: Final[Sequence[Any]] = ([], None, [1, 2])
APP: Final = (*("app_name", "app_version", "device", "os_version", "sdk_version", "last_seen_at"),)
CAMPAIGN: Final = (
    *("utm_campaign", "utm_content", "utm_medium", "utm_source", "utm_term", "referrer"),
)
STATES: Final = ("open", "closed", "snoozed", "closed", "open", "closed", "closed")
ISO_TEXT: Final = "2026-03-04T09:46:14Z"
FAR_ISO_TEXT: Final = "2124-03-04T09:46:14.500Z"


def files(count: int, first: int) -> Sequence[Any]:
    """Return attachments in turn: one, two and three files, each once in 3 * `count` rows."""
    numbers = range(first, 3 * count, count)
    return at(3 * count, dict(zip(numbers, (FILES[:1], FILES[:2], FILES), strict=True)))


VARIATIONS: Final[Mapping[str, Mapping[str, Sequence[Any]]]] = {
    "admins": {
        "job_title": every(6, ""),  # sandbox
        "away_mode_enabled": every(6, value=True, first=1),  # 2.16, admin
        "away_status_reason_id": every(6, 3, first=1),  # 2.16, admin: integer
        "away_status_reason": every(6, "🍝 Lunch", first=1),  # recorded
        "has_inbox_seat": every(6, value=False),  # 2.16, admin
        "team_ids": ([4_100_010], [4_100_011], [4_100_012]),  # 2.16, admin: integers
        "avatar": every(6, None, first=4),  # 2.16, admin: nullable
        "role": every(6, VALUES["role"], first=2),  # 2.16, admin: nullable
    },
    "segments": {
        "person_type": ("contact", "user", "company"),  # 2.16, segment; the last of companies
        "count": every(9, None, first=4),  # 2.16, segment: nullable
    },
    "subscription_types": {
        "state": every(5, "archived"),  # 2.16, subscription_type
        "consent_type": ("opt_out", "opt_in"),  # 2.16, subscription_type
        "content_types": every(5, ["email", "sms_message"], first=0),  # 2.16, subscription_type
    },
    "collections": {
        "description": every(3, None),  # 2.16, collection: nullable
        "icon": every(3, None, first=1),  # 2.16, collection: nullable
        "order": tuple(range(10)),  # 2.16, collection
        "parent_id": (None, KEEP, "160", "161", "160"),  # 2.16, collection: a tree
        "help_center_id": only(5),  # 2.16, collection: null below the top of the tree
        "default_locale": every(2, ABSENT),  # 2.16, collection: with several languages only
        "translated_content": every(2, ABSENT),  # 2.16, collection: with several languages only
    },
    "articles": {
        "description": every(10, None, first=4),  # 2.16, article_list_item: nullable
        "body": every(10, None, first=4),  # 2.16, article_list_item: nullable
        "body_markdown": every(10, None, first=4),  # 2.16, article_list_item: nullable
        "state": every(8, "draft"),  # 2.16, article_list_item
        "url": every(8, None),  # 2.16, article_list_item: null for drafts
        "has_unpublished_changes": every(6, value=True),  # 2.16, article_list_item
        "draft_updated_at": only(6, 5),  # 2.16, article_list_item: nullable
        "parent_ids": ([], KEEP, [160, 163], KEEP, [164]),  # 2.16, article_list_item
        "ai_copilot_availability": every(3, value=False),  # 2.16, article_list_item
        "created_by_id": every(12, None),  # 2.16, article_list_item: nullable
        "updated_by_id": every(14, None),  # 2.16, article_list_item: nullable
        "exclude_from_article_suggestions": every(9, value=True),  # 2.16, article_list_item
        "help_center_audience": (KEEP, "all_users", "restricted", None),  # 2.16: nullable
        # 2.16, article_list_item: nullable; recorded: text with milliseconds, far in the future
        "scheduled_publish_at": at(16, {7: KEEP, 15: FAR_ISO_TEXT}, others=(None,)),
        "scheduled_unpublish_at": only(20, 1),  # 2.16, article_list_item: nullable
        "tags.tags": every(3, VALUES["tags"]),  # 2.16, tags
        "folder_id": every(3, None),  # 2.17: nullable
        "default_locale": every(2, ABSENT),  # 2.16: with several languages only
        "translated_content": every(2, ABSENT),  # 2.16: with several languages only
    },
    "article_statistics": {
        "statistics.views": (4180, 0, 97),  # 2.16, article_statistics
        "statistics": every(16, None, first=7),  # recorded: some drafts have statistics
    },
    "internal_articles": {
        "body": every(10, None),  # 2.16, internal_article: nullable
        "body_markdown": every(10, None),  # 2.16, internal_article: nullable
        "audience_ids": AUDIENCES,  # 2.16, internal_article: nullable
        "folder_id": every(3, None),  # 2.17: nullable
        "tags.tags": every(3, VALUES["tags"]),  # Preview
        "ai_chatbot_availability": every(2, value=False),  # 2.16, internal_article
    },
    "content_snippets": {
        "title": every(7, None),  # 2.16, content_snippet: nullable
        "body_markdown": every(11, None),  # 2.16, content_snippet: nullable
        "copilot_availability": (KEEP, 1),  # 2.16, content_snippet
        "ai_copilot_availability": every(2, value=True),  # 2.16, content_snippet
        "audience_ids": AUDIENCES,  # 2.16, content_snippet: nullable
    },
    "audiences": {
        "predicates": every(4, [], first=0),  # 2.16, audience
        "role_predicates": every(2, [], first=0),  # 2.16, audience
    },
    "content_import_sources": {
        "status": every(6, "deactivated"),  # 2.16, content_import_source
        "sync_behavior": (KEEP, "api", "manual"),  # 2.16, content_import_source
        "audience_ids": AUDIENCES,  # 2.16, content_import_source: nullable
    },
    "external_pages": {
        "ai_copilot_availability": every(3, value=False, first=0),  # 2.16, external_page
        "source_id": (33, 34, 35, 40, 61),  # 2.16, external_page: integer beside text ids
    },
    "news_items": {
        "state": every(7, "draft"),  # 2.16, news_item
        "newsfeed_assignments": ([], KEEP, VALUES["newsfeed_assignments"]),  # 2.16, news_item
        "labels": ([], ["New"], ["New", "Product"]),  # 2.16, news_item
        "cover_image_url": every(2, None),  # 2.16, news_item: nullable
        "reactions": (KEEP, [None, None, None, None], []),  # 2.16, example with nulls
        "deliver_silently": every(5, value=True, first=0),  # 2.16, news_item
    },
    "brands": {
        "help_center_id": ("79", "80"),  # 2.16, brand
        "default_address_settings_id": ("13", "14", "15"),  # 2.16, brand
    },
    "email_settings": {
        "verified": every(3, value=False),  # 2.16, email_setting
        "brand_id": (KEEP, "3", "4"),  # 2.16, email_setting
        "forwarding_enabled": every(2, value=False),  # 2.16, email_setting
        "forwarded_email_last_received_at": every(2, None),  # 2.16, email_setting: nullable
    },
    "macros": {
        "body": every(10, None),  # 2.16, example: null
        "body_text": every(10, None),  # 2.16, example: null
        "visible_to": every(4, "specific_teams", first=1),  # 2.16, macro
        "visible_to_team_ids": every(4, ["4100011"], first=1),  # 2.16, macro
        "available_on": every(3, ["inbox"], first=1),  # 2.16, macro
    },
    "office_hours_schedules": {
        "time_zone_name": (KEEP, "America/New_York", "Pacific/Auckland"),  # 2.16
        "time_intervals": every(3, []),  # 2.16, office_hours_schedule: open all the time
        "twenty_four_seven": every(3, value=True),  # 2.16, office_hours_schedule
    },
    "data_connectors": {
        "description": every(4, None),  # 2.16, data_connector: nullable
        "state": every(5, "draft"),  # 2.16, data_connector
        "http_method": ("get", "post", "put", "delete", "patch"),  # 2.16, data_connector
        "direct_fin_usage": every(2, value=False),  # 2.16, data_connector
    },
    "calls": {
        **dict.fromkeys(("initiated_at", "created_at", "updated_at"), every(5, iso)),  # 2.16
        "state": ("completed", "completed", "missed", "in-progress"),  # 2.16, call
        "ended_reason": (KEEP, KEEP, "not_answered", None),  # 2.16, call: nullable
        "admin_id": (KEEP, KEEP, None, None),  # 2.16, call: nullable
        "answered_at": (KEEP, KEEP, None, None),  # 2.16, call
        "ended_at": every(4, None),  # 2.16, call
        "recording_url": (KEEP, KEEP, None, None),  # 2.16, call: nullable
        "transcription_url": (KEEP, KEEP, None, None),  # 2.16, call: nullable
        "direction": every(3, "outbound", first=0),  # 2.16, call
        "phone": every(11, None, first=0),  # 2.16, call: nullable
        **dict.fromkeys(("talk_time", "queue_time", "hold_time"), every(4, None)),  # Preview
        "fin_recording_url": only(6),  # 2.16, call: nullable
        "fin_transcription_url": only(6),  # 2.16, call: nullable
    },
    "orders": {
        "custom_attributes.total_amount": every(20, "n/a", first=7),  # sandbox: another type
        "custom_attributes.paid": (None, False, True, False, True),  # 2.16, custom_object_instance
        "external_created_at": every(4, None, first=0),  # 2.16, custom_object_instance: nullable
        "external_updated_at": every(4, None, first=0),  # 2.16, custom_object_instance: nullable
    },
    "subscriptions": {
        "custom_attributes.plan": ("free", "pro"),  # sandbox
        "custom_attributes.seats": tuple(range(45)),  # sandbox
        "external_created_at": every(4, None, first=0),  # 2.16, custom_object_instance: nullable
        "external_updated_at": every(4, None, first=0),  # 2.16, custom_object_instance: nullable
    },
    "contacts": {
        "external_id": every(5, None, first=0),  # 2.16, contact: nullable; leads have none
        "role": every(5, "lead", first=0),  # 2.16, contact
        "email": every(21, None, first=0),  # sandbox: without an address
        "email_domain": every(21, None, first=0),  # sandbox: without an address
        "phone": only(3),  # 2.16, contact: nullable
        "name": at(14, {0: None}, others=VALUES["names"]),  # 2.16, contact: nullable
        # 2.16, contact: an object, nullable; recorded: text
        "avatar": at(6, {0: KEEP, 3: "https://static.example.com/people/{n}.png"}, others=(None,)),
        "formatted_phone": only(3),  # recorded
        "owner_id": (None, 880_400_161, None, None, 880_400_163, None),  # 2.16, contact: nullable
        "social_profiles.data": [  # 2.16, contact_social_profiles
            PROFILES if number == 0 else PROFILES[:2] if number % 10 == 0 else []
            for number in range(30)
        ],
        "has_hard_bounced": every(105, value=True, first=0),  # 2.16, contact
        "marked_email_as_spam": every(120, value=True, first=0),  # 2.16, contact
        "unsubscribed_from_emails": every(12, value=True, first=0),  # 2.16, contact
        "signed_up_at": every(5, None, first=0),  # 2.16, contact: nullable; leads never did
        "last_seen_at": only(2, 1),  # 2.16, contact: nullable
        "last_replied_at": only(3),  # 2.16, contact: nullable
        "last_contacted_at": only(4),  # 2.16, contact: nullable
        "last_email_opened_at": only(5),  # 2.16, contact: nullable
        "last_email_clicked_at": only(24),  # 2.16, contact: nullable
        "language_override": only(20),  # 2.16, contact: nullable
        "browser": ("chrome", "firefox", "safari", None),  # 2.16, contact: nullable
        "browser_version": every(4, None),  # 2.16, contact: nullable
        "browser_language": ("en", "de", "pt-BR", "ja", None),  # 2.16, contact: nullable
        "os": ("OS X 14.5", "Windows 10", "Linux", None),  # 2.16, contact: nullable
        "location": (KEEP, *VALUES["locations"]),  # 2.16, contact_location: nullable
        "custom_attributes.plan_name": ("free", "pro", "enterprise"),  # sandbox
        "custom_attributes.seats": (None, 3, 25, 180, 64),  # sandbox
        "custom_attributes.score": (0.5, 33.3, 71.25, 99.0),  # sandbox
        "custom_attributes.paid_subscriber": (True, False),  # sandbox
        # sandbox: an attribute's type was changed or the attribute archived, and old values stay
        "custom_attributes.logins": at(60, {1: "n/a", 51: 3.5}, others=range(0, 200, 7)),
        "custom_attributes.discount": at(60, {31: "12,5 %"}, others=(0.25, 1.5, 2)),
        "custom_attributes.beta tester": at(60, {11: "yes"}, others=(False, True)),
        "custom_attributes.trial_end": at(60, {21: ISO_TEXT, 41: "next year"}),
        "custom_attributes.legacy plan": every(15, "gold", first=2),  # sandbox: not declared
        "custom_attributes.imported_id": every(15, 4711, first=2),  # sandbox: not declared
        "custom_attributes.retired": every(21, "since 2023", first=4),  # sandbox: archived
        "custom_attributes": every(12, {}, first=0),  # sandbox
        "opted_out_subscription_ids": every(8, ["135"], first=0),  # 2.16, subscriptions
        "opted_in_subscription_ids": every(7, ["136"], first=0),  # 2.16, subscriptions
        "enabled_push_messaging": (KEEP, None, False, None),  # 2.16, examples
        **{f"android_{name}": only(4, 3) for name in APP},  # 2.16, contact: nullable
        **{f"ios_{name}": only(4, 1) for name in APP},  # 2.16, contact: nullable
        **dict.fromkeys(CAMPAIGN, only(7)),  # 2.16, examples: null without a campaign
    },
    "contact_notes": {
        "body": TEXTS,  # 2.16, note
        "author": every(3, VALUES["note_author"]),  # 2.16, note
    },
    "company_notes": {"body": TEXTS},  # 2.16, company_note
    "companies": {
        "name": VALUES["companies"],  # sandbox
        "monthly_spend": (0, 99, 155),  # 2.16, company
        "session_count": (1740, 0, 4999, 61),  # 2.16, company
        "user_count": at(20, {19: 0}, others=(5, 61, 1)),  # 2.16, company; 0 is not listed
        "plan": every(3, {}, first=0),  # 2.16, company: no fields without a plan
        "size": every(4, ABSENT, first=0),  # 2.16, company
        "website": every(4, ABSENT, first=0),  # 2.16, company
        "industry": (ABSENT, KEEP, "Retail", "Health"),  # 2.16, company
        "custom_attributes.paid_subscriber": (True, False),  # sandbox
        "custom_attributes.team_mates": range(40),  # sandbox
        "custom_attributes.Home Port": every(5, None),  # sandbox
        "custom_attributes.employees": at(60, {21: "n/a", 41: 2.5}, others=(453, 12)),  # sandbox
        "custom_attributes.contract_end": every(60, "open-ended", first=1),  # sandbox: not a date
        "custom_attributes.Héadquarters": (None, KEEP),  # sandbox
        "custom_attributes.legacy plan": every(15, "gold", first=2),  # sandbox: not declared
        "custom_attributes": every(7, {}, first=0),  # sandbox
    },
    "conversations": {
        "state": STATES,  # 2.16, conversation
        "open": [state != "closed" for state in STATES],  # 2.16, conversation
        "waiting_since": [KEEP if state == "open" else None for state in STATES],  # 2.16: nullable
        "snoozed_until": [KEEP if state == "snoozed" else None for state in STATES],  # 2.16
        "source.type": at(5, {1: "email", 4: "whatsapp"}),  # 2.16, conversation_source
        "source.delivered_as": at(5, {2: "admin_initiated", 3: "automated"}),  # 2.16
        "source.subject": every(5, "<p>About my <b>order</b></p>", first=1),  # 2.16, HTML
        "source.body": TEXTS,  # 2.16, conversation_source
        "source.url": (KEEP, None, KEEP, KEEP, None),  # 2.16, conversation_source: nullable
        "source.attachments": files(10, 3),  # 2.16, conversation_source
        # 2.16, conversation_source: fields of e-mails
        "source.recipients": every(5, VALUES["recipients"], first=1),
        "source.reply_to": every(5, VALUES["reply_to"], first=1),
        "source.email_message_metadata": every(5, VALUES["email_headers"], first=1),
        "first_contact_reply": every(4, None, first=0),  # 2.16, conversation: nullable
        "admin_assignee_id": (None, 880_400_161, 880_400_165),  # before 2.16: nullable
        "team_assignee_id": (None, 4_100_011, None, 4_100_010, None, 4_100_012),  # nullable
        "read": every(2, value=False),  # 2.16, conversation
        "priority": ("none", "none", "low", "medium", "high", "urgent"),  # 2.16, conversation
        "sla_applied.sla_status": ("hit", "missed", "active", "cancelled", "hit"),  # 2.16
        "sla_applied": only(6),  # 2.16, conversation: nullable
        "statistics.time_to_first_close": every(3, 7200),  # 2.16, conversation_statistics
        "statistics.first_close_at": every(3, 1_719_990_000),  # 2.16, conversation_statistics
        "statistics.last_close_at": every(3, None, first=0),  # 2.16, conversation_statistics
        "statistics.adjusted_handling_time": every(5, None, first=1),  # 2.16: nullable
        "statistics": every(8, None, first=0),  # 2.16, conversation: nullable
        "conversation_rating.rating": (1, 2, 3, 4, 5, 5, 5),  # 2.16, conversation_rating
        "conversation_rating.remark": every(20, "So fast!", first=9),  # 2.16, conversation_rating
        "conversation_rating": only(10, 9),  # 2.16, conversation: nullable
        "title": only(7),  # 2.16, conversation: nullable
        "custom_attributes.Items": at(120, {5: "n/a"}, others=(0, 7, 11)),  # sandbox
        "custom_attributes.Amount": at(120, {31: "12,50"}, others=(0, 9.75, 12)),  # sandbox
        "custom_attributes.Due by": every(120, ISO_TEXT, first=55),  # sandbox
        # sandbox: rows with an even number have no custom attributes
        "custom_attributes.Escalated": at(120, {81: "maybe"}, others=(True, False, False)),
        "custom_attributes.Papers": every(30, PAPERS[:2], first=15),  # 2.16: files
        "custom_attributes.CX Score rating": every(10, 4),  # sandbox: not declared
        "custom_attributes.CX Score explanation": every(10, "Quick"),  # sandbox: not declared
        "custom_attributes": every(2, {}, first=0),  # sandbox
        "ai_agent.resolution_state": (KEEP, "escalated", None),  # 2.16: nullable
        "ai_agent.rating": every(2, None),  # 2.16, ai_agent: nullable
        "ai_agent.rating_remark": every(3, "It knew", first=0),  # 2.16, ai_agent: nullable
        "ai_agent": only(5),  # 2.16, conversation: nullable
        "ai_agent_participated": at(5, {0: True}, others=(False,)),  # 2.16, conversation
        "channel": every(6, VALUES["channel"]),  # 2.16: nullable
        "company": every(10, VALUES["company"], first=3),  # 2.16, conversation: nullable
        "sales_agent": every(20, VALUES["sales_agent"]),  # 2.16, conversation: nullable
        "sales_agent_participated": every(20, value=True),  # 2.16, conversation
        "external_references": every(14, VALUES["external_references"], first=0),  # 2.16
    },
    "conversation_parts": {
        "id": every(10, integer, first=0),  # 2.16, examples: integer, where text is declared
        # 2.16, examples: assignments, actions and closing come without a text; Preview: unknown
        "part_type": at(
            16, {6: "unknown", 7: "assignment", 9: "custom_action_started", 13: "close"}
        ),
        "body": at(16, dict.fromkeys((3, 7, 9, 13)), others=TEXTS),  # 2.16: nullable
        "redacted": every(16, value=True, first=3),  # 2.16, conversation_part
        "attachments": files(16, 5),  # 2.16, part_attachment
        "assigned_to": every(16, VALUES["nobody"], first=7),  # 2.16, examples
        # 2.16: actions; Preview: all others
        "event_details": at(
            16,
            {
                9: VALUES["action"],
                1: VALUES["tags_updated"],
                2: VALUES["snoozed"],
                4: VALUES["priority_changed"],
                5: VALUES["sla_applied"],
                8: VALUES["sla_missed"],
                10: VALUES["call_summary"],
                12: VALUES["ai_agent_event"],
            },
        ),
        "admin_assignee_id": every(16, 880_400_165, first=7),  # Preview
        "team_assignee_id": every(16, 0, first=7),  # Preview: 0 is nobody
        "translations": every(16, VALUES["translations"], first=10),  # Preview
        "app_package_code": every(16, "parcel-desk", first=9),  # 2.16: nullable
        "external_id": every(16, "part-{n}", first=10),  # 2.16, conversation_part: nullable
        "author": every(16, VALUES["bot"], first=11),  # 2.16, conversation_part_author
        "tags": at(16, {11: VALUES["tags"], 14: None}),  # 2.16, conversation_part: nullable
        "email_message_metadata": every(16, PART_EMAIL, first=12),  # 2.16: nullable
        "metadata": every(16, VALUES["quick_reply"], first=15),  # 2.16: nullable
        "state": every(16, "closed", first=13),  # 2.16, conversation_part
    },
    "tickets": {
        "ticket_attributes._default_description_": every(4, None, first=0),  # sandbox
        "ticket_attributes.Severity": at(60, {55: "high"}, others=range(5)),  # sandbox
        "ticket_attributes.Due": at(60, {32: "soon"}, others=(None, KEEP, KEEP)),  # sandbox
        "ticket_attributes.Component": ("Messenger", "Inbox", None),  # sandbox
        "ticket_attributes.Cost": at(60, {5: "n/a"}, others=(0, 1.25, 9.5)),  # sandbox
        "ticket_attributes.Reproducible": at(60, {20: "at times"}, others=(True, False)),  # sandbox
        "ticket_attributes.Log files": at(20, {6: PAPERS[:2], 12: PAPERS[:1]}),  # sandbox
        "ticket_attributes.Old field": every(14, "still here", first=3),  # sandbox: not declared
        "admin_assignee_id": (0, 880_400_161, 880_400_165),  # 2.16, ticket: 0 is nobody
        "team_assignee_id": (0, 4_100_011, 0, 4_100_010),  # 2.16, ticket: 0 is nobody
        "snoozed_until": only(10, 4),  # 2.16, ticket
        "is_shared": every(2, value=False),  # 2.16, ticket
        "previous_ticket_state_id": only(4, 1),  # 2.16, ticket: nullable
        "channel": only(3),  # recorded
        "company_id": only(5, 2),  # recorded
        "linked_objects": every(12, VALUES["linked_conversation"], first=0),  # 2.16
    },
    "ticket_parts": {
        "body": every(12, None, first=0),  # 2.16, ticket_part: nullable
        "redacted": every(12, value=True, first=0),  # 2.16, ticket_part
        "attachments": files(6, 0),  # 2.16, part_attachment
    },
}
