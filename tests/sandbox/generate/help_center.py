"""Help centers, their collections and articles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.sandbox.generate.blueprint import (
    APP_ID,
    DAY,
    TAGS,
    Blueprint,
    Times,
    admin_id,
    tag,
)
from tests.sandbox.generate.words import SENTENCES, paragraph

if TYPE_CHECKING:
    from tests.sandbox.records import Body

FIRST_HELP_CENTER: Final = 79
FIRST_COLLECTION: Final = 159
FIRST_ARTICLE: Final = 6_871_119
TOP_LEVEL: Final = 6
LOCALES: Final = ("en", "fr", "pt-BR")
AUDIENCES: Final = ("everyone", "all_users", "restricted", "all_visitors_and_leads")
ICONS: Final = ("bookmark", "book-bookmark", None)
SUBJECTS: Final = ("Billing", "Getting started", "Réglages", "Security & privacy", "請求書", "API")


def help_centers(blueprint: Blueprint, count: int) -> list[Body]:
    """The help centers: the first is the default and has several languages.

    Args:
        blueprint: of the workspace.
        count: how many.
    """
    return [
        {
            "id": str(FIRST_HELP_CENTER + number),
            "workspace_id": APP_ID,
            "created_at": times.created_at,
            "updated_at": times.updated_at,
            "identifier": f"help-center-{number + 1}",
            "website_turned_on": number == 0,
            "display_name": f"Help Center {number + 1}",
            "url": f"https://help{number}.example.com",
            "custom_domain": None if number else "help0.example.com",
            "default": number == 0,
            "locales": list(LOCALES) if number == 0 else ["en"],
        }
        for number, times in enumerate(blueprint.times("help_centers", count))
    ]


def collections(blueprint: Blueprint, count: int) -> list[Body]:
    """The collections: a tree, whose inner ones show no help center (OpenAPI 2.16, examples).

    Args:
        blueprint: of the workspace.
        count: how many.
    """
    random = blueprint.random("collections", 0)
    rows = []
    for number, times in enumerate(blueprint.times("collections", count)):
        top = number < TOP_LEVEL
        name = f"{SUBJECTS[number % len(SUBJECTS)]} {number}"
        row: Body = {
            "id": str(FIRST_COLLECTION + number),
            "workspace_id": APP_ID,
            "name": name,
            "description": None if number % 3 == 2 else random.choice(SENTENCES),
            "created_at": times.created_at,
            "updated_at": times.updated_at,
            "url": f"https://help0.example.com/en/collections/{FIRST_COLLECTION + number}",
            "icon": ICONS[number % len(ICONS)],
            "order": number,
            "parent_id": None if top else str(FIRST_COLLECTION + random.randrange(number)),
            "help_center_id": FIRST_HELP_CENTER + number % 2 if top else None,
        }
        if number % 2 == 0:
            row |= {"default_locale": "en", "translated_content": _translated_names(name)}
        rows.append(row)
    return rows


def articles(blueprint: Blueprint, count: int, collection_count: int) -> list[Body]:
    """The articles as lists show them: without statistics.

    Args:
        blueprint: of the workspace.
        count: how many.
        collection_count: how many collections they may be in.
    """
    return [
        _article(blueprint, number, times, collection_count)
        for number, times in enumerate(blueprint.times("articles", count))
    ]


def article_statistics(blueprint: Blueprint, rows: list[Body]) -> list[Body]:
    """What only the details of articles show; drafts have none.

    Both `conversions` (schema) and `conversations` (example of OpenAPI 2.16) are there.

    Args:
        blueprint: of the workspace.
        rows: the articles.

    Returns:
        The `id` and the `statistics` of every article.
    """
    random = blueprint.random("article_statistics", 0)
    statistics = []
    for row in rows:
        involvements, resolutions = random.randrange(1, 60), random.randrange(30)
        happy = round(random.random() * 100, 1)
        seen: Body = {
            "type": "article_statistics",
            "views": random.randrange(10_000),
            "conversions": random.randrange(40),
            "conversations": random.randrange(40),
            "reactions": random.randrange(300),
            "happy_reaction_percentage": happy,
            "neutral_reaction_percentage": 0,
            "sad_reaction_percentage": round(100 - happy, 1),
            "fin_involvements": involvements,
            "fin_resolutions": min(resolutions, involvements),
            "fin_resolution_rate": round(100 * min(resolutions, involvements) / involvements, 1),
        }
        statistics.append(
            {"id": row["id"], "statistics": None if row["state"] == "draft" else seen},
        )
    return statistics


def _article(blueprint: Blueprint, number: int, times: Times, collection_count: int) -> Body:
    random = blueprint.random("article", number)
    identifier = FIRST_ARTICLE + number
    is_draft = number % 8 == 7
    parents = [FIRST_COLLECTION + random.randrange(collection_count)] if collection_count else []
    row: Body = {
        **_content(blueprint, number, times, locale="en"),
        "id": str(identifier),
        "type": "article",
        "workspace_id": APP_ID,
        "url": None if is_draft else _url("en", identifier),
        "parent_ids": parents if number % 5 else [],
        "exclude_from_article_suggestions": number % 9 == 0,
        "help_center_audience": None if is_draft else random.choice(AUDIENCES),
        "scheduled_publish_at": blueprint.now + DAY if is_draft else None,
        "scheduled_unpublish_at": blueprint.now + 30 * DAY if number % 20 == 1 else None,
        "tags": {
            "type": "tag.list",
            "tags": [tag(t) for t in sorted(random.sample(range(TAGS), number % 3))],
        },
    }
    del row["audience_ids"]
    if number % 10 == 4:
        row |= {"description": None, "body": None, "body_markdown": None}
    if number % 2 == 0:
        contents = {locale: _content(blueprint, number, times, locale) for locale in LOCALES}
        translated = {
            locale: body | {"type": "article_content", "url": _url(locale, identifier)}
            for locale, body in contents.items()
        }
        row["default_locale"] = "en"
        row["translated_content"] = {"type": "article_translated_content"} | translated
    return row


def _content(blueprint: Blueprint, number: int, times: Times, locale: str) -> Body:
    random = blueprint.random(f"article in {locale}", number)
    author = admin_id(random)
    body = paragraph(random)
    staged = number % 6 == 5
    return {
        "title": f"{random.choice(SUBJECTS)} ({locale} {number})",
        "description": random.choice(SENTENCES),
        "body": body,
        "body_markdown": body.replace("<p>", "").replace("</p>", "\n\n"),
        "author_id": author,
        "state": "draft" if number % 8 == 7 else "published",
        "created_at": times.created_at,
        "updated_at": times.updated_at,
        "has_unpublished_changes": staged,
        "draft_updated_at": times.updated_at if staged else None,
        "audience_ids": [1, 2] if number % 4 == 1 else [],
        "ai_chatbot_availability": True,
        "ai_copilot_availability": number % 3 == 0,
        "ai_sales_agent_availability": False,
        "created_by_id": None if number % 12 == 0 else author,
        "updated_by_id": admin_id(random),
    }


def _url(locale: str, identifier: int) -> str:
    return f"https://help0.example.com/{locale}/articles/{identifier}"


def _translated_names(name: str) -> Body:
    contents = {
        locale: {"type": "group_content", "name": f"{name} ({locale})", "description": ""}
        for locale in LOCALES
    }
    return {"type": "group_translated_content", **contents, "de": None}
