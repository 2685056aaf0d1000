"""Internal articles, snippets, audiences, and pages imported from elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.sandbox.generate.blueprint import Blueprint, admin_id
from tests.sandbox.generate.words import COMPANY_WORDS, SENTENCES, paragraph

if TYPE_CHECKING:
    from tests.sandbox.records import Body

FIRST_INTERNAL_ARTICLE: Final = 39
FIRST_SOURCE: Final = 33
FIRST_PAGE: Final = 1234
FIRST_SNIPPET: Final = 123
PLANS: Final = ("free", "pro", "enterprise")
SYNC_BEHAVIORS: Final = ("automatic", "api", "manual")


def internal_articles(blueprint: Blueprint, count: int) -> list[Body]:
    """Articles for teammates only.

    Args:
        blueprint: of the workspace.
        count: how many.
    """
    random = blueprint.random("internal_articles", 0)
    rows = []
    for number, times in enumerate(blueprint.times("internal_articles", count)):
        body = None if number % 10 == 9 else paragraph(random)
        rows.append(
            {
                "type": "internal_article",
                "id": str(FIRST_INTERNAL_ARTICLE + number),
                "title": f"Runbook {number}: {random.choice(SENTENCES)}",
                "body": body,
                "body_markdown": body and _markdown(body),
                "owner_id": admin_id(random),
                "author_id": admin_id(random),
                "created_at": times.created_at,
                "updated_at": times.updated_at,
                "locale": "en",
                "audience_ids": ([], None, [1, 2])[number % 3],
                "ai_chatbot_availability": number % 2 == 0,
                "ai_copilot_availability": True,
                "ai_sales_agent_availability": False,
            },
        )
    return rows


def content_snippets(blueprint: Blueprint, count: int) -> list[Body]:
    """Short answers for Fin.

    Args:
        blueprint: of the workspace.
        count: how many.
    """
    random = blueprint.random("content_snippets", 0)
    rows = []
    for number, times in enumerate(blueprint.times("content_snippets", count)):
        text = random.choice(SENTENCES)
        rows.append(
            {
                "type": "content_snippet",
                "id": str(FIRST_SNIPPET + number),
                "title": None if number % 7 == 6 else f"Snippet {number}",
                "locale": "en",
                "json_blocks": [{"type": "paragraph", "text": text}],
                "body_markdown": None if number % 11 == 10 else f"# Snippet {number}\n\n{text}\n",
                "chatbot_availability": 1,
                "copilot_availability": number % 2,
                "ai_chatbot_availability": True,
                "ai_copilot_availability": number % 2 == 1,
                "ai_sales_agent_availability": False,
                "created_at": times.created_at,
                "updated_at": times.updated_at,
                "audience_ids": ([], None, [1, 2])[number % 3],
            },
        )
    return rows


def audiences(blueprint: Blueprint, count: int) -> list[Body]:
    """Groups of contacts that content is meant for.

    Args:
        blueprint: of the workspace.
        count: how many.
    """
    rows = []
    for number, times in enumerate(blueprint.times("audiences", count)):
        plan = {
            "attribute": "custom_attributes.plan",
            "type": "string",
            "comparison": "eq",
            "value": PLANS[number % len(PLANS)],
        }
        role = {"attribute": "role", "type": "role", "comparison": "eq", "value": "user"}
        rows.append(
            {
                "type": "audience",
                "id": str(1 + number),
                "name": f"{COMPANY_WORDS[number % len(COMPANY_WORDS)]} customers {number}",
                "predicates": [plan] if number % 4 else [],
                "role_predicates": [role] if number % 2 else [],
                "created_at": times.created_at,
                "updated_at": times.updated_at,
            },
        )
    return rows


def content_import_sources(blueprint: Blueprint, count: int) -> list[Body]:
    """Sites that pages are imported from; their ids are integers.

    Args:
        blueprint: of the workspace.
        count: how many.
    """
    return [
        {
            "id": FIRST_SOURCE + number,
            "type": "content_import_source",
            "last_synced_at": times.updated_at,
            "status": "deactivated" if number % 6 == 5 else "active",
            "url": f"https://support.example.com/{number}",
            "sync_behavior": SYNC_BEHAVIORS[number % len(SYNC_BEHAVIORS)],
            "created_at": times.created_at,
            "updated_at": times.updated_at,
            "audience_ids": ([], None, [1, 2])[number % 3],
        }
        for number, times in enumerate(blueprint.times("content_import_sources", count))
    ]


def external_pages(blueprint: Blueprint, count: int, source_count: int) -> list[Body]:
    """Imported pages; their ids are strings, those of their sources integers.

    Args:
        blueprint: of the workspace.
        count: how many.
        source_count: how many sources they may come from.
    """
    random = blueprint.random("external_pages", 0)
    return [
        {
            "id": str(FIRST_PAGE + number),
            "type": "external_page",
            "title": f"Imported page {number}",
            "html": f"<h1>Page {number}</h1>{paragraph(random)}",
            "url": f"https://support.example.com/us/{number}",
            "ai_agent_availability": True,
            "ai_copilot_availability": number % 3 != 0,
            "ai_sales_agent_availability": False,
            "fin_availability": True,
            "locale": "en",
            "source_id": FIRST_SOURCE + random.randrange(max(1, source_count)),
            "external_id": str(number),
            "created_at": times.created_at,
            "updated_at": times.updated_at,
            "last_ingested_at": times.updated_at,
        }
        for number, times in enumerate(blueprint.times("external_pages", count))
    ]


def _markdown(html: str) -> str:
    return html.replace("<p>", "").replace("</p>", "\n\n")
